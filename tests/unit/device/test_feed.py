"""The feed on the device: pages, cursor, count and sum, leases, holds, repair, keys, erasure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_sync import store_feed
from agent_sync.clock import Reading
from schemas import canonical
from schemas.errors import FieldError
from schemas.messages import format_time
from tests.unit.device.builders import (
    CASE,
    DAY_MS,
    OTHER_CASE,
    VISIT,
    a_device,
    a_visit,
    held,
    joined,
    live,
    packet_body,
    start,
)
from tests.unit.device.fake_server import START_MS, FakeServer, an_id


class TestPages:
    """F1, F2, F4: applying the feed."""

    def test_f1_pages_are_applied_until_nothing_more_follows(self, tmp_path: Path) -> None:
        """F1: after one `exchange` over many pages the live sets are equal."""
        server = FakeServer(page_items=3)
        for number in range(20):
            server.put("packet", an_id(500 + number), packet_body())
        device = a_device(tmp_path, server)
        report = device.exchange()

        assert live(server) == held(device)
        assert 7 == report.counts["requests"]

    def test_f2_a_page_applied_twice_changes_nothing(self, tmp_path: Path) -> None:
        """F2: the same page again, from the same cursor, gives the same set."""
        _server, device, _ = joined(tmp_path)
        before = held(device)
        with device.store.transaction():
            device.store.put("cursor", None)
        device.exchange()

        assert before == held(device)

    def test_f2_the_cursor_moves_with_its_page(self, tmp_path: Path) -> None:
        """F2: a page cut off by an error in the middle leaves neither items nor cursor."""
        server, device, _ = joined(tmp_path)
        cursor = device.store.get("cursor")
        server.put("packet", OTHER_CASE, packet_body())
        device.store.db.execute(
            "CREATE TRIGGER no_more BEFORE INSERT ON object BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        with pytest.raises(Exception, match="disk full"):
            device.exchange()

        assert cursor == device.store.get("cursor")
        assert 1 == len(held(device))

    def test_f2_items_are_applied_by_hash_not_by_order_of_rev(self, tmp_path: Path) -> None:
        """F2: a put with a lower rev than the one held replaces it all the same."""
        server, device, _ = joined(tmp_path)
        server.put("packet", CASE, packet_body(crew_min=1), rev=9)
        device.exchange()
        server.put("packet", CASE, packet_body(crew_min=2), rev=4)
        device.exchange()

        assert 4 == device.packets()[0].rev

    def test_f3_a_removed_packet_is_purged_at_once(self, tmp_path: Path) -> None:
        """F3: `del` takes the body off the device, and out of count and sum."""
        server, device, _ = joined(tmp_path, (CASE, OTHER_CASE))
        server.remove("packet", CASE, "unassigned")
        assert device.exchange().is_ok

        assert [OTHER_CASE] == [view.case_id for view in device.packets()]
        assert live(server) == held(device)

    def test_f4_items_of_unknown_type_are_stored_opaque_and_counted(self, tmp_path: Path) -> None:
        """F4: a newer server's items keep count and sum level."""
        server, device, _ = joined(tmp_path)
        server.put("horoscope", an_id(400), {"stars": "many"})
        assert device.exchange().is_ok

        assert live(server) == held(device)
        assert "level" == device.status().pull_stage

    def test_f4_the_sum_is_exact_over_many_items(self, tmp_path: Path) -> None:
        """F4: the device's count and sum are the vectors' own arithmetic, beyond 64-bit sums too."""
        device = a_device(tmp_path, FakeServer(), enrolled=False)
        weight = 2**48 - 1
        with device.store.transaction():
            device.store.db.conn.executemany(
                "INSERT INTO object (type, id, rev, sha256, weight, bucket) VALUES ('x', ?, 1, '', ?, ?)",
                [(str(n), weight, n % 64) for n in range(40_000)],
            )

        assert (40_000, canonical.sum_weights([weight] * 40_000)) == store_feed.measure(device.store)
        assert 40_000 * weight % 2**48 == sum(total for _, total in store_feed.measure_buckets(device.store)) % 2**48


