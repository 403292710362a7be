"""
What an office would have prepared before the devices come: agents, enrolment codes, assigned cases and their packets.

Comes in: the database of a running server, and counts. Goes out: rows, written through the server's own code where it
has any. The people are the generator's: invented.
"""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass
from typing import Any

from schemas import canonical
from schemas.messages import format_time
from server.app import open_site
from server.services.enrolling import issue_code
from server.services.site import Site
from server.settings import DAY_MS, Settings
from server.storage import tables as t
from server.storage.conduct_rows import nothing_in_force
from server.storage.conduct_tables import judgement
from server.storage.feed import Change, publish
from tests.benchmark import gen
from tests.houses import NO_RULES

PAGE = 500
TEXTS = (
    ("card", "My name and my agency's number are on this card. You may call to check who I am."),
    ("rights", "You may end this talk at any time, and ask that nobody comes again."),
)


@dataclass(frozen=True)
class Scope:
    """An agent with the cases that are theirs."""

    agent_id: str
    agent_code: str
    case_ids: tuple[str, ...]


class Office:
    """The seeding side of one benchmark: its own connections to the server's database."""

    def __init__(self, url: str, with_sealed: bool = False) -> None:
        self.site: Site = open_site(Settings(database_url=url, enrol_code_minutes=600, house_rulebook=NO_RULES))
        self.with_sealed = with_sealed
        self.rng = random.Random("office")
        self.agency_id = self.site.new_id()
        self.case_rng = random.Random("sealed")
        agency = t.agency.insert().values(id=self.agency_id, name=f"Agency {self.agency_id}")
        self.site.store.write(lambda connection: connection.execute(agency))

    def close(self) -> None:
        """Let go of the database."""
        self.site.store.close()

    def add_scope(self, name: str, count: int, packets: bool = True) -> Scope:
        """Make an agent with *count* cases assigned; with *packets*, each is in the agent's feed."""
        agent_id = self.site.new_id()
        scope = Scope(agent_id, f"{name}-{agent_id[-8:]}", tuple(self.site.new_id() for _ in range(count)))
        now_ms = self.site.now()
        agent: dict[str, Any] = {"id": agent_id, "code": scope.agent_code, "name": name, "agency_id": self.agency_id}
        agent |= {"certificates": [], "languages": []}
        records = gen.cases(count, name)
        self.site.store.write(lambda connection: connection.execute(t.agent.insert(), agent))
        for start in range(0, count, PAGE):
            pairs = list(zip(scope.case_ids[start : start + PAGE], records[start : start + PAGE], strict=True))
            rows = [_rows(case_id, record, agent_id, now_ms) for case_id, record in pairs]

            def job(connection: Any, rows: list[Any] = rows, pairs: list[Any] = pairs) -> None:
                for at, table in enumerate((t.person, t.place, t.case, judgement, t.assignment)):
                    connection.execute(table.insert(), [row[at] for row in rows])
                if packets:
                    bodies = [(case_id, self._packet(record, agent_id, now_ms)) for case_id, record in pairs]
                    publish(connection, [Change(agent_id, "packet", case_id, 1, body) for case_id, body in bodies])

            self.site.store.write(job)
        return scope

    def publish(self, *changes: Change) -> None:
        """Put changes into feeds."""
        self.site.store.write(lambda connection: publish(connection, changes))

    def code_for(self, scope: Scope) -> str:
        """Give an enrolment code of the scope's agent."""
        return str(getattr(issued := issue_code(self.site, scope.agent_code), "code", issued))

    def _packet(self, record: gen.Record, agent_id: str, now_ms: int) -> bytes:
        body = packet(record, agent_id, now_ms)
        if self.with_sealed:
            body["sealed"] = self._sealed()
        return canonical.encode(body)

    def _sealed(self) -> dict[str, Any]:
        """Make what looks like a sealed part and weighs the same; a real one costs two derivations of 0.2 s."""
        wraps: list[dict[str, Any]] = [
            {
                "kind": kind,
                "salt": self._noise(16),
                "iterations": 600_000,
                "iv": self._noise(12),
                "key": self._noise(48),
            }
            for kind in ("letter_code", "two_facts")
        ]
        return {"iv": self._noise(12), "ciphertext": self._noise(330), "wraps": wraps}

    def _noise(self, size: int) -> str:
        return base64.urlsafe_b64encode(self.rng.randbytes(size)).rstrip(b"=").decode()


def _rows(case_id: str, record: gen.Record, agent_id: str, now_ms: int) -> tuple[dict[str, Any], ...]:
    """Give the person, the place, the case, that nothing was in force, and its assignment."""
    where = record["address"]
    person: dict[str, Any] = {"id": case_id, "key": f"ref:bench:{case_id}", "name": record["name"]}
    person |= {"contacts": {}, "updated_ms": now_ms}
    place = {"id": case_id, "address": f"{where['line1']}, {where['city']}", "updated_ms": now_ms}
    case: dict[str, Any] = {
        "id": case_id,
        "lender": "bench",
        "reference": case_id,
        "person_id": case_id,
        "place_id": case_id,
    }
    case |= {"currency": "USD", "amount": record["loan"]["principal"], "sealed": {}, "status": "open", "rev": 1}
    case |= {"digest": canonical.ZERO_HASH, "updated_ms": now_ms}
    assignment: dict[str, Any] = {
        "case_id": case_id,
        "agent_id": agent_id,
        "from_ms": now_ms,
        "role": "lead",
        "by": "bench",
    }
    assignment |= {"lead_agent_id": agent_id, "lease_until_ms": now_ms + 30 * DAY_MS, "judgement_id": case_id}
    return person, place, case, nothing_in_force(case_id, case_id, [agent_id], now_ms, 30 * DAY_MS), assignment


def packet(record: gen.Record, agent_id: str, now_ms: int) -> dict[str, Any]:
    """Make an open part of about 2 kB out of a generated case."""
    where = record["address"]
    notes = [" ".join(contact.values()) for contact in record["contacts"]]  # all that tells one case from another
    days = [format_time(now_ms + day * DAY_MS)[:10] for day in (-1, 0, 1)]
    intervals = [{"starts": f"{day}T00:00:00.000+00:00", "ends": f"{day}T23:59:59.999+00:00"} for day in days]
    texts = [{"key": key, "version": "3", "language": "en", "text": words} for key, words in TEXTS]
    return {
        "schema": 1,
        "role": "lead",
        "open": {
            "person": {
                "name": record["name"],
                "language": "en",
                "contacts": {"phone": record["phones"][0], "phone_2": record["phones"][1], "note": "; ".join(notes)},
            },
            "place": {
                "address": f"{where['line1']}, {where['line2']}, {where['city']}",
                "area": where["city"],
                "postal_code": where["postcode"],
                "lat_e7": round(record["location"]["lat"] * 1e7),
                "lon_e7": round(record["location"]["lon"] * 1e7),
                "precision": "building",
                "radius_dm": record["location"]["accuracy_m"] * 10,
            },
            "crew": [{"agent_id": agent_id, "name": "The lead", "role": "lead"}],
            "limits": {
                "intervals": intervals,
                "steps": ["card_shown", "principal_named", "purpose_stated"],
                "crew_min": 1,
                "longest_stay_ms": 1_800_000,
                "fence_dm": 1500,
            },
            "texts": texts,
            "lease_until": format_time(now_ms + 30 * DAY_MS),
        },
    }
