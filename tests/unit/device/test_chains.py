"""Chains on the device: hashes, checkpoints, forks, losses, restored servers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from agent_sync import Device, store_outbox
from agent_sync.clock import SettableClock
from schemas import canonical, signing
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, a_device, a_visit, begin, finish, joined, let_answer, start
from tests.unit.device.fake_server import FakeServer, an_id


def opened(server: FakeServer, chain_id: str) -> dict[str, Any]:
    """Give the body of a chain's `chain_opened`, as the server holds it."""
    content = canonical.read(server.contents[server.chains[chain_id].links[0][0]] or b"")
    assert "chain_opened" == content["kind"]
    body: dict[str, Any] = content["body"]
    return body


def twin(folder: Path, server: FakeServer, clock: SettableClock, name: str = "twin.db") -> Device:
    """Copy the store as a backup or a thief would; give the device on the copy."""
    for ending in ("", "-wal", ".key"):
        shutil.copy(folder / f"device.db{ending}", folder / f"{name}{ending}")
    return a_device(folder, server, clock, name)


class TestChain:
    """E1 to E3."""

    def test_e1_hashes_are_what_the_server_computes(self, tmp_path: Path) -> None:
        """E1: the server's own hashes over what it received equal the device's, place by place."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        device.exchange()
        (chain,) = server.chains.values()
        ours = [row["hash"] for row in device.store.rows("SELECT hash FROM link ORDER BY seq")]

        assert [link[3] for link in chain.links] == ours

    def test_e2_an_aborted_recording_uses_no_seq(self, tmp_path: Path) -> None:
        """E2: what is blocked leaves neither event nor hole."""
        server, device, _ = joined(tmp_path)
        with pytest.raises(FieldError):
            device.record("step_done", None, None, {"step": "nothing"})
        first, second = a_visit(device, 1)[:2]
        seqs = [row["seq"] for row in device.store.rows("SELECT seq FROM link ORDER BY seq")]

        assert [1, 2, 3, 4] == seqs
        assert device.exchange().is_ok
        assert first in server.contents
        assert second in server.contents

    def test_e3_each_batch_carries_a_checkpoint_of_its_last_event(self, tmp_path: Path) -> None:
        """E3: {"typ": "checkpoint", chain_id, seq, hash}, signed by the device."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        device.exchange()
        push = server.exchanges()[-1]["push"]
        claim = signing.verify(push["checkpoint"], signing.load_public(server.jwk or {}), "checkpoint")
        (chain,) = server.chains.values()

        assert (push["chain_id"], 4, chain.links[3][3]) == (claim["chain_id"], claim["seq"], claim["hash"])

    def test_e3_the_countersignature_is_verified_and_kept(self, tmp_path: Path) -> None:
        """E3: the server's signature over the head is stored as it came."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        device.exchange()
        kept = device.store.value("SELECT jws FROM countersignature WHERE through = 4")

        assert 4 == signing.verify(kept, server.key.public_key(), "countersignature")["through"]

    def test_e3_a_countersignature_over_something_else_is_reported(self, tmp_path: Path) -> None:
        """E3: a forged or differing countersignature is not kept, and a person is told."""
        server, device, _ = joined(tmp_path)
        server.key = signing.new_private_key()
        start(device)
        report = device.exchange()

        assert [("countersignature", "bad-signature")] == [(part, error.code) for part, error in report.problems]
        assert 1 == device.store.value("SELECT count(*) FROM countersignature")
        assert 0 == device.status().unsent

    def test_e3_a_server_that_signs_another_history_is_reported(self, tmp_path: Path) -> None:
        """E3: a good signature over another head is not kept: someone edited on the other side."""
        server, device, _ = joined(tmp_path)
        server.signed_head = "f" * 64
        start(device)

        assert ["bad-signature"] == device.exchange().codes
        assert 1 == device.store.value("SELECT count(*) FROM countersignature")


class TestUnreadable:
    """E2 and E6: what no longer is what was recorded."""

    def test_e2_a_changed_event_is_declared_lost_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        """E2: a bit that flipped in the store costs that event only; a new chain says which seq is lost."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1) + a_visit(device, 2)
        first = device.status().chain_id
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'7b7d' WHERE id = ?", [ids[1]])
        report = device.exchange()

        assert report.is_ok
        second = device.status().chain_id
        assert {"reason": "unreadable", "previous": first, "after_seq": 1, "lost": [[3, 3]]} == opened(server, second)
        assert set(ids) - {ids[1]} == set(ids) & set(server.contents)
        assert (1, 0) == (device.status().lost, device.status().unsent)

    def test_e2_a_changed_link_is_noticed(self, tmp_path: Path) -> None:
        """E2: an edited hash in the store does not reach the server as if nothing were wrong."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        with device.store.transaction():
            device.store.db.execute("UPDATE link SET hash = ? WHERE seq = 3", ["f" * 64])
        assert device.exchange().is_ok

        # The place after it followed the edited hash, so its own no longer is what follows: both are declared.
        assert [[3, 4]] == opened(server, device.status().chain_id)["lost"]
        assert ids[0] in server.contents

    def test_e6_events_keep_their_recorded_order_on_the_new_chain(self, tmp_path: Path) -> None:
        """E6: every event without a receipt, in recorded order, same id and content, before any new event."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        contents = [row["content"] for row in device.store.rows("SELECT content FROM event WHERE n > 1 ORDER BY n")]
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'00' WHERE id = ?", [ids[0]])
        device.exchange()
        later = a_visit(device, 2)
        device.exchange()
        links = server.chains[device.status().chain_id].links

        assert [*ids[1:], *later] == [link[0] for link in links[1:]]
        assert contents[1:] == [server.contents[event_id] for event_id in ids[1:]]

    def test_e6_a_lost_event_that_turns_up_goes_to_its_old_place(self, tmp_path: Path) -> None:
        """E6: found again, it is sent on its old chain at its old seq; found wrong, it is not."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        first = device.status().chain_id
        content = device.store.value("SELECT content FROM event WHERE id = ?", [ids[0]])
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'00' WHERE id = ?", [ids[0]])
        device.exchange()
        assert ids[0] not in server.contents

        assert not device.find_lost(ids[0], b"something else")
        assert device.find_lost(ids[0], content)
        assert device.exchange().is_ok
        assert content == server.contents[ids[0]]
        assert (ids[0], 2) == (server.chains[first].links[1][0], len(server.chains[first].links))


class TestForked:
    """E4 and E6: a copied or restored store."""

    def test_e6_a_clone_whose_twin_went_on_loses_nothing(self, tmp_path: Path) -> None:
        """E6: on chain-forked the copy opens a new chain after the fork; both twins' events arrive, once."""
        server, device, clock = joined(tmp_path)
        copy = twin(tmp_path, server, clock)
        first = device.status().chain_id
        ids = a_visit(device, 1)
        device.exchange()
        others = a_visit(copy, 2)
        report = copy.exchange()

        assert report.is_ok
        assert 1 == report.counts["chains_opened"]
        assert {"reason": "forked", "previous": first, "after_seq": 1, "lost": []} == opened(
            server, copy.status().chain_id
        )
        assert {*ids, *others} <= set(server.contents)
        assert 8 == len(server.contents)

    def test_e6_both_twins_go_on_afterwards(self, tmp_path: Path) -> None:
        """E6: after the fork each twin has its own chain, and neither disturbs the other."""
        server, device, clock = joined(tmp_path)
        copy = twin(tmp_path, server, clock)
        for number in range(3):
            a_visit(device, number)
            assert device.exchange().is_ok
            a_visit(copy, 10 + number)
            assert copy.exchange().is_ok

        assert 2 == len(server.chains)
        assert 1 + 9 + 1 + 9 == len(server.contents)

    def test_x2_an_old_answer_about_a_fork_opens_no_second_chain(self, tmp_path: Path) -> None:
        """X2: of two answers that both tell of the fork, the one to the older request is used for its receipts only."""
        server, device, clock = joined(tmp_path)
        copy = twin(tmp_path, server, clock)
        a_visit(device, 1)
        device.exchange()
        a_visit(copy, 2)
        early, late = begin(copy), begin(copy)
        for talk in (late, early):
            let_answer(talk)
            finish(talk)
        copy.exchange()

        assert 2 == len(server.chains)

    def test_e6_a_phone_restored_from_its_backup_sends_what_only_it_has(self, tmp_path: Path) -> None:
        """E6: a store put back to yesterday forks at the first new event; nothing is sent twice as new."""
        server, device, clock = joined(tmp_path)
        a_visit(device, 1)
        restored = twin(tmp_path, server, clock)
        device.exchange()
        a_visit(device, 2)
        device.exchange()
        a_visit(restored, 3)
        assert restored.exchange().is_ok

        assert 1 + 9 + 1 == len(server.contents)
        assert 0 == restored.status().unsent

    def test_a_new_chain_may_fork_again(self, tmp_path: Path) -> None:
        """A copy of a copy behaves like any other."""
        server, device, clock = joined(tmp_path)
        copy = twin(tmp_path, server, clock)
        a_visit(device, 1)
        device.exchange()
        a_visit(copy, 2)
        copy.exchange()
        for ending in ("", "-wal", ".key"):
            shutil.copy(tmp_path / f"twin.db{ending}", tmp_path / f"third.db{ending}")
        third = a_device(tmp_path, server, clock, "third.db")
        a_visit(copy, 3)
        copy.exchange()
        a_visit(third, 4)
        assert third.exchange().is_ok
        assert (3, 15) == (len(server.chains), len(server.contents))


