"""The conversation with a small server of the tests' own: what is sent, kept, and done with the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_sync.exchange import STEPS
from agent_sync.remembering import pace_of
from schemas import canonical
from schemas.errors import FieldError
from schemas.messages import Quota
from tests.unit.device.builders import (
    CASE,
    a_device,
    a_visit,
    begin,
    finish,
    joined,
    let_answer,
    packet_body,
    start,
)
from tests.unit.device.fake_server import START_MS, FakeServer, an_id


class TestRoundTrip:
    """The ordinary case."""

    def test_events_go_up_and_packets_come_down_in_one_request(self, tmp_path: Path) -> None:
        """One exchange carries the whole outbox and the whole page."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.put("packet", an_id(300), packet_body())
        server.requests.clear()

        report = device.exchange()

        assert report.is_ok
        assert 1 == len(server.exchanges())
        assert (3, 1) == (report.counts["accepted"], report.counts["items_put"])
        assert (0, 2) == (device.status().unsent, device.status().packets)

    def test_e1_a_chain_begins_with_chain_opened(self, tmp_path: Path) -> None:
        """E1: seq 1 of the first chain is chain_opened without `previous`."""
        server, _, _ = joined(tmp_path)
        (chain,) = server.chains.values()
        opened = canonical.read(server.contents[chain.links[0][0]] or b"")

        assert "chain_opened" == opened["kind"]
        assert {"reason": "enrolled", "lost": []} == opened["body"]

    def test_x1_the_chain_is_named_in_every_request(self, tmp_path: Path) -> None:
        """X1: `push.chain_id` is there even when nothing is sent."""
        server, device, _ = joined(tmp_path)
        device.exchange()

        assert [device.status().chain_id] * 2 == [value["push"]["chain_id"] for value in server.exchanges()]

    def test_x6_an_idle_exchange_writes_little_and_changes_nothing(self, tmp_path: Path) -> None:
        """X6: an absent cursor is unchanged, absent holds are none, and the stage stays level."""
        _, device, _ = joined(tmp_path)
        cursor = device.store.get("cursor")
        report = device.exchange()

        assert report.is_ok
        assert cursor == device.store.get("cursor")
        assert "level" == device.status().pull_stage
        assert 1 == report.counts["requests"]

    def test_the_clock_tells_the_last_contact_of_its_own_boot_only(self, tmp_path: Path) -> None:
        """Section 4: `last` carries server time, counter and round trip; after a new boot it is absent."""
        server, device, clock = joined(tmp_path)
        device.exchange()
        clock.reading = type(clock.reading)(START_MS, 480, 5, "boot-2")
        device.exchange()
        told = [value["clock"].get("last") for value in server.exchanges()]

        assert [None, {"server_time": "2026-05-28T20:26:41.000Z", "mono_ms": 1_000_000, "rtt_ms": 0}, None] == told
        assert "boottime" == server.exchanges()[0]["clock"]["mono"]


