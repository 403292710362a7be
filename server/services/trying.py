"""Trying the gate: what it would answer for a case and a crew now. Nothing is kept and nothing is handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from server.domain.conduct.verdicts import Verdict
from server.services.gating import judge_cases, lets_through, rulebooks_of
from server.services.site import Site
from server.storage import case_rows, people_rows

DAY_MS = 24 * 3_600_000


@dataclass(frozen=True)
class Tried:
    """What the gate would answer: whether it lets the case through, what stands in the way, and all its verdicts."""

    is_open: bool
    in_the_way: tuple[Verdict, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    is_judging: bool = True  # false where no rulebook holds any rule


def try_crews(site: Site, crews: Mapping[str, Sequence[str]], lease_days: int | None = None) -> dict[str, Tried]:
    """Try each case for a crew of agents (ids, the lead first); a case for nobody is tried as far as that goes."""
    rulebooks = rulebooks_of(site)
    if not rulebooks:
        return dict.fromkeys(crews, Tried(True, is_judging=False))
    until_ms = site.now() + (lease_days or site.settings.lease_days) * DAY_MS
    with site.store.read() as connection:
        gates = judge_cases(connection, site, rulebooks, crews, until_ms)
    return {
        case_id: Tried(
            lets_through(gate, None), tuple(each for each in gate.verdicts if each.blocks or each.warns),
            tuple(gate.verdicts),
        )
        for case_id, gate in gates.items()
    }  # fmt: skip


def try_case(site: Site, case_id: str) -> Tried:
    """Try a case for the crew that has it."""
    with site.store.read() as connection:
        crew = [row.agent_id for row in case_rows.read_crews(connection, [case_id])]
    return try_crews(site, {case_id: crew}).get(case_id, Tried(False))


def crew_ids(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Give the agents of these codes; raise `not-found` for one there is none of."""
    return [people_rows.find_agent(connection, code).id for code in codes]
