"""What an exchange did, in phases and counts: for the person, for logs, for tests. Never holds an event's values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import FieldError


@dataclass
class Report:
    """
    One exchange, from the first request to the last.

    `error` is why it stopped early, if it did; `problems` are halves or parts that failed while the rest went on, as
    (part, error). `next_ms` is when to exchange again. `notes` are sentences for the person.
    """

    counts: Counter[str] = field(default_factory=Counter)
    phases: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[tuple[str, FieldError]] = field(default_factory=list)
    error: FieldError | None = None
    next_ms: int = 0

    @property
    def is_ok(self) -> bool:
        """Whether nothing failed."""
        return self.error is None and not self.problems

    @property
    def codes(self) -> list[str]:
        """The codes of everything that failed, in order."""
        return [error.code for _, error in self.problems] + ([self.error.code] if self.error else [])

    def note(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def enter(self, phase: str) -> None:
        """Note that a phase was reached; a phase entered again in the next round is written once."""
        if phase not in self.phases:
            self.phases.append(phase)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain values."""
        value: dict[str, Any] = {
            "ok": self.is_ok,
            "counts": {name: count for name, count in sorted(self.counts.items()) if count},
            "phases": self.phases,
            "notes": self.notes,
            "problems": [{"part": part, "code": error.code, "detail": error.detail} for part, error in self.problems],
            "next_ms": self.next_ms,
        }
        if self.error is not None:
            value["error"] = {"code": self.error.code, "detail": self.error.detail}
        return value
