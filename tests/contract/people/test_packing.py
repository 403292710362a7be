"""Packets as they lie in the feed: what a lead and a companion may hold, and the revisions they carry."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert

from schemas import canonical, sealing
from schemas.messages import parse_time
from schemas.packet import PacketSchema, SealedContentSchema
from server.services.assigning import assign
from server.services.leases import extend_lease
from server.services.packing import bump_and_repack, packet_changes
from server.storage import tables
from server.storage.feed import publish
from tests.contract.people.office import DAY_MS, START_MS, Office, codes_of, counted


def body(office: Office, agent: str, case_id: str) -> dict[str, Any]:
    """Give the body of an agent's packet."""
    found: dict[str, Any] = office.live(agent)[case_id]["body"]
    return found


def test_a_lead_holds_both_parts_and_a_companion_the_open_one(office: Office) -> None:
    """Lead and companion get the same open part; only the lead's packet has a sealed one."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1", ["a2"])
    lead, companion = body(office, "a1", case_id), body(office, "a2", case_id)

    assert ("lead", "companion") == (lead["role"], companion["role"])
    assert lead["open"] == companion["open"]
    assert "sealed" in lead
    assert "sealed" not in companion
    assert {} == PacketSchema().validate(lead) | PacketSchema().validate(companion)
    assert {"a1", "a2"} == codes_of(lead["open"]["crew"])


def test_the_open_part_does_not_say_why(office: Office) -> None:
    """Nothing of the debt (lender, reference, amount, product, days) stands outside the sealed part."""
    [case_id] = office.add_cases(1, lender="Zebra Bank", product="card", amount=987_654, reference="unused")
    assign(office.site, [case_id], "a1", ["a2"])
    for agent in ("a1", "a2"):
        text = str(body(office, agent, case_id)["open"])

        assert not [word for word in ("Zebra", "card'", "987654", "R0", "days") if word in text]


def test_the_sealed_part_opens_by_the_document_wrap(office: Office) -> None:
    """The sealed part holds lender, reference, money and options, bound to case and revision."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    item = office.live("a1")[case_id]
    opened = sealing.open_sealed(item["body"]["sealed"], case_id, item["rev"], "document")

    assert opened is not None
    assert {} == SealedContentSchema().validate(opened)
    expected = {"lender": "Bank", "reference": "R0", "currency": "EUR", "amount": 12_345, "days_past_due": 30}
    assert opened == expected | {"options": ["pay later"]}


def test_an_items_bytes_are_canonical_and_hash_to_what_it_says(office: Office) -> None:
    """The stored body is its own canonical form, and `sha256` is over it (F4)."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    item = office.live("a1")[case_id]

    assert item["sha256"] == canonical.digest(canonical.encode(item["body"]))
    office.check_heads()


def test_a_repack_has_a_new_revision(office: Office) -> None:
    """A changed case is written again for everyone who has it, one revision up; a case nobody has is bumped alone."""
    held, free = office.add_cases(2)
    assign(office.site, [held], "a1", ["a2"])
    before = office.live("a1")[held]["rev"]

    def job(connection: Any) -> int:
        changes = bump_and_repack(connection, office.site, [held, free])
        publish(connection, changes)
        return len(changes)

    assert 2 == office.site.store.write(job)
    assert {before + 1} == {office.live(agent)[held]["rev"] for agent in ("a1", "a2")}
    assert {held: before + 1, free: 2} == {row.id: row.rev for row in office.rows(tables.case)}
    office.check_heads()


def test_revisions_go_on_from_the_time_after_a_restore(office: Office) -> None:
    """F5: after a restore no revision repeats: numbering goes on from the time in seconds, and up by one from there."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    office.restore()
    revs = []
    for days in (8, 9):
        extend_lease(office.site, [case_id], days)
        revs.append(office.live("a1")[case_id]["rev"])

    assert [START_MS // 1000, START_MS // 1000 + 1] == revs


def test_only_appointments_ahead_are_packed(office: Office) -> None:
    """An appointment that is over is no longer told; times keep the offset they were agreed in."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    ahead = ("2026-09-22T10:00:00.000+08:00", "2026-09-22T11:00:00.000+08:00")
    over = ("2026-09-20T10:00:00.000+08:00", "2026-09-20T11:00:00.000+08:00")
    row = {"case_id": case_id, "made_by": "office", "made_ms": 1}
    rows = [row | {"id": office.site.new_id(), "starts": starts, "ends": ends} for starts, ends in (ahead, over)]

    def job(connection: Any) -> None:
        connection.execute(insert(tables.appointment), rows)
        publish(connection, bump_and_repack(connection, office.site, [case_id]))

    office.site.store.write(job)
    packed = body(office, "a1", case_id)

    assert [ahead] == [(each["starts"], each["ends"]) for each in packed["open"]["appointments"]]
    assert {} == PacketSchema().validate(packed)


def test_a_lease_is_told_and_extended_by_a_new_revision(office: Office) -> None:
    """F3: the packet says until when it may be held; an extension is a new revision that says a later time."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1", lease_days=2)
    first = office.live("a1")[case_id]
    office.clock.move(DAY_MS)

    assert 1 == extend_lease(office.site, [case_id], 3).extended
    second = office.live("a1")[case_id]
    ends = [parse_time(item["body"]["open"]["lease_until"]) - START_MS for item in (first, second)]
    assert [2 * DAY_MS, 4 * DAY_MS] == ends
    assert first["rev"] + 1 == second["rev"]


@pytest.mark.parametrize("missing", [{"language": None}, {"lat_e7": None, "lon_e7": None}])
def test_what_is_not_known_is_absent(office: Office, missing: dict[str, Any]) -> None:
    """A case without language or coordinates makes a packet without them, never one with nulls."""
    [case_id] = office.add_cases(1, days_past_due=None, sealed={}, **missing)
    assign(office.site, [case_id], "a1")
    packed = body(office, "a1", case_id)

    assert {} == PacketSchema().validate(packed)
    assert not set(missing) & {*packed["open"]["person"], *packed["open"]["place"]}


def test_packing_asks_six_things_however_many_cases(office: Office) -> None:
    """The statements of packing do not grow with the cases of a chunk."""
    cases = office.add_cases(60)
    assign(office.site, cases, "a1", ["a2"])
    counts = []
    for ids in (cases[:5], cases):
        with counted(office) as statements:
            changes = office.site.store.write(partial(packet_changes, site=office.site, case_ids=ids))
        counts.append(len([each for each in statements if each.startswith("SELECT")]))

        assert 2 * len(ids) == len(changes)
    assert [6, 6] == counts
