"""The queue: visits that wait for a person, what needs one first, page by page, with filters that have an address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import request

from schemas.vocabulary import ContactResult, Disposition
from server.domain.conduct.periods import read_day
from server.domain.conduct.spans import day_starts, whole_day
from server.domain.findings.codes import CATALOGUE, Code
from server.domain.reviewing import State
from server.domain.roles import REVIEW, Role, Viewer
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.texts import gettext as _
from server.services.deciding import ESCALATE_MS, TO_DECIDE
from server.services.site import Site
from server.storage import office_rows, people_rows, queue_rows
from server.storage.queue_rows import Place, Wanted
from server.storage.types import AnyRow, is_id

PAGE = 50
FILTERS = ("state", "flagged", "agency", "agent", "finding", "outcome", "area", "day")
NOT_HEARD_MS = 90 * 60_000  # the longest stay that limits allow by default, and half an hour
TODO, ESCALATED, UNHEARD, ANY = "todo", "escalated", "unheard", "any"
STATES: dict[str, tuple[str, ...]] = {
    TODO: TO_DECIDE, ESCALATED: (State.RETURNED.value,), UNHEARD: (State.OPEN.value,),
    **{each.value: (each.value,) for each in State}, ANY: tuple(each.value for each in State),
}  # fmt: skip


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/queue", *REVIEW)
    def queue(viewer: Viewer) -> Answer:
        """Show a page of the queue."""
        wanted, after = read_wanted(site, viewer), _read_after()
        with site.store.read() as connection:
            rows = queue_rows.list_queue(connection, wanted, after, PAGE + 1)
            ids = [row.visit_id for row in rows]
            findings = queue_rows.read_findings_of(connection, ids)
            claims = queue_rows.read_claims_of(connection, ids, site.now())
            count = queue_rows.count_queue(connection, wanted)
            views = office_rows.list_views(connection, viewer.id)
            agencies = [row for row in people_rows.read_agencies(connection).values() if viewer.sees(row.id)]
        chosen = chosen_filters()
        more = urlencode(chosen | {"after": _write_after(rows[PAGE - 1])}) if len(rows) > PAGE else ""
        return show(
            "queue", rows=rows[:PAGE], findings=findings, claims=claims, count=count, more=more,
            chosen=dict.fromkeys(FILTERS, "") | chosen, is_narrowed=bool(chosen), filters=urlencode(chosen),
            views=views, may_decide=viewer.may({Role.REVIEWER, Role.SUPERVISOR}),
            agencies=agencies, states=STATES, codes=CATALOGUE, most=queue_rows.MOST_COUNTED,
            contact_results=ContactResult, dispositions=Disposition, is_first=after is None,
        )  # fmt: skip

    @pages.post("/queue/views", *REVIEW)
    def save_view(viewer: Viewer) -> Answer:
        """Keep the filters of the address under a name."""
        name, query = words("name", 40), urlencode(chosen_filters())
        if name and query:
            site.store.write(lambda connection: office_rows.put_view(connection, viewer.id, name, query))
            tell(_("Kept as %(name)s; it stands above the queue.", name=name))
        else:
            tell(_("Give the view a name, and choose a filter first."), "stop")
        return go("queue", **chosen_filters())

    @pages.post("/queue/views/drop", *REVIEW)
    def drop_view(viewer: Viewer) -> Answer:
        """Take a view away."""
        name = words("name", 40)
        site.store.write(lambda connection: office_rows.drop_view(connection, viewer.id, name))
        return go("queue")


def chosen_filters() -> dict[str, str]:
    """Give the filters that the address names."""
    return {name: request.args[name] for name in FILTERS if request.args.get(name)}


def read_wanted(site: Site, viewer: Viewer) -> Wanted:
    """Read which visits are wanted from the address."""
    return make_wanted(site, viewer, request.args)


def make_wanted(site: Site, viewer: Viewer, asked: Mapping[str, str]) -> Wanted:
    """Give which visits these filters want; what is no filter asks for nothing less."""
    agency, state, finding = asked.get("agency", ""), asked.get("state", TODO), asked.get("finding", "")
    agencies = tuple(sorted(viewer.agencies))
    if is_id(agency) and viewer.sees(agency):
        agencies = (agency,)
    since_ms, until_ms = _read_day(asked.get("day", ""), site.settings.zone)
    if state == UNHEARD:
        silent_ms = site.now() - NOT_HEARD_MS
        until_ms = silent_ms if until_ms is None else min(until_ms, silent_ms)
    return Wanted(
        STATES.get(state, TO_DECIDE), agencies, asked.get("agent", "").strip(), finding if finding in set(Code) else "",
        asked.get("outcome", ""), asked.get("area", "").strip(), since_ms, until_ms,
        {"yes": True, "no": False}.get(asked.get("flagged", "")),
        site.now() - ESCALATE_MS if state == ESCALATED else None,
    )  # fmt: skip


def _read_day(text: str, zone: str) -> tuple[int | None, int | None]:
    """Give when a day of the office begins and ends."""
    day = read_day(text)
    return (None, None) if day is None else (day_starts(day, zone), whole_day(day, zone).ends_ms)


def _write_after(row: AnyRow) -> str:
    return "_".join(str(part) for part in queue_rows.place_of(row))


def _read_after() -> Place | None:
    rank, _, rest = request.args.get("after", "").partition("_")
    started, _, visit_id = rest.partition("_")
    if rank.isdecimal() and started.isdecimal() and len(rank) < 3 and len(started) < 16 and is_id(visit_id):
        return int(rank), int(started), visit_id
    return None