class TestLostAnswers:
    """X2 and E7."""

    def test_e7_nothing_is_called_received_without_a_receipt(self, tmp_path: Path) -> None:
        """E7: after a lost answer the events still count as unsent, although the server has them."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.faults.append("cut-after")
        device.exchange()

        assert (3, 4) == (device.status().unsent, len(server.contents))

        report = device.exchange()

        assert 3 == report.counts["duplicate"]
        assert (0, 4) == (device.status().unsent, len(server.contents))

    def test_x2_a_duplicate_counts_as_what_it_was_the_first_time(self, tmp_path: Path) -> None:
        """X2: an event parked in a lost answer is shown as parked, with its reason."""
        server, device, _ = joined(tmp_path)
        server.judge = lambda content: "not-assigned" if content["kind"] == "visit_started" else ""
        start(device)
        server.faults.append("cut-after")
        device.exchange()
        device.exchange()

        assert ["not-assigned"] == [parked["problem"] for parked in device.status().parked]

    def test_x2_a_delayed_answer_is_used_for_its_receipts_only(self, tmp_path: Path) -> None:
        """X2: an answer to an older request stores its receipts, but neither its page nor its holds."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.holds = [{"hold_id": an_id(9), "rev": 1, "case_ids": [CASE], "reason": "illness"}]
        early = begin(device)
        with device.store.transaction():
            device.store.db.execute("UPDATE link SET state = 'moved' WHERE seq > 1")
        late = begin(device)
        with device.store.transaction():
            device.store.db.execute("UPDATE link SET state = 'waiting' WHERE seq > 1")
        let_answer(late)  # asked second, answered first
        finish(late)
        assert 3 == device.status().unsent
        server.holds = [{"hold_id": an_id(8), "rev": 1, "case_ids": [CASE], "reason": "minor"}]
        server.put("packet", an_id(300), packet_body())
        let_answer(early)
        finish(early)

        assert (0, 1) == (device.status().unsent, device.status().packets)
        assert [an_id(9)] == [hold["hold_id"] for hold in device.status().holds]

    def test_f2_a_page_asked_from_another_cursor_is_left_aside(self, tmp_path: Path) -> None:
        """F2: a page is applied only if the stored cursor still equals its request's; its receipts are kept."""
        server, device, _ = joined(tmp_path)
        start(device)
        talk = begin(device)
        server.put("packet", an_id(300), packet_body())
        let_answer(talk)
        with device.store.transaction():
            device.store.put("cursor", "e1.999")
        finish(talk)

        assert "e1.999" == device.store.get("cursor")
        assert (0, 1) == (device.status().unsent, device.status().packets)

    @pytest.mark.parametrize("cut", range(len(STEPS)), ids=[step.__name__ for step in STEPS])
    def test_being_cut_off_after_any_step_loses_and_repeats_nothing(self, tmp_path: Path, cut: int) -> None:
        """Section 5: after each step of the conversation the program may die; the next exchange levels everything."""
        server, device, clock = joined(tmp_path)
        ids = a_visit(device, 1)
        server.put("packet", an_id(300), packet_body())
        talk = begin(device, steps=0)
        for step in STEPS[: cut + 1]:
            step(talk)
        device.close()

        again = a_device(tmp_path, server, clock)
        assert again.exchange().is_ok
        assert set(ids) <= set(server.contents)
        assert 4 == len(server.contents)
        assert (0, 2, "level") == (again.status().unsent, again.status().packets, again.status().pull_stage)


class TestHalves:
    """X1: a half that fails carries its own problem, and the other half is served."""

    def test_x1_a_failed_pull_keeps_the_receipts(self, tmp_path: Path) -> None:
        """X1: receipts are stored although the page failed."""
        server, device, _ = joined(tmp_path)
        start(device)
        server.pull_problem = FieldError("internal")
        report = device.exchange()

        assert ["internal"] == report.codes
        assert 0 == device.status().unsent

    def test_x1_a_failed_push_keeps_the_page(self, tmp_path: Path) -> None:
        """X1: the page is applied although the push failed, and the events stay."""
        server, device, _ = joined(tmp_path)
        start(device)
        server.put("packet", an_id(300), packet_body())
        server.push_problem = lambda events: FieldError("internal") if events else None
        report = device.exchange()

        assert ["internal"] == report.codes
        assert (1, 2) == (device.status().unsent, device.status().packets)


