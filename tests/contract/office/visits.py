"""Visits for the office to look at, recorded by real events of phones written for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from server.services.reconciling import reconcile
from server.storage import tables
from tests.office import Office, SetPhone

DOOR = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 80, "datum": "wgs84", "mock": False}
FAR = DOOR | {"lat_e7": 377_800_000}  # 1.1 km north of the door


class TruePhone(SetPhone):
    """A phone whose wall clock is right."""

    def content(self, kind: str, body: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Write an event's members as this phone would."""
        written = super().content(kind, body, **members)
        return written | {"at": written["at"] | {"wall": self.wall()}}

    def clock_body(self) -> dict[str, Any]:
        """Give the clock as a request carries it."""
        return super().clock_body() | {"wall": self.wall()}

    def wall(self) -> str:
        """Give what the phone's clock shows."""
        return datetime.fromtimestamp(self.office.clock() / 1000, UTC).isoformat(timespec="milliseconds")


def carrier(office: Office, code: str = "a1", agency_id: str | None = None) -> TruePhone:
    """Give the phone of a new agent, of an agency of their own where one is named."""
    phone = TruePhone.enrolled(office, code)
    if agency_id is not None:
        moved = tables.agent.update().where(tables.agent.c.id == phone.agent_id).values(agency_id=agency_id)
        office.site.store.write(lambda connection: connection.execute(moved) and None)
    assert isinstance(phone, TruePhone)
    return phone


def visit(office: Office, phone: SetPhone, reference: str, fix: dict[str, Any] = DOOR, **outcome: Any) -> str:
    """Make a whole visit to a new case and fold it; give its id. At FAR it is flagged, at the door clean."""
    case_id = office.add_case(reference)
    office.assign(case_id, phone.agent_id)
    phone.exchange()
    about = {"case_id": case_id, "visit_id": office.site.new_id(), "packet_rev": 1}
    came = {"contact_result": "nobody", "disposition": "none"} | outcome
    for kind, body in (
        ("visit_started", {"fixes": [fix | {"lat_e7": fix["lat_e7"] + len(phone.log)}]}),
        ("step_done", {"step": "card_shown", "text_version": "1", "response": "given"}),
        ("outcome_noted", came),
        ("visit_ended", {"reason": "completed", "fixes": [fix | {"lon_e7": fix["lon_e7"] + len(phone.log)}]}),
    ):
        office.clock.advance(minutes=2)
        phone.record(kind, body, **about)
    phone.exchange(phone.log[-4:])
    office.clock.advance(minutes=20)
    reconcile(office.site)
    return about["visit_id"]
