"""An office and phones for tests: a real site on a real database, spoken to through the real API in this process."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from flask.testing import FlaskClient

from schemas import canonical, signing
from schemas.messages import Quota, format_time
from server.api import proof
from server.app import create_app
from server.clock import id_maker
from server.services.enrolling import issue_code
from server.services.keys import prepare_site
from server.services.retiring import finish_all
from server.services.site import Site
from server.settings import Settings
from server.storage import feed, tables
from server.storage.conduct_rows import nothing_in_force
from server.storage.conduct_tables import judgement
from server.storage.engine import open_store
from tests.houses import NO_RULES

START_MS = 1_460_000_000_000  # a Thursday in April 2016


@dataclass
class Clock:
    """A clock that moves only when told."""

    ms: int = START_MS

    def __call__(self) -> int:
        """Give ms since the epoch."""
        return self.ms

    def advance(self, **parts: float) -> None:
        """Move on by days, hours, minutes, seconds."""
        seconds = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
        self.ms += round(sum(number * seconds[unit] for unit, number in parts.items()) * 1000)


class Office:
    """A site with a little town in it."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.clock = Clock()
        chosen: dict[str, Any] = {"requests_per_minute": 1_000_000, "quota": Quota()} | settings
        if "rulebooks" not in settings:
            chosen.setdefault("house_rulebook", NO_RULES)
        self.settings = Settings(database_url=url, folder=str(folder), **chosen)
        self.start()
        self.agency_id = self.site.new_id()
        self.insert(tables.agency, id=self.agency_id, name="North Field Agency", status="active")

    def start(self) -> None:
        """Start a server on whatever database stands there now, as a new process would."""
        self.site = Site(open_store(self.settings.database_url), self.settings, self.clock, id_maker(self.clock))
        prepare_site(self.site)
        finish_all(self.site)
        proof._callers.clear()
        self.app = create_app(self.site)
        self.client: FlaskClient = self.app.test_client()

    def insert(self, table: Any, **values: Any) -> None:
        """Put one row in, as the office's own commands would."""
        self.site.store.write(lambda connection: connection.execute(table.insert().values(**values)) and None)

    def rows(self, statement: Any) -> list[Any]:
        """Read rows."""
        with self.site.store.read() as connection:
            return list(connection.execute(statement))

    def publish(self, *changes: feed.Change) -> None:
        """Put changes into feeds."""
        self.site.store.write(lambda connection: feed.publish(connection, changes))

    def add_agent(self, code: str) -> str:
        """Add an agent; give its id."""
        agent_id = self.site.new_id()
        self.insert(
            tables.agent, id=agent_id, code=code, name=f"Agent {code}", agency_id=self.agency_id, certificates=[],
            languages=[],
        )
        return agent_id

    def add_case(self, reference: str, person_id: str | None = None) -> str:
        """Add a case of a new person at a new place; give its id."""
        now, case_id, place_id = self.clock(), self.site.new_id(), self.site.new_id()
        if person_id is None:
            person_id = self.site.new_id()
            self.insert(
                tables.person, id=person_id, key=f"ref:lender:{reference}", name=f"Person {reference}", contacts={},
                updated_ms=now,
            )
        self.insert(
            tables.place, id=place_id, address=f"{reference} Hill Rd", lat_e7=377_700_000, lon_e7=-1_224_200_000,
            precision="door", updated_ms=now,
        )
        self.insert(
            tables.case, id=case_id, lender="lender", reference=reference, person_id=person_id, place_id=place_id,
            currency="USD", amount=120_000, sealed={}, status="open", digest="0" * 64, rev=1, updated_ms=now,
        )
        return case_id

    def assign(self, case_id: str, agent_id: str, role: str = "lead", **values: Any) -> None:
        """Give a case to an agent, as bare rows of an assignment and of what let it through, and a small packet."""
        now = self.clock()
        row = {
            "case_id": case_id, "agent_id": agent_id, "from_ms": now, "role": role, "lead_agent_id": agent_id,
            "lease_until_ms": now + 7 * 86_400_000, "by": "test", "judgement_id": self.site.new_id(),
        } | values
        lease_ms, crew = row["lease_until_ms"] - now, [row["lead_agent_id"]]
        self.insert(judgement, **nothing_in_force(row["judgement_id"], case_id, crew, now, lease_ms))
        self.insert(tables.assignment, **row)
        self.publish(feed.Change(agent_id, "packet", case_id, 1, {"case": case_id}))

    def end_assignment(self, case_id: str, agent_id: str, reason: str) -> None:
        """Take a case from an agent, with its reason."""
        table = tables.assignment

        def job(connection: Any) -> None:
            connection.execute(
                table.update()
                .where(table.c.case_id == case_id, table.c.agent_id == agent_id)
                .values(until_ms=self.clock(), reason=reason)
            )
            feed.publish(connection, [feed.Change(agent_id, "packet", case_id, 2, reason=reason)])

        self.site.store.write(job)

    def set_device(self, device_id: str, **values: Any) -> None:
        """Change a device's row."""
        table = tables.device
        self.site.store.write(
            lambda connection: connection.execute(table.update().where(table.c.id == device_id).values(**values))
            and None
        )

    def close(self) -> None:
        """Close the store."""
        self.site.store.close()