class TestTrouble:
    """X3, X4 and the answers of others than the server."""

    @pytest.mark.parametrize("fault", ["cut-before", "captive", "proxy-413", "500", "503", "429", "truncated"])
    def test_a_failed_exchange_keeps_everything_and_says_when_to_try_again(self, tmp_path: Path, fault: str) -> None:
        """Every fault is a value in the report; nothing is lost, and the next exchange goes through."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.faults.append(fault)
        report = device.exchange()

        assert report.error is not None
        assert 3 == device.status().unsent
        assert 0 <= report.next_ms <= 900_000
        assert device.exchange().is_ok
        assert 4 == len(server.contents)

    @pytest.mark.parametrize("fault", ["captive", "proxy-413", "truncated"])
    def test_an_answer_without_the_servers_mark_is_no_network(self, tmp_path: Path, fault: str) -> None:
        """A captive portal's 200, a proxy's error and half an answer are no network, never an answer."""
        server, device, _ = joined(tmp_path)
        server.faults.append(fault)

        assert ["no-network"] == device.exchange().codes

    def test_x4_retry_after_is_kept(self, tmp_path: Path) -> None:
        """X4: the server's Retry-After is the least wait."""
        server, device, _ = joined(tmp_path)
        server.faults.append("429")

        assert device.exchange().next_ms >= 30_000

    def test_x4_failures_in_a_row_are_counted_and_forgotten_by_a_success(self, tmp_path: Path) -> None:
        """X4: the back-off grows with failures and starts afresh after a success."""
        server, device, _ = joined(tmp_path)
        server.faults += ["cut-before"] * 3
        for _ in range(3):
            device.exchange()

        assert 3 == device.status().failures
        device.exchange()
        assert 0 == device.status().failures

    def test_a2_a_stale_nonce_is_mended_by_repeating_once(self, tmp_path: Path) -> None:
        """A2: `use-nonce` brings a fresh one, and the same request is signed and sent again."""
        server, device, _ = joined(tmp_path)
        server.nonce = "nonce-2"
        start(device)
        report = device.exchange()

        assert report.is_ok
        assert 2 == report.counts["requests"]
        assert "nonce-2" == device.store.get("nonce")

    def test_a2_an_unknown_device_keeps_its_outbox(self, tmp_path: Path) -> None:
        """A2: `unauthenticated` deletes nothing; a new code for the same key goes on with the same chain."""
        server, device, _ = joined(tmp_path)
        chain_id = device.status().chain_id
        a_visit(device, 1)
        server.jwk = None
        assert ["unauthenticated"] == device.exchange().codes
        assert 3 == device.status().unsent

        device.enrol("CODE-1")
        assert device.exchange().is_ok
        assert chain_id == device.status().chain_id
        assert 4 == len(server.chains[chain_id].links)


class TestQuotas:
    """X3: how much at once."""

    def test_x3_batches_keep_count_and_bytes(self, tmp_path: Path) -> None:
        """X3: no batch holds more events, or more content bytes, than the quota."""
        server = FakeServer(quota=Quota(max_events=5, max_bytes=2_500))
        server.put("packet", CASE, packet_body())
        device = a_device(tmp_path, server)
        device.exchange()
        for number in range(6):
            a_visit(device, number)
        device.exchange()
        batches = [value["push"].get("events", []) for value in server.exchanges()]

        assert max(len(batch) for batch in batches) <= 5
        assert max(sum(len(event["content"].encode()) for event in batch) for batch in batches) <= 2_500
        assert 19 == len(server.contents)

    def test_x3_a_refused_batch_brings_its_quota_and_is_cut_again_at_once(self, tmp_path: Path) -> None:
        """X3: `too-many-events` with a smaller quota is no failure: the batch is cut and sent in the same exchange."""
        server, device, _ = joined(tmp_path)
        small = Quota(max_events=2)

        def refuse(events: list[dict[str, Any]]) -> FieldError | None:
            return FieldError("too-many-events", quota=small.to_wire()) if len(events) > 2 else None

        server.push_problem = refuse
        for number in range(3):
            a_visit(device, number)
        report = device.exchange()

        assert report.is_ok
        assert 10 == len(server.contents)

    def test_x3_a_poisonous_event_is_withheld_and_does_not_stop_the_queue(self, tmp_path: Path) -> None:
        """X3: an event that fails alone goes as digest and size; its content as a file; the replay item ends it."""
        server, device, _ = joined(tmp_path)
        bad = start(device).event_id
        ids = a_visit(device, 1)
        server.push_problem = lambda events: FieldError("internal") if holds_content(events, bad) else None
        for _ in range(30):
            if device.exchange().is_ok and not device.status().unsent:
                break

        assert {bad, *ids} <= set(server.contents)
        assert 0 == device.status().unsent
        withheld = [
            event for value in server.exchanges() for event in value["push"].get("events", []) if "withheld" in event
        ]
        assert {bad} == {event["id"] for event in withheld}

    def test_x3_withheld_content_is_uploaded_kept_and_replayed(self, tmp_path: Path) -> None:
        """X3: the content comes to the server byte for byte, and the device keeps it until the replay item has come."""
        server, device, _ = joined(tmp_path)
        recorded = start(device)
        with device.store.transaction():
            device.store.put("quota", Quota(max_event_bytes=100).to_wire())
        digest = device.store.value("SELECT digest FROM event WHERE id = ?", [recorded.event_id])
        assert device.exchange().is_ok

        assert digest == canonical.digest(server.contents[recorded.event_id] or b"")
        assert [{"problem": "withheld", "replayed": "accepted"}] == [
            {name: parked[name] for name in ("problem", "replayed")} for parked in device.status().parked
        ]

    def test_x3_withheld_content_outlives_the_archive_until_replayed(self, tmp_path: Path) -> None:
        """X3: content that was withheld is not pruned before its replay item, however old."""
        server, device, _ = joined(tmp_path)
        recorded = start(device)
        with device.store.transaction():
            device.store.put("quota", Quota(max_event_bytes=100).to_wire())
        server.faults += ["", "cut-before"]
        device.exchange()
        server.wanted.clear()
        server.now_ms += 40 * 86_400_000
        device.exchange()

        kept = "SELECT content IS NOT NULL FROM event WHERE id = ?"
        assert 1 == device.store.value(kept, [recorded.event_id])

        server.put(
            "replay",
            recorded.event_id,
            {"event_id": recorded.event_id, "status": "accepted", "at": "2026-07-28T20:26:40.000Z"},
        )
        device.exchange()
        device.exchange()
        assert 0 == device.store.value(kept, [recorded.event_id])

    def test_x3_a_thousand_events_against_a_dead_server_go_up_once_it_lives(self, tmp_path: Path) -> None:
        """X3: after many failures the batch is small, nothing is withheld, and success doubles it again."""
        server, device, _ = joined(tmp_path)
        for number in range(40):
            a_visit(device, number)
        server.faults += ["cut-before"] * 30
        for _ in range(30):
            device.exchange()
        assert 1 == pace_of(device.store).limit

        report = device.exchange()
        assert report.is_ok
        assert 121 == len(server.contents)
        assert not [
            event for value in server.exchanges() for event in value["push"].get("events", []) if "withheld" in event
        ]


