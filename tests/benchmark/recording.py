"""
A device of the benchmark: its key, its chain, and the requests it signs. No store, no network.

Comes in: generated events (their notes are kept) and the cases its agent holds. Goes out: canonical events that the
server accepts, in visits of nine, each batch with its checkpoint, and whole requests as bytes.
"""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas import canonical, signing
from schemas.ids import make_id
from tests.benchmark import gen

EXCHANGE = "/sync/v1/exchange"
WALL = "2026-11-23T10:00:00.000+00:00"
FIX = {"radius_dm": 80, "datum": "wgs84", "mock": False, "age_ms": 1200, "provider": "fused"}
STEPS = ("card_shown", "principal_named", "recording_notice", "purpose_stated", "hardship_asked")


@dataclass
class Recorder:
    """One enrolled device and where its chain stands."""

    device_id: str
    key: signing.PrivateKey
    nonce: str
    case_ids: Sequence[str]
    rng: random.Random
    now_ms: int
    seq: int = 0
    head: str = canonical.ZERO_HASH
    chain_id: str = ""
    steps: Iterator[tuple[str, dict[str, Any], dict[str, Any]]] = field(default=iter(()))

    def __post_init__(self) -> None:
        """Begin a chain and a day of visits."""
        self.chain_id = self._new_id()
        self.steps = self._days_work()

    def _new_id(self) -> str:
        self.now_ms += 1
        return make_id(self.now_ms, self.rng.randbytes(10))

    def _days_work(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Give (kind, body, what it belongs to) for ever: `chain_opened`, then visits of nine events."""
        yield "chain_opened", {"reason": "enrolled", "lost": []}, {}
        while True:
            for case_id in self.case_ids:
                of = {"case_id": case_id, "visit_id": self._new_id(), "packet_rev": 1}
                yield "visit_started", {"fixes": [self._fix() for _ in range(3)]}, of
                for step in STEPS:
                    yield "step_done", {"step": step, "text_version": "3", "response": "given"}, of
                yield "identity_checked", {"identity": "confirmed", "method": "letter_code", "tries": 1}, of
                yield "outcome_noted", {"contact_result": "person", "disposition": "refuses"}, of
                yield "visit_ended", {"fixes": [self._fix()], "reason": "completed"}, of

    def _fix(self) -> dict[str, Any]:
        lat, lon = self.rng.randint(-200_000_000, 280_000_000), self.rng.randint(-600_000_000, 900_000_000)
        return {**FIX, "lat_e7": lat, "lon_e7": lon}

    def record(self, made: gen.Record) -> dict[str, Any]:
        """Record the next event of the day, with the generated one's note; give it as a batch's entry."""
        kind, body, of = next(self.steps)
        if kind in {"step_done", "outcome_noted"}:
            body = {**body, "note": made["note"]}
        event_id = self._new_id()
        at = {"wall": WALL, "mono_ms": self.now_ms % 10**9, "boot": "8d6a2f5e-1c1b-4b0a-9d0e-6f4f2f1d7c11"}
        content = {"id": event_id, "kind": kind, "schema": 1, "at": at, "body": body, **of}
        raw = canonical.encode({**content, "salt": self.rng.randbytes(16).hex()})
        self.seq += 1
        self.head = canonical.link_hash(self.chain_id, self.seq, self.head, event_id, canonical.digest(raw))
        return {"id": event_id, "seq": self.seq, "content": raw.decode()}

    def push_half(self, made: Sequence[gen.Record]) -> dict[str, Any]:
        """Record a batch and give it as the push half of an exchange."""
        prev = self.head
        entries = [self.record(each) for each in made]
        checkpoint = {"typ": "checkpoint", "chain_id": self.chain_id, "seq": self.seq, "hash": self.head}
        signed = signing.sign(checkpoint, self.key, self.device_id)
        return {"chain_id": self.chain_id, "prev": prev, "events": entries, "checkpoint": signed}

    def exchange(self, push: dict[str, Any] | None, pull: dict[str, Any] | None) -> tuple[bytes, dict[str, str]]:
        """Write one exchange: its body as sent (gzip if that pays), and its headers."""
        clock = {"wall": WALL, "mono_ms": 5000, "boot": "8d6a2f5e-1c1b-4b0a-9d0e-6f4f2f1d7c11", "mono": "boottime"}
        asked: dict[str, Any] = {"clock": clock, "push": push or {"chain_id": self.chain_id}}
        body = orjson.dumps(asked if pull is None else {**asked, "pull": pull})
        headers = {"Content-Type": "application/json"}
        if len(body) > 300:
            packer = zlib.compressobj(6, wbits=31)
            body = packer.compress(body) + packer.flush()
            headers["Content-Encoding"] = "gzip"
        request = {"typ": "request", "nonce": self.nonce, "method": "POST", "path": EXCHANGE}
        request["body_sha256"] = hashlib.sha256(body).hexdigest()
        headers["Authorization"] = f"Device {signing.sign(request, self.key, self.device_id)}"
        return body, headers
