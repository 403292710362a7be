"""
Noticing: tell a person of a visit before it may happen, and know whether they were told.

Comes in: cases, who would come and when. Goes out: letters, each with a token and a code that are kept nowhere, and,
once somebody says that they were sent, contacts that the gate counts. A letter that came back told nobody anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from schemas import sealing
from schemas.errors import FieldError
from schemas.sealing import WrapKey
from schemas.vocabulary import WrapKind
from server.domain.conduct.rules import RuleType
from server.domain.conduct.spans import whole_day
from server.domain.notices import ANSWER_DAYS, CONTENT, Letter, choose_language, make_letter_code, say_town
from server.services.answer_tokens import draw_token
from server.services.gating import rulebooks_of
from server.services.notice_rights import Told, why_not
from server.services.packing import bump_and_repack
from server.services.rule_changes import day_of
from server.services.site import Site
from server.storage import case_rows, facts_rows, notice_rows, people_rows, token_rows
from server.storage.case_rows import chunks
from server.storage.feed import publish
from server.storage.types import AnyRow

log = structlog.get_logger()
_HOURS = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)")


@dataclass(frozen=True, slots=True)
class Plan:
    """Who would come (codes, the lead first), and when, local to the place."""

    crew: tuple[str, ...]
    day: date
    starts: str
    ends: str

    @classmethod
    def read(cls, crew: Sequence[str], day: date, hours: str) -> Plan:
        """Read hours as HH:MM-HH:MM; raise `invalid` with how to write them."""
        found = _HOURS.fullmatch(hours.strip())
        if found is None or found[1] >= found[2]:
            raise FieldError("invalid", {"--hours": [f"'{hours}' is no part of a day, such as 10:00-12:00"]})
        return cls(tuple(dict.fromkeys(crew)), day, found[1], found[2])


@dataclass(slots=True)
class NoticeReport:
    """Letters to print, and why a case got none."""

    letters: list[Letter] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # reference, sentence
    before: int = 0  # cases whose person was told already of a day that is not over


@dataclass(frozen=True, slots=True)
class _Crew:
    agency: str
    codes: tuple[str, ...]
    names: tuple[str, ...]


def make_notices(
    site: Site,
    case_ids: Sequence[str],
    plan: Plan,
    by: str,
    keep: Callable[[Sequence[Letter]], None],
    *,
    is_again: bool = False,
    on_progress: Callable[[int], None] = lambda done: None,
) -> NoticeReport:
    """
    Make a letter for each of these cases that may have one; *keep* puts them on disk before they are remembered.

    A case whose person was told of a day that is not over is left alone unless *is_again*. Letters that were made
    twice at once are made by one of the two only: the other raises `conflict`, and nothing of it is remembered.
    """
    today = day_of(site, site.now())
    _refuse_early(site, plan, today)
    report = NoticeReport()
    rows: list[dict[str, Any]] = []
    tokens: list[dict[str, Any]] = []
    with site.store.read() as connection:
        crew = _find_crew(connection, plan.crew)
        told = Told(connection, site, case_ids, "" if is_again else today.isoformat())
    reasons = {case.id: why_not(told, case) for case in told.cases}
    report.refused += [(case.reference, reason) for case in told.cases if (reason := reasons[case.id]) is not None]
    free = [case for case in told.cases if reasons[case.id] is None]
    due = [case for case in free if case.id not in told.lasting]
    report.before = len(free) - len(due)
    with ThreadPoolExecutor() as pool:  # deriving is what takes time: on as many cores as there are
        for case, drawn in zip(due, pool.map(lambda _: _draw_code(site), due), strict=True):
            letter, row, token = _write(site, case, plan, crew, by, *drawn)
            report.letters.append(letter)
            rows.append(row)
            tokens.append(token)
            on_progress(1)
    if rows:
        keep(report.letters)
        site.store.write(lambda connection: _remember(connection, site, rows, tokens, is_again=is_again))
    log.info("notices_made", by=by, made=len(rows), refused=len(report.refused))
    return report


def _refuse_early(site: Site, plan: Plan, today: date) -> None:
    """Raise `invalid` for a day that a letter of today would tell of too late, by a rule that our letters satisfy."""
    zone = site.settings.zone
    least, rule_id = today + timedelta(days=1), "a letter"
    for rule in (rule for book in rulebooks_of(site) for rule in book.rules if rule.type is RuleType.PRIOR_NOTICE):
        if rule.params.lead is None or not set(rule.params.content) <= set(CONTENT):
            continue
        ready_ms = rule.params.lead.after(whole_day(today, zone).ends_ms, zone)  # it is sent by then
        ready = day_of(site, ready_ms)
        if ready > least:
            least, rule_id = ready, rule.id
    if plan.day < least:
        sentence = f"{plan.day} is too soon for {rule_id} sent today; name {least} or later"
        raise FieldError("invalid", {"--day": [sentence]})


def _find_crew(connection: Connection, codes: Sequence[str]) -> _Crew:
    agents = [people_rows.find_agent(connection, code) for code in codes]
    away = [each.code for each in agents if each.status != "active"]
    if away:
        detail = f"{', '.join(away)}: not active, so a letter cannot promise that they come. Name somebody else."
        raise FieldError("conflict", detail=detail)
    [lead] = facts_rows.read_agents(connection, [agents[0].id])
    return _Crew(lead.agency_name, tuple(each.code for each in agents), tuple(each.name for each in agents))


def _draw_code(site: Site) -> tuple[str, WrapKey]:
    """Draw a letter's code, and derive from it what wraps the keys of packets."""
    code = make_letter_code(site.random_bytes(16))
    secret = sealing.letter_secret(code)
    return code, sealing.derive_wrap_key(WrapKind.LETTER_CODE, secret, site.random_bytes)


