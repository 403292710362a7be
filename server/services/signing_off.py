"""Signing off a device's day: somebody looked at its statement and found it accounted for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.spans import day_starts
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.site import Site
from server.services.statements import make_statement
from server.services.telling import tell_sign_off
from server.storage import field_rows
from server.storage.types import AnyRow

OF_THE_DAY = ("device_id", "day", "received", "accepted", "parked", "id_reuse", "duplicates", "reasons", "events")


@dataclass(frozen=True)
class DeviceDay:
    """A device's day as the server states it, and who signed it off; *is_changed*: it is not what was signed off."""

    device: AnyRow
    statement: Mapping[str, Any]
    sign_off: AnyRow | None
    is_changed: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing is parked, missing or lost."""
        return not (self.statement["parked"] or self.statement["gaps"] or self.statement["files"]["missing"])


def list_days(site: Site, viewer: Viewer, day: date) -> list[DeviceDay]:
    """Give the day of every device that was heard from since it began: what is of the day may come in much later."""
    since_ms = day_starts(day - timedelta(days=1), site.settings.zone)
    with site.store.read() as connection:
        devices = field_rows.list_heard_since(connection, sorted(viewer.agencies), since_ms)
        signed = field_rows.read_sign_offs(connection, day.isoformat())
    days = (_day_of(site, row, day.isoformat(), signed.get(row.id)) for row in devices)
    return [each for each in days if each.statement["received"] or each.statement["gaps"]]


def read_device_day(site: Site, device: AnyRow, day: str) -> DeviceDay:
    """Give one device's day; raise `invalid` for a day that is none."""
    with site.store.read() as connection:
        signed = field_rows.read_sign_offs(connection, day)
    return _day_of(site, device, day, signed.get(device.id))


def sign_off(site: Site, viewer: Viewer, device: AnyRow, day: str, seen: str) -> None:
    """Sign a day off; raise `conflict` where it is not what the viewer saw any more."""
    statement = make_statement(site, device.id, day)
    if fingerprint(statement) != seen:
        raise FieldError("conflict", detail="More came in since you looked; look again, then sign off.")
    row = {"device_id": device.id, "day": day, "sha256": seen, "by": viewer.name, "at_ms": site.now()}

    def job(connection: Connection) -> None:
        field_rows.put_sign_off(connection, row)
        tell_sign_off(connection, site, device.id, day)
        note_act(connection, site, viewer, "signed_off", "statement", f"{device.id} {day}", sha256=seen)

    site.store.write(job)


def fingerprint(statement: Mapping[str, Any]) -> str:
    """Give the hash of what came in of a day; where the chains stand by now, and what is missing, is not of the day."""
    said = {name: statement[name] for name in OF_THE_DAY if name in statement}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _day_of(site: Site, device: AnyRow, day: str, signed: AnyRow | None) -> DeviceDay:
    statement = make_statement(site, device.id, day)
    return DeviceDay(device, statement, signed, signed is not None and signed.sha256 != fingerprint(statement))
