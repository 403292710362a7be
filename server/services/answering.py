"""
Answering: what the holder of a letter's code sees of their case, and what they decide about it.

Every use case opens the code itself, in its own transaction, and raises `not-found` for one that cannot be used: the
pages above never hold a case's id. What halts visits acts in the gate and is sent to every device in that transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope, MadeBy
from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.limits import find_starts
from server.domain.conduct.periods import local_time
from server.domain.conduct.rules import Rulebook
from server.domain.conduct.voices import ANSWERS, QUESTIONS
from server.domain.offers import DAYS, offer_times
from server.domain.packing import HOUSE
from server.services.answer_tokens import OpenToken, find_token
from server.services.complaints import UNKNOWN
from server.services.facts import gather
from server.services.gating import rest_days
from server.services.halting import halt
from server.services.packing import bump_and_repack
from server.services.rulebooks import rulebooks_in_force
from server.services.site import Site
from server.services.zones import find_zone
from server.storage import case_rows, contact_rows, intake_rows, voice_rows
from server.storage.feed import Change, publish

log = structlog.get_logger()
DAY_MS = 24 * 3_600_000

# what a person may say with one button: the halt it places and of what, or None; the request it makes, or ""
Effect = tuple[HoldReason | None, HoldScope, str]
SAYINGS: dict[str, Effect] = {
    "refuse": (HoldReason.REFUSAL, HoldScope.PERSON, ""),
    "dispute": (HoldReason.DISPUTE, HoldScope.CASE, ""),
    "hardship": (HoldReason.HARDSHIP, HoldScope.PERSON, "hardship"),
    "wrong_address": (HoldReason.WRONG_PERSON, HoldScope.CASE, "wrong_address"),
    "copy": (None, HoldScope.CASE, "copy"),
    "erasure": (None, HoldScope.CASE, "erasure"),
}


@dataclass(frozen=True, slots=True)
class Appointment:
    """A time that is agreed or proposed."""

    starts_ms: int
    ends_ms: int
    made_by: str


@dataclass(frozen=True, slots=True)
class Situation:
    """How a case stands for its person: never what it is about."""

    zone: str
    is_open: bool
    halts: frozenset[str]
    appointments: tuple[Appointment, ...]

    @property
    def own(self) -> Appointment | None:
        """The time that the person chose."""
        return next((each for each in self.appointments if each.made_by == MadeBy.PERSON), None)


def open_token(connection: Connection, site: Site, token: str) -> OpenToken:
    """Give what a letter's code opens; raise `not-found` for one that cannot be used, whatever the reason."""
    opened = find_token(connection, site, token)
    if opened is None:
        raise FieldError("not-found", detail=UNKNOWN)
    return opened


def look(site: Site, token: str) -> Situation:
    """Give how the case of a letter stands."""
    with site.store.read() as connection:
        return _situation(connection, site, open_token(connection, site, token).case_id)


def _situation(connection: Connection, site: Site, case_id: str) -> Situation:
    case = voice_rows.read_case(connection, case_id)
    assert case is not None  # a token hangs on its case
    halts = frozenset(each.reason for each in voice_rows.read_live_holds(connection, case_id, case.person_id))
    return Situation(
        zone=find_zone(case.lat_e7, case.lon_e7) or site.settings.zone,
        is_open=case.status == "open",
        halts=halts,
        appointments=tuple(_ahead(connection, site, case_id)),
    )


def _ahead(connection: Connection, site: Site, case_id: str) -> list[Appointment]:
    found = [
        Appointment(_ms(row.starts), _ms(row.ends), row.made_by)
        for row in case_rows.read_appointments(connection, [case_id])
    ]
    return sorted((each for each in found if each.ends_ms > site.now()), key=lambda each: each.starts_ms)


def _ms(wall: str) -> int:
    return round(datetime.fromisoformat(wall).timestamp() * 1000)


# -- choosing a time


def offers_of(site: Site, token: str) -> tuple[str, list[Interval]]:
    """Give the place's zone and the times that may be chosen: what somebody else proposed, then what is lawful."""
    rulebooks = rulebooks_in_force(site)
    with site.store.read() as connection:
        return _offers(connection, site, rulebooks, open_token(connection, site, token).case_id)


