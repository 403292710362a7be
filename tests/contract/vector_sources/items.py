"""One example of each type of feed item, a companion's packet, the least that each may be, and bodies out of shape."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.plain import DROP, Vector, b64, canon, changed, noise, sha, uid

ABOUT = "One feed item of each type with its body's canonical text and its weight in `sum`, and bodies out of shape."
CASE, VISIT, LEAD, COMPANION = uid(0xCA5E), uid(0x71517), uid(0xA1), uid(0xA2)
JWK = {"crv": "P-256", "kty": "EC", "x": b64(noise("x", 32)), "y": b64(noise("y", 32))}
WRAP = {
    "kind": "letter_code",
    "salt": b64(noise("s", 16)),
    "iterations": 600_000,
    "iv": b64(noise("i", 12)),
    "key": b64(noise("k", 48)),
}
ASKS = [
    {"fact": "birth_year", "choices": ["1958", "1961", "1964", "1965", "1970"]},
    {"fact": "phone_end", "choices": ["04", "17", "38", "52", "91"]},
]
OPEN_PART: dict[str, Any] = {
    "person": {
        "name": "An Example",
        "language": "en",
        "contacts": {"phone": "+1 415 555 0100", "email": "an@example.org"},
    },
    "place": {
        "address": "12 Example St, flat 3",
        "area": "Mission",
        "postal_code": "94110",
        "lat_e7": 377_599_000,
        "lon_e7": -1_224_148_000,
        "precision": "door",
        "radius_dm": 150,
    },
    "crew": [
        {"agent_id": LEAD, "name": "Agent One", "role": "lead"},
        {"agent_id": COMPANION, "name": "Agent Two", "role": "companion"},
    ],
    "limits": {
        "intervals": [{"starts": "2026-03-05T09:00:00.000-08:00", "ends": "2026-03-05T19:00:00.000-08:00"}],
        "steps": ["card_shown", "principal_named", "purpose_stated"],
        "counts": [{"unit": "attempt", "most": 2, "period_ms": 2_592_000_000}],
        "known_visits": [uid(0xA991)],
        "crew_min": 2,
        "longest_stay_ms": 1_800_000,
        "fence_dm": 1_500,
        "recording": {"audio": "only_with_consent", "video": "forbidden"},
    },
    "appointments": [
        {
            "appointment_id": uid(0xA990),
            "starts": "2026-03-09T18:00:00.000-07:00",
            "ends": "2026-03-09T19:00:00.000-07:00",
            "made_by": "person",
        }
    ],
    "texts": [
        {
            "key": "purpose_stated",
            "version": "2026-03",
            "language": "en",
            "text": "I come about a letter you were sent.",
        }
    ],
    "lease_until": "2026-03-12T08:00:00.000Z",
}
SHORT_OPEN: dict[str, Any] = {
    "person": {"name": "某某"},
    "place": {"address": "示例路12号"},
    "crew": [],
    "limits": {},
    "lease_until": "2026-03-12T08:00:00.000Z",
}
PLANNED = {"day": "2026-03-06", "order": 2, "starts": "2026-03-06T10:40:00.000-08:00"}
PACKET: dict[str, Any] = {
    "schema": 1,
    "role": "lead",
    "open": OPEN_PART,
    "sealed": {
        "iv": b64(noise("iv", 12)),
        "ciphertext": b64(noise("sealed", 200)),
        "wraps": [WRAP, WRAP | {"kind": "two_facts", "asks": ASKS}, {"kind": "document", "key": b64(noise("key", 32))}],
    },
}
DECISION: dict[str, Any] = {
    "case_id": CASE,
    "visit_id": VISIT,
    "act": "returned",
    "at": "2026-03-06T10:00:00.000Z",
    "question": "Which door was it?",
    "reason": "The pin lies across the street.",
    "findings": [
        {
            "finding_id": uid(0xF1D),
            "code": "place_outside",
            "severity": "stop",
            "sentence": "The check-in was 420 m away.",
        }
    ],
}
# type -> (id, rev, body)
FULL: dict[str, tuple[str, int, dict[str, Any]]] = {
    "packet": (CASE, 3, PACKET),
    "decision": (uid(0xDEC1), 1, DECISION),
    "replay": (uid(0x101), 1, {"event_id": uid(0x101), "status": "accepted", "at": "2026-03-06T10:00:00.000Z"}),
    "erased": (uid(0x102), 1, {"event_id": uid(0x102)}),
    "file_state": (
        uid(0xF11E),
        2,
        {"sha256": sha(b"a photograph"), "state": "verified", "at": "2026-03-06T10:00:00.000Z"},
    ),
    "hold": (
        uid(0x401D),
        1,
        {"hold_id": uid(0x401D), "case_ids": [CASE], "reason": "illness", "until": "2026-06-30T00:00:00.000Z"},
    ),
    "server_keys": (
        uid(0x4E15),
        1_772_700_000_000,
        {
            "keys": [{"kid": b64(noise("kid", 32)), "jwk": JWK, "active_from": "2026-03-20T00:00:00.000Z"}],
            "proof": "a.b.c",
        },
    ),
    "notice": (uid(0x0071CE), 1, {"title": "Storm tomorrow", "text": "No visits on the coast road. 明天请勿上路。"}),
}
SHORT: dict[str, tuple[str, dict[str, Any]]] = {
    "a companion's packet has no sealed part": ("packet", {"schema": 1, "role": "companion", "open": SHORT_OPEN}),
    "a packet that is planned": ("packet", {"schema": 1, "role": "lead", "open": SHORT_OPEN | {"planned": PLANNED}}),
    "a decision without words": ("decision", {k: DECISION[k] for k in ("case_id", "visit_id", "act", "at")}),
    "a hold without an end": ("hold", {"hold_id": uid(0x401D), "case_ids": [], "reason": "complaint"}),
}
# name -> (type, path, what stands there)
INVALID: dict[str, tuple[str, str, Any]] = {
    "a packet without a lease": ("packet", "open.lease_until", DROP),
    "a lease in local time": ("packet", "open.lease_until", "2026-03-12T08:00:00.000-08:00"),
    "a place of an unknown precision": ("packet", "open.place.precision", "roof"),
    "a debt in the open part": ("packet", "open.amount", 120_000),
    "a wrap nobody can open": ("packet", "sealed.wraps.0.kind", "fingerprint"),
    "a recording rule nobody knows": ("packet", "open.limits.recording.audio", "perhaps"),
    "a fact nobody may be asked for": ("packet", "sealed.wraps.1.asks.0.fact", "income"),
    "a pair of one fact": ("packet", "sealed.wraps.1.asks", ASKS[:1]),
    "a step nobody knows": ("packet", "open.limits.steps.1", "door_kicked"),
    "a count of a unit nobody knows": ("packet", "open.limits.counts.0.unit", "call"),
    "a count without its period": ("packet", "open.limits.counts.0.period_ms", DROP),
    "a count below none": ("packet", "open.limits.counts.0.most", -1),
    "a plan without its day": ("packet", "open.planned", {"order": 1, "starts": PLANNED["starts"]}),
    "a plan whose order begins at none": ("packet", "open.planned", PLANNED | {"order": 0}),
    "a plan in server time": ("packet", "open.planned", PLANNED | {"starts": "2026-03-06T18:40:00.000Z"}),
    "a decision that is no act": ("decision", "act", "pending"),
    "a file in a third state": ("file_state", "state", "lost"),
    "a hold without its cases": ("hold", "case_ids", DROP),
    "an empty notice": ("notice", "text", ""),
}
# Where a fault lies within what stands there.
WITHIN = {
    "a plan without its day": "day", "a plan whose order begins at none": "order", "a plan in server time": "starts",
}  # fmt: skip


def row(kind: str, object_id: str, rev: int, body: dict[str, Any]) -> dict[str, Any]:
    """Give a put as it stands in a page."""
    return {"op": "put", "type": kind, "id": object_id, "rev": rev, "sha256": sha(canon(body)), "body": body}


def weigh(item: dict[str, Any]) -> int:
    """Give what a live item adds to `sum` (F4)."""
    return int(sha("{type}:{id}:{rev}:{sha256}".format(**item).encode())[:12], 16)


def vectors() -> list[Vector]:
    """Give the vectors of `items.json`."""
    out = []
    for kind, (object_id, rev, body) in FULL.items():
        item = row(kind, object_id, rev, body)
        out.append({"name": kind, "given": item, "expected": {"body": canon(body).decode(), "weight": weigh(item)}})
    for name, (kind, body) in SHORT.items():
        item = row(kind, uid(0x500), 1, body)
        out.append({"name": name, "given": item, "expected": {"body": canon(body).decode(), "weight": weigh(item)}})
    for name, (kind, path, new) in INVALID.items():
        object_id, rev, body = FULL[kind]
        out.append(
            {
                "name": name,
                "given": row(kind, object_id, rev, changed(body, path, new)),
                "refused": "invalid",
                "at": f"{path}.{WITHIN[name]}" if name in WITHIN else path,
            }
        )
    return out
