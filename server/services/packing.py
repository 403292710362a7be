"""
Packing: write the bytes of a packet once for each agent who has it, when a case or its crew changes.

Called by import, merges, appointments and assigning, within their transaction. Goes out: feed changes, which the
caller publishes last of all. Every packet written has a revision of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from schemas import canonical, sealing
from schemas.sealing import WrapKey
from schemas.vocabulary import ItemType, Role, WrapKind
from server.domain.packet_changes import UNTOLD
from server.domain.packing import (
    HOUSE,
    Appointment,
    CrewMember,
    Limits,
    PackedCase,
    Planned,
    pack_body,
    pack_open,
    pack_sealed,
)
from server.domain.webhooks import Kind
from server.services.gating import read_limits
from server.services.site import Site
from server.services.telling import tell_cases
from server.storage import case_rows, door_rows, notice_rows, packed_rows
from server.storage.case_rows import AnyRow
from server.storage.feed import Change
from server.storage.state_rows import get_state


def least_rev(connection: Connection) -> int:
    """Give the least a revision may be: after a restore the time of it in seconds, so that none repeats (F5)."""
    restored_ms = get_state(connection, "restored_ms")
    return int(restored_ms) // 1000 if restored_ms else 0


def bump_and_repack(
    connection: Connection, site: Site, case_ids: Sequence[str], *, mattered: bool = True
) -> list[Change]:
    """Give these cases a new revision, and the puts of their packets for everyone who has them."""
    least = least_rev(connection)
    changes: list[Change] = []
    for chunk in case_rows.chunks(case_ids):
        case_rows.lock_cases(connection, chunk)
        case_rows.bump_cases(connection, chunk, least, site.now(), mattered=mattered)
        if mattered:
            tell_cases(connection, site, Kind.CASE_CHANGED, chunk)
        changes += packet_changes(connection, site, chunk)
    return changes


def packet_changes(connection: Connection, site: Site, case_ids: Sequence[str]) -> list[Change]:
    """
    Give the put of a packet for each agent with a live assignment on these cases, at the cases' present revision.

    A few statements for each chunk of cases, however many agents have them. The limits are those the gate compiled.
    """
    now_ms = site.now()
    changes: list[Change] = []
    for chunk in case_rows.chunks(case_ids):
        kept: list[dict[str, Any]] = []
        crews: dict[str, list[CrewMember]] = {}
        for row in case_rows.read_crews(connection, chunk):
            member = CrewMember(row.agent_id, row.name, row.role, row.lease_until_ms)
            crews.setdefault(row.case_id, []).append(member)
        if not crews:
            continue
        held = sorted(crews)
        appointments: dict[str, list[Appointment]] = {}
        for row in case_rows.read_appointments(connection, held):
            appointment = Appointment(row.id, row.starts, row.ends, row.made_by)
            appointments.setdefault(row.case_id, []).append(appointment)
        limits = read_limits(connection, site, held)
        keys: dict[str, list[WrapKey]] = {}
        for row in notice_rows.read_letter_keys(connection, held, now_ms):
            wrap_key = WrapKey(WrapKind.LETTER_CODE, row.code_salt, row.code_iterations, row.code_key)
            keys.setdefault(row.case_id, []).append(wrap_key)
        for case_id, pair in door_rows.read_pairs(connection, held).items():
            keys.setdefault(case_id, []).append(pair)
        for row in case_rows.read_for_packing(connection, held):
            case = _packed_case(row)
            given = appointments.get(case.id, []), limits.get(case.id, HOUSE)
            planned = _planned(row, crews[case.id])
            packed, part = _pack(site, case, crews[case.id], *given, keys.get(case.id, ()), now_ms, planned)
            changes += packed
            kept.append({"case_id": case.id, "rev": case.rev, "open": part})
        packed_rows.put_packed(connection, kept)
    return changes


def _packed_case(row: AnyRow) -> PackedCase:
    return PackedCase(
        row.id, row.rev, row.lender, row.reference, row.product, row.currency, row.amount, row.overdue,
        row.days_past_due, row.sealed, row.name, row.language, row.merged or row.contacts, row.address,
        row.area or row.place_area, row.postal_code, row.lat_e7, row.lon_e7, row.precision,
    )  # fmt: skip


def _planned(row: AnyRow, crew: Sequence[CrewMember]) -> Planned | None:
    """Give the plan a case stands in, if it was made for the crew that has it."""
    leads = {member.agent_id for member in crew if member.role == Role.LEAD}
    return Planned(row.plan_day, row.plan_place, row.plan_starts) if row.plan_agent_id in leads else None


def _pack(
    site: Site,
    case: PackedCase,
    crew: Sequence[CrewMember],
    appointments: Sequence[Appointment],
    limits: Limits,
    keys: Sequence[WrapKey],
    now_ms: int,
    planned: Planned | None,
) -> tuple[list[Change], dict[str, Any]]:
    """Give the puts of a case's packet, and its open part without texts, as it is kept."""
    changes = []
    leases = {member.lease_until_ms for member in crew}
    open_parts = {lease: pack_open(case, crew, appointments, lease, now_ms, limits, planned) for lease in leases}
    for member in crew:
        sealed = None
        if member.role == Role.LEAD:
            plain = pack_sealed(case, limits)
            sealed = sealing.seal(plain, case.id, case.rev, [], site.random_bytes, document=True, ready=keys)
        body = canonical.encode(pack_body(member.role, open_parts[member.lease_until_ms], sealed))
        changes.append(Change(member.agent_id, ItemType.PACKET, case.id, case.rev, body))
    longest = open_parts[max(leases)]
    return changes, {name: value for name, value in longest.items() if name not in UNTOLD}
