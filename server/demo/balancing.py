"""
Every device-day balanced: what a phone signed that it recorded, against what the server holds.

Comes in: the devices' own statements, and the server's rows. Goes out: totals a device-day. Lost: recorded, not on
the server, and not declared lost. Double: on the server more than once as a fact. This count is the demo's own and
knows nothing of the server's statements, which are compared besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.domain.comparing import Difference
from server.domain.comparing import is_balanced as is_explained
from server.services.site import Site
from server.services.statements import compare_with_device
from server.storage.proof_rows import find_events

STANDING = ("accepted", "parked")
Recorded = tuple[str, str, str]  # event id, digest, and the state it is in: as the phone says, or on the server


@dataclass(frozen=True, slots=True)
class DayBalance:
    """One device's day."""

    agent: str
    day: str
    recorded: int
    on_server: int
    parked: int
    unsent: int
    declared_lost: int
    lost: int
    double: int
    strange: int  # on the server in another state than the phone was told
    differences: tuple[Difference, ...] = ()  # between the two signed statements, as `fairvisit statement` tells them

    @property
    def is_balanced(self) -> bool:
        """Whether every event is accounted for, and the two statements differ in nothing that is not explained."""
        accounted = self.on_server + self.unsent + self.declared_lost
        is_whole = not (self.lost or self.double or self.strange) and self.recorded == accounted
        return is_whole and is_explained(self.differences)


def balance_day(agent: str, day: str, recorded: Sequence[Recorded], stored: Sequence[Recorded]) -> DayBalance:
    """
    Balance one device's day; *stored* is what the server holds of the agent: (event id, digest, status).

    >>> said = [("e1", "d1", "accepted"), ("e2", "d2", "unsent")]
    >>> day = balance_day("A", "2016-10-11", said, [("e1", "d1", "accepted")])
    >>> day.on_server, day.unsent, day.lost, day.is_balanced
    (1, 1, 0, True)
    """
    held = Counter((event_id, digest) for event_id, digest, _ in stored)
    facts = Counter(event_id for event_id, _, status in stored if status in STANDING)
    states = {(event_id, digest): status for event_id, digest, status in stored}
    on_server = [each for each in recorded if held[each[0], each[1]]]
    missing = [each for each in recorded if not held[each[0], each[1]]]
    unsent = sum(state == "unsent" for _, _, state in missing)
    declared = sum(state == "lost" for _, _, state in missing)
    return DayBalance(
        agent,
        day,
        len(recorded),
        len(on_server),
        sum(states[each[0], each[1]] == "parked" for each in on_server),
        unsent,
        declared,
        len(missing) - unsent - declared,
        sum(facts[event_id] > 1 for event_id in {each[0] for each in recorded}),
        sum(state not in {states[event_id, digest], "unsent"} for event_id, digest, state in on_server),
    )


def settle(site: Site, agent: str, day: str, jws: str) -> DayBalance:
    """Balance the day that a device's signed statement is about, and lay the server's statement beside it."""
    comparison = compare_with_device(site, jws, day=day)
    told = comparison.device
    said = [(each[0], each[1], each[4]) for each in told["events"]]
    with site.store.read() as connection:
        rows = find_events(connection, [each[0] for each in said], told["agent_id"])
    stored = [(row.id, row.digest, row.status) for row in rows]
    return replace(balance_day(agent, day, said, stored), differences=comparison.differences)
