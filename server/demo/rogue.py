"""
A phone whose app was tampered with: it speaks the protocol, and none of the rules hold it back.

Comes in: what it is told to have recorded, true or not. Goes out: chained, signed events over real HTTP. The real
device (`agent_sync`) refuses most of this; the server must notice it all the same.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
import requests

from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.ids import make_id
from schemas.vocabulary import EVENT_SCHEMA, EventKind, MonoKind, OpeningReason
from server.domain.comparing import DEVICE_STATES

TIMEOUT_S = 30
EXCHANGE = "/sync/v1/exchange"


@dataclass
class RoguePhone:
    """One agent's tampered phone; ids and salts come from *random*, so that a seed repeats it."""

    url: str
    random: Random
    key: signing.PrivateKey = field(default_factory=signing.new_private_key)
    device_id: str = ""
    chain_id: str = ""
    nonce: str = ""
    seq: int = 0
    head: str = canonical.ZERO_HASH
    waiting: list[dict[str, Any]] = field(default_factory=list)
    before: str = canonical.ZERO_HASH  # the hash before the first waiting event
    recorded: list[tuple[int, str, str, str]] = field(default_factory=list)  # seq, event id, digest, day
    statuses: dict[int, str] = field(default_factory=dict)  # by seq: what the server made of it

    def enrol(self, code: str, reading: Mapping[str, Any]) -> None:
        """Enrol with the office's code, like any phone."""
        jwk = signing.public_jwk(self.key.public_key())
        jkt = signing.thumbprint(jwk)
        body = {
            "code": code,
            "jwk": jwk,
            "device": {"kind": "phone", "model": "tampered", "app": "agent-sync 0.0 (changed)"},
            "proof": signing.sign({"typ": "enrol", "code": code, "jkt": jkt}, self.key, jkt),
        }
        answer = requests.post(f"{self.url}/sync/v1/enrol", json=body, timeout=TIMEOUT_S)
        if answer.status_code != 201:
            raise FieldError("enrolment-code-invalid", detail=answer.text[:300])
        self.device_id, self.nonce = answer.json()["device_id"], answer.json()["nonce"]
        self.chain_id = make_id(int(reading["wall_ms"]), self.random.randbytes(10))
        self.record(EventKind.CHAIN_OPENED, {"reason": OpeningReason.ENROLLED.value, "lost": []}, reading)

    def record(
        self, kind: str, body: Mapping[str, Any], reading: Mapping[str, Any], *, event_id: str = "", **members: Any
    ) -> str:
        """Put an event at the end of the chain, whatever it says; give its id."""
        event_id = event_id or make_id(int(reading["wall_ms"]), self.random.randbytes(10))
        content = {
            "id": event_id,
            "kind": str(kind),
            "schema": EVENT_SCHEMA,
            "at": {name: reading[name] for name in ("wall", "mono_ms", "boot")},
            "body": dict(body),
            "salt": self.random.randbytes(16).hex(),
        } | members
        raw = canonical.encode(content)
        self.seq += 1
        digest = canonical.digest(raw)
        self.head = canonical.link_hash(self.chain_id, self.seq, self.head, event_id, digest)
        self.waiting.append({"id": event_id, "seq": self.seq, "content": raw.decode()})
        self.recorded.append((self.seq, event_id, digest, str(reading["wall"])[:10]))
        return event_id

    def state_day(self, day: str, reading: Mapping[str, Any], agent_id: str) -> str:
        """Give the signed statement of a day, in the form that `agent_sync/statement.py` describes."""
        events = [
            [event_id, digest, self.chain_id, seq, self.statuses.get(seq, "unsent")]
            for seq, event_id, digest, recorded_on in self.recorded
            if recorded_on == day
        ]
        states = Counter(each[4] for each in events)
        payload = {
            "typ": "statement",
            "device_id": self.device_id,
            "agent_id": agent_id,
            "day": day,
            "at": {name: reading[name] for name in ("wall", "mono_ms", "boot")},
            "chains": [{"chain_id": self.chain_id, "next_seq": self.seq + 1, "head": self.head}],
            "recorded": len(events),
            "sent": len(events) - states["unsent"],
            **{state: states[state] for state in DEVICE_STATES},
            "events": events,
        }
        return signing.sign(payload, self.key, self.device_id)

    def exchange(self, reading: Mapping[str, Any], *, is_checkpoint_forged: bool = False) -> Sequence[dict[str, Any]]:
        """Send what waits; give the receipts. A forged checkpoint claims another head than the chain's."""
        claimed = hashlib.sha256(self.head.encode()).hexdigest() if is_checkpoint_forged else self.head
        checkpoint = {"typ": "checkpoint", "chain_id": self.chain_id, "seq": self.seq, "hash": claimed}
        clock = {name: reading[name] for name in ("wall", "mono_ms", "boot")} | {"mono": MonoKind.BOOTTIME.value}
        push: dict[str, Any] = {"chain_id": self.chain_id}
        if self.waiting:
            signed = signing.sign(checkpoint, self.key, self.device_id)
            push |= {"prev": self.before, "events": self.waiting, "checkpoint": signed}
        answer = self._ask({"clock": clock, "push": push})
        receipts: list[dict[str, Any]] = answer["push"].get("receipts", [])
        self.statuses |= {each["seq"]: each.get("first", each["status"]) for each in receipts}
        if len(receipts) == len(self.waiting):
            self.waiting, self.before = [], self.head
        return receipts

    def _ask(self, body: Mapping[str, Any]) -> dict[str, Any]:
        raw = orjson.dumps(body)
        for _ in range(2):
            payload = {
                "typ": "request", "nonce": self.nonce, "method": "POST", "path": EXCHANGE,
                "body_sha256": hashlib.sha256(raw).hexdigest(),
            }  # fmt: skip
            proof = signing.sign(payload, self.key, self.device_id)
            headers = {"Authorization": f"Device {proof}", "Content-Type": "application/json"}
            answer = requests.post(self.url + EXCHANGE, data=raw, headers=headers, timeout=TIMEOUT_S)
            self.nonce = answer.headers.get("Fairvisit-Nonce", self.nonce)
            if answer.status_code == 200:
                read: dict[str, Any] = answer.json()
                return read
        raise FieldError("unauthenticated", detail=answer.text[:300])