class TestArchive:
    """What is kept, and how long."""

    def test_e10_content_is_kept_thirty_days_after_its_receipt(self, tmp_path: Path) -> None:
        """E10: the archive lasts by the server's time, whatever this device's clock says."""
        server, device, clock = joined(tmp_path)
        recorded = start(device)
        device.exchange()
        clock.advance(100 * 86_400_000)
        server.now_ms += 29 * 86_400_000
        device.exchange()
        kept = "SELECT content IS NOT NULL FROM event WHERE id = ?"
        assert 1 == device.store.value(kept, [recorded.event_id])

        server.now_ms += 2 * 86_400_000
        device.exchange()
        assert 0 == device.store.value(kept, [recorded.event_id])


def holds_content(events: list[dict[str, Any]], event_id: str) -> bool:
    """Say whether a batch carries the content of one event."""
    return any(event["id"] == event_id and "content" in event for event in events)


def test_a_day_of_thirty_visits_fits_in_150_kb(tmp_path: Path) -> None:
    """Done-when 3: thirty full visits without files, in five exchanges, send under 150,000 bytes of bodies."""
    server, device, _ = joined(tmp_path)
    steps = ("card_shown", "recording_notice", "principal_named", "purpose_stated", "options_given", "payment_answer")
    sent = 0
    for number in range(30):
        visit_id = an_id(2000 + number)
        start(device, CASE, visit_id)
        device.record("identity_checked", CASE, visit_id, {"identity": "confirmed", "method": "document_seen"})
        for step in steps:
            body = {"step": step, "text_version": "2026-10", "response": "given", "note": "as the text says"}
            device.record("step_done", CASE, visit_id, body)
        outcome = {"contact_result": "person", "disposition": "cannot_decide", "note": "asks for a letter first"}
        device.record("outcome_noted", CASE, visit_id, outcome)
        device.record("visit_ended", CASE, visit_id, {"fixes": [], "reason": "completed"})
        if number % 6 == 5:
            sent += device.exchange().counts["bytes_up"]

    assert 301 == len(server.contents)
    assert sent < 150_000
