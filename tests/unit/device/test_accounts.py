"""Statements, the exported outbox, the sealed part and the doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent_sync import Device
from agent_sync.clock import Reading
from schemas import canonical, sealing, signing
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, DAY_MS, VISIT, a_visit, joined, packet_body, start
from tests.unit.device.fake_server import START_MS, FakeServer

DAY = "2026-05-29"
STATES = ("accepted", "parked", "id_reuse", "unsent", "lost", "erased_unsent")


class TestStatement:
    """The signed account of one day."""

    def test_every_event_of_the_day_is_in_exactly_one_state(self, tmp_path: Path) -> None:
        """Recorded = accepted + parked + id_reuse + unsent + lost + erased_unsent, and each is listed."""
        server, device, _ = joined(tmp_path)
        server.judge = lambda content: "not-assigned" if content["kind"] == "outcome_noted" else ""
        a_visit(device, 1)
        device.exchange()
        ids = a_visit(device, 2)
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'00' WHERE id = ?", [ids[0]])
        server.faults.append("cut-before")
        device.exchange()
        account = device.describe_day(DAY)

        # chain_opened twice: the first received, the second (after the loss) not yet.
        assert (8, 3, 1, 0, 3, 1, 0) == tuple(account[name] for name in ("recorded", *STATES))
        assert account["recorded"] == sum(account[name] for name in STATES) == len(account["events"])
        assert [{"reason": "not-assigned", "count": 1}] == account["reasons"]
        assert [("lost", 5, 5), ("unsent", 1, 3)] == sorted(
            (gap["why"], gap["from_seq"], gap["to_seq"]) for gap in account["gaps"]
        )

    def test_it_is_signed_by_the_device(self, tmp_path: Path) -> None:
        """A JWS of typ statement that the device's key verifies, over plain canonical values."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        payload = signing.verify(device.statement(DAY), signing.load_public(server.jwk or {}), "statement")

        assert (DAY, server.device_id, 4) == (payload["day"], payload["device_id"], payload["recorded"])

    def test_a_day_is_the_local_day_of_the_record(self, tmp_path: Path) -> None:
        """By the wall clock the event itself wrote, whatever the clock says now."""
        _, device, clock = joined(tmp_path)
        clock.advance(DAY_MS)
        a_visit(device, 1)

        assert (1, 3) == tuple(device.describe_day(day)["recorded"] for day in (DAY, "2026-05-30"))

    def test_duplicates_count_as_what_they_were(self, tmp_path: Path) -> None:
        """A repeat after a lost answer is accepted once, and counted as a duplicate beside."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.faults.append("cut-after")
        device.exchange()
        device.exchange()
        account = device.describe_day(DAY)

        assert (4, 3) == (account["accepted"], account["duplicates"])

    def test_an_event_moved_to_a_new_chain_is_counted_once(self, tmp_path: Path) -> None:
        """A fork changes places, not the account."""
        _server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'00' WHERE id = ?", [ids[2]])
        device.exchange()
        account = device.describe_day(DAY)
        places = {event_id: chain_id for event_id, _, chain_id, _, state in account["events"] if state == "accepted"}

        assert (5, 4, 1) == (account["recorded"], account["accepted"], account["lost"])
        assert device.status().chain_id == places[ids[0]]


def decrypt(path: Path, server: FakeServer) -> dict[str, Any]:
    """Read an exported outbox as `outbox_export` describes it, written anew from that description."""
    sealed = orjson.loads(path.read_bytes())
    assert {"format", "kid", "epk", "iv", "ciphertext"} == set(sealed)
    shared = server.key.exchange(ec.ECDH(), signing.load_public(sealed["epk"]))
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"fairvisit-outbox-1").derive(shared)
    head = {name: sealed[name] for name in ("format", "kid", "epk")}
    plain = AESGCM(key).decrypt(
        signing.unb64url(sealed["iv"]), signing.unb64url(sealed["ciphertext"]), canonical.encode(head)
    )
    return canonical.read(plain)


class TestExport:
    """The outbox as an encrypted file."""

    def test_it_holds_the_unsent_events_and_the_device_proof(self, tmp_path: Path) -> None:
        """The server can place every event as if it had come by exchange."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        assert 3 == device.export_outbox(tmp_path / "outbox")
        outbox = decrypt(tmp_path / "outbox", server)
        (chain,) = outbox["chains"]
        (held,) = server.chains.values()
        claim = signing.verify(outbox["proof"], signing.load_public(server.jwk or {}), "outbox")
        proven = canonical.digest(canonical.encode({"device_id": outbox["device_id"], "chains": outbox["chains"]}))

        assert held.head == chain["prev"]
        assert [(2, ids[0]), (3, ids[1]), (4, ids[2])] == [(event["seq"], event["id"]) for event in chain["events"]]
        assert proven == claim["digest"]
        assert [canonical.read(event["content"].encode())["id"] for event in chain["events"]] == ids

    def test_nothing_of_it_can_be_read_without_the_servers_key(self, tmp_path: Path) -> None:
        """The file holds no id, no text in clear."""
        _server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        device.export_outbox(tmp_path / "outbox")

        assert ids[0].encode() not in (tmp_path / "outbox").read_bytes()
        with pytest.raises(InvalidTag):
            decrypt(tmp_path / "outbox", FakeServer())

    def test_what_was_lost_goes_along_as_it_is(self, tmp_path: Path) -> None:
        """E2: what no longer matches is kept for export."""
        server, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'7b7d' WHERE id = ?", [ids[1]])
        server.faults.append("cut-before")
        device.exchange()
        device.export_outbox(tmp_path / "outbox")
        outbox = decrypt(tmp_path / "outbox", server)

        assert [(ids[1], "e30")] == [(each["id"], each["bytes"]) for each in outbox["damaged"]]
        assert ids[1] not in {event["id"] for chain in outbox["chains"] for event in chain["events"]}

    def test_exporting_changes_nothing_and_overwrites_nothing(self, tmp_path: Path) -> None:
        """The events stay in the outbox; a file that is there is refused."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        device.export_outbox(tmp_path / "outbox")
        with pytest.raises(FieldError, match="there already"):
            device.export_outbox(tmp_path / "outbox")

        assert device.exchange().is_ok
        assert 4 == len(server.contents)


def sealed_case(tmp_path: Path) -> tuple[FakeServer, Device]:
    """Give a device that holds a packet with a sealed part, opened by a letter's code or two facts or a document."""
    server, device, _ = joined(tmp_path)
    content = {"lender": "A Bank", "reference": "R-1", "currency": "USD", "amount": 120_000, "options": []}
    secrets = [("letter_code", sealing.letter_secret("K7-42")), ("two_facts", sealing.facts_secret(["1980", "Oak"]))]
    noise = iter(range(1, 100))
    sealed = sealing.seal(
        content, CASE, 2, secrets, lambda size: bytes([next(noise)] * size), document=True, iterations=1000
    )
    server.put("packet", CASE, packet_body() | {"sealed": sealed}, rev=2)
    device.exchange()
    start(device)
    return server, device


