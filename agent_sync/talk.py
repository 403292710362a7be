"""
The state of one conversation with the server: what the steps of `exchange.py` hand to each other.

Nothing in here needs to survive: whatever must is in the store before a step returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent_sync.channel import Channel
from agent_sync.clock import Clock, Reading
from agent_sync.recording import Noise
from agent_sync.report import Report
from agent_sync.rules_sending import Plan
from agent_sync.store import Store
from agent_sync.store_outbox import Waiting
from schemas.errors import FieldError


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request as it left: its number, the chain it named, the places it pushed, the cursor it carried.

    `is_pulling` is whether it asked for a page.
    """

    no: int
    chain_id: str
    events: tuple[Waiting, ...]
    withheld: tuple[int, ...]
    cursor: str | None
    is_pulling: bool
    value: Mapping[str, Any]


@dataclass
class Talk:
    """One exchange under way. `answer` and what follows it belong to the round in hand."""

    store: Store
    channel: Channel
    clock: Clock
    noise: Noise
    archive_days: int
    is_metered: bool = False
    report: Report = field(default_factory=Report)
    chain_id: str = ""
    waiting: tuple[Waiting, ...] = ()
    plan: Plan = field(default_factory=lambda: Plan(0))
    request: Request | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    server_ms: int = 0
    is_newest: bool = True
    has_more: bool = False
    is_pull_well: bool = False
    has_sent_files: bool = False
    files_wanted: list[Mapping[str, Any]] = field(default_factory=list)
    progress: int = 0

    def now(self) -> Reading:
        """Read the clocks."""
        return self.clock.read()

    def begin_round(self) -> None:
        """Forget the last round's request and answer."""
        self.request, self.answer, self.plan, self.waiting = None, {}, Plan(0), ()
        self.is_newest, self.has_more, self.is_pull_well, self.has_sent_files = True, False, False, False
        self.progress = 0

    def did(self, count: str, n: int = 1, *, is_progress: bool = True) -> None:
        """Count something done; what moves the conversation on is progress."""
        self.report.counts[count] += n
        if is_progress:
            self.progress += n

    def fail_part(self, part: str, error: FieldError) -> None:
        """Note that a part failed while the rest goes on."""
        self.report.problems.append((part, error))