class TestRepair:
    """F4 to F6: repair by manifest."""

    def test_f4_a_mismatch_is_repaired_without_wiping(self, tmp_path: Path) -> None:
        """F4: a damaged set is brought level bucket by bucket; the outbox is not touched."""
        server, device, _ = joined(tmp_path, (CASE, OTHER_CASE))
        start(device)
        with device.store.transaction():
            device.store.db.execute("DELETE FROM object WHERE id = ?", [CASE])
            device.store.db.execute("UPDATE object SET rev = 7, weight = 1 WHERE id = ?", [OTHER_CASE])
        report = device.exchange()

        assert report.is_ok
        assert (1, 1) == (report.counts["mismatches"], report.counts["repairs"])
        assert live(server) == held(device)
        assert 2 == len(device.packets())
        assert {"visit_started"} <= set(server.kinds())

    def test_f4_only_differing_buckets_are_asked_for(self, tmp_path: Path) -> None:
        """F4: one damaged item costs one bucket and one fetch."""
        cases = tuple(an_id(500 + number) for number in range(30))
        server, device, _ = joined(tmp_path, cases)
        with device.store.transaction():
            device.store.db.execute("DELETE FROM object WHERE id = ?", [cases[5]])
        server.requests.clear()
        device.exchange()
        asked = [target for _, target, _ in server.requests if "manifest" in target]

        assert ["/sync/v1/manifest", f"/sync/v1/manifest?bucket={canonical.bucket_of('packet', cases[5])}"] == asked

    def test_f5_a_changed_epoch_is_repaired_from_the_manifest(self, tmp_path: Path) -> None:
        """F5: after a restore the live set is the server's again, whatever was there, and pages go on."""
        server, device, _ = joined(tmp_path, (CASE, OTHER_CASE))
        server.epoch = "e2"
        del server.feed["packet", CASE]
        server.put("packet", an_id(600), packet_body(), rev=1_800_000_000)
        report = device.exchange()

        assert report.is_ok
        assert live(server) == held(device)
        assert "level" == device.status().pull_stage
        assert str(device.store.get("cursor")).startswith("e2.")

    def test_f5_a_foreign_cursor_is_repaired_too(self, tmp_path: Path) -> None:
        """F5: `cursor-foreign` yields nothing but a problem; the manifest gives a cursor of this scope."""
        server, device, _ = joined(tmp_path)
        server.pull_problem = FieldError("cursor-foreign")
        server.page_items = 1

        def heal(events: list[dict[str, Any]]) -> None:
            if len(server.exchanges()) > 2:
                server.pull_problem = None

        server.push_problem = heal
        assert device.exchange().is_ok
        assert live(server) == held(device)

    def test_f6_a_repair_cut_off_is_begun_again_and_no_page_is_applied_meanwhile(self, tmp_path: Path) -> None:
        """F6: until the repair's cursor is stored the device asks for no page, and the repair starts over."""
        server, device, _ = joined(tmp_path)
        server.epoch = "e2"
        server.put("packet", OTHER_CASE, packet_body())
        server.faults += ["", "", "", "cut-before"]  # pull problem, question, manifest, then cut
        assert ["no-network"] == device.exchange().codes
        assert ("repairing", "e1.1") == (device.status().pull_stage, device.store.get("cursor"))

        server.requests.clear()
        assert device.exchange().is_ok
        assert "pull" not in server.exchanges()[0]
        assert live(server) == held(device)

    def test_a_set_that_cannot_be_repaired_does_not_loop(self, tmp_path: Path) -> None:
        """A server whose head never fits is reported after one repair; nothing is wiped."""
        server, device, _ = joined(tmp_path)
        server.head = lambda: {"count": 99, "sum": 1}  # type: ignore[method-assign]
        report = device.exchange()

        assert 1 == report.counts["repairs"]
        assert not report.is_ok
        assert 1 == len(device.packets())

    def test_an_item_whose_body_was_changed_on_its_way_is_fetched_again(self, tmp_path: Path) -> None:
        """F4: a body that does not have its hash is not stored; the sum tells, and repair brings the right one."""
        server, device, _ = joined(tmp_path)
        server.put("packet", OTHER_CASE, packet_body())
        true = server.feed["packet", OTHER_CASE][1]["body"]
        server.feed["packet", OTHER_CASE][1]["body"] = {"forged": True}

        fetch = server._fetch

        def honest(ids: list[str]) -> dict[str, Any]:
            server.feed["packet", OTHER_CASE][1]["body"] = true
            return fetch(ids)

        server._fetch = honest  # type: ignore[method-assign]
        report = device.exchange()

        assert report.counts["items_damaged"] >= 1
        assert {CASE, OTHER_CASE} == {view.case_id for view in device.packets()}


