"""Today: what waits, what is overdue, who was not heard from; every number leads to what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy import Connection

from server.domain.conduct.periods import local_day
from server.domain.findings.codes import Code
from server.domain.roles import ANSWER, DISPATCH, KEEP, REVIEW, ROLES, Viewer
from server.office.devices import DIVERGED, PARKED, SILENT, SILENT_MS
from server.office.pages import Answer, Pages, show
from server.office.queue import ANY, ESCALATED, UNHEARD, make_wanted
from server.office.speaking import say_when
from server.office.texts import gettext as _
from server.services.deciding import TO_DECIDE
from server.services.site import Site
from server.storage import field_rows, queue_rows, today_rows

MOST = queue_rows.MOST_COUNTED


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
        return show("today", cards=cards, most=MOST)


def _cards(connection: Connection, site: Site, viewer: Viewer) -> Iterator[Card]:
    if viewer.may(ANSWER):
        yield from _voices(connection, site, viewer)
    if viewer.may(REVIEW):
        yield from _visits(connection, site, viewer)
    if viewer.may(DISPATCH | KEEP):
        yield from _devices(connection, site, viewer)


def _voices(connection: Connection, site: Site, viewer: Viewer) -> Iterator[Card]:
    """Count what persons said and nobody has ended."""
    agencies, now_ms = sorted(viewer.agencies), site.now()
    calls, first = today_rows.read_calls_open(connection, agencies)
    yield _card(_("calls for help"), calls, "complaints", "stop", _when(site, first), tab="help")
    complaints, nearest = today_rows.read_complaints_open(connection, agencies)
    is_late = nearest is not None and nearest < now_ms
    yield _card(_("complaints open"), complaints, "complaints", "stop" if is_late else "look", _when(site, nearest))
    requests, first = today_rows.read_requests_open(connection, agencies)
    yield _card(_("requests about own data"), requests, "complaints", "look", _when(site, first), tab="requests")


def _visits(connection: Connection, site: Site, viewer: Viewer) -> Iterator[Card]:
    """Count visits by the very filters that their addresses name."""

    def card(title: str, kind: str, more: str = "", **filters: str) -> Card:
        count = queue_rows.count_queue(connection, make_wanted(site, viewer, filters))
        return _card(title, count, "queue", kind, more, **filters)

    day = local_day(site.now(), site.settings.zone).isoformat()
    oldest = today_rows.find_oldest(connection, TO_DECIDE, sorted(viewer.agencies))
    yield card(_("visits today"), "wait", state=ANY, day=day)
    yield card(_("visits to decide on"), "look", _when(site, oldest))
    yield card(_("questions without an answer for 3 days"), "stop", state=ESCALATED)
    yield card(_("promises not kept"), "look", state=ANY, finding=Code.PROMISE_BROKEN.value)
    yield card(_("visits not heard from"), "stop", state=UNHEARD)


def _devices(connection: Connection, site: Site, viewer: Viewer) -> Iterator[Card]:
    """Count devices by the filter that their list has."""

    def card(title: str, kind: str, only: str) -> Card:
        since_ms = site.now() - SILENT_MS
        count = field_rows.count_devices(connection, sorted(viewer.agencies), only, since_ms, MOST)
        return _card(title, count, "devices", kind, only=only)

    yield card(_("devices silent for 2 days"), "look", SILENT)
    yield card(_("devices with records set aside"), "look", PARKED)
    yield card(_("devices that held something else"), "stop", DIVERGED)


def _when(site: Site, at_ms: int | None) -> str:
    return "" if at_ms is None else say_when(at_ms, site.now(), site.settings.zone).striptags()


def _card(title: str, count: int, endpoint: str, kind: str, more: str = "", **query: str) -> Card:
    """Give a card; where nothing is counted nothing is wrong."""
    where = f"{url_for(f'office.{endpoint}')}?{urlencode(query)}" if query else url_for(f"office.{endpoint}")
    return Card(title, count, where, kind if count else "good", more if count else "")


