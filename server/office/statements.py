"""Statements: each device's day from both sides, signed off; a month's settlement."""

from __future__ import annotations

from datetime import date, timedelta

from flask import request

from schemas.errors import FieldError
from server.domain.conduct.periods import local_day
from server.domain.roles import DECIDERS, REVIEW, STATEMENT_READERS, Viewer
from server.office.devices import find_device
from server.office.pages import Answer, Pages, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import signing_off
from server.services.device_days import DayState, list_month
from server.services.settling import settle_month, sign_settlement
from server.storage.types import is_id

FIRST_DAY = date(2000, 1, 1)  # before any device of ours
DEVICES = 30  # of a month's page


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    def read_day() -> date:
        yesterday = local_day(site.now(), site.settings.zone) - timedelta(days=1)
        try:
            day = date.fromisoformat(request.args["day"])
        except (KeyError, ValueError):
            return yesterday
        return day if FIRST_DAY <= day <= yesterday + timedelta(days=2) else yesterday

    def read_month() -> date:
        this = local_day(site.now(), site.settings.zone).replace(day=1)
        try:
            month = date.fromisoformat(f"{request.args['month'][:7]}-01")
        except ValueError:
            return this
        return month if FIRST_DAY <= month <= this else this

    def show_month(viewer: Viewer) -> Answer:
        month, today = read_month(), local_day(site.now(), site.settings.zone)
        code, _, device_id = request.args.get("after", "").rpartition("_")
        after = (code[:64], device_id) if is_id(device_id) else None
        told = list_month(site, viewer, month.strftime("%Y-%m"), after, DEVICES)
        following = (month + timedelta(days=31)).replace(day=1)
        last = told.devices[-1][0] if told.more else None
        return show(
            "statement_month", month=month, told=told, before=month - timedelta(days=1), states=DayState,
            after=following if following <= today else None, tomorrow=(today + timedelta(days=1)).isoformat(),
            more=f"{last.code}_{last.id}" if last else "",
        )  # fmt: skip

    @pages.get("/statements", *STATEMENT_READERS)
    def statements(viewer: Viewer) -> Answer:
        """Show the day of every device, yesterday's where none is named; or the month of every device."""
        if "month" in request.args:
            return show_month(viewer)
        day = read_day()
        days = signing_off.list_days(site, viewer, day)
        return show(
            "statements", day=day, days=days, before=day - timedelta(days=1), after=day + timedelta(days=1),
            month=day.strftime("%Y-%m"),
        )  # fmt: skip

    @pages.get("/statements/<device_id>/<day>", *STATEMENT_READERS)
    def statement(viewer: Viewer, device_id: str, day: str) -> Answer:
        """Show one device's day."""
        with site.store.read() as connection:
            row = find_device(connection, viewer, device_id)
        found = signing_off.read_device_day(site, row, day)
        return show("statement", row=row, day=day, found=found, seen=signing_off.fingerprint(found.statement))

    @pages.post("/statements/<device_id>/<day>", *DECIDERS)
    def sign_off_statement(viewer: Viewer, device_id: str, day: str) -> Answer:
        """Sign a device's day off, as it was seen."""
        with site.store.read() as connection:
            row = find_device(connection, viewer, device_id)
        try:
            signing_off.sign_off(site, viewer, row, day, words("seen", 64))
        except FieldError as error:
            tell_error(error)
        else:
            tell(_("Signed off. If anything of this day comes in later, it is shown here."))
        return go("statement", device_id=device_id, day=day)

    @pages.get("/settlement", *REVIEW)
    def settlement(viewer: Viewer) -> Answer:
        """Show a month's visits per agency and agent, with the ids behind each sum."""
        month = request.args.get("month") or local_day(site.now(), site.settings.zone).strftime("%Y-%m")
        lines = settle_month(site, month, viewer.agencies)
        return show("settlement", month=month, lines=lines, signed=sign_settlement(site, month, lines))
