"""Directives on the device: sent to the end, read anew, wiped; each acknowledged by an event."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent_sync import Device, vault
from agent_sync.store import Store, database_errors
from agent_sync.store_feed import measure
from schemas import canonical, signing
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, OTHER_CASE, VISIT, a_device, a_visit, joined, packet_body, start
from tests.unit.device.fake_server import FakeServer, an_id


def done(server: FakeServer) -> list[dict[str, Any]]:
    """Give the bodies of the directive_done events that the server holds; such a directive is listed no more."""
    contents = [canonical.read(content) for content in server.contents.values() if content is not None]
    return [content["body"] for content in contents if content["kind"] == "directive_done"]


def settle(server: FakeServer, device: Device) -> None:
    """Exchange as often as the server still lists directives, as the real one does until they are acknowledged."""
    for _ in range(5):
        device.exchange()
        if device.status().stage == "wiped":
            return
        acknowledged = {body["directive_id"] for body in done(server)}
        server.directives = [
            jws
            for jws in server.directives
            if signing.verify(jws, server.key.public_key(), "directive")["id"] not in acknowledged
        ]
        if not server.directives:
            return


class TestOrdinary:
    """upload_all and reset_packets."""

    def test_d1_upload_all_is_done_once_everything_is_sent(self, tmp_path: Path) -> None:
        """D1: acknowledged after the outbox, not before; and only once."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        server.direct("upload_all", device.status().chain_id)
        settle(server, device)
        device.exchange()

        assert [{"directive_id": an_id(77), "result": "done"}] == done(server)
        assert set(ids) <= set(server.contents)
        assert "directive_done" == server.kinds()[-1]

    def test_d1_a_directive_listed_again_is_not_done_again(self, tmp_path: Path) -> None:
        """D1: done per chain: however often an answer lists it."""
        server, device, _ = joined(tmp_path)
        server.direct("upload_all", device.status().chain_id)
        for _ in range(4):
            device.exchange()

        assert 1 == len(done(server))

    def test_d1_reset_packets_reads_the_feed_from_its_start(self, tmp_path: Path) -> None:
        """D1: afterwards the set is the server's without a repair, and packets were readable all the while."""
        server, device, _ = joined(tmp_path, (CASE, OTHER_CASE))
        add_ghost(server, device)
        server.direct("reset_packets", device.status().chain_id)
        server.faults += ["", "cut-before"]
        device.exchange()
        assert 2 <= len([view for view in device.packets() if view.is_readable])

        del server.head
        server.requests.clear()
        settle(server, device)
        assert {CASE, OTHER_CASE} == {view.case_id for view in device.packets()}
        assert [{"directive_id": an_id(77), "result": "done"}] == done(server)
        assert not [target for _, target, _ in server.requests if "manifest" in target]

    def test_d1_a_reset_cut_off_by_a_repair_keeps_what_the_repair_found_right(self, tmp_path: Path) -> None:
        """D1, F5: the repair compares everything, so nothing is left to be dropped afterwards."""
        server, device, _ = joined(tmp_path, (CASE, OTHER_CASE))
        server.direct("reset_packets", device.status().chain_id)
        server.faults += ["", "cut-before"]
        device.exchange()
        with device.store.transaction():
            device.store.put("cursor", "e0.1")
        report = device.exchange()

        assert {CASE, OTHER_CASE} == {view.case_id for view in device.packets()}
        assert (1, 0) == (report.counts["repairs"], report.counts["items_removed"])


def add_ghost(server: FakeServer, device: Device) -> None:
    """Put a packet into the store that the server does not have, and let the server's head agree with it."""
    with device.store.transaction():
        device.store.db.execute(
            "INSERT INTO object (type, id, rev, sha256, weight, bucket, body)"
            " VALUES ('packet', 'ghost', 1, '', 0, 0, x'7b7d')"
        )
    count, total = measure(device.store)
    server.head = lambda: {"count": count, "sum": total}  # type: ignore[method-assign]


