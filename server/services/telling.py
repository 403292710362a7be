"""
Telling webhooks: what happened is written down for each that wants it, in the transaction that made it happen.

So nothing is lost that happened, and nothing is told that did not. A message says what, where and how it stands, never
who: no name, no address of a place, no amount. While no webhook wants it, one look at an empty table is all it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from server.domain.webhooks import Kind
from server.services.site import Site
from server.storage import webhook_rows


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened: to which object, how that stands now, and the page it is on."""

    object_id: str
    object_state: str
    address: str
    case_id: str | None = None
    visit_id: str | None = None
    agency_id: str | None = None


def tell(connection: Connection, site: Site, kind: Kind, find: Callable[[], Sequence[Happened]]) -> None:
    """Write down what happened for the webhooks that want it; *find* is asked only where one does."""
    wanting = [row for row in webhook_rows.read_on(connection) if kind in row.kinds]
    if not wanting:
        return
    rows = [
        row_of(site, each, kind, row.id)
        for each in find()
        for row in wanting
        if row.agency_id in (None, each.agency_id)
    ]  # fmt: skip
    webhook_rows.add_deliveries(connection, rows)


def row_of(site: Site, happened: Happened, kind: Kind, webhook_id: str) -> dict[str, object]:
    """Give the row of a delivery that is to be sent at once."""
    now_ms = site.now()
    head = {"id": site.new_id(), "webhook_id": webhook_id, "kind": kind.value, "at_ms": now_ms, "next_ms": now_ms}
    return head | {"state": "waiting"} | asdict(happened)


def tell_visit(
    connection: Connection, site: Site, kind: Kind, case_id: str, visit_id: str, state: str, agency_id: str | None
) -> None:
    """Tell of a visit."""
    address = f"/office/visits/{visit_id}"
    tell(connection, site, kind, lambda: [Happened(visit_id, state, address, case_id, visit_id, agency_id)])


def tell_decision(
    connection: Connection, site: Site, decision_id: str, act: str, case_id: str, visit_id: str, agency_id: str | None
) -> None:
    """Tell that a visit was decided on."""
    happened = Happened(decision_id, act, f"/office/visits/{visit_id}", case_id, visit_id, agency_id)
    tell(connection, site, Kind.DECISION_MADE, lambda: [happened])


def tell_cases(connection: Connection, site: Site, kind: Kind, case_ids: Sequence[str]) -> None:
    """Tell of cases, which the caller has written or locked."""

    def find() -> list[Happened]:
        rows = webhook_rows.read_cases(connection, case_ids)
        return [Happened(row.id, row.status, f"/office/cases/{row.id}", row.id, None, row.agency_id) for row in rows]

    if case_ids:
        tell(connection, site, kind, find)


def tell_complaint(connection: Connection, site: Site, kind: Kind, complaint_id: str) -> None:
    """Tell of a complaint: that there is one, and how far it is."""

    def find() -> list[Happened]:
        row = webhook_rows.read_complaint(connection, complaint_id)
        state = "received" if row.case_id is None else "matched"
        state = "answered" if row.answered_ms else "acknowledged" if row.acknowledged_ms else state
        agency_id = webhook_rows.find_agency(connection, row.agent_id) if row.agent_id else None
        if agency_id is None and row.case_id is not None:
            agency_id = next((each.agency_id for each in webhook_rows.read_cases(connection, [row.case_id])), None)
        return [Happened(complaint_id, state, f"/office/complaints/{complaint_id}", row.case_id, None, agency_id)]

    tell(connection, site, kind, find)


def tell_sign_off(connection: Connection, site: Site, device_id: str, day: str) -> None:
    """Tell that a device's day was signed off."""

    def find() -> list[Happened]:
        agency_id = webhook_rows.find_device_agency(connection, device_id)
        address = f"/office/statements/{device_id}/{day}"
        return [Happened(f"{device_id} {day}", "signed_off", address, agency_id=agency_id)]

    tell(connection, site, Kind.STATEMENT_SIGNED_OFF, find)
