"""
The two days as they are being written: visits, acts, phones, lost networks, and the faults that are planted.

Comes in: what routing and acting made. Goes out: the same with faults in it, and the list of them, which the server
never sees. Each fault takes visits of its own, so that what is found can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from schemas.vocabulary import EventKind
from server.demo.acting import Act, Stage
from server.demo.phones import Phone
from server.demo.portfolio import Portfolio
from server.demo.routing import MINUTE_MS, Visit

OFFICE = "office"
PERSON = "person"
Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class NoRoomError(LookupError):
    """No visit is left that this fault could be planted on."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing that must be found: a code on one of these visits. `also` may be found there besides."""

    code: str
    visits: tuple[str, ...]
    why: str
    also: tuple[str, ...] = ()
    is_fault: bool = True  # False: no fault, but a fact of the days that must be noted all the same


@dataclass
class Plot:
    """Everything that will happen, while it is still being made up."""

    portfolio: Portfolio
    random: Random
    visits: dict[str, Visit]
    stages: dict[str, Stage]
    acts: dict[str, list[Act]]
    phones: dict[str, Phone]
    extra: list[Act] = field(default_factory=list)
    offline: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    without_files: dict[str, int] = field(default_factory=dict)  # agent -> from when no file gets through
    planted: list[Planted] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def take(self, fits: Callable[[Visit], bool] = lambda visit: True) -> Visit:
        """Choose a visit nothing was planted on yet; raise `NoRoomError` if none fits."""
        free = [visit for key, visit in sorted(self.visits.items()) if key not in self.used and fits(visit)]
        if not free:
            raise NoRoomError
        visit = self.random.choice(free)
        self.used.add(visit.key)
        return visit

    def take_pair(self, fits: Callable[[Visit, Visit], bool]) -> tuple[Visit, Visit]:
        """Choose two visits that one crew makes one after the other on one day."""
        pairs = [
            (visit, after)
            for visit in self.visits.values()
            if (after := self.next_of(visit)) is not None
            and not self.used & {visit.key, after.key}
            and fits(visit, after)
        ]
        if not pairs:
            raise NoRoomError
        pair = self.random.choice(sorted(pairs, key=lambda pair: pair[0].key))
        self.used |= {pair[0].key, pair[1].key}
        return pair

    def next_of(self, visit: Visit) -> Visit | None:
        """Give the crew's next visit of the same day."""
        later = [
            other
            for other in self.visits.values()
            if other.crew == visit.crew and other.day == visit.day and other.start_ms > visit.start_ms
        ]
        return min(later, key=lambda other: other.start_ms, default=None)

    def last_end(self, visit: Visit) -> int:
        """Give when the crew's visit before this one ended, or two hours before where there is none."""
        ends = [
            other.end_ms
            for other in self.visits.values()
            if other.crew == visit.crew and other.day == visit.day and other.start_ms < visit.start_ms
        ]
        return max(ends, default=visit.start_ms - 120 * MINUTE_MS)

    def plant(
        self, code: str, *visits: Visit, why: str, also: Sequence[str] = (), is_fault: bool = True
    ) -> None:
        """Write down what must be found."""
        keys = tuple(visit.key for visit in visits)
        self.planted.append(Planted(str(code), keys, why, tuple(map(str, also)), is_fault))

    def is_alone(self, visit: Visit) -> bool:
        """Say whether this is the only visit of its case."""
        return sum(other.case.reference == visit.case.reference for other in self.visits.values()) == 1

    def edit(self, visit: Visit, who: str, kinds: Sequence[EventKind], change: Change) -> None:
        """Change the bodies of what *who* records of these kinds."""
        self.acts[visit.key] = [
            replace(act, args={**act.args, "body": change(act.args["body"])})
            if act.who == who and act.args.get("kind") in kinds
            else act
            for act in self.acts[visit.key]
        ]

    def drop(self, visit: Visit, is_dropped: Callable[[Act], bool]) -> None:
        """Leave these acts out."""
        self.acts[visit.key] = [act for act in self.acts[visit.key] if not is_dropped(act)]

    def move(self, visit: Visit, when: Callable[[Act], int]) -> None:
        """Give every act of a visit the time that *when* says."""
        moved = [act.at(when(act)) for act in self.acts[visit.key]]
        self.acts[visit.key] = sorted(moved, key=lambda act: act.at_ms)

    def shift(self, visit: Visit, by_ms: int) -> Visit:
        """Put a whole visit later or earlier; give it as it is now."""
        self.move(visit, lambda act: act.at_ms + by_ms)
        moved = replace(visit, start_ms=visit.start_ms + by_ms, end_ms=visit.end_ms + by_ms)
        self.visits[visit.key] = moved
        return moved

    def cut_off(self, agents: Sequence[str], from_ms: int, until_ms: int) -> None:
        """Let these agents have no network in between."""
        for agent in agents:
            self.offline.setdefault(agent, []).append((from_ms, until_ms))

    def needs_network(self, agents: Sequence[str], from_ms: int, until_ms: int) -> bool:
        """Say whether something planted needs one of these agents to be heard in between."""
        return any(act.who in agents and from_ms <= act.at_ms <= until_ms for act in self.extra)

    def is_offline(self, agent: str, at_ms: int) -> bool:
        """Say whether an agent has no network at a moment."""
        return any(start <= at_ms < end for start, end in self.offline.get(agent, ()))

    def person(self, at_ms: int, do: str, visit: Visit, **args: Any) -> None:
        """Let the person visited do something."""
        self.extra.append(Act(at_ms, PERSON, do, visit.key, visit.case.reference, args))

    def cancel(self, visit: Visit) -> None:
        """Let a visit not happen at all."""
        del self.visits[visit.key], self.acts[visit.key]

    def office(self, at_ms: int, do: str, reference: str = "", **args: Any) -> None:
        """Let the office do something."""
        self.extra.append(Act(at_ms, OFFICE, do, reference=reference, args=args))