class TestSealed:
    """The sealed part at the door."""

    @pytest.mark.parametrize(
        ("method", "secret", "answers"),
        [("letter_code", "k7 42", ()), ("two_facts", "", (" 1980", "Oak ")), ("document_seen", "", ())],
    )
    def test_it_opens_after_identity_and_the_opening_is_recorded(
        self, tmp_path: Path, method: str, secret: str, answers: tuple[str, ...]
    ) -> None:
        """Each way opens the same content; `sealed_part_opened` is on the chain before it is shown."""
        server, device = sealed_case(tmp_path)
        assert device.check_identity(CASE, VISIT, method, secret, answers)
        content = device.open_sealed(CASE, VISIT, method, secret, answers)
        device.exchange()

        assert ("A Bank", 120_000) == (content["lender"], content["amount"])
        assert ["identity_checked", "sealed_part_opened"] == server.kinds()[-2:]

    def test_without_identity_it_stays_closed(self, tmp_path: Path) -> None:
        """Even the right code opens nothing before identity was confirmed in this visit."""
        _, device = sealed_case(tmp_path)
        # Right or wrong, the answer is the same: nothing can be tried out without a record of it.
        for code in ("K7-42", "WRONG"):
            with pytest.raises(FieldError, match="only after identity"):
                device.open_sealed(CASE, VISIT, "letter_code", code)

        assert 1 == device.status().unsent

    def test_a_wrong_code_is_recorded_as_failed_with_its_tries(self, tmp_path: Path) -> None:
        """The check is recorded, and counts."""
        server, device = sealed_case(tmp_path)
        assert not device.check_identity(CASE, VISIT, "letter_code", "WRONG")
        assert device.check_identity(CASE, VISIT, "letter_code", "K7-42")
        device.exchange()
        bodies = [canonical.read(content)["body"] for content in list(server.contents.values())[-2:] if content]

        assert [("failed", 1), ("confirmed", 2)] == [(body["identity"], body["tries"]) for body in bodies]

    def test_confirmed_otherwise_a_wrong_code_still_opens_nothing(self, tmp_path: Path) -> None:
        """Identity confirmed is not enough: the wrap has to open; the miss is a failed check, which takes it back."""
        _, device = sealed_case(tmp_path)
        device.record("identity_checked", CASE, VISIT, {"identity": "confirmed", "method": "document_seen"})
        with pytest.raises(FieldError, match="does not open"):
            device.open_sealed(CASE, VISIT, "letter_code", "WRONG")

        assert 3 == device.status().unsent
        with pytest.raises(FieldError, match="after identity was confirmed"):
            device.open_sealed(CASE, VISIT, "document_seen")

    def test_a_companions_device_has_nothing_to_open(self, tmp_path: Path) -> None:
        """The open part only."""
        _, device, _ = joined(tmp_path)
        start(device)
        with pytest.raises(FieldError, match="open part only"):
            device.check_identity(CASE, VISIT, "document_seen")


