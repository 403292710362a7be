"""The vault: what opens an encrypted store, how often one may try, and what the office can still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from agent_sync import Device, escrow, vault
from agent_sync.clock import SettableClock
from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.signing import unb64url
from tests.unit.device.builders import CASE, a_clock, a_device, a_visit, packet_body
from tests.unit.device.fake_server import START_MS, FakeServer

PIN = "4711-0815"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let deriving cost little: what it costs is written beside the wrap, so nothing else changes."""
    monkeypatch.setitem(vault.COST, "memory_kib", 64)


class MemoryKeyring(KeyringBackend):
    """A system's keyring that a test can look into."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Give what is kept."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    """Let the system's keyring be one in memory."""
    before, mine = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


def sealed(folder: Path, clock: SettableClock | None = None) -> FakeServer:
    """Leave a PIN's store with one packet and one unsent visit in *folder*; give its server."""
    server = FakeServer()
    server.put("packet", CASE, packet_body())
    with a_device(folder, server, clock, pin=PIN) as device:
        assert device.exchange().is_ok
        a_visit(device, 1)
    return server


def refusal(folder: Path, clock: SettableClock, pin: str | None = "000000") -> FieldError:
    """Give why the store does not open."""
    with pytest.raises(FieldError) as caught:
        Device(folder / "device.db", clock=clock, pin=pin)
    return caught.value


def use_up(folder: Path, clock: SettableClock) -> FieldError:
    """Try wrong PINs, waiting as long as is asked, until there are no more tries."""
    for _ in range(vault.MOST_TRIES):
        clock.advance(vault.MOST_WAIT_MS)
        last = refusal(folder, clock)
    return last


def data_key(server: FakeServer, folder: Path) -> dict[str, str]:
    """Open the escrow with the office's key, as PROTOCOL section 7 tells it."""
    kept = orjson.loads((folder / "device.db.vault").read_bytes())["escrow"]
    head = {name: kept[name] for name in ("format", "kid", "epk")}
    shared = server.key.exchange(ec.ECDH(), signing.load_public(kept["epk"]))
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"fairvisit-data-key-1").derive(shared)
    plain = AESGCM(key).decrypt(unb64url(kept["iv"]), unb64url(kept["ciphertext"]), canonical.encode(head))
    opened: dict[str, str] = orjson.loads(plain)
    return opened


