"""Conduct: rulebooks as typed rules, judged over facts into verdicts, compiled into a packet's limits. Pure."""
