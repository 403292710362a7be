"""Keys, erasure and withdrawal on the device: whom it believes, what it lets go of."""

from __future__ import annotations

from pathlib import Path

from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.messages import format_time
from tests.unit.device.builders import CASE, VISIT, a_visit, held, joined, live, start
from tests.unit.device.fake_server import START_MS, FakeServer, an_id


class TestKeys:
    """A6: the server's keys."""

    def test_a6_a_new_key_signed_by_a_trusted_one_is_trusted(self, tmp_path: Path) -> None:
        """A6: after rotation the new key's countersignatures verify."""
        server, device, _ = joined(tmp_path)
        rotate(server, server.key, server.kid)
        assert device.exchange().is_ok
        start(device)
        assert device.exchange().is_ok

        assert {"server-1", "server-2"} == {row["kid"] for row in device.store.rows("SELECT kid FROM server_key")}

    def test_a6_a_key_nobody_trusted_vouches_for_is_ignored_and_reported(self, tmp_path: Path) -> None:
        """A6: the item counts in the feed, its keys do not."""
        server, device, _ = joined(tmp_path)
        stranger = signing.new_private_key()
        rotate(server, stranger, "stranger")
        report = device.exchange()

        assert [("server_keys", "bad-signature")] == [(part, error.code) for part, error in report.problems]
        assert ["server-1"] == [row["kid"] for row in device.store.rows("SELECT kid FROM server_key")]
        assert live(server) == held(device)

    def test_a6_keys_that_are_not_the_signed_ones_are_ignored(self, tmp_path: Path) -> None:
        """A6: a good proof over other keys proves nothing."""
        server, device, _ = joined(tmp_path)
        rotate(server, server.key, server.kid, swapped=True)
        device.exchange()

        assert ["server-1"] == [row["kid"] for row in device.store.rows("SELECT kid FROM server_key")]


def rotate(server: FakeServer, signer: signing.PrivateKey, kid: str, *, swapped: bool = False) -> None:
    """Publish a second server key, signed by *signer*, and begin to sign with it."""
    fresh, other = signing.new_private_key(), signing.new_private_key()
    keys = [{"kid": "server-2", "jwk": signing.public_jwk(fresh.public_key()), "active_from": format_time(START_MS)}]
    signed = [keys[0] | {"jwk": signing.public_jwk(other.public_key())}] if swapped else keys
    proof = signing.sign({"typ": "server_keys", "keys": signed}, signer, kid)
    server.put("server_keys", an_id(700), {"keys": keys, "proof": proof})
    if signer is server.key and not swapped:
        server.key, server.kid = fresh, "server-2"


