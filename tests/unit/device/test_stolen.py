"""A stolen device, switched off: nothing of what it held can be read from the bytes that lie on its disk."""

from __future__ import annotations

import base64
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent_sync import Device, vault
from agent_sync.file_box import SEGMENT, FileBox
from schemas import canonical, sealing
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, OTHER_CASE, VISIT, a_clock, a_device, packet_body, start
from tests.unit.device.fake_server import FakeServer

PIN = "4711-0815"
NAME, ADDRESS, PHONE = "Wilhelmina Quackenbush", "3 Balmy Street, flat 2, 旧金山", "+1 555 0177"
LENDER, AMOUNT, NOTE, LETTER = "Pelican Harbour Credit", 98_765_432, "She keeps a parrot named Ulysses.", "H7KQ2MRT"
SOUND = b"RIFF-a-recognisable-sound-of-a-door" * 4000
PICTURES = (b"\xff\xd8\xff", b"JFIF", b"\x89PNG", b"IHDR")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vault.COST, "memory_kib", 64)


def a_day(folder: Path, **options: Any) -> FakeServer:
    """Let a device have a day: packets, an opened sealed part, notes, a photo, a recording; half of it is sent."""
    server = FakeServer()
    for case_id in (CASE, OTHER_CASE):
        body = packet_body()
        body["open"]["person"] = {"name": NAME, "contacts": {"phone": PHONE}}
        body["open"]["place"] = {"address": ADDRESS}
        content = {"lender": LENDER, "reference": "R-1", "currency": "USD", "amount": AMOUNT}
        secrets = [("letter_code", LETTER.encode())]
        body["sealed"] = sealing.seal(content, case_id, 1, secrets, os.urandom, document=True, iterations=1000)
        server.put("packet", case_id, body)
    with a_device(folder, server, **options) as device:
        assert device.exchange().is_ok
        start(device)
        assert device.check_identity(CASE, VISIT, "letter_code", LETTER)
        assert AMOUNT == device.open_sealed(CASE, VISIT, "letter_code", LETTER)["amount"]
        assert device.exchange().is_ok
        device.record("contact_proposed", CASE, None, {"changes": [{"field": "phone", "new": "+1 555 0188"}]})
        outcome = {"contact_result": "person", "disposition": "promise", "note": NOTE}
        promise = {"amount": AMOUNT, "currency": "USD", "due": "2026-12-01"}
        device.record("outcome_noted", CASE, VISIT, outcome | {"promise": promise})
        Image.effect_noise((900, 700), 90).convert("RGB").save(folder.parent / "p.jpg", "JPEG")
        device.attach_photo(VISIT, folder.parent / "p.jpg")
        (folder.parent / "door.wav").write_bytes(SOUND)
        device.attach_recording(VISIT, folder.parent / "door.wav")
        # As it is when the phone is pulled away: the log is not folded back into the file.
        shutil.copytree(folder, folder.with_name("stolen"))
    return server


def shapes_of(text: str) -> Iterator[bytes]:
    """Give a value as it may lie somewhere: UTF-8, UTF-16 both ways, and base64 at each of its three places."""
    plain = text.encode()
    yield plain
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    for ahead in range(3):
        coded = base64.b64encode(b"\0" * ahead + plain)
        yield coded[4 if ahead else 0 : -4]


def readable(folder: Path) -> set[str]:
    """Give what of the day can be read from the bytes of *folder*, whatever file it is in."""
    values = [NAME, ADDRESS, PHONE, LENDER, str(AMOUNT), NOTE, LETTER, "+1 555 0188", "visit_started", "2026-12-01"]
    found = set()
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        found |= {value for value in values if any(shape in content for shape in shapes_of(value))}
        found |= {repr(magic) for magic in PICTURES if magic in content}
        found |= {"sound" for at in range(0, 2000, 100) if SOUND[at : at + 40] in content}
        found |= {"device key" for word in (b"PRIVATE KEY", b"SQLite format 3") if word in content}
    return found


