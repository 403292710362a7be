"""The houses that tests are set in: one without rules of its own, for all that is not about conduct."""

from __future__ import annotations

from pathlib import Path

NO_RULES = str(Path(__file__).with_name("no_rules.yaml"))
