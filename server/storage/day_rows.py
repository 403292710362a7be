"""
Rows of many devices' days at once: the same statements whatever the number of devices.

A chain is read from the last accepted place before the wanted time, whose day can be read for sure, since places
without readable content count on the day of the one before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, false, func, or_, select, tuple_

from schemas.vocabulary import ReceiptStatus
from server.storage.desk_tables import statement_sign_off
from server.storage.field_rows import Agencies, list_heard, page_devices
from server.storage.proof_tables import outbox_import
from server.storage.tables import chain, device, event, link, wanted_file
from server.storage.types import NO_ID, AnyRow

AT_ONCE = 1000  # rows held at once
_KEPT = and_(event.c.agent_id == device.c.agent_id, event.c.id == link.c.event_id, event.c.digest == link.c.digest)
_PLACES = (
    select(
        link.c.chain_pos, link.c.seq, link.c.event_id, link.c.digest, link.c.status, link.c.first, link.c.problem,
        link.c.received_ms, event.c.content, event.c.problem.label("problem_now"), event.c.status.label("status_now"),
        event.c.erased,
    )
    .join(chain, chain.c.pos == link.c.chain_pos)
    .join(device, device.c.id == chain.c.device_id)
    .outerjoin(event, _KEPT)
)  # fmt: skip


def list_month_devices(
    connection: Connection, agencies: Agencies, since_ms: int, until_ms: int, after: tuple[str, str] | None, most: int
) -> list[AnyRow]:
    """Give the devices enrolled before a moment and heard from since another, by agent, from after one on."""
    wanted = list_heard(agencies, since_ms).where(device.c.enrolled_ms < until_ms)
    if after is not None:
        code, device_id = after
        at = wanted.selected_columns.code
        wanted = wanted.where(or_(at > code, and_(at == code, device.c.id > device_id)))
    return list(connection.execute(wanted.limit(most)))


def read_devices(connection: Connection, agencies: Agencies) -> Iterator[AnyRow]:
    """Give every device ever enrolled, one by one."""
    after = NO_ID
    while page := page_devices(connection, agencies, after, AT_ONCE):
        yield from page
        after = page[-1].id


def read_chains_since(connection: Connection, device_ids: Sequence[str], since_ms: int) -> list[AnyRow]:
    """Give these devices' chains in the order the server first heard of them, with where to read from (`start`)."""
    is_readable = and_(event.c.content.is_not(None), event.c.status == ReceiptStatus.ACCEPTED)
    earlier = and_(link.c.chain_pos == chain.c.pos, link.c.received_ms < since_ms, is_readable)
    start = select(link.c.seq).join(event, event.c.pos == link.c.event_pos).where(earlier)
    start = start.order_by(link.c.seq.desc()).limit(1).correlate(chain)
    wanted = select(chain, start.scalar_subquery().label("start")).where(chain.c.device_id.in_(device_ids))
    return list(connection.execute(wanted.order_by(chain.c.device_id, chain.c.pos)))


def stream_places_from(connection: Connection, starts: Mapping[int, int]) -> Iterator[AnyRow]:
    """Give the places of these chains (by pos) from a seq on, chain by chain; never all at once in memory."""
    wanted = or_(false(), *(and_(link.c.chain_pos == pos, link.c.seq >= seq) for pos, seq in starts.items()))
    query = _PLACES.where(wanted).order_by(link.c.chain_pos, link.c.seq)
    yield from connection.execute(query, execution_options={"yield_per": AT_ONCE})


def read_runs(connection: Connection, chains: Sequence[int]) -> list[AnyRow]:
    """Give (chain_pos, first, last) of each run of places that these chains have."""
    order = func.row_number().over(partition_by=link.c.chain_pos, order_by=link.c.seq)
    taken = select(link.c.chain_pos, link.c.seq, (link.c.seq - order).label("run")).where(link.c.chain_pos.in_(chains))
    seqs = taken.subquery()
    wanted = select(seqs.c.chain_pos, func.min(seqs.c.seq).label("first"), func.max(seqs.c.seq).label("last"))
    wanted = wanted.group_by(seqs.c.chain_pos, seqs.c.run)
    return list(connection.execute(wanted.order_by(seqs.c.chain_pos, "first")))


def read_places(connection: Connection, places: Sequence[tuple[int, int]]) -> list[AnyRow]:
    """Give places by (chain_pos, seq)."""
    return list(connection.execute(_PLACES.where(tuple_(link.c.chain_pos, link.c.seq).in_(places))))


def read_imports_of(connection: Connection, device_ids: Sequence[str]) -> list[AnyRow]:
    """Give the runs of places of these devices' chains that came by exported outbox."""
    return list(connection.execute(select(outbox_import).where(outbox_import.c.device_id.in_(device_ids))))


def read_files_of(connection: Connection, device_ids: Sequence[str]) -> list[AnyRow]:
    """Give (device_id, sha256, state) of every file that these devices named."""
    columns = (wanted_file.c.device_id, wanted_file.c.sha256, wanted_file.c.state)
    return list(connection.execute(select(*columns).where(wanted_file.c.device_id.in_(device_ids))))


def read_sign_offs_of(
    connection: Connection, device_ids: Sequence[str], first: str, last: str
) -> dict[tuple[str, str], Any]:
    """Give who signed off which of these devices' days, by (device, day)."""
    mine = statement_sign_off.c.device_id.in_(device_ids) & statement_sign_off.c.day.between(first, last)
    return {(row.device_id, row.day): row for row in connection.execute(select(statement_sign_off).where(mine))}
