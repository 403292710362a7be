"""Statements: the server's account of each device's day, and one under its signature."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.shapes import Strict
from server.domain.conduct.periods import local_day
from server.domain.roles import STATEMENT_READERS, TokenScope, Viewer
from server.rest.asking import Asked, day_text, read_day
from server.rest.desk_answers import StatementSchema, StatementsSchema
from server.rest.routes import Routes, Told
from server.services import signing_off
from server.services.signing_off import DeviceDay
from server.services.statements import sign_statement
from server.storage import field_rows


class StatementsQuery(Strict):
    """The day; yesterday where none is named."""

    day = day_text()


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.get(
        "/statements", TokenScope.READ, *STATEMENT_READERS, answers={200: StatementsSchema}, query=StatementsQuery
    )
    def list_statements(viewer: Viewer, asked: Asked) -> Told:
        """List the day of every device that was heard from."""
        yesterday = local_day(site.now(), site.settings.zone) - timedelta(days=1)
        day = read_day(asked["day"], "day") if "day" in asked else yesterday
        days = signing_off.list_days(site, viewer, day)
        return {"day": day.isoformat(), "statements": [_tell(each) for each in days]}

    @routes.get(
        "/statements/<uuid:device_id>/<day>", TokenScope.READ, *STATEMENT_READERS, answers={200: StatementSchema},
        refusals=(404,),
    )  # fmt: skip
    def read_statement(viewer: Viewer, asked: Asked, device_id: str, day: str) -> Told:
        """State one device's day and sign it; nobody's name is in it."""
        with site.store.read() as connection:
            row = field_rows.find_device(connection, device_id, sorted(viewer.agencies))
        if row is None:
            raise FieldError("not-found", detail="There is no such device among those of your agencies.")
        found = signing_off.read_device_day(site, row, read_day(day, "day").isoformat())
        statement = dict(found.statement)
        return {**_tell(found), "statement": statement, "jws": sign_statement(site, statement)}


def _tell(found: DeviceDay) -> Mapping[str, Any]:
    signed = found.sign_off
    return {
        "device_id": found.device.id, "agent": found.device.code, "agency": found.device.agency_name,
        **{name: found.statement[name] for name in ("day", "received", "accepted", "parked")},
        "is_whole": found.is_whole, "is_changed": found.is_changed,
        "signed_off_by": None if signed is None else signed.by,
        "signed_off": None if signed is None else format_time(signed.at_ms),
    }  # fmt: skip
