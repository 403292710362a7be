"""What must hold in a world after quiet, whatever was injected (PROTOCOL section 5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from agent_sync.store_feed import measure, packets_held
from schemas import canonical
from server.services import pulling
from server.services.reconciling import fold_rows
from server.services.verifying import say_verdict, verify_site
from server.storage import feed, tables, visit_tables
from tests.fault.world import Phone, World


def check_all(world: World) -> None:
    """Hold every invariant; an assertion names what broke."""
    _check_events(world)
    _check_phones(world)
    _check_times(world)
    _check_office(world)
    for verdict in verify_site(world.office.site):
        assert verdict.is_whole, f"history is whole: {say_verdict(verdict)}"
    if not world.is_restored:
        repairs = [row.manifest_requests for row in world.office.rows(select(tables.device.c.manifest_requests))]
        assert not any(repairs), "no device had to repair its feed by the manifest"


def _check_events(world: World) -> None:
    rows = world.office.rows(select(tables.event))
    stored: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        stored.setdefault((row.agent_id, row.id), []).append(row)
        if row.content is not None:
            assert canonical.digest(bytes(row.content)) == row.digest, "stored bytes hash to the device's digest"
    for event_id, fact in world.oracle.items():
        found = stored.get((fact.agent_id, event_id), [])
        same = [row for row in found if row.digest == canonical.digest(fact.content)]
        assert len(same) == 1, f"{event_id} is on the server {len(same)} times; wanted once"
        if event_id in world.erased:
            assert same[0].content is None, "erased content is nowhere"
        else:
            assert bytes(same[0].content) == fact.content, "acknowledged events survive and are readable"
    for content in world.erased.values():
        assert all(bytes(row.content or b"") != content for row in rows)


def _check_phones(world: World) -> None:
    for phone in world.phones:
        status = phone.device.status()
        assert status.unsent == 0, f"{phone.agent} still has {status.unsent} unsent: {world.trace[-6:]}"
        assert not status.lost, "nothing had to be declared lost"
        _check_chains(world, phone)
        scope = world.ids[phone.agent]
        with world.office.site.store.read() as connection:
            manifest = pulling.read_manifest(connection, scope, "")
            holds = pulling.read_holds(connection, scope, 0)
            live = {row.object_id for row in feed.read_live(connection, scope) if row.type == "packet"}
        count, total = measure(phone.device.store)
        assert (manifest["count"], manifest["sum"]) == (count, total), f"{phone.agent}'s live set is the server's"
        assert set(packets_held(phone.device.store)) <= live, "no body where its agent may not hold it"
        halted = {case_id for hold in holds for case_id in hold["case_ids"]}
        for view in phone.device.packets():
            assert bool(view.holds) or view.case_id not in halted, "a hold acts on every device"
        for event_id, content in world.erased.items():
            kept = phone.device.store.value("SELECT content FROM event WHERE id = ?", [event_id])
            assert kept is None or bytes(kept) != content, "erased content is on no device"


def _check_chains(world: World, phone: Phone) -> None:
    """Hold that what the device has receipts for stands on the server at its place, with its hash."""
    device_id = phone.device.store.get("device_id")
    rows = world.office.rows(
        select(tables.chain.c.chain_id, tables.link.c.seq, tables.link.c.hash)
        .join(tables.link, tables.link.c.chain_pos == tables.chain.c.pos)
        .where(tables.chain.c.device_id == device_id)
    )
    stored = {(row.chain_id, row.seq): row.hash for row in rows}
    assert stored, "the server knows this device's chains"
    for row in phone.device.store.rows("SELECT chain_id, seq, hash FROM link WHERE status IS NOT NULL"):
        assert stored[row["chain_id"], row["seq"]] == row["hash"], "both sides hold the same chain"


def _check_times(world: World) -> None:
    visits = {(fact.case_id, fact.visit_id) for fact in world.oracle.values() if fact.visit_id and fact.case_id}
    with world.office.site.store.read() as connection:
        for case_id, visit_id in sorted(visits):
            visit, _, _ = fold_rows(connection, world.office.site, str(case_id), str(visit_id))
            for event in visit.events:
                true_ms = world.oracle[event.id].at_ms
                bound = event.bound
                assert bound.earliest_ms <= true_ms <= bound.latest_ms or not bound.is_certain, (
                    f"{event.kind} was at {true_ms}, bound {bound}"
                )


def _check_office(world: World) -> None:
    kept = {row.id for row in world.office.rows(select(visit_tables.decision.c.id))}
    assert set(world.decisions) <= kept, "no decision vanishes"
    proposed = {
        event_id
        for event_id, fact in world.oracle.items()
        if b'"kind":"contact_proposed"' in fact.content and event_id not in world.erased
    }
    is_taken = (tables.event.c.kind == "contact_proposed", tables.event.c.status == "accepted")
    accepted = {row.id for row in world.office.rows(select(tables.event.c.id).where(*is_taken))}
    merged = {row.event_id for row in world.office.rows(select(visit_tables.proposal.c.event_id))}
    assert proposed & accepted <= merged, "no proposal vanishes"