class TestDoctor:
    """What the doctor notices."""

    @staticmethod
    def ill(device: Device) -> list[str]:
        """Give the names of what is not well."""
        return [check.name for check in device.doctor() if not check.is_well]

    def test_a_well_device_is_well(self, tmp_path: Path) -> None:
        """The nearest case without a finding."""
        _, device, _ = joined(tmp_path)
        a_visit(device, 1)

        assert [] == self.ill(device)

    def test_a_changed_record_is_noticed(self, tmp_path: Path) -> None:
        """E2: before anything is sent."""
        _, device, _ = joined(tmp_path)
        ids = a_visit(device, 1)
        with device.store.transaction():
            device.store.db.execute("UPDATE event SET content = x'00' WHERE id = ?", [ids[1]])

        assert ["chain"] == self.ill(device)

    def test_a_clock_that_is_off_is_noticed(self, tmp_path: Path) -> None:
        """A3: by the server's time, in the same boot or set back before it."""
        _, device, clock = joined(tmp_path)
        now = clock.reading
        clock.reading = Reading(now.wall_ms + DAY_MS, 480, now.mono_ms + 1000, now.boot)
        assert ["clock"] == self.ill(device)

        clock.reading = Reading(START_MS - DAY_MS, 480, 5, "boot-2")
        assert ["clock"] == self.ill(device)

    def test_an_open_key_file_is_noticed(self, tmp_path: Path) -> None:
        """Others could read it."""
        _, device, _ = joined(tmp_path)
        device.store.key_path.chmod(0o644)

        assert ["key"] == self.ill(device)

    def test_a_missing_key_is_noticed(self, tmp_path: Path) -> None:
        """The device can no longer prove itself."""
        _, device, _ = joined(tmp_path)
        device.store.key_path.unlink()

        assert ["key"] == self.ill(device)

    def test_failed_exchanges_and_a_dead_server_are_noticed(self, tmp_path: Path) -> None:
        """Sending and server are two things."""
        server, device, _ = joined(tmp_path)
        server.faults.append("cut-before")
        device.exchange()
        server.faults.append("cut-before")

        assert ["sending", "server"] == self.ill(device)

    def test_a_portal_is_not_the_server(self, tmp_path: Path) -> None:
        """A login page answers, but not for the server."""
        server, device, _ = joined(tmp_path)
        server.faults.append("captive")

        assert ["server"] == self.ill(device)

    def test_a_withdrawn_stage_is_noticed(self, tmp_path: Path) -> None:
        """A4: the stage is recorded, and said."""
        server, device, _ = joined(tmp_path)
        server.pull_problem = FieldError("upload-only")
        device.exchange()

        assert ["stage", "sending"] == self.ill(device)

    def test_a_new_device_is_told_to_enrol(self, tmp_path: Path) -> None:
        """Nothing is there yet."""
        device = Device(tmp_path / "new.db", transport=FakeServer())

        assert {"key", "stage"} <= set(self.ill(device))
