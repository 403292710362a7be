"""
The rows a batch of events reads and writes: its chain, its links, its events.

Everything here is asked for a whole batch at once: the number of statements of an exchange does not grow with the
events in it (query-count tests). All of it is hot (`hot.py`): ids and hashes cross this page as text, the driver as
bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, bindparam, func, insert, literal_column, select, update

from schemas.messages import Receipt
from server.domain.intake import KnownEvent, StoredLink
from server.storage.engine import Store
from server.storage.hot import Hot, HotInsert, Values
from server.storage.tables import agent, chain, event, link
from server.storage.types import id_bytes, id_text

_LOCK = Hot(select(agent.c.status).where(agent.c.id == bindparam("agent_id")).with_for_update(), "agent_id")


def lock_agent(connection: Connection, agent_id: str) -> None:
    """Take the agent's row: it serialises two chains that send the same id. SQLite's writer needs no lock."""
    if connection.dialect.name != "sqlite":
        _LOCK.run(connection, id_bytes(agent_id))


class ChainRow(NamedTuple):
    """Where a chain stands, and which of its checkpoints was good or bad last."""

    pos: int
    next_seq: int
    head_hash: str
    checkpoint_seq: int
    bad_from_seq: int | None


_CHAIN = Hot(
    select(chain.c.pos, chain.c.next_seq, chain.c.head_hash, chain.c.checkpoint_seq, chain.c.bad_from_seq).where(
        chain.c.device_id == bindparam("device_id"), chain.c.chain_id == bindparam("chain_id")
    ),
    "device_id",
    "chain_id",
)


def read_chain(connection: Connection, device_id: str, chain_id: str) -> ChainRow | None:
    """Give where a chain stands; None if nothing of it was ever taken."""
    return _chain_row(_CHAIN.rows(connection, id_bytes(device_id), id_bytes(chain_id)))


def ask_chain(store: Store, device_id: str, chain_id: str) -> ChainRow | None:
    """Give where a chain stands now."""
    return _chain_row(store.ask(_CHAIN, id_bytes(device_id), id_bytes(chain_id)))


def _chain_row(rows: Sequence[Values]) -> ChainRow | None:
    return ChainRow(rows[0][0], rows[0][1], rows[0][2].hex(), *rows[0][3:]) if rows else None


def add_chain(connection: Connection, device_id: str, chain_id: str, head_hash: str, now_ms: int) -> ChainRow:
    """Make a chain that stands at its beginning."""
    values = {"device_id": device_id, "chain_id": chain_id, "next_seq": 1, "head_hash": head_hash, "opened_ms": now_ms}
    pos = connection.execute(insert(chain).values(values).returning(chain.c.pos)).scalar_one()
    return ChainRow(int(pos), 1, head_hash, 0, None)


_ADVANCE = Hot(
    update(chain)
    .where(chain.c.pos == bindparam("at"))
    .values(
        next_seq=bindparam("to_seq"),
        head_hash=bindparam("to_hash"),
        checkpoint=func.coalesce(bindparam("signed"), chain.c.checkpoint),
        checkpoint_seq=bindparam("signed_seq"),
        bad_from_seq=bindparam("bad_from"),
        countersignature=func.coalesce(bindparam("answered"), chain.c.countersignature),
    ),
    "at",
    "to_seq",
    "to_hash",
    "signed",
    "signed_seq",
    "bad_from",
    "answered",
)


def advance_chain(connection: Connection, row: ChainRow, checkpoint: str | None, countersignature: str | None) -> None:
    """Write where a chain stands now, and the two signatures over it where there are new ones."""
    hash_ = bytes.fromhex(row.head_hash)
    values = (row.pos, row.next_seq, hash_, checkpoint, row.checkpoint_seq, row.bad_from_seq, countersignature)
    _ADVANCE.run(connection, *values)


def note_opening(connection: Connection, pos: int, values: Mapping[str, Any]) -> None:
    """Note what a chain's first event says of it: which chain it follows, after which seq, what is lost."""
    connection.execute(update(chain).where(chain.c.pos == pos).values(**values))


_LINKS = Hot(
    select(
        link.c.seq,
        link.c.event_id,
        link.c.digest,
        link.c.hash,
        link.c.status,
        link.c.received_ms,
        link.c.first,
        link.c.flags,
        link.c.problem,
    ).where(link.c.chain_pos == bindparam("pos"), link.c.seq >= bindparam("low"), link.c.seq <= bindparam("high")),
    "pos",
    "low",
    "high",
)


def read_links(connection: Connection, pos: int, low: int, high: int) -> dict[int, StoredLink]:
    """Give a chain's stored links from *low* to *high*, by seq."""
    return _stored_links(_LINKS.rows(connection, pos, low, high))


def ask_links(store: Store, pos: int, low: int, high: int) -> dict[int, StoredLink]:
    """Give a chain's stored links, which never change, without a transaction."""
    return _stored_links(store.ask(_LINKS, pos, low, high))


def _stored_links(rows: Sequence[Values]) -> dict[int, StoredLink]:
    found = {}
    for seq, event_id, digest, hash_, *receipt in rows:
        text = id_text(event_id)
        found[seq] = StoredLink(seq, text, digest.hex(), hash_.hex(), _receipt(seq, text, *receipt))
    return found


