"""Cases and people: search, one case with all that is known of it, why nobody can go there today."""

from __future__ import annotations

from datetime import date

from flask import request
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.domain.assigning import CaseStatus
from server.domain.conduct.periods import read_day
from server.domain.priority import NEVER
from server.domain.roles import ANSWERERS, CASE_READERS, Role, Viewer
from server.office.factors import say_factor, say_why
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.texts import gettext as _
from server.services import dispatching, holding
from server.services.auditing import note_look
from server.services.searching import find_cases
from server.services.trying import try_case
from server.storage import desk_rows
from server.storage.types import AnyRow, is_id

PAGE = 50
MOST_CONTACTS = 100


def find_own_case(connection: Connection, viewer: Viewer, case_id: str) -> AnyRow:
    """Give a case of the viewer's agencies; raise `not-found`."""
    row = desk_rows.find_case(connection, case_id, sorted(viewer.agencies)) if is_id(case_id) else None
    if row is None:
        raise FieldError("not-found", detail=_("There is no such case among those of your agencies."))
    return row


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/cases", *CASE_READERS)
    def cases(viewer: Viewer) -> Answer:
        """Search cases, or list those of a status and an area."""
        text, area = request.args.get("q", "").strip()[:200], request.args.get("area", "").strip()
        status = request.args.get("status", "open")
        before, agencies = request.args.get("before", ""), sorted(viewer.agencies)
        place = before if is_id(before) else None
        with site.store.read() as connection:
            if text:
                found = find_cases(connection, text, agencies, place, PAGE + 1)
                rows = desk_rows.read_listed(connection, found)
            else:
                known = status if status in set(CaseStatus) else CaseStatus.OPEN
                rows = desk_rows.list_cases(connection, agencies, known, area, place, PAGE + 1)
        if rows:
            note_look(site, viewer, "search", "")
        more = rows[PAGE - 1].id if len(rows) > PAGE else ""
        return show("cases", rows=rows[:PAGE], text=text, area=area, status=status, statuses=CaseStatus, more=more)

    @pages.get("/cases/<case_id>", *CASE_READERS)
    def case(viewer: Viewer, case_id: str) -> Answer:
        """Show a case with all that is known of it."""
        agencies = sorted(viewer.agencies)
        with site.store.read() as connection:
            row = find_own_case(connection, viewer, case_id)
            known = {
                "assignments": desk_rows.read_assignments(connection, case_id, agencies),
                "visits": desk_rows.read_visits(connection, [case_id], agencies),
                "holds": desk_rows.read_holds(connection, [case_id], row.person_id),
                "contacts": desk_rows.read_contacts(connection, case_id, MOST_CONTACTS),
                "payments": desk_rows.read_payments(connection, case_id),
                "promises": [each._mapping for each in desk_rows.read_promises(connection, case_id)],
                "appointments": desk_rows.read_appointments(connection, case_id),
                "notices": desk_rows.read_notices(connection, case_id),
                "preferences": desk_rows.read_preferences(connection, row.person_id),
                "complaints": desk_rows.read_complaints(connection, case_id),
                "others": [
                    each for each in desk_rows.read_cases_of(connection, row.person_id, agencies) if each.id != case_id
                ],
                "matches": desk_rows.read_matches(connection, row.person_id, agencies),
            }
        note_look(site, viewer, "case", case_id)
        ranked = dispatching.explain_priority(site, row) if row.status == "open" else None
        tried = try_case(site, case_id) if row.status == "open" else None
        return show(
            "case", row=row, tried=tried, ranked=ranked, reasons=HoldReason, scopes=HoldScope, now_ms=site.now(),
            never=NEVER, factor_word=say_factor, why_word=say_why,
            may_say=viewer.may({Role.DISPATCHER, Role.SUPERVISOR}), **known,
        )  # fmt: skip

    @pages.post("/cases/<case_id>/holds", *ANSWERERS)
    def place_hold(viewer: Viewer, case_id: str) -> Answer:
        """Halt a case, or everything of its person."""
        with site.store.read() as connection:
            find_own_case(connection, viewer, case_id)
        reason, scope, until = words("reason", 40), words("scope", 20), words("until", 10)
        if reason not in set(HoldReason) or scope not in set(HoldScope):
            raise FieldError("invalid", {"reason": [_("is none of the list")]})
        pages.do(
            viewer, "placed_hold", ("case", case_id),
            lambda: holding.place_office_hold(
                site, case_id, HoldScope(scope), HoldReason(reason), viewer.name, read_until(until)
            ),
            lambda came: _("Halted. Agents who hear of it at their next exchange: %(told)s.", told=came[1]),
            reason=reason, scope=scope,
        )  # fmt: skip
        return go("case", case_id=case_id)

    @pages.post("/cases/<case_id>/holds/<hold_id>/<act>", *ANSWERERS)
    def change_hold(viewer: Viewer, case_id: str, hold_id: str, act: str) -> Answer:
        """Confirm, extend or lift a hold."""
        changes = {"confirm": holding.confirm_hold, "extend": holding.extend_hold, "lift": holding.lift_hold}
        with site.store.read() as connection:
            row = find_own_case(connection, viewer, case_id)
            mine = {each.id for each in desk_rows.read_holds(connection, [case_id], row.person_id)}
        if act not in changes or hold_id not in mine:
            raise FieldError("not-found")
        why = words("why", 500)
        if why:
            pages.do(
                viewer, f"{act}_hold", ("hold", hold_id), lambda: changes[act](site, hold_id, viewer.name, why),
                lambda _none: _("Done. Devices hear of it at their next exchange."),
            )  # fmt: skip
        else:
            tell(_("Say why; it is kept with the halt. Nothing was changed."), "stop")
        return go("case", case_id=case_id)


def read_until(text: str) -> date | None:
    """Read a day; None where nothing was typed, `invalid` where it is none."""
    if not text:
        return None
    day = read_day(text)
    if day is None:
        raise FieldError("invalid", {"until": [_("is not a day")]})
    return day