@pytest.mark.parametrize("moment", ["device", "stolen"])
def test_nothing_of_a_day_can_be_read_from_an_encrypted_device(tmp_path: Path, moment: str) -> None:
    """Closed in order, or taken in the middle: no name, address, amount, note, picture, sound or key in any byte."""
    a_day(tmp_path / "device", pin=PIN)
    assert set() == readable(tmp_path / moment)
    assert {"device.db", "device.db.key", "device.db.vault"} <= {path.name for path in (tmp_path / moment).iterdir()}
    assert 2 == len(list((tmp_path / moment / "device.db.files").iterdir()))


def test_the_same_day_on_a_plain_device_is_found_by_the_same_look(tmp_path: Path) -> None:
    """So the look can see: everything that is there in plain is found."""
    a_day(tmp_path / "device")
    found = readable(tmp_path / "stolen")
    wanted = {NAME, ADDRESS, PHONE, NOTE, str(AMOUNT), "+1 555 0188", "visit_started", "2026-12-01", "sound"}
    assert wanted | {repr(magic) for magic in PICTURES[:2]} | {"device key"} <= found
    # The sealed part is encrypted in any store; what was opened of it stays nowhere.
    assert not {LENDER, LETTER} & found


@pytest.mark.parametrize("keep_vault", [True, False])
def test_a_stolen_store_opens_for_nobody_without_the_pin(tmp_path: Path, keep_vault: bool) -> None:
    """Neither by another PIN, nor as a plain store once its vault is taken away."""
    a_day(tmp_path / "device", pin=PIN)
    if not keep_vault:
        (tmp_path / "device" / "device.db.vault").unlink()
    with pytest.raises((FieldError, sqlite3.DatabaseError)):
        Device(tmp_path / "device" / "device.db", clock=a_clock(), pin="other-pin" if keep_vault else None)


def test_what_an_encrypted_device_sends_is_what_was_captured(tmp_path: Path) -> None:
    """Files go up in plain over the wire, to the byte, resumed in the middle of a segment; then their copies go."""
    server = a_day(tmp_path / "device", pin=PIN)
    with a_device(tmp_path / "device", server, pin=PIN) as device:
        server.faults += ["", "cut-after", "", "cut-before"]
        for _ in range(4):
            device.exchange()
        assert [] == list(device.store.files.iterdir())
    received = {canonical.digest(bytes(content)) for _, _, content in server.uploads.values()}
    assert canonical.digest(SOUND) in received
    assert 2 == len(received)


class TestBox:
    """Files in segments."""

    @pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 5])
    def test_any_part_of_a_file_reads_back(self, tmp_path: Path, size: int) -> None:
        """Size and every stretch, over the edges of segments and beyond the end."""
        box, plain, path = FileBox(os.urandom(32)), os.urandom(size), tmp_path / "f"
        with path.open("wb") as target:
            box.write(target, (plain[at : at + 50_000] for at in range(0, size, 50_000)), os.urandom)
        assert size == box.size(path)
        for start_at in {0, 1, size // 2, max(0, size - 1), size, SEGMENT, SEGMENT - 1}:
            for length in (1, 17, SEGMENT, 4 * SEGMENT):
                assert plain[start_at : start_at + length] == box.read(path, start_at, length)

    @pytest.mark.parametrize("harm", ["flip", "swap", "cut", "salt"])
    def test_a_file_that_was_changed_is_not_sent(self, tmp_path: Path, harm: str) -> None:
        """Changed, reordered, cut at a segment's end, or given another salt: it is noticed."""
        box, path = FileBox(os.urandom(32)), tmp_path / "f"
        with path.open("wb") as target:
            box.write(target, [os.urandom(3 * SEGMENT)], os.urandom)
        raw = bytearray(path.read_bytes())
        one = SEGMENT + 16
        if harm == "swap":
            raw[16 : 16 + 2 * one] = raw[16 + one : 16 + 2 * one] + raw[16 : 16 + one]
        elif harm == "cut":
            del raw[16 + 2 * one :]
        else:
            raw[0 if harm == "salt" else 1000] ^= 1
        path.write_bytes(raw)
        with pytest.raises(FieldError, match="damaged"):
            box.read(path, 0, 3 * SEGMENT)