class TestLeases:
    """F3: how long a body may stay."""

    def test_f3_at_its_end_a_body_is_shredded_offline_too(self, tmp_path: Path) -> None:
        """F3: the body goes, its (type, id, rev, sha256) stays counted."""
        server, device, clock = joined(tmp_path)
        clock.advance(8 * DAY_MS)
        (view,) = device.packets()

        assert (False, {}) == (view.is_readable, view.open)
        assert live(server) == held(device)
        assert b"Balmy" not in (tmp_path / "device.db").read_bytes()

    def test_f3_a_clock_set_back_does_not_keep_a_body(self, tmp_path: Path) -> None:
        """F3: wall time put back, the server's time plus the counter still ends the lease."""
        _, device, clock = joined(tmp_path)
        now = clock.reading
        clock.reading = Reading(now.wall_ms - 30 * DAY_MS, 480, now.mono_ms + 8 * DAY_MS, now.boot)

        assert not device.packets()[0].is_readable

    def test_f3_an_extension_is_a_new_rev(self, tmp_path: Path) -> None:
        """F3: a shredded packet whose lease was extended comes back as a put."""
        server, device, clock = joined(tmp_path)
        clock.advance(8 * DAY_MS)
        device.packets()
        server.now_ms += 8 * DAY_MS
        server.put("packet", CASE, packet_body(START_MS + 20 * DAY_MS), rev=2)
        device.exchange()

        assert device.packets()[0].is_readable

    def test_f3_shredded_by_a_wrong_clock_it_is_fetched_again(self, tmp_path: Path) -> None:
        """F3: packets shredded although their lease lasts at the server's time are fetched, and no others."""
        server, device, clock = joined(tmp_path, (CASE, OTHER_CASE))
        server.put("packet", an_id(102), packet_body(START_MS + DAY_MS))
        device.exchange()
        right = clock.reading
        clock.advance(5 * 365 * DAY_MS)
        assert not any(view.is_readable for view in device.packets())

        clock.reading = right
        server.now_ms = START_MS + 2 * DAY_MS
        server.requests.clear()
        report = device.exchange()
        fetched = [value["ids"] for _, target, value in server.requests if target.endswith("fetch")]

        assert [[CASE, OTHER_CASE]] == fetched
        assert 2 == report.counts["refetched"]
        assert {CASE, OTHER_CASE} == {view.case_id for view in device.packets() if view.is_readable}

    def test_f3_a_put_whose_lease_has_ended_is_stored_shredded(self, tmp_path: Path) -> None:
        """F3: it counts, and its body is never on the disk."""
        server = FakeServer()
        server.put("packet", CASE, packet_body(START_MS - 1))
        device = a_device(tmp_path, server)
        assert device.exchange().is_ok

        assert live(server) == held(device)
        assert device.store.value("SELECT body FROM object WHERE id = ?", [CASE]) is None


