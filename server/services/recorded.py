"""
What was recorded of the visits to a person, as that person may read it: times, who came, what was done and noted.

What concerns somebody else is left out: a note is shown only where the person themself was met, and without numbers
and addresses. Agents stand with their names and agency, as their cards show them; nothing says what a visit was about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from schemas.vocabulary import ContactResult, EventKind, Identity
from server.domain.findings.presence import parts_of
from server.domain.folding import Visit
from server.services.answering import open_token
from server.services.reconciling import fold_rows
from server.services.site import Site
from server.services.zones import find_zone
from server.storage import voice_rows

MOST_VISITS = 20
_REACH = re.compile(r"[^\s@]+@[^\s@]+|\+?\d[\d\s().-]{5,}\d")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One visit, as the person may read it."""

    visit_id: str
    starts_ms: int | None
    ends_ms: int | None
    crew: tuple[tuple[str, str], ...]  # (name, agency)
    steps: tuple[tuple[str, str], ...]  # (step, response)
    contact_result: str
    disposition: str
    end_reason: str
    note: str
    answers: Mapping[str, str]  # feedback given


def read_recorded(site: Site, token: str) -> tuple[str, list[Recorded]]:
    """Give the place's zone and the visits of a letter's case, the newest first."""
    with site.store.read() as connection:
        case_id = open_token(connection, site, token).case_id
        return zone_of_case(connection, site, case_id), tell_visits(connection, site, case_id)


def zone_of_case(connection: Connection, site: Site, case_id: str) -> str:
    """Give the zone of the place a case is visited at, else the office's."""
    case = voice_rows.read_case(connection, case_id)
    return (case and find_zone(case.lat_e7, case.lon_e7)) or site.settings.zone


def tell_visits(connection: Connection, site: Site, case_id: str, most: int = MOST_VISITS) -> list[Recorded]:
    """Give the visits of a case as its person may read them, the newest first."""
    answers = voice_rows.read_feedback(connection, case_id)
    told = []
    for visit_id in voice_rows.read_visits(connection, case_id)[:most]:
        visit, _, _ = fold_rows(connection, site, case_id, visit_id)
        told.append(_tell(connection, visit, answers.get(visit_id, {})))
    return told


def _tell(connection: Connection, visit: Visit, answers: Mapping[str, str]) -> Recorded:
    ids = [part.agent_id for part in parts_of(visit)]
    agents = voice_rows.read_agents(connection, ids)
    outcome = visit.outcome
    ended: Mapping[str, Any] = visit.ended.body if visit.ended else {}
    return Recorded(
        visit_id=visit.visit_id,
        starts_ms=visit.started.bound.estimate_ms if visit.started else None,
        ends_ms=visit.ended.bound.estimate_ms if visit.ended else None,
        crew=tuple((agents[each].name, agents[each].agency_name) for each in ids if each in agents),
        steps=tuple(
            (str(event.body["step"]), str(event.body["response"]))
            for event in visit.events
            if event.kind == EventKind.STEP_DONE
        ),
        contact_result=str(outcome.get("contact_result", "")),
        disposition=str(outcome.get("disposition", "")),
        end_reason=str(ended.get("reason", "")),
        note=_note(visit, outcome),
        answers=answers,
    )


def _note(visit: Visit, outcome: Mapping[str, Any]) -> str:
    checked = visit.last(EventKind.IDENTITY_CHECKED)
    was_person = outcome.get("contact_result") == ContactResult.PERSON
    if not was_person or checked is None or checked.body.get("identity") != Identity.CONFIRMED:
        return ""
    return redact(str(outcome.get("note", "")))


def redact(text: str) -> str:
    """
    Leave out numbers and addresses by which somebody could be reached.

    >>> redact("Call her sister, 138 0013 8000 or li@example.com, after 18:00")
    'Call her sister, … or …, after 18:00'
    """
    return _REACH.sub(lambda found: "…" + ("," if found.group().endswith(",") else ""), text)