@contextmanager
def opened_office(url: str, folder: Path, **settings: Any) -> Iterator[Office]:
    """Open an office and close it afterwards."""
    office = Office(url, folder, **settings)
    try:
        yield office
    finally:
        office.close()


@dataclass
class Phone:
    """A device written for tests: it signs and chains by hand, so that it can also do both wrongly."""

    office: Office
    agent_id: str
    agent_code: str
    key: signing.PrivateKey = field(default_factory=signing.new_private_key)
    device_id: str = ""
    nonce: str = ""
    chain_id: str = ""
    cursor: str | None = None
    seq: int = 0
    head: str = canonical.ZERO_HASH
    log: list[dict[str, Any]] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=lambda: {0: canonical.ZERO_HASH})

    @classmethod
    def enrolled(cls, office: Office, code: str = "a1", agent_id: str | None = None) -> Phone:
        """Enrol a new phone for the agent *code*, made if needed, with `chain_opened` in its outbox."""
        phone = cls(office, agent_id or office.add_agent(code), code)
        enrolment = issue_code(office.site, code, by="test")
        jwk = signing.public_jwk(phone.key.public_key())
        jkt = signing.thumbprint(jwk)
        proof = signing.sign({"typ": "enrol", "code": enrolment, "jkt": jkt}, phone.key, jkt)
        answer = office.client.post(
            "/sync/v1/enrol",
            json={
                "code": enrolment, "jwk": jwk, "device": {"kind": "phone", "model": "test", "app": "0"}, "proof": proof,
            },
        )
        assert answer.status_code == 201, answer.text
        phone.device_id, phone.nonce = answer.json["device_id"], answer.json["nonce"]
        phone.open_chain()
        return phone

    def open_chain(self, reason: str = "enrolled", **body: Any) -> dict[str, Any]:
        """Begin a new chain with `chain_opened`."""
        self.chain_id, self.seq, self.head, self.log = self.office.site.new_id(), 0, canonical.ZERO_HASH, []
        self.hashes = {0: canonical.ZERO_HASH}
        return self.record("chain_opened", {"reason": reason, "lost": [], **body})

    def content(self, kind: str, body: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Write an event's members as this phone would."""
        at = {"wall": "2016-04-07T10:00:00.000-07:00", "mono_ms": self.office.clock() - START_MS, "boot": "boot-1"}
        head = {"id": self.office.site.new_id(), "kind": kind, "schema": 1, "at": at, "body": body, "salt": "5a" * 16}
        return head | members

    def record(self, kind: str, body: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Put an event at the end of the chain; give its outbox entry."""
        content = self.content(kind, body, **members)
        return self.append(content["id"], canonical.encode(content).decode())

    def append(self, event_id: str, text: str) -> dict[str, Any]:
        """Put any text at the end of the chain under an id."""
        self.seq += 1
        raw = text.encode("utf-8", "surrogatepass")
        entry = {"id": event_id, "seq": self.seq, "content": text}
        self.head = canonical.link_hash(self.chain_id, self.seq, self.head, event_id, canonical.digest(raw))
        self.hashes[self.seq] = self.head
        self.log.append(entry)
        return entry

    def withhold(self, event_id: str, text: str) -> dict[str, Any]:
        """Put an event at the end of the chain whose content stays here for now (X3)."""
        self.append(event_id, text)
        raw = text.encode()
        entry = {"id": event_id, "seq": self.seq, "digest": canonical.digest(raw), "withheld": len(raw)}
        self.log[-1] = entry
        return entry

    def step(self, case_id: str, visit_id: str, **body: Any) -> dict[str, Any]:
        """Record a `step_done`."""
        body = {"step": "card_shown", "text_version": "1", "response": "given"} | body
        return self.record("step_done", body, case_id=case_id, visit_id=visit_id, packet_rev=1)

    def request(
        self, path: str = "/sync/v1/exchange", body: Any = None, method: str = "POST", *, zipped: bool = False,
        headers: dict[str, str] | None = None, signed: dict[str, Any] | None = None,
    ) -> Any:
        """Send a signed request; *signed* overrides members of what is signed."""
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        raw = gzip.compress(raw) if zipped else raw
        payload = {
            "typ": "request", "nonce": self.nonce, "method": method, "path": path,
            "body_sha256": hashlib.sha256(raw).hexdigest(),
        }
        proof = signing.sign(payload | (signed or {}), self.key, self.device_id)
        sent = {"Authorization": f"Device {proof}", "Content-Type": "application/json"}
        if zipped:
            sent["Content-Encoding"] = "gzip"
        answer = self.office.client.open(path, method=method, data=raw, headers=sent | (headers or {}))
        self.nonce = answer.headers.get("Fairvisit-Nonce", self.nonce)
        return answer

    def exchange(self, events: list[dict[str, Any]] | None = None, *, pull: bool = True, **push: Any) -> dict[str, Any]:
        """Exchange: send *events* (all of the chain where None), pull from the cursor and keep the new one."""
        events = self.log if events is None else events
        half: dict[str, Any] = {"chain_id": self.chain_id}
        if events:
            half |= {"events": events, "prev": self.hashes.get(events[0]["seq"] - 1, canonical.ZERO_HASH)}
        body: dict[str, Any] = {"clock": self.clock_body(), "push": half | push}
        if pull:
            body["pull"] = {"cursor": self.cursor} if self.cursor else {}
        answer = self.request(body=body)
        if answer.status_code == 401 and answer.json["type"].endswith("use-nonce"):
            answer = self.request(body=body)
        assert answer.status_code == 200, answer.text
        read: dict[str, Any] = answer.json
        self.cursor = read.get("pull", {}).get("cursor", self.cursor)
        return read

    def clock_body(self) -> dict[str, Any]:
        """Give the clock as a request carries it."""
        mono = self.office.clock() - START_MS
        return {"wall": "2016-04-07T10:00:00.000-07:00", "mono_ms": mono, "boot": "boot-1", "mono": "boottime"}

    def checkpoint(self, seq: int | None = None, hash_: str | None = None) -> str:
        """Sign the chain's head, or something else."""
        seq = self.seq if seq is None else seq
        payload = {"typ": "checkpoint", "chain_id": self.chain_id, "seq": seq, "hash": hash_ or self.hashes[seq]}
        return signing.sign(payload, self.key, self.device_id)


@dataclass
class SetPhone(Phone):
    """A phone that remembers the server's last answer, so that its times are known to the second."""

    last: dict[str, Any] | None = None

    def clock_body(self) -> dict[str, Any]:
        """Give the clock as a request carries it."""
        clock = super().clock_body()
        return clock if self.last is None else clock | {"last": self.last}

    def exchange(self, *args: Any, **push: Any) -> dict[str, Any]:
        """Exchange, and note when the answer came."""
        answer = super().exchange(*args, **push)
        mono_ms = self.clock_body()["mono_ms"]
        self.last = {"server_time": format_time(self.office.clock()), "mono_ms": mono_ms, "rtt_ms": 0}
        return answer


def statuses(answer: dict[str, Any]) -> list[str]:
    """Give the receipts' statuses, with the reason of those parked."""
    receipts = answer["push"].get("receipts", [])
    return [f"{each['status']}:{each['problem']}" if "problem" in each else each["status"] for each in receipts]
