"""
What the store remembers between exchanges, with its types: who this device is, its stage, quota, pace, last contact.

The stage is recorded, never guessed from what else is there. `stage`: new, awaiting_approval, enrolled, gone, wiping,
wiped. `pull_stage`: first (reading the feed), level (count and sum agreed), repairing, or the code of the problem that
stops the pull half: paused, reauth-required, upload-only. `clock_locked`: packets stay shut until the server is met.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from agent_sync.clock import LastContact, Reading
from agent_sync.rules import now_for_leases
from agent_sync.rules_sending import Pace
from agent_sync.store import Store
from schemas import signing
from schemas.errors import FieldError
from schemas.messages import Quota

DEVICE_KEY = "device-key"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def quota_of(store: Store) -> Quota:
    """Give the server's quota as last told."""
    told = store.get("quota", {})
    return Quota(**{name: told[name] for name in Quota.__slots__ if name in told})


def pace_of(store: Store) -> Pace:
    """Give how fast the outbox is being sent."""
    kept = store.get("pace")
    return Pace(**kept) if kept else Pace(quota_of(store).max_events)


def keep_pace(store: Store, pace: Pace) -> None:
    """Remember the pace, inside a transaction."""
    store.put("pace", asdict(pace))


def last_contact(store: Store) -> LastContact | None:
    """Give what is remembered of the last answer."""
    kept = store.get("last_contact")
    return LastContact(**kept) if kept else None


def keep_contact(store: Store, contact: LastContact) -> None:
    """Remember an answer's time, inside a transaction."""
    store.put("last_contact", asdict(contact))


def last_seen(store: Store) -> tuple[int, int, str] | None:
    """Give (server ms, counter ms, boot) of the last answer, as the rules take it."""
    last = last_contact(store)
    return None if last is None else (last.server_ms, last.mono_ms, last.boot)


def lease_time(store: Store, now: Reading) -> int:
    """Give the time leases are measured by (F3)."""
    return now_for_leases(now.wall_ms, now.mono_ms, now.boot, last_seen(store))


def watch_clock(store: Store, now: Reading) -> bool:
    """
    Say whether packets are locked: the clock was set back by more than a day, and the server was not met since.

    Remembers how far the wall clock came, so that it cannot be set back a little again and again.
    """
    if store.get("clock_locked"):
        return True
    highest_ms = store.get("highest_wall_ms")
    is_set_back = highest_ms is not None and now.wall_ms < highest_ms - DAY_MS
    if is_set_back or highest_ms is None or now.wall_ms > highest_ms + HOUR_MS:
        with store.transaction():
            store.put("clock_locked", is_set_back or None)
            store.put("highest_wall_ms", highest_ms if is_set_back else now.wall_ms)
    return is_set_back


def trust_clock(store: Store, now: Reading) -> None:
    """Unlock, inside a transaction: the server was met, and its time is what leases are measured by from now on."""
    store.put("clock_locked", None)
    store.put("highest_wall_ms", now.wall_ms)


def load_key(store: Store) -> signing.PrivateKey | None:
    """Read this device's private key from the file beside the store; None if there is none."""
    try:
        kept = store.key_path.read_bytes()
    except FileNotFoundError:
        return None
    return signing.load_private((store.keys.open(DEVICE_KEY, kept) if store.keys else kept).decode())


def load_or_make_key(store: Store, noise: Callable[[int], bytes]) -> signing.PrivateKey:
    """Give this device's private key, making it once; it never leaves the device (A1)."""
    key = load_key(store)
    if key is None:
        key = signing.new_private_key()
        plain = signing.dump_private(key).encode()
        store.place_file(store.key_path, store.keys.seal(DEVICE_KEY, plain, noise) if store.keys else plain)
    return key


def identity(store: Store) -> tuple[signing.PrivateKey, str]:
    """Give (key, device id); raise `FieldError("not-enrolled")` if there is none."""
    key, device_id = load_key(store), store.get("device_id")
    if key is None or device_id is None or store.get("stage") in {"wiped", "new", None}:
        raise FieldError(
            "not-enrolled", detail="This device is not enrolled. Enter a code with `agent-sync enrol CODE`."
        )
    return key, str(device_id)
