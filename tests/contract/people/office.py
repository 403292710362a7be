"""An office to test in: a site on a given database, a clock that is set, agents, cases, devices with real keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import event, insert, select

from schemas import signing
from server.clock import id_maker
from server.domain.assigning import Point
from server.services.keys import prepare_site
from server.services.people import AgentEntry, put_agents
from server.services.site import Site
from server.settings import Settings
from server.storage import tables
from server.storage.engine import open_store
from tests.houses import NO_RULES

START_MS = 1_790_000_000_000
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    ms: int = START_MS

    def __call__(self) -> int:
        """Give the time it is set to."""
        return self.ms

    def move(self, ms: int) -> None:
        """Set it forward."""
        self.ms += ms


@dataclass
class Office:
    """A site, and what a test wants to know about it."""

    site: Site
    clock: Clock
    agents: dict[str, str] = field(default_factory=dict)

    def add_agents(self, *codes: str, team: str | None = "City", at: Point | None = None) -> None:
        """Add agents of the agency North."""
        put_agents(self.site, [AgentEntry(code, f"Agent {code}", "North", team, at=at) for code in codes])
        with self.site.store.read() as connection:
            self.agents = {row.code: row.id for row in connection.execute(select(tables.agent))}

    def add_cases(self, count: int, *, prefix: str = "R", persons: int | None = None, **values: Any) -> list[str]:
        """Add open cases, each of its own person and place unless told; give their ids."""
        new_id, now = self.site.new_id, self.site.now()
        persons = count if persons is None else persons
        person_ids, ids = [new_id() for _ in range(persons)], [new_id() for _ in range(count)]
        place = {"address": "1 Oak Street", "area": "Mission", "lat_e7": 377_000_000, "lon_e7": -1_224_000_000}
        place |= {name: values.pop(name) for name in ("lat_e7", "lon_e7") if name in values}
        person = {"language": values.pop("language", "en"), "contacts": {"phone": "+15550100"}, "updated_ms": now}
        case = {
            "lender": "Bank",
            "role": "borrower",
            "currency": "EUR",
            "amount": 12_345,
            "sealed": {"options": ["pay later"]},
            "status": "open",
            "digest": "0" * 64,
            "rev": 1,
            "updated_ms": now,
            "days_past_due": 30,
        } | values

        def job(connection: Any) -> None:
            connection.execute(
                insert(tables.person),
                [
                    person | {"id": each, "key": f"ref:Bank:{each}", "name": f"Person {n}"}
                    for n, each in enumerate(person_ids)
                ],
            )
            places = [new_id() for _ in ids]
            connection.execute(
                insert(tables.place), [place | {"id": each, "precision": "door", "updated_ms": now} for each in places]
            )
            rows = [
                case | {"id": each, "reference": f"{prefix}{n}", "person_id": person_ids[n % persons], "place_id": at}
                for n, (each, at) in enumerate(zip(ids, places, strict=True))
            ]
            connection.execute(insert(tables.case), rows)

        self.site.store.write(job)
        return ids

    def restore(self) -> None:
        """Pretend that the database came back from a backup just now."""

        def job(connection: Any) -> None:
            connection.execute(insert(tables.server_state), {"name": "restored_ms", "value": str(self.site.now())})

        self.site.store.write(job)

    def rows(self, table: Any) -> list[Any]:
        """Give every row of a table."""
        with self.site.store.read() as connection:
            return list(connection.execute(select(table)).all())

    def items(self, code: str, kind: str = "packet") -> dict[str, dict[str, Any]]:
        """Give the items of one type in an agent's scope, live or removed, by id."""
        feed = tables.feed
        with self.site.store.read() as connection:
            rows = connection.execute(
                select(feed.c.object_id, feed.c.item).where(feed.c.scope_id == self.agents[code], feed.c.type == kind)
            ).all()
        return {row.object_id: orjson.loads(row.item) for row in rows}

    def live(self, code: str, kind: str = "packet") -> dict[str, dict[str, Any]]:
        """Give the live items of one type in an agent's scope, by id."""
        return {key: item for key, item in self.items(code, kind).items() if item["op"] == "put"}

    def check_heads(self) -> None:
        """Assert that count and sum of every scope are those of its live rows."""
        heads = {row.id: (row.count, row.sum) for row in self.rows(tables.scope)}
        counted = dict.fromkeys(heads, (0, 0))
        for row in self.rows(tables.feed):
            count, total = counted[row.scope_id]
            counted[row.scope_id] = (count + (row.op == "put"), (total + row.weight) % 2**48)

        assert counted == heads


@contextmanager
def opened_office(url: str, **settings: Any) -> Iterator[Office]:
    """Open an office on a migrated database."""
    clock = Clock()
    chosen = settings if "rulebooks" in settings else {"house_rulebook": NO_RULES} | settings
    site = Site(open_store(url), Settings(database_url=url, **chosen), clock, id_maker(clock))
    prepare_site(site)
    try:
        yield Office(site, clock)
    finally:
        site.store.close()


@dataclass(frozen=True)
class Key:
    """A device's key, and the requests it signs."""

    key: signing.PrivateKey = field(default_factory=signing.new_private_key)

    @property
    def jwk(self) -> dict[str, str]:
        """The public part."""
        return signing.public_jwk(self.key.public_key())

    @property
    def jkt(self) -> str:
        """Its thumbprint."""
        return signing.thumbprint(self.jwk)

    def request(self, code: str, claims: dict[str, str] | None = None) -> dict[str, Any]:
        """Give an enrolment request; *claims* replace what the proof says."""
        payload = {"typ": "enrol", "code": code, "jkt": self.jkt} | (claims or {})
        proof = signing.sign(payload, self.key, self.jkt)
        return {"code": code, "jwk": self.jwk, "device": {"kind": "linux", "model": "x", "app": "1"}, "proof": proof}


@contextmanager
def counted(office: Office) -> Iterator[list[str]]:
    """Collect the statements that run meanwhile."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(office.site.store.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(office.site.store.engine, "before_cursor_execute", note)


def codes_of(people: Sequence[dict[str, Any]]) -> set[str]:
    """Give the names of a packet's crew."""
    return {each["name"].removeprefix("Agent ") for each in people}
