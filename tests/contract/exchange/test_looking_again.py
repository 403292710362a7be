"""Time alone changes what is found: a visit is looked at again once nobody is awaited any more, and then no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.services import assigning
from server.services.reconciling import reconcile
from server.storage import visit_tables
from tests.office import Office, SetPhone, opened_office

FIX = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 120, "datum": "wgs84", "mock": False}
ENDS = ("visit_ended", {"reason": "completed", "fixes": [FIX]})


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office, on SQLite and again on PostgreSQL."""
    with opened_office(database_url, tmp_path) as opened:
        yield opened


def visit_alone(office: Office, *last: tuple[str, dict[str, Any]]) -> None:
    """Let a1 visit without the companion a2 who was assigned; send everything and fold it."""
    case_id, phone = office.add_case("R1"), SetPhone.enrolled(office, "a1")
    office.add_agent("a2")
    assigning.assign(office.site, [case_id], "a1", ["a2"])
    office.clock.advance(minutes=3)
    phone.exchange()
    ids = {"case_id": case_id, "visit_id": office.site.new_id(), "packet_rev": 1}
    note = {"contact_result": "nobody", "disposition": "none"}
    for kind, body in (("visit_started", {"fixes": [FIX]}), ("outcome_noted", note), *last):
        office.clock.advance(minutes=3)
        phone.record(kind, body, **ids)
    phone.exchange()
    reconcile(office.site)


def found(office: Office) -> list[str]:
    """Give the codes of what is found now."""
    standing = select(visit_tables.finding).where(visit_tables.finding.c.gone_ms.is_(None))
    return sorted(row.code for row in office.rows(standing))


def test_a_companion_nobody_heard_of_is_missing_in_the_end(office: Office) -> None:
    """An ended visit whose companion stays silent is looked at again by itself, once."""
    visit_alone(office, ENDS)
    early = found(office)
    office.clock.advance(hours=13)

    counts = [reconcile(office.site)["silent"] for _ in range(2)]

    assert ("companion_missing" in early, "companion_missing" in found(office)) == (False, True)
    assert [1, 0] == counts


def test_a_visit_nobody_ended_is_abandoned_in_the_end(office: Office) -> None:
    """Without a check-out the state itself changes with time."""
    visit_alone(office)
    office.clock.advance(hours=13)
    reconcile(office.site)

    assert ["abandoned"] == [row.state for row in office.rows(select(visit_tables.visit.c.state))]
    assert "never_ended" in found(office)