def _offers(
    connection: Connection, site: Site, rulebooks: Sequence[Rulebook], case_id: str
) -> tuple[str, list[Interval]]:
    crew = [row.agent_id for row in case_rows.read_crews(connection, [case_id])]
    crews = {case_id: crew} if crew else {}
    facts: Facts = gather(connection, site, [case_id], crews, lambda _: None, find_zone, rest_days)[case_id]
    case = voice_rows.read_case(connection, case_id)
    if facts.place_zone is None or case is None or case.status != "open":
        return site.settings.zone, []
    until_ms = site.now() + (DAYS + 1) * DAY_MS
    starts = find_starts(rulebooks, facts, until_ms, HOUSE.longest_stay_ms)
    proposed = [
        Interval(each.starts_ms, each.ends_ms)
        for each in _ahead(connection, site, case_id)
        if each.made_by != MadeBy.PERSON and _is_lawful(each, starts)
    ]
    lawful = offer_times(starts, facts.place_zone, HOUSE.longest_stay_ms, site.now())
    return facts.place_zone, [*proposed, *(each for each in lawful if each not in proposed)]


def _is_lawful(each: Appointment, starts: Sequence[Interval]) -> bool:
    last_ms = each.ends_ms - HOUSE.longest_stay_ms
    return any(span.starts_ms <= each.starts_ms <= last_ms <= span.ends_ms for span in starts)


def choose_time(site: Site, token: str, starts_ms: int, ends_ms: int) -> None:
    """
    Make the appointment the person chose, in place of one they chose before, and tell everyone who has the case.

    Raises `conflict` for a time that is not on offer any more.
    """
    rulebooks = rulebooks_in_force(site)

    def job(connection: Connection) -> None:
        case_id = open_token(connection, site, token).case_id
        case_rows.lock_cases(connection, [case_id])
        zone, offers = _offers(connection, site, rulebooks, case_id)
        if Interval(starts_ms, ends_ms) not in offers:
            raise FieldError("conflict", detail="This time cannot be had any more.")
        voice_rows.drop_own_appointments(connection, case_id)
        starts, ends = (local_time(each, zone).isoformat(timespec="milliseconds") for each in (starts_ms, ends_ms))
        row = {
            "id": site.new_id(), "case_id": case_id, "starts": starts, "ends": ends, "made_by": MadeBy.PERSON.value,
            "made_ms": site.now(),
        }  # fmt: skip
        contact_rows.add_appointment(connection, row)
        publish(connection, bump_and_repack(connection, site, [case_id]))
        log.info("time_chosen", case_id=case_id)

    site.store.write(job)


# -- one button


def say(site: Site, token: str, saying: str) -> None:
    """Do what a person says with one button: a halt, a request, or both. Saying it again changes nothing."""
    reason, scope, request = SAYINGS[saying]

    def job(connection: Connection) -> None:
        opened = open_token(connection, site, token)
        changes: list[Change] = []
        if reason is not None:
            changes = halt(connection, site, opened.case_id, reason, scope)
        if request and voice_rows.find_open_request(connection, opened.person_id, request) is None:
            row = {"id": site.new_id(), "person_id": opened.person_id, "case_id": opened.case_id, "kind": request}
            voice_rows.add(connection, "person_request", row | {"made_ms": site.now()})
        publish(connection, changes)
        log.info("person_said", saying=saying, case_id=opened.case_id)

    site.store.write(job)


def give_feedback(site: Site, token: str, visit_id: str, question: str, answer: str) -> None:
    """Keep the answer to one question about a visit, in place of one before, and let the visit be looked at again."""
    if question not in QUESTIONS or answer not in ANSWERS:
        raise FieldError("malformed")

    def job(connection: Connection) -> None:
        case_id = open_token(connection, site, token).case_id
        if visit_id not in voice_rows.read_visits(connection, case_id):
            raise FieldError("not-found", detail=UNKNOWN)
        given = {**voice_rows.read_feedback(connection, case_id).get(visit_id, {}), question: answer}
        row = {"case_id": case_id, "visit_id": visit_id, "answers": given, "made_ms": site.now()}
        voice_rows.put_feedback(connection, row)
        intake_rows.mark_visits(connection, [(case_id, visit_id)], site.now())

    site.store.write(job)
