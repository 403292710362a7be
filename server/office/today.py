"""Today: what waits, what is overdue, who was not heard from; every number leads to what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import Connection

from server.domain.findings.codes import Code
from server.domain.reviewing import State
from server.domain.roles import ROLES, Viewer
from server.office.layout import ANSWER, DISPATCH, KEEP, REVIEW
from server.office.pages import Answer, Pages, show
from server.office.speaking import local_day, say_when
from server.office.texts import gettext as _
from server.services.deciding import ESCALATE_MS, TO_DECIDE
from server.services.site import Site
from server.storage import queue_rows, today_rows

HOUR_MS = 3_600_000
SILENT_MS = 48 * HOUR_MS
NOT_HEARD_MS = 90 * 60_000  # the longest stay that limits allow by default, and half an hour
DAY_FORMAT = "%Y-%m-%d"


@dataclass(frozen=True)
class Card:
    """One number: what it counts, where that is, how it stands (good, look, stop, wait), and what is nearest."""

    title: str
    count: int
    address: str
    state: str
    more: str = ""


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/today", *ROLES)
    def today(viewer: Viewer) -> Answer:
        """Show the day's numbers of the rooms that are the viewer's."""
        with site.store.read() as connection:
            cards = list(_cards(connection, site, viewer))
        return show("today", cards=cards, most=today_rows.MOST)


def _cards(connection: Connection, site: Site, viewer: Viewer) -> Iterator[Card]:
    agencies, now_ms, zone = sorted(viewer.agencies), site.now(), site.settings.zone

    def when(at_ms: int | None) -> str:
        return "" if at_ms is None else say_when(at_ms, now_ms, zone).striptags()

    if viewer.may(ANSWER):
        calls, first = today_rows.read_calls_open(connection, agencies)
        yield _card(_("calls for help"), calls, "complaints", "stop", when(first), tab="help")
        complaints, nearest = today_rows.read_complaints_open(connection, agencies)
        is_late = nearest is not None and nearest < now_ms
        yield _card(_("complaints open"), complaints, "complaints", "stop" if is_late else "look", when(nearest))
        requests, first = today_rows.read_requests_open(connection, agencies)
        yield _card(_("requests about own data"), requests, "complaints", "look", when(first), tab="requests")
    if viewer.may(REVIEW):
        day = local_day(now_ms, zone)
        midnight_ms = round(datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).timestamp() * 1000)
        everything = queue_rows.Wanted(tuple(State), tuple(agencies), since_ms=midnight_ms)
        came = queue_rows.count_queue(connection, everything)
        yield _card(_("visits today"), came, "queue", "wait", state="any", day=day.strftime(DAY_FORMAT))
        waiting = queue_rows.count_queue(connection, queue_rows.Wanted(TO_DECIDE, tuple(agencies)))
        oldest = today_rows.find_oldest(connection, TO_DECIDE, agencies)
        yield _card(_("visits to decide on"), waiting, "queue", "look", when(oldest))
        late = today_rows.count_unanswered(connection, now_ms - ESCALATE_MS, agencies)
        yield _card(_("questions without an answer for 3 days"), late, "queue", "stop", state="escalated")
        broken = today_rows.count_findings(connection, Code.PROMISE_BROKEN, agencies)
        yield _card(_("promises not kept"), broken, "queue", "look", state="any", finding=Code.PROMISE_BROKEN.value)
        unheard = today_rows.count_not_ended(connection, now_ms - NOT_HEARD_MS, agencies)
        yield _card(_("visits not heard from"), unheard, "queue", "stop", state="open")
    if viewer.may(DISPATCH | KEEP):
        silent = today_rows.count_silent(connection, now_ms - SILENT_MS, agencies)
        yield _card(_("devices silent for 2 days"), silent, "devices", "look", only="silent")
        parked = today_rows.count_parked(connection, agencies)
        yield _card(_("records set aside"), parked, "devices", "look", only="parked")
        diverged = today_rows.count_diverged(connection, agencies)
        yield _card(_("devices that held something else"), diverged, "devices", "stop", only="diverged")


def _card(title: str, count: int, endpoint: str, kind: str, more: str = "", **query: str) -> Card:
    """Give a card; where nothing is counted nothing is wrong."""
    where = f"{url_for(f'office.{endpoint}')}?{urlencode(query)}" if query else url_for(f"office.{endpoint}")
    return Card(title, count, where, kind if count else "good", more if count else "")


