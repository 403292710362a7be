"""
What became of papers: sent, which the gate counts from then on; come back, which it counts no more; over.

A contact of ours is written beside the lender's own, under a reference that begins with `notice-`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.spans import whole_day
from server.services.packing import bump_and_repack
from server.services.rule_changes import day_of
from server.services.site import Site
from server.storage import case_rows, facts_rows, notice_rows, token_rows
from server.storage.feed import publish
from server.storage.types import AnyRow

log = structlog.get_logger()
MEDIA = {"letter": "letter", "sms": "message", "email": "message"}  # how a notice is sent -> the contact's channel
NUMBERS = {"sms": "phone", "email": "email"}


@dataclass(slots=True)
class SentReport:
    """How many notices changed, how many said so before, why others did not; and which cases a crew has already."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)  # notice, sentence
    held: list[str] = field(default_factory=list)


def find_notices(site: Site, texts: Sequence[str]) -> list[str]:
    """Give the notices that these are the ids of, or the ends of; raise `not-found` naming each that is not one."""
    with site.store.read() as connection:
        known = {str(row.id) for row in notice_rows.read_notices(connection)}
    wrong: dict[str, list[str]] = {}
    found = []
    for text in texts:
        ids = [text] if text in known else [each for each in known if len(text) >= 4 and each.endswith(text)]
        if len(ids) != 1:
            wrong[text] = ["is no notice" if not ids else f"is the end of {len(ids)} notices; name more of it"]
        found += ids
    if wrong:
        raise FieldError("not-found", wrong)
    return found


def mark_sent(site: Site, notice_ids: Collection[str], medium: str, day: date, by: str) -> SentReport:
    """
    Write that these notices were sent on a day: the gate counts them from its end, or from now on where it is today.

    Said again it changes nothing. Raises `invalid` for a day to come. A letter that came back, or was made later, is
    refused with its reason.
    """
    _refuse_future(site, day)

    def job(connection: Connection) -> SentReport:
        report, contacts = SentReport(), []
        rows = _held(connection, notice_ids)
        persons = {each.id: each for each in case_rows.read_for_packing(connection, [row.case_id for row in rows])}
        for row in rows:
            number = _number(persons[row.case_id], medium)
            sentence = _why_not_sent(site, row, medium, day, number)
            if sentence is not None:
                report.refused.append((row.id, sentence))
            elif medium in row.sent:
                report.counts["unchanged"] += 1
            else:
                report.counts["sent"] += 1
                contacts.append(_contact(site, row, medium, day, number))
                notice_rows.change_notice(connection, row.id, sent={**row.sent, medium: day.isoformat()})
        facts_rows.put_contacts(connection, contacts)
        return report

    report = site.store.write(job)
    log.info("notices_sent", by=by, medium=medium, **report.counts)
    return report


def _refuse_future(site: Site, day: date) -> None:
    if day > day_of(site, site.now()):
        raise FieldError("invalid", {"--on": [f"{day} is still to come"]})


def _held(connection: Connection, notice_ids: Collection[str]) -> Sequence[AnyRow]:
    """Give these notices; nobody else changes them, as their cases are locked until the job ends."""
    case_rows.lock_cases(connection, notice_rows.read_cases_of(connection, notice_ids))
    return notice_rows.read_chosen(connection, notice_ids)


def _number(case: AnyRow, medium: str) -> str:
    return str((case.merged or case.contacts).get(NUMBERS.get(medium, "")) or "")


def _why_not_sent(site: Site, row: AnyRow, medium: str, day: date, number: str) -> str | None:
    if row.returned_on is not None and medium == "letter":
        return f"came back on {row.returned_on}; make another with --again"
    if day < day_of(site, row.made_ms):
        return f"was made on {day_of(site, row.made_ms)}, which is later"
    if row.sent.get(medium, day.isoformat()) != day.isoformat():
        return f"was sent by {medium} on {row.sent[medium]} already"
    if medium in NUMBERS and not number:
        return f"is for a person of whom no {NUMBERS[medium]} is known"
    return None


def _contact(site: Site, row: AnyRow, medium: str, day: date, number: str) -> dict[str, Any]:
    return {
        "lender": row.lender, "reference": _reference(row.id, medium), "case_id": row.case_id,
        "at_ms": min(whole_day(day, site.settings.zone).ends_ms, site.now()),  # it was surely sent by then
        "channel": MEDIA[medium], "result": "sent",
        "number": number, "content": row.content, "source": "office",
        "digest": hashlib.sha256(row.id.encode()).hexdigest(), "imported_ms": site.now(),
    }  # fmt: skip


def _reference(notice_id: str, medium: str) -> str:
    return f"notice-{notice_id}-{medium}"


def mark_returned(site: Site, notice_ids: Collection[str], day: date, by: str) -> SentReport:
    """
    Write that these letters came back: the gate counts them no more, and their codes open nothing from then on.

    Their tokens go too, unless the link was sent otherwise as well. Raises `invalid` for a day to come.
    """
    _refuse_future(site, day)

    def job(connection: Connection) -> SentReport:
        report, case_ids = SentReport(), []
        for row in _held(connection, notice_ids):
            if "letter" not in row.sent:
                report.refused.append((row.id, "was not sent by letter, as far as is known"))
            elif day.isoformat() < row.sent["letter"]:
                report.refused.append((row.id, f"was sent on {row.sent['letter']}, which is later"))
            elif row.returned_on is not None:
                report.counts["unchanged"] += 1
            else:
                report.counts["returned"] += 1
                case_ids.append(row.case_id)
                notice_rows.change_notice(connection, row.id, returned_on=day.isoformat())
                notice_rows.forget_code(connection, row.id)
                notice_rows.return_contact(connection, row.lender, _reference(row.id, "letter"))
                if set(row.sent) == {"letter"}:
                    token_rows.revoke_tokens_on(connection, row.id, site.now())
        report.held = sorted({row.case_id for row in case_rows.read_crews(connection, case_ids)})
        if report.held:
            publish(connection, bump_and_repack(connection, site, report.held, mattered=False))
        return report

    report = site.store.write(job)
    log.info("notices_returned", by=by, **report.counts)
    return report


def end_papers(connection: Connection, site: Site, case_ids: Collection[str], status: str) -> None:
    """
    Let papers of cases that are over open nothing: no code is kept.

    Who paid can still answer, complain and look until the token's day; of a closed case the tokens go too.
    """
    notice_rows.forget_codes(connection, case_ids)
    if status != "paid":
        token_rows.revoke_tokens_of(connection, case_ids, site.now())


def forget_papers(connection: Connection, site: Site, case_ids: Collection[str]) -> None:
    """
    Erase of these cases' papers what is a person's: codes, tokens, and where our messages went.

    What stays says only that a notice was made and sent, with which contents: by it a visit is judged again.
    """
    end_papers(connection, site, case_ids, "erased")
    notice_rows.forget_numbers(connection, case_ids)