class TestErasure:
    """E12 on the device."""

    def test_e12_an_erased_event_leaves_the_archive(self, tmp_path: Path) -> None:
        """E12: content and salt are gone from the store; id, digest and hash stay."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        device.exchange()
        salt = canonical.read(server.contents[ids[1]] or b"")["salt"]
        server.put("erased", an_id(800), {"event_id": ids[1]})
        device.exchange()
        (row,) = device.store.rows("SELECT content, state, digest FROM event WHERE id = ?", [ids[1]])

        assert (None, "erased") == (row["content"], row["state"])
        assert canonical.digest(server.contents[ids[1]] or b"") == row["digest"]
        on_disk = [path.read_bytes() for path in tmp_path.glob("device.db*") if path.is_file()]
        assert not [content for content in on_disk if salt.encode() in content]

    def test_e12_a_visit_goes_on_after_one_of_its_events_was_erased(self, tmp_path: Path) -> None:
        """E12: what is gone is simply not looked at any more when the next event is judged."""
        server, device, _ = joined(tmp_path)
        recorded = start(device)
        device.exchange()
        server.put("erased", an_id(800), {"event_id": recorded.event_id})
        device.exchange()
        ended = device.record("visit_ended", CASE, VISIT, {"fixes": [], "reason": "completed"})

        assert ended.seq == recorded.seq + 1

    def test_e12_before_it_was_sent_its_place_goes_as_withheld_and_erased(self, tmp_path: Path) -> None:
        """E12: the chain stays whole: the place carries the digest, its size and `erased`."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        server.put("erased", an_id(800), {"event_id": ids[1]})
        server.push_problem = lambda events: FieldError("internal")
        device.exchange()
        server.push_problem = lambda events: None
        assert device.exchange().is_ok
        sent = server.exchanges()[-1]["push"]["events"]

        assert [False, True, False] == [event.get("erased", False) for event in sent]
        assert "content" not in sent[1]
        assert server.contents[ids[1]] is None

    def test_e12_after_a_restore_its_place_is_sent_without_content(self, tmp_path: Path) -> None:
        """E12: a server that forgot gets the digest back, never the content."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        device.exchange()
        server.put("erased", an_id(800), {"event_id": ids[1]})
        device.exchange()
        (chain,) = server.chains.values()
        chain.links = chain.links[:1]
        for event_id in ids:
            for kept in (server.contents, server.receipts, server.digests):
                del kept[event_id]
        assert device.exchange().is_ok

        assert server.contents[ids[1]] is None
        assert server.contents[ids[2]] is not None

    def test_e12_the_files_only_it_named_go_too(self, tmp_path: Path) -> None:
        """E12: a photo of an erased event is deleted from this device; one that another event names stays."""
        server, device, _ = joined(tmp_path)
        start(device)
        for name in ("one", "two"):
            (tmp_path / name).write_bytes(name.encode())
        first = [{"path": str(tmp_path / name), "media_type": "image/jpeg", "role": "photo"} for name in ("one", "two")]
        erased = device.record("files_attached", CASE, VISIT, {}, first)
        device.record("files_attached", CASE, VISIT, {}, first[1:])
        server.put("erased", an_id(800), {"event_id": erased.event_id})
        server.push_problem = lambda events: FieldError("internal")
        device.exchange()

        assert [canonical.digest(b"two")] == [path.name for path in device.store.files.iterdir()]


class TestWithdrawal:
    """A4: a device taken out of service."""

    def test_a4_upload_only_takes_the_work_and_leaves_no_body(self, tmp_path: Path) -> None:
        """A4, F3: events are still sent; packets are purged, and nothing more is pulled."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        server.pull_problem = FieldError("upload-only")
        report = device.exchange()

        assert ["upload-only"] == report.codes
        assert set(ids) <= set(server.contents)
        assert ([], "upload-only") == (device.packets(), device.status().pull_stage)
        assert b"Balmy" not in (tmp_path / "device.db").read_bytes()

    def test_a4_gone_keeps_the_outbox_for_export(self, tmp_path: Path) -> None:
        """A4: after `gone` the work stays on the device; only packets go."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.gone = True
        report = device.exchange()

        assert ["gone"] == report.codes
        assert ("gone", 3, []) == (device.status().stage, device.status().unsent, device.packets())
        assert 3 == device.export_outbox(tmp_path / "outbox.json")

    def test_a4_a_device_that_is_answered_again_is_enrolled_again(self, tmp_path: Path) -> None:
        """A4: the office may take a withdrawal back: the next exchange levels everything."""
        server, device, _ = joined(tmp_path)
        server.gone = True
        device.exchange()
        server.gone = False
        assert device.exchange().is_ok

        assert ("enrolled", 1, live(server)) == (device.status().stage, len(device.packets()), held(device))

    def test_a4_too_long_a_silence_asks_for_a_new_code_and_push_stays_open(self, tmp_path: Path) -> None:
        """A4: `reauth-required` until a new code is entered; the work is taken meanwhile."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        server.pull_problem = FieldError("reauth-required")
        report = device.exchange()

        assert set(ids) <= set(server.contents)
        assert any("new code" in note for note in report.notes)
        assert 1 == len(device.packets())
        server.pull_problem = None
        device.enrol("CODE-1")
        assert device.exchange().is_ok
        assert "level" == device.status().pull_stage
