"""
Deterministic test material: case records (about 2 kB of JSON) and visit events (about 600 B).

Comes in: counts and salts. Goes out: plain dictionaries and compact JSON. Everything is seeded, so two runs on two
machines send the same bytes; only the time-ordered event ids differ. The people are invented, and their telephone
numbers have a country code that is assigned to nobody.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from typing import Any

FIRST = "Asha Ravi Meera Imran Grace Samuel Fatima Joseph Lakshmi Daniel Amina Peter Sunita Kofi Leila Tomas".split()
LAST = (
    "Kumar Patel Otieno Mensah Hussain Fernandes Reddy Banda Silva Gomez Nair Okafor Sharma Mwangi Das Perera".split()
)
STREET = "Station Road,Market Street,Temple Lane,Hill View,Canal Road,Church Street,Lake Drive,Mill Lane".split(",")
CITY = "Nagpur Kisumu Kumasi Salem Belem Ndola Multan Kandy Hubli Mbale".split()
CHANNEL = ["call", "sms", "visit", "whatsapp", "letter"]
RESULT = ["no answer", "promised to pay", "wrong number", "left message", "spoke to relative", "disputed amount"]
NOTE = (
    "Borrower asked for a call back after the harvest payment arrives; the shop was closed and a neighbour "
    "confirmed that the family still lives at this address. Second phone number is out of service. "
    "Prefers visits before noon and speaks the local language only. Gate is on the side street."
)

Record = dict[str, Any]


def random_id(rng: random.Random) -> str:
    """Make a UUIDv4 from *rng*."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def ordered_id(rng: random.Random) -> str:
    """Make a UUIDv7: ordered by time, so not the same from run to run."""
    bits = int(time.time() * 1000) << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 2 << 62 | rng.getrandbits(62)
    return str(uuid.UUID(int=bits))


def stamp(rng: random.Random) -> str:
    """Make a moment of 2026, RFC 3339 in UTC."""
    month, day, hour = rng.randint(1, 12), rng.randint(1, 28), rng.randint(6, 20)
    return f"2026-{month:02d}-{day:02d}T{hour:02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}Z"


def case(rng: random.Random) -> Record:
    """Make one case record, about 2 kB as compact JSON."""
    principal = rng.randint(5_000, 900_000)
    words = NOTE.split()
    contacts = []
    for _ in range(8):
        start = rng.randint(0, len(words) - 16)
        contacts.append(
            {
                "at": stamp(rng),
                "channel": rng.choice(CHANNEL),
                "result": rng.choice(RESULT),
                "agent": f"ag-{rng.randint(1, 500):04d}",
                "note": " ".join(words[start : start + rng.randint(8, 16)]),
            }
        )
    return {
        "id": random_id(rng),
        "ref": f"LN-{rng.randint(10**8, 10**9 - 1)}",
        "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
        "phones": [f"+999{rng.randint(10**8, 10**9 - 1)}" for _ in range(2)],
        "address": {
            "line1": f"{rng.randint(1, 400)} {rng.choice(STREET)}",
            "line2": f"Ward {rng.randint(1, 60)}, near {rng.choice(STREET)}",
            "city": rng.choice(CITY),
            "postcode": f"{rng.randint(100000, 999999)}",
        },
        "location": {
            "lat": round(rng.uniform(-20, 28), 6),
            "lon": round(rng.uniform(-60, 90), 6),
            "accuracy_m": rng.randint(5, 80),
            "source": rng.choice(["gps", "geocoder", "agent"]),
        },
        "loan": {
            "product": rng.choice(["two-wheeler", "personal", "gold", "micro-enterprise"]),
            "principal": principal,
            "outstanding": round(principal * rng.random(), 2),
            "overdue": round(principal * rng.random() / 5, 2),
            "dpd": rng.randint(1, 180),
            "emi": round(principal / rng.randint(6, 36), 2),
            "disbursed_on": stamp(rng)[:10],
            "last_paid_on": stamp(rng)[:10],
            "last_paid": round(principal / 20 * rng.random(), 2),
        },
        "priority": rng.randint(1, 5),
        "status": rng.choice(["open", "promised", "escalated"]),
        "assigned_to": f"ag-{rng.randint(1, 500):04d}",
        "due_on": stamp(rng)[:10],
        "contacts": contacts,
    }


def event(rng: random.Random, device: str, seq: int) -> Record:
    """Make one append-only visit event, about 600 B as compact JSON."""
    kind = ("check_in", "identity", "outcome")[seq % 3]
    words = NOTE.split()
    start = rng.randint(0, 10)
    made: Record = {
        "id": ordered_id(rng),
        "device": device,
        "seq": seq,
        "case_id": random_id(rng),
        "visit_id": random_id(rng),
        "kind": kind,
        "at": stamp(rng),
        "recorded_at": stamp(rng),
        "agent": f"ag-{rng.randint(1, 500):04d}",
        "location": {
            "lat": round(rng.uniform(-20, 28), 6),
            "lon": round(rng.uniform(-60, 90), 6),
            "accuracy_m": rng.randint(5, 80),
        },
        "app_version": "3.12.0",
        "battery": rng.randint(5, 100),
        "note": " ".join(words[start : start + 24]),
    }
    if kind == "identity":
        made["identity"] = {"method": "document", "last4": f"{rng.randint(0, 9999):04d}", "matched": True}
    elif kind == "outcome":
        code = rng.choice(["paid", "promise", "refused", "absent"])
        made["outcome"] = {"code": code, "amount": rng.randint(0, 9000), "promise_on": stamp(rng)[:10]}
    else:
        made["check_in"] = {"distance_m": rng.randint(0, 400), "provider": "fused", "mock": False}
    return made


def cases(count: int, salt: object = 0) -> list[Record]:
    """Make *count* cases; the same salt gives the same ones."""
    rng = random.Random(f"cases/{salt}")
    return [case(rng) for _ in range(count)]


def batches(count: int, device: str, size: int = 20, salt: object = 0) -> list[list[Record]]:
    """Make *count* batches of *size* events of one device."""
    rng = random.Random(f"events/{device}/{salt}")
    return [[event(rng, device, start * size + offset) for offset in range(size)] for start in range(count)]


def compact(value: object) -> bytes:
    """Write *value* as JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()
