"""
What the store remembers between exchanges, with its types: who this device is, its stage, quota, pace, last contact.

The stage is recorded, never guessed from what else is there. `stage`: new, awaiting_approval, enrolled, gone, wiping,
wiped. `pull_stage`: first (reading the feed), level (count and sum agreed), repairing, or the code of the problem that
stops the pull half: paused, reauth-required, upload-only.
"""

from __future__ import annotations

from dataclasses import asdict

from agent_sync.clock import LastContact, Reading
from agent_sync.rules import now_for_leases
from agent_sync.rules_sending import Pace
from agent_sync.store import Store
from schemas import signing
from schemas.errors import FieldError
from schemas.messages import Quota


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


def load_key(store: Store) -> signing.PrivateKey | None:
    """Read this device's private key from the file beside the store; None if there is none."""
    try:
        return signing.load_private(store.key_path.read_text())
    except FileNotFoundError:
        return None


def load_or_make_key(store: Store) -> signing.PrivateKey:
    """Give this device's private key, making it once; it never leaves the device (A1)."""
    key = load_key(store)
    if key is None:
        key = signing.new_private_key()
        store.place_file(store.key_path, signing.dump_private(key).encode())
    return key


def identity(store: Store) -> tuple[signing.PrivateKey, str]:
    """Give (key, device id); raise `FieldError("not-enrolled")` if there is none."""
    key, device_id = load_key(store), store.get("device_id")
    if key is None or device_id is None or store.get("stage") in {"wiped", "new", None}:
        raise FieldError(
            "not-enrolled", detail="This device is not enrolled. Enter a code with `agent-sync enrol CODE`."
        )
    return key, str(device_id)