class TestTrust:
    """Whose directives count."""

    @pytest.mark.parametrize("what", ["device_id", "signature", "kind"])
    def test_d1_what_is_not_the_servers_word_to_this_device_is_ignored_and_reported(
        self, tmp_path: Path, what: str
    ) -> None:
        """D1: a directive for another device, by another key, or of an unknown kind, changes nothing."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        true_key = server.key
        if what == "signature":
            server.key = signing.new_private_key()
        over = {"device_id": an_id(66)} if what == "device_id" else {}
        server.direct("sing" if what == "kind" else "wipe_now", device.status().chain_id, **over)
        server.key = true_key
        report = device.exchange()

        assert ["directives"] == [part for part, _ in report.problems]
        assert ("enrolled", 1, []) == (device.status().stage, device.status().packets, done(server))


class TestWipes:
    """wipe_now and wipe_after_upload."""

    def test_d1_a_wipe_deletes_everything_and_is_acknowledged_on_a_new_chain(self, tmp_path: Path) -> None:
        """D1: packets, files, outbox and archive go; what was never sent is declared lost; then the key goes too."""
        server, device, _ = joined(tmp_path)
        first = device.status().chain_id
        ids = a_visit(device, 1)
        (tmp_path / "photo").write_bytes(b"a photo")
        start(device)
        device.record("files_attached", CASE, VISIT, {}, [{"path": str(tmp_path / "photo"), "role": "photo"}])
        server.push_problem = lambda events: FieldError("internal") if len(events) > 2 else None
        server.direct("wipe_now", first)
        device.exchange()
        assert "wiping" == device.status().stage
        settle(server, device)

        second = next(chain_id for chain_id in server.chains if chain_id != first)
        opened, finished = (canonical.read(server.contents[link[0]] or b"") for link in server.chains[second].links)
        assert {"reason": "wiped", "previous": first, "after_seq": 1, "lost": [[2, 6]]} == opened["body"]
        assert {"directive_id": an_id(77), "result": "done"} == finished["body"]
        assert not set(ids) & set(server.contents)
        assert "wiped" == device.status().stage
        assert not (tmp_path / "device.db.key").exists()
        assert [] == list(device.store.files.iterdir())
        device.close()
        assert b"Balmy" not in (tmp_path / "device.db").read_bytes()

    def test_d1_the_key_stays_until_the_receipt(self, tmp_path: Path) -> None:
        """D1: device key, id and chain heads last until `directive_done` was received; no page is pulled."""
        server, device, clock = joined(tmp_path)
        server.direct("wipe_now", device.status().chain_id)
        server.faults += ["", "cut-before"]
        device.exchange()
        assert ("wiping", 0) == (device.status().stage, device.status().packets)
        assert (tmp_path / "device.db.key").exists()
        device.close()

        again = a_device(tmp_path, server, clock)
        server.requests.clear()
        again.exchange()
        assert all("pull" not in value for value in server.exchanges())
        assert "wiped" == again.status().stage
        with pytest.raises(FieldError) as refused:
            again.exchange()
        assert "not-enrolled" == refused.value.code

    def test_d1_wipe_after_upload_waits_for_the_outbox(self, tmp_path: Path) -> None:
        """D1: only `wipe_now` may delete an outbox: this one deletes after everything has a receipt."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        server.push_problem = lambda events: FieldError("internal") if events else None
        server.direct("wipe_after_upload", device.status().chain_id)
        device.exchange()
        assert ("enrolled", 3) == (device.status().stage, device.status().unsent)

        server.push_problem = lambda events: None
        settle(server, device)
        assert set(ids) <= set(server.contents)
        assert "wiped" == device.status().stage
        assert 1 == len(server.chains)

    def test_d1_wipe_after_upload_waits_for_wanted_files(self, tmp_path: Path) -> None:
        """D1: a photo the server still wants is sent before the wipe."""
        server, device, _ = joined(tmp_path)
        start(device)
        (tmp_path / "photo").write_bytes(b"a photo")
        device.record("files_attached", CASE, VISIT, {}, [{"path": str(tmp_path / "photo"), "role": "photo"}])
        server.direct("wipe_after_upload", device.status().chain_id)
        server.faults += ["", "cut-before"]
        device.exchange()
        assert "enrolled" == device.status().stage

        settle(server, device)
        assert "wiped" == device.status().stage
        assert [b"a photo"] == [bytes(kept) for _, _, kept in server.uploads.values()]

    def test_d1_a_wipe_for_another_chain_is_ignored(self, tmp_path: Path) -> None:
        """D1: a wipe names the chain it is meant for; a device on another one keeps everything and says so."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.direct("wipe_now", an_id(999))
        settle(server, device)

        assert ("enrolled", 1) == (device.status().stage, device.status().packets)
        assert [{"directive_id": an_id(77), "result": "ignored"}] == done(server)

    def test_a_wiped_device_can_be_enrolled_anew(self, tmp_path: Path) -> None:
        """After a wipe a new code makes it a new device: new key, new first chain."""
        server, device, _ = joined(tmp_path)
        old = server.jwk
        server.direct("wipe_now", device.status().chain_id)
        settle(server, device)
        server.directives = []
        device.enrol("CODE-1")
        assert device.exchange().is_ok

        assert old != server.jwk
        assert 1 == device.status().packets


def fits(path: Path, keys: vault.Keys | None) -> bool:
    """Say whether a store opens with these keys."""
    try:
        Store(path, keys=keys).close()
    except database_errors():
        return False
    return True


class TestEncryptedWipes:
    """What a wipe means to an encrypted store."""

    @pytest.mark.parametrize("kind", ["wipe_now", "wipe_after_upload"])
    def test_d1_the_data_key_goes_with_everything_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        """D1: files at once, keys with the receipt; the PIN opens nothing any more, not even a copy made before."""
        monkeypatch.setitem(vault.COST, "memory_kib", 64)
        server = FakeServer()
        server.put("packet", CASE, packet_body())
        device = a_device(tmp_path, server, pin="4711-0815")
        device.exchange()
        start(device)
        (tmp_path / "photo").write_bytes(b"a photo")
        device.record("files_attached", CASE, VISIT, {}, [{"path": str(tmp_path / "photo"), "role": "photo"}])
        server.direct(kind, device.status().chain_id)
        settle(server, device)

        assert ("wiped", []) == (device.status().stage, list(device.store.files.iterdir()))
        assert not (tmp_path / "device.db.key").exists()
        kept = (tmp_path / "device.db.vault").read_bytes()
        assert {"format": vault.FORMAT, "wiped": True} == orjson.loads(kept)
        server.directives = []
        with pytest.raises(FieldError, match="start it anew"):
            device.enrol("CODE-1")  # it would be written under a key that is nowhere any more
        device.close()

        with a_device(tmp_path, server, pin="another-pin") as again:
            assert again.exchange().is_ok
            assert 1 == again.status().packets

    def test_d1_until_the_receipt_the_device_can_still_say_that_it_was_wiped(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """D1: restarted in between, it opens with its PIN, which opens no former bytes, and sends `directive_done`."""
        monkeypatch.setitem(vault.COST, "memory_kib", 64)
        server = FakeServer()
        server.put("packet", CASE, packet_body())
        with a_device(tmp_path, server, pin="4711-0815") as device:
            device.exchange()
            shutil.copy(tmp_path / "device.db", tmp_path / "old.db")  # as the disk may keep its former bytes
            former = device.store.keys
            server.direct("wipe_now", device.status().chain_id)
            server.faults += ["", "cut-before"]
            device.exchange()
        with a_device(tmp_path, server, pin="4711-0815") as device:
            assert ("wiping", 0) == (device.status().stage, device.status().packets)
            assert former is not None
            assert (True, False) == tuple(fits(tmp_path / "old.db", keys) for keys in (former, device.store.keys))
            settle(server, device)
        assert [{"directive_id": an_id(77), "result": "done"}] == done(server)

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_change_of_key_that_was_cut_off_shuts_nobody_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
    ) -> None:
        """Stopped before the store was encrypted anew, or before the former salt was forgotten: the store opens."""
        monkeypatch.setitem(vault.COST, "memory_kib", 64)
        server = FakeServer()
        with a_device(tmp_path, server, pin="4711-0815") as device:
            a_device_id, keys = device.status().device_id, device.store.keys
            assert keys is not None
            if moment == "before":
                vault.begin_salt(device.store.path, keys, bytes)
            else:
                monkeypatch.setattr(vault, "settle_salt", lambda path, keys: keys)
                device.store.change_key(bytes)
        for _ in range(2):  # and what is begun again on top of it, and cut off, does no harm either
            with a_device(tmp_path, server, pin="4711-0815") as device:
                assert a_device_id == device.status().device_id
                assert device.exchange().is_ok
                assert device.store.keys is not None
                vault.begin_salt(device.store.path, device.store.keys, lambda count: b"n" * count)