class TestOpenVisit:
    """F3: a case withdrawn under an open visit."""

    def test_f3_the_body_goes_and_the_visit_keeps_limits_and_texts(self, tmp_path: Path) -> None:
        """F3: purged at once, also during an open visit, which keeps only its limits and texts."""
        server, device, _ = joined(tmp_path, steps=["card_shown"])
        start(device)
        server.remove("packet", CASE, "unassigned")
        device.exchange()
        (visit,) = device.store.rows("SELECT withdrawn, remains FROM visit")

        assert [] == device.packets()
        assert "unassigned" == visit["withdrawn"]
        assert "card_shown" in visit["remains"]
        assert "This talk is recorded." in visit["remains"]
        assert "Balmy" not in visit["remains"]
        assert "A. Person" not in visit["remains"]

    def test_f3_a_packet_put_with_its_lease_ended_leaves_an_open_visit_its_limits(self, tmp_path: Path) -> None:
        """F3: a shortened lease shreds the body under an open visit, which keeps limits and texts."""
        server, device, _ = joined(tmp_path, steps=["card_shown"])
        start(device)
        server.put("packet", CASE, packet_body(START_MS - 1), rev=2)
        device.exchange()
        (visit,) = device.store.rows("SELECT withdrawn, remains FROM visit")

        assert "expired" == visit["withdrawn"]
        assert "card_shown" in visit["remains"]

    def test_f3_the_device_says_that_the_visit_should_end(self, tmp_path: Path) -> None:
        """F3: what happens is still recorded, each time with the word that the case was withdrawn."""
        server, device, _ = joined(tmp_path)
        start(device)
        server.remove("packet", CASE, "closed")
        device.exchange()
        step = {"step": "card_shown", "text_version": "1", "response": "given"}
        recorded = device.record("step_done", CASE, VISIT, step)
        ended = device.record("visit_ended", CASE, VISIT, {"reason": "withdrawn"})

        assert "withdrawn (closed)" in recorded.warnings[0]
        assert 5 == len(server.contents) + device.status().unsent + 1
        assert not [word for word in ended.warnings if "withdrawn" in word]
        assert device.store.value("SELECT remains FROM visit") is None

    def test_f3_own_events_stay_and_are_sent(self, tmp_path: Path) -> None:
        """F3: late work on a withdrawn case is never dropped."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        server.remove("packet", CASE, "unassigned")
        device.exchange()

        assert set(ids) <= set(server.contents)

    def test_a_case_that_comes_back_is_no_longer_withdrawn(self, tmp_path: Path) -> None:
        """A packet put again lifts the word from its open visit."""
        server, device, _ = joined(tmp_path)
        start(device)
        server.remove("packet", CASE, "unassigned")
        device.exchange()
        server.put("packet", CASE, packet_body(), rev=3)
        device.exchange()

        assert [None] == [visit["withdrawn"] for visit in device.status().open_visits]


class TestHolds:
    """E9: holds that the feed has not brought yet."""

    def a_hold(self, number: int, case_id: str = CASE) -> dict[str, Any]:
        """Give a hold as an answer lists it."""
        return {"hold_id": an_id(number), "rev": 1, "case_ids": [case_id], "reason": "illness"}

    def test_e9_the_list_replaces_the_set_before_the_page(self, tmp_path: Path) -> None:
        """E9: each answer's list is the whole set; an empty one clears it."""
        server, device, _ = joined(tmp_path)
        server.holds = [self.a_hold(10), self.a_hold(11)]
        device.exchange()
        assert 2 == len(device.status().holds)

        server.holds = [self.a_hold(12)]
        device.exchange()
        assert [an_id(12)] == [hold["hold_id"] for hold in device.status().holds]

        server.holds = []
        device.exchange()
        assert [] == device.status().holds

    def test_e9_holds_arrive_even_when_the_page_does_not(self, tmp_path: Path) -> None:
        """E9: whatever the pull half says, the list takes effect."""
        server, device, _ = joined(tmp_path)
        server.holds = [self.a_hold(10)]
        server.pull_problem = FieldError("internal")
        device.exchange()

        with pytest.raises(FieldError) as refused:
            start(device)
        assert "on-hold" == refused.value.extra["rule"]

    def test_e9_provisional_holds_are_outside_count_and_sum(self, tmp_path: Path) -> None:
        """E9: they never make the head differ."""
        server, device, _ = joined(tmp_path)
        server.holds = [self.a_hold(10)]
        report = device.exchange()

        assert 0 == report.counts["mismatches"]
        assert live(server) == held(device)

    def test_e9_an_own_hold_acts_until_the_feed_names_it(self, tmp_path: Path) -> None:
        """E9: it acts at once, offline; the feed's put or del of its id takes over."""
        server, device, _ = joined(tmp_path)
        start(device)
        hold = device.record("hold_placed", CASE, VISIT, {"reason": "illness", "scope": "case"})
        device.record("visit_ended", CASE, VISIT, {"reason": "completed"})
        with pytest.raises(FieldError):
            start(device, CASE, an_id(201))
        device.exchange()
        assert 1 == len(device.status().holds)

        body = {"hold_id": hold.event_id, "case_ids": [CASE], "reason": "illness"}
        server.put("hold", hold.event_id, body)
        device.exchange()
        assert 1 == len(device.status().holds)
        assert 0 == device.store.value("SELECT count(*) FROM own_hold")

        server.remove("hold", hold.event_id, "lifted")
        device.exchange()
        assert [] == device.status().holds
        assert start(device, CASE, an_id(201)).event_id

    def test_e9_a_hold_lifted_before_the_feed_ever_brought_it_ends_too(self, tmp_path: Path) -> None:
        """E9: the feed may name an own hold for the first time by removing it."""
        server, device, _ = joined(tmp_path)
        start(device)
        hold = device.record("hold_placed", CASE, VISIT, {"reason": "illness", "scope": "case"})
        server.put("hold", hold.event_id, {"hold_id": hold.event_id, "case_ids": [CASE], "reason": "illness"})
        server.remove("hold", hold.event_id, "lifted")
        device.exchange()

        assert [] == device.status().holds

    def test_a_hold_ends_with_its_time(self, tmp_path: Path) -> None:
        """`until` passed, the hold acts no more."""
        server, device, _ = joined(tmp_path)
        server.holds = [self.a_hold(10) | {"until": format_time(START_MS - 1)}]
        device.exchange()

        assert [] == device.status().holds
