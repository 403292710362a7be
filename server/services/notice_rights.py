"""
Who may be told of a visit by letter: nobody whose case is over, halted or represented, or who asked not to be.

It is the gate that says whether a visit may be; this only keeps letters from promising what it would refuse anyhow.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from schemas.vocabulary import HoldReason
from schemas.words import say
from server.services.facts import find_paid
from server.services.site import Site
from server.storage import case_rows, facts_rows, hold_rows, notice_rows
from server.storage.types import AnyRow


class Told:
    """What is known of cases that may get a paper: read once for all of them, in the order of their references."""

    def __init__(self, connection: Connection, site: Site, case_ids: Sequence[str], lasting_on: str = "") -> None:
        self.cases: list[AnyRow] = []
        self.paid: set[str] = set()
        self.lasting: set[str] = set()  # cases whose person was told of a day not before *lasting_on*
        self.halts: dict[str, str] = {}  # case or person -> reason
        self.unwanted: set[tuple[str, str]] = set()  # person, medium
        for chunk in case_rows.chunks(case_ids):
            self.cases += case_rows.read_for_packing(connection, chunk)
            self.paid |= set(find_paid(connection, site, chunk))
            for hold in hold_rows.read_live_on(connection, chunk):
                if hold.until_ms is None or hold.until_ms > site.now():
                    self.halts[hold.person_id or hold.case_id] = hold.reason
            for wish in facts_rows.read_preferences(connection, chunk):
                if wish.kind == "not_by" and wish.ended_ms is None:
                    self.unwanted.add((wish.person_id, wish.value))
            if lasting_on:
                self.lasting |= notice_rows.read_lasting(connection, chunk, lasting_on)
        self.cases.sort(key=lambda case: (case.lender, case.reference))


def why_not(told: Told, case: AnyRow) -> str | None:
    """Give why this case may not have a letter, as the end of a sentence that begins with its reference."""
    ended = why_no_paper(told, case)
    if ended is not None:
        return ended
    if not case.address.strip():
        return "has no address; import it, or correct it, and make the notice then"
    for medium, wish in (("visit", "not to be visited"), ("letter", "not to be written to by letter")):
        if (case.person_id, medium) in told.unwanted:
            return f"belongs to a person who asked {wish}; `fairvisit prefer {case.reference} --list` shows it"
    return None


def why_no_paper(told: Told, case: AnyRow) -> str | None:
    """Give why this case may have no paper at all."""
    if case.status != "open" or case.id in told.paid:
        return f"is {'paid' if case.id in told.paid else case.status}"
    reason = told.halts.get(case.id) or told.halts.get(case.person_id)
    if reason == HoldReason.REPRESENTATIVE:
        return "is on hold: somebody speaks for this person; write to them, not to the person"
    if reason is not None:
        said = say(HoldReason(reason)) if reason in set(HoldReason) else reason
        return f"is on hold ({said}); nothing is sent until it is lifted"
    return None
