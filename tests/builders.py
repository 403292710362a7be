"""
Events, contents and chains for tests, made from the examples in `schemas/vectors/`.

Every default is sane, so that a test names only what matters to it. Made by: the examples, a running number, and no
clock; nothing here is random.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from schemas import canonical
from schemas.messages import Submitted
from schemas.vocabulary import EventKind

VECTORS = Path(__file__).parents[1] / "schemas" / "vectors"
ABSENT = object()  # given for a member: leave it out
START_MS = 1_772_700_000_000  # a Thursday in March 2026
_numbers = itertools.count(1)


def read_vectors(name: str) -> list[dict[str, Any]]:
    """Give the vectors of one file."""
    vectors: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["vectors"]
    return vectors


EXAMPLES = {each["given"]["kind"]: each["given"] for each in reversed(read_vectors("events")) if "expected" in each}


def make_id(number: int | None = None) -> str:
    """Give a UUIDv7: that of *number*, or one never given before in this run."""
    return f"01930000-0000-7000-8000-{next(_numbers) + 2**40 if number is None else number:012x}"


def make_event(kind: EventKind | str, **overrides: Any) -> dict[str, Any]:
    """
    Give a valid event of *kind* with a new id.

    *overrides* replace its members; those of `body` and `at` are laid over the example's. `ABSENT` leaves a member out.
    """
    made = copy.deepcopy(EXAMPLES[str(kind)]) | {"id": make_id()}
    return _lay_over(made, overrides)


def _lay_over(made: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    for name, value in overrides.items():
        is_inner = name in ("body", "at") and isinstance(value, dict)
        made[name] = _lay_over(dict(made[name]), value) if is_inner else value
    return {name: value for name, value in made.items() if value is not ABSENT}


def make_visit(
    outcome: dict[str, Any] | None = None, case_id: str | None = None, visit_id: str | None = None
) -> list[dict[str, Any]]:
    """Give the events of one plain visit, a minute apart: started, identity, a step, outcome, ended."""
    here = {"case_id": case_id or make_id(), "visit_id": visit_id or make_id()}
    kinds = ["visit_started", "identity_checked", "step_done", "outcome_noted", "visit_ended"]
    events = []
    for minute, kind in enumerate(kinds):
        at = {"wall": f"2026-03-05T14:{21 + minute:02d}:00.000-08:00", "mono_ms": 90_000_000 + minute * 60_000}
        event = make_event(kind, at=at, **here)
        if kind == "outcome_noted" and outcome is not None:
            event["body"] = outcome
        events.append(event)
    return events


def make_chain(
    events: Iterable[dict[str, Any] | bytes], chain_id: str = "", first_seq: int = 1, prev: str = canonical.ZERO_HASH
) -> list[dict[str, Any]]:
    """
    Link *events* (members, or content bytes already) into places of a chain, from *first_seq* on after *prev*.

    Gives one dict each: {chain_id, seq, prev, id, digest, hash, content, entry, submitted}; `entry` is what stands in
    `push.events`, `submitted` the same as the server reads it.
    """
    chain_id = chain_id or make_id()
    places = []
    for seq, event in enumerate(events, first_seq):
        content = event if isinstance(event, bytes) else canonical.encode(event)
        event_id = str(json.loads(content)["id"])
        digest = canonical.digest(content)
        hashed = canonical.link_hash(chain_id, seq, prev, event_id, digest)
        entry = {"id": event_id, "seq": seq, "content": content.decode()}
        place = {"chain_id": chain_id, "seq": seq, "prev": prev, "id": event_id, "digest": digest, "hash": hashed}
        places.append(place | {"content": content, "entry": entry, "submitted": Submitted.of(entry)})
        prev = hashed
    return places


def make_exchange(places: list[dict[str, Any]] | None = None, chain_id: str = "", **overrides: Any) -> dict[str, Any]:
    """Give the body of an exchange that pushes *places* of `make_chain` and pulls; *overrides* replace its halves."""
    places = places or []
    push: dict[str, Any] = {"chain_id": places[0]["chain_id"] if places else chain_id or make_id()}
    if places:
        push |= {"prev": places[0]["prev"], "events": [place["entry"] for place in places]}
    clock = {"wall": "2026-03-05T15:00:00.000-08:00", "mono_ms": 95_000_000, "boot": "b7f3c2d1", "mono": "boottime"}
    return {"clock": clock, "push": push, "pull": {"page_bytes": 65_536}} | overrides