class TestRestored:
    """E10: a server restored from a backup."""

    def test_e10_void_receipts_return_to_the_outbox(self, tmp_path: Path) -> None:
        """E10: after the server forgot, the device sends its acknowledged events again, on the same chain."""
        server, device, _ = joined(tmp_path)
        backup = forget_later(server)
        ids = a_visit(device, 1)
        device.exchange()
        backup()
        report = device.exchange()

        assert report.is_ok
        assert 3 == report.counts["returned"]
        assert set(ids) <= set(server.contents)
        assert 1 == len(server.chains)

    def test_e10_what_the_archive_lacks_is_declared_lost(self, tmp_path: Path) -> None:
        """E10: content no longer kept cannot be sent again: a new chain names it, the rest is sent."""
        server, device, _ = joined(tmp_path)
        backup = forget_later(server)
        ids = a_visit(device, 1)
        first = device.status().chain_id
        device.exchange()
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = NULL, state = 'pruned' WHERE id = ?", [ids[1]])
        backup()
        report = device.exchange()

        assert report.is_ok
        assert {"reason": "restored", "previous": first, "after_seq": 1, "lost": [[3, 3]]} == opened(
            server, device.status().chain_id
        )
        assert {ids[0], ids[2]} == set(ids) & set(server.contents)

    def test_e10_a_fork_after_a_restore_declares_what_the_archive_lacks(self, tmp_path: Path) -> None:
        """E10, E6: a twin's events stand in our places: ours go to a new chain, what is gone is named."""
        server, device, clock = joined(tmp_path)
        copy = twin(tmp_path, server, clock)
        backup = forget_later(server)
        ids = a_visit(device, 1)
        device.exchange()
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = NULL, state = 'pruned' WHERE id = ?", [ids[1]])
        backup()
        others = a_visit(copy, 2)
        copy.exchange()
        later = a_visit(device, 3)
        device.exchange()
        device.exchange()

        assert {ids[0], ids[2], *others, *later} == {*ids, *others, *later} & set(server.contents)
        assert [[[3, 3]]] == [body["lost"] for body in openings(server) if body["lost"]]
        assert (0, 1) == (device.status().unsent, device.status().lost)

    def test_e10_after_a_restore_a_twin_in_our_places_is_noticed_without_any_new_event(self, tmp_path: Path) -> None:
        """E10: the server answers the next_seq we expect, but with a twin's events below: ours are sent again."""
        server, device, clock = joined(tmp_path)
        first = device.status().chain_id
        kept = a_visit(device, 0)
        device.exchange()
        copy = twin(tmp_path, server, clock)
        backup = forget_later(server)
        ids = a_visit(device, 1) + a_visit(device, 2)
        device.exchange()
        backup()
        server.epoch = "e2"
        others = a_visit(copy, 3) + a_visit(copy, 4)
        copy.exchange()
        assert not set(ids) & set(server.contents)
        report = device.exchange()

        assert report.is_ok
        assert {*kept, *ids, *others} <= set(server.contents)
        # Exactly where the histories part: after chain_opened and the visit that both have.
        assert {"reason": "forked", "previous": first, "after_seq": 4, "lost": []} == opened(
            server, device.status().chain_id
        )

    def test_e6_an_ordinary_fork_costs_one_question(self, tmp_path: Path) -> None:
        """E6: the place before the fork agrees, so nothing more is asked and nothing acknowledged is sent again."""
        server, device, clock = joined(tmp_path)
        a_visit(device, 0)
        device.exchange()
        copy = twin(tmp_path, server, clock)
        a_visit(device, 1)
        device.exchange()
        a_visit(copy, 2)
        report = copy.exchange()

        assert (1, 0, 0) == tuple(report.counts[name] for name in ("questions", "returned", "duplicate"))

    def test_e10_losses_on_two_chains_are_each_declared_after_their_own(self, tmp_path: Path) -> None:
        """E10, E6: content the archive lacks on an old chain and on the current one: both are declared."""
        server, device, _ = joined(tmp_path)
        backup = forget_later(server)
        first, ids = device.status().chain_id, a_visit(device, 1)
        device.exchange()
        broken = start(device, CASE, an_id(201)).event_id
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'00' WHERE id = ?", [broken])
        device.exchange()
        second, more = device.status().chain_id, a_visit(device, 2)
        device.exchange()
        with device.store.transaction():
            device.store.db.execute(
                "UPDATE event SET content = NULL, state = 'pruned' WHERE id IN (?, ?)", [ids[1], more[1]]
            )
        backup()
        server.epoch = "e2"
        for _ in range(2):
            device.exchange()
        declared = {body["previous"]: body["lost"] for body in openings(server) if "previous" in body}

        assert [[3, 3]] == declared[first]
        assert [[3, 3]] == declared[second]
        assert {*ids, *more} - {ids[1], more[1]} == {*ids, *more} & set(server.contents)
        assert (0, 3) == (device.status().unsent, device.status().lost)

    def test_e10_every_chain_of_the_archive_is_asked_after_a_restore(self, tmp_path: Path) -> None:
        """E10: on `epoch-changed` the device asks for each chain, by a push without events, and sends what is void."""
        server, device, clock = joined(tmp_path)
        copy = twin(tmp_path, server, clock)
        a_visit(copy, 9)
        copy.exchange()
        backup = forget_later(server)
        ids = a_visit(device, 1)
        device.exchange()  # forks: two chains in this archive now
        more = a_visit(device, 2)
        device.exchange()
        backup()
        server.epoch = "e2"
        server.requests.clear()
        report = device.exchange()
        asked = [value["push"]["chain_id"] for value in server.exchanges() if "events" not in value["push"]]

        assert report.is_ok
        assert {chain.chain_id for chain in store_outbox.all_chains(device.store)} == set(asked)
        assert {*ids, *more} <= set(server.contents)
        assert 0 == device.status().unsent

    def test_e10_a_paused_server_is_asked_about_old_chains_too(self, tmp_path: Path) -> None:
        """E10: what it forgot of a chain that is no longer written comes back while pull is still paused."""
        server, device, _ = joined(tmp_path)
        backup = forget_later(server)
        ids = a_visit(device, 1)
        device.exchange()
        broken = start(device, CASE, an_id(201)).event_id
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'00' WHERE id = ?", [broken])
        device.exchange()
        backup()
        server.pull_problem = FieldError("paused")
        device.exchange()

        assert set(ids) <= set(server.contents)

    def test_e10_a_paused_server_is_asked_once_and_gets_the_work(self, tmp_path: Path) -> None:
        """E10: while pull is paused, push stays open and what was forgotten is sent again."""
        server, device, _ = joined(tmp_path)
        backup = forget_later(server)
        ids = a_visit(device, 1)
        device.exchange()
        backup()
        server.pull_problem = FieldError("paused")
        assert ["paused"] == sorted(set(device.exchange().codes))
        device.exchange()

        assert set(ids) <= set(server.contents)
        assert "paused" == device.status().pull_stage
        server.pull_problem = None
        assert device.exchange().is_ok
        assert "level" == device.status().pull_stage


def openings(server: FakeServer) -> list[dict[str, Any]]:
    """Give the bodies of all `chain_opened` events that the server holds, in the order they came."""
    contents = [canonical.read(content) for content in server.contents.values() if content is not None]
    return [content["body"] for content in contents if content["kind"] == "chain_opened"]


def forget_later(server: FakeServer) -> Any:
    """Take a backup of what the server received; give the function that restores it."""
    chains = {chain_id: list(chain.links) for chain_id, chain in server.chains.items()}
    contents, receipts, digests = dict(server.contents), dict(server.receipts), dict(server.digests)

    def restore() -> None:
        for chain_id in list(server.chains):
            server.chains[chain_id].links = chains.get(chain_id, [])
            if chain_id not in chains:
                del server.chains[chain_id]
        server.contents, server.receipts, server.digests = contents, receipts, digests

    return restore