def _receipt(
    seq: int, event_id: str, status: str, received_ms: int, first: str | None, flags: str | None, problem: str | None
) -> Receipt:
    return Receipt(seq, event_id, status, received_ms, first, tuple(flags.split(",")) if flags else (), problem)


_KNOWN = Hot(
    select(event.c.pos, event.c.id, event.c.digest, event.c.status, event.c.first_received_ms, event.c.problem)
    .where(event.c.agent_id == bindparam("agent_id"), event.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(event.c.pos.desc()),
    "agent_id",
    "ids",
    is_planned_anew=True,
)
_FIRST_LINKS = Hot(
    select(
        link.c.event_pos, link.c.seq, link.c.status, link.c.received_ms, link.c.first, link.c.flags, link.c.problem
    ).where(link.c.event_pos.in_(bindparam("places", expanding=True)), link.c.status != "duplicate"),
    "places",
)


def read_known(connection: Connection, agent_id: str, event_ids: Sequence[str]) -> dict[str, KnownEvent]:
    """
    Give the events already stored under these ids of this agent, each with the receipt it first got.

    Where an id was reused, the content that came first counts. An event without any place was erased before it came
    again (E12): it counts as known, so that a repeat keeps the link only. Ids are seldom known, so their links are
    asked for apart.
    """
    rows = _KNOWN.spread(connection, id_bytes(agent_id), [id_bytes(each) for each in event_ids])
    links = {}
    for event_pos, seq, *receipt in _FIRST_LINKS.spread(connection, [row[0] for row in rows]) if rows else ():
        links[event_pos] = (seq, *receipt)
    known = {}
    for pos, event_id, digest, status, received_ms, problem in rows:
        text = id_text(event_id)
        seq, *receipt = links.get(pos, (0, status, received_ms, None, None, problem))
        known[text] = KnownEvent(digest.hex(), _receipt(seq, text, *receipt))
    return known


def read_reused(connection: Connection, agent_id: str, event_id: str, digest: str) -> int | None:
    """Give the pos of the very content already kept under a reused id, if it is."""
    return connection.execute(
        select(event.c.pos).where(event.c.agent_id == agent_id, event.c.id == event_id, event.c.digest == digest)
    ).scalar()


class NewEvent(NamedTuple):
    """An event to keep."""

    id: str
    digest: str
    content: bytes | None
    kind: str | None
    case_id: str | None
    visit_id: str | None
    status: str
    problem: str | None
    received_ms: int


_LAST_EVENT = Hot(select(func.coalesce(func.max(event.c.pos), 0)))
_NEXT_EVENTS = Hot(
    select(func.nextval(literal_column("'event_pos_seq'"))).select_from(
        func.generate_series(literal_column("1"), bindparam("count", type_=Integer))
    ),
    "count",
)
_EVENTS = HotInsert(
    event,
    *("pos", "agent_id", "id", "digest", "content", "kind", "case_id", "visit_id", "status", "problem"),
    "first_received_ms",
)


def add_events(connection: Connection, agent_id: str, events: Sequence[NewEvent]) -> list[int]:
    """Keep events; give their pos in the same order."""
    if not events:
        return []
    agent = id_bytes(agent_id)
    places = _take_places(connection, len(events))
    rows = [
        (
            pos,
            agent,
            id_bytes(each.id),
            bytes.fromhex(each.digest),
            each.content,
            each.kind,
            each.case_id and id_bytes(each.case_id),
            each.visit_id and id_bytes(each.visit_id),
            str(each.status),
            each.problem and str(each.problem),
            each.received_ms,
        )
        for pos, each in zip(places, events, strict=True)
    ]
    _EVENTS.put(connection, rows)
    return places


def _take_places(connection: Connection, count: int) -> list[int]:
    """Give the next *count* pos of the event table: its only writer counts on, PostgreSQL has a sequence."""
    if connection.dialect.name == "sqlite":
        [last] = _LAST_EVENT.rows(connection)[0]
        return list(range(last + 1, last + 1 + count))
    return sorted(row[0] for row in _NEXT_EVENTS.rows(connection, count))


_NEW_LINKS = HotInsert(
    link,
    *("chain_pos", "seq", "event_pos", "event_id", "digest", "hash", "status", "first", "received_ms", "flags"),
    *("problem", "withheld"),
)


class NewLink(NamedTuple):
    """A place taken in a chain, with its receipt."""

    receipt: Receipt
    digest: str
    hash: str
    event_pos: int | None
    withheld: int | None


def add_links(connection: Connection, chain_pos: int, links: Sequence[NewLink]) -> None:
    """Keep links with their receipts."""
    rows = []
    for receipt, digest, hash_, event_pos, withheld in links:
        place = (chain_pos, receipt.seq, event_pos, id_bytes(receipt.id), bytes.fromhex(digest), bytes.fromhex(hash_))
        first, problem = receipt.first and str(receipt.first), receipt.problem and str(receipt.problem)
        flags = ",".join(receipt.flags) or None
        rows.append((*place, str(receipt.status), first, receipt.received_ms, flags, problem, withheld))
    _NEW_LINKS.put(connection, rows)