class TestPin:
    """What a PIN opens, and how often it may be wrong."""

    def test_the_right_pin_opens_everything_again(self, tmp_path: Path) -> None:
        """Packets, outbox and device key are there; the next exchange sends what waited."""
        server = sealed(tmp_path)
        with a_device(tmp_path, server, pin=f" {PIN} ") as device:
            assert [CASE] == [view.case_id for view in device.packets() if view.is_readable]
            assert 3 == device.status().unsent
            assert device.exchange().is_ok
            assert 0 == device.status().unsent

    def test_without_a_pin_the_store_stays_shut_and_no_try_is_used(self, tmp_path: Path) -> None:
        """Whoever forgets to give it is told how."""
        sealed(tmp_path)
        assert "AGENT_SYNC_PIN" in str(refusal(tmp_path, a_clock(), None).fields)
        assert 0 == orjson.loads((tmp_path / "device.db.vault").read_bytes())["failed"]

    def test_a_try_counts_before_it_is_tried(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stopping the program while it derives gives no try back."""
        sealed(tmp_path)

        def die(*_: object) -> bytes:
            raise KeyboardInterrupt

        monkeypatch.setattr(vault, "_derive", die)
        with pytest.raises(KeyboardInterrupt):
            Device(tmp_path / "device.db", clock=a_clock(), pin=PIN)
        assert 1 == orjson.loads((tmp_path / "device.db.vault").read_bytes())["failed"]

    def test_after_three_wrong_tries_each_next_one_waits_by_the_counter(self, tmp_path: Path) -> None:
        """Setting the wall clock ahead shortens no wait; a restart begins it anew; the right PIN ends it."""
        clock = a_clock()
        sealed(tmp_path, clock)
        for left in (9, 8, 7):
            assert f"{left} of 10" in str(refusal(tmp_path, clock).fields)
        clock.reading = replace(clock.reading, wall_ms=START_MS + 10**12)
        assert "30 s" in refusal(tmp_path, clock, PIN).detail
        clock.reading = replace(clock.reading, boot="boot-2", mono_ms=20_000)
        assert "10 s" in refusal(tmp_path, clock, PIN).detail
        clock.advance(10_000)
        Device(tmp_path / "device.db", clock=clock, pin=PIN).close()
        assert "9 of 10" in str(refusal(tmp_path, clock).fields)

    def test_a_short_pin_is_refused_and_nothing_is_made(self, tmp_path: Path) -> None:
        """Fewer than six characters are guessed too fast."""
        assert "at least 6" in str(refusal(tmp_path, a_clock(), "12345").fields)
        assert not (tmp_path / "device.db").exists()

    def test_a_plain_store_is_not_taken_for_an_encrypted_one(self, tmp_path: Path) -> None:
        """Its pages would stay readable: the person is told what to do instead."""
        a_device(tmp_path, FakeServer()).close()
        assert "not encrypted" in refusal(tmp_path, a_clock(), PIN).detail

    def test_two_stores_with_one_pin_share_no_key(self, tmp_path: Path) -> None:
        """Keys are random; a PIN only wraps them."""
        made = [
            vault.unlock(tmp_path / name, PIN, in_keyring=False, now=a_clock().read(), noise=lambda n, c=c: c * n)
            for name, c in (("a", b"a"), ("b", b"b"))
        ]
        assert made[0] != made[1]


class TestExhausted:
    """After the last try."""

    def test_nothing_opens_any_more_not_even_with_the_right_pin(self, tmp_path: Path) -> None:
        """The wrap is gone, so everything here is shredded; the sentence says what is safe and what to do."""
        clock = a_clock()
        sealed(tmp_path, clock)
        last = use_up(tmp_path, clock)
        clock.advance(vault.MOST_WAIT_MS)

        assert "not lost" in last.detail
        assert last.detail == refusal(tmp_path, clock, PIN).detail
        assert "wrap" not in orjson.loads((tmp_path / "device.db.vault").read_bytes())

    def test_with_the_offices_key_the_outbox_is_whole_and_the_packets_are_gone(self, tmp_path: Path) -> None:
        """What the office opens lets the store be opened once more: without packets, with every event."""
        clock = a_clock()
        server = sealed(tmp_path, clock)
        use_up(tmp_path, clock)
        opened = data_key(server, tmp_path)
        assert server.device_id == opened["device_id"]
        escrow.recover(tmp_path / "device.db", opened["data_key"], "9-8-7-6-5", bytes)

        with a_device(tmp_path, server, clock, pin="9-8-7-6-5") as device:
            assert [] == [view.case_id for view in device.packets() if view.is_readable]
            assert 3 == device.status().unsent
            assert device.exchange().is_ok
        assert {"visit_started", "outcome_noted", "visit_ended"} <= set(server.kinds())

    @pytest.mark.parametrize("key", ["", "not a key", "a" * 64])
    def test_another_key_changes_nothing(self, tmp_path: Path, key: str) -> None:
        """A key of another store, or none, is refused."""
        server = sealed(tmp_path)
        with pytest.raises(FieldError) as caught:
            escrow.recover(tmp_path / "device.db", key, "9-8-7-6-5", bytes)
        assert "not the key" in str(caught.value.fields)
        a_device(tmp_path, server, pin=PIN).close()

    def test_a_wiped_store_is_recovered_by_no_key(self, tmp_path: Path) -> None:
        """What it was made with is gone, whoever kept the key."""
        server = sealed(tmp_path)
        key = data_key(server, tmp_path)["data_key"]
        vault.forget(tmp_path / "device.db")
        with pytest.raises(FieldError):
            escrow.recover(tmp_path / "device.db", key, "9-8-7-6-5", bytes)

    def test_a_store_that_is_not_encrypted_needs_no_recovery(self, tmp_path: Path) -> None:
        """And none is made where none was."""
        with pytest.raises(FieldError, match="no encrypted store"):
            escrow.recover(tmp_path / "device.db", "a" * 64, "9-8-7-6-5", bytes)
        assert [] == list(tmp_path.iterdir())

    def test_the_escrow_follows_the_offices_key(self, tmp_path: Path) -> None:
        """Once a new key of the server is in force and known, the escrow is for that one."""
        server = sealed(tmp_path)
        before = vault.escrow_kid(tmp_path / "device.db")
        server.key, server.kid = signing.new_private_key(), "server-2"
        with a_device(tmp_path, server, pin=PIN) as device:
            with device.store.transaction():
                device.store.db.execute(
                    "INSERT INTO server_key (kid, jwk, active_from) VALUES ('server-2', ?, '2026-01-01T00:00:00.000Z')",
                    [orjson.dumps(server.public_jwk).decode()],
                )
                device.store.db.execute(
                    "UPDATE server_key SET active_from = '2025-01-01' || substr(active_from, 11) WHERE kid = 'server-1'"
                )
            device.exchange()
        assert ("server-1", "server-2") == (before, vault.escrow_kid(tmp_path / "device.db"))
        assert server.device_id == data_key(server, tmp_path)["device_id"]


class TestKeyring:
    """The system's keyring keeps the key."""

    def test_the_keyring_opens_the_store_without_a_word(self, tmp_path: Path, ring: MemoryKeyring) -> None:
        """Set up once; afterwards the vault says where the key is."""
        server = FakeServer()
        with a_device(tmp_path, server, in_keyring=True) as device:
            a_device_id = device.status().device_id
        with a_device(tmp_path, server) as device:
            assert a_device_id == device.status().device_id
        (kept,) = ring.kept.values()
        assert kept.encode() not in (tmp_path / "device.db.vault").read_bytes()

    def test_a_keyring_that_is_locked_is_said(self, tmp_path: Path, ring: MemoryKeyring) -> None:
        """Nothing is made anew, nothing is lost."""
        a_device(tmp_path, FakeServer(), in_keyring=True).close()
        ring.kept.clear()
        assert "keyring" in refusal(tmp_path, a_clock(), None).detail

    def test_a_wiped_device_leaves_no_key_behind(self, tmp_path: Path, ring: MemoryKeyring) -> None:
        """D1: the keyring's entry goes with the vault's; again changes nothing."""
        a_device(tmp_path, FakeServer(), in_keyring=True).close()
        vault.forget(tmp_path / "device.db")
        vault.forget(tmp_path / "device.db")
        assert {} == ring.kept


@pytest.mark.parametrize("module", ["argon2.low_level", "sqlcipher3.dbapi2"])
def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Without the extra the sentence says what to install."""
    monkeypatch.setitem(__import__("sys").modules, module, None)
    assert "fairvisit[device,encrypted]" in refusal(tmp_path, a_clock(), PIN).detail
