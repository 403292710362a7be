"""
The doctor: looks a device over and says, in sentences, what is well and what needs doing.

Comes in: store, clocks, a way to the server. Goes out: checks. It changes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent_sync import store_outbox
from agent_sync.clock import Reading
from agent_sync.pushing import find_broken
from agent_sync.remembering import last_seen, load_key, pace_of, quota_of
from agent_sync.rules import best_now
from agent_sync.store import Store, database_errors
from agent_sync.store_files import LEAST_FREE
from agent_sync.transport import Transport
from schemas.errors import FieldError

HEALTH = "/health"
MOST_CLOCK_MS = 300_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    is_well: bool
    sentence: str


def examine(store: Store, now: Reading, way: Callable[[str | None], Transport]) -> list[Check]:
    """Look everything over, the store first."""
    return [
        check_store(store),
        check_chains(store),
        check_key(store),
        check_clock(store, now),
        check_disk(store),
        *check_sending(store),
        check_server(store, way),
    ]


def check_store(store: Store) -> Check:
    """Let SQLite check its file."""
    try:
        said = str(store.value("PRAGMA integrity_check"))
    except database_errors() as error:
        said = str(error)
    if said == "ok":
        return Check("store", True, "The store is whole.")
    return Check("store", False, f"The store is damaged ({said}). Export the outbox now, then enrol anew.")


def check_chains(store: Store) -> Check:
    """Hash everything that waits again (E2)."""
    broken = 0
    for chain in store_outbox.all_chains(store):
        places = store_outbox.read_all_waiting(store, chain.chain_id)
        for place in places:
            before = store_outbox.hash_before(store, chain.chain_id, place.seq)
            broken += len(find_broken(before, chain.chain_id, [place]))
    if not broken:
        return Check("chain", True, f"{store_outbox.count_waiting(store)} records wait to be sent, all readable.")
    return Check("chain", False, f"{broken} records are not what was recorded. The next exchange declares them lost.")


def check_key(store: Store) -> Check:
    """Look at the key file."""
    if store.get("device_id") is None:
        return Check("key", False, "This device is not enrolled. Enter a code: `agent-sync enrol CODE`.")
    if load_key(store) is None:
        return Check(
            "key", False, f"The key {store.key_path.name} is missing. Ask the office for a new code and enrol."
        )
    if store.key_path.stat().st_mode & 0o077:
        return Check("key", False, f"Others can read the key. Run: chmod 600 {store.key_path.name}")
    return Check("key", True, "The key is there, and only its owner can read it.")


def check_clock(store: Store, now: Reading) -> Check:
    """Compare the wall clock with what the server last said."""
    seen = last_seen(store)
    if seen is None:
        return Check("clock", True, "The server's time is not known yet.")
    off = now.wall_ms - best_now(now.wall_ms, now.mono_ms, now.boot, seen)
    if abs(off) <= MOST_CLOCK_MS and now.wall_ms >= seen[0] - MOST_CLOCK_MS:
        return Check("clock", True, "The clock agrees with the server's.")
    off = off or now.wall_ms - seen[0]
    return Check("clock", False, f"The clock is off by about {round(off / 60_000)} minutes. Set date and time.")


def check_disk(store: Store) -> Check:
    """Look at free space."""
    free = shutil.disk_usage(store.path.parent).free
    if free >= LEAST_FREE:
        return Check("disk", True, f"{free // 2**20:,} MiB are free.")
    return Check("disk", False, f"Only {free // 2**20:,} MiB are free. Make room, or records cannot be saved.")


def check_sending(store: Store) -> Iterator[Check]:
    """Look at the stage, and at what slows sending down."""
    stage, pull = store.get("stage", "new"), store.get("pull_stage", "first")
    is_well = stage == "enrolled" and pull in {"first", "level"}
    yield Check("stage", is_well, f"Stage: {stage}; packets: {pull}.")
    failures = store.get("failures", 0)
    if failures:
        yield Check("sending", False, f"The last {failures} exchanges failed. What is recorded is saved.")
    elif pace_of(store).limit < quota_of(store).max_events:
        yield Check("sending", True, f"Records are sent {pace_of(store).limit} at a time after trouble on the way.")


def check_server(store: Store, way: Callable[[str | None], Transport]) -> Check:
    """See whether something that speaks Fairvisit answers."""
    try:
        answer = way(store.get("server_url")).send("GET", HEALTH, {}, b"")
    except FieldError as error:
        return Check("server", False, error.detail)
    if answer.headers.get("fairvisit") == "1":
        return Check("server", True, "The server answers.")
    return Check("server", False, "Something else than the server answers: a login page of the network, or a proxy.")