def _write(
    site: Site, case: AnyRow, plan: Plan, crew: _Crew, by: str, code: str, wrap_key: WrapKey
) -> tuple[Letter, dict[str, Any], dict[str, Any]]:
    """Give a letter, and the rows that remember it: neither holds the other's secrets."""
    until = plan.day + timedelta(days=ANSWER_DAYS)
    expires_ms, notice_id = whole_day(until, site.settings.zone).ends_ms, site.new_id()
    token, token_row = draw_token(site, case.id, case.person_id, expires_ms, notice_id)
    contacts: Mapping[str, Any] = case.merged or case.contacts
    letter = Letter(
        notice_id=notice_id,
        name=case.name,
        address=case.address,
        town=say_town(case.place_area or case.area, case.address),
        postal_code=case.postal_code or "",
        language=choose_language(case.language, site.settings.region),
        lender=case.lender,
        reference=case.reference,
        agency=crew.agency,
        agents=crew.names,
        day=plan.day,
        starts=plan.starts,
        ends=plan.ends,
        until=until,
        phone=str(contacts.get("phone") or ""),
        email=str(contacts.get("email") or ""),
        token=token,
        code=code,
    )
    row = {
        "id": notice_id, "case_id": case.id, "day": plan.day.isoformat(), "starts": plan.starts, "ends": plan.ends,
        "agency": crew.agency, "agents": list(crew.codes), "content": list(CONTENT), "made_ms": site.now(),
        "made_by": by, "expires_ms": expires_ms, "sent": {}, "code_salt": wrap_key.salt,
        "code_iterations": wrap_key.iterations, "code_key": wrap_key.key,
    }  # fmt: skip
    return letter, row, token_row


def _remember(
    connection: Connection,
    site: Site,
    rows: Sequence[dict[str, Any]],
    tokens: Sequence[dict[str, Any]],
    *,
    is_again: bool,
) -> None:
    """Write the rows, and pack what a crew has already once more, so that the new code opens it."""
    case_ids, today = [row["case_id"] for row in rows], day_of(site, site.now()).isoformat()
    for chunk in chunks(case_ids):
        locked = case_rows.lock_cases(connection, chunk)
        lasting = set() if is_again else notice_rows.read_lasting(connection, chunk, today)
        if lasting or any(row.status != "open" for row in locked.values()):
            detail = "Some of these cases got notices or were closed meanwhile. Nothing was kept; make them again."
            raise FieldError("conflict", detail=detail)
    notice_rows.add_notices(connection, rows)
    token_rows.add_tokens(connection, tokens)
    held = {row.case_id for chunk in chunks(case_ids) for row in case_rows.read_crews(connection, chunk)}
    if held:
        publish(connection, bump_and_repack(connection, site, sorted(held), mattered=False))
