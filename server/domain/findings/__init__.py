"""Findings: what reconciliation notices about a visit. `codes.py` lists them, one file holds each family of rules."""
