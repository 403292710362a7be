"""
Where a device stands: all that an exchange asks before it knows what there is to do, in one statement.

One statement sees one state, so an idle exchange needs no transaction: it is this question and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, exists, select

from schemas.errors import FieldError
from server.storage.engine import Store
from server.storage.feed import Head
from server.storage.hot import Hot, Values
from server.storage.tables import SHARED_SCOPE, chain, device, directive, scope, server_state, wanted_file
from server.storage.types import id_bytes


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device as an exchange needs it, with what waits for it and where its two scopes stand."""

    id: str
    state: str
    seen_ms: int
    next_seq: int | None
    has_directives: bool
    has_wanted_files: bool
    epoch: str
    is_paused: bool
    own: Head
    shared: Head


_OWN, _SHARED = scope.alias("own"), scope.alias("shared")
_STANDING = Hot(
    select(
        device.c.state,
        device.c.seen_ms,
        chain.c.next_seq,
        exists().where(directive.c.device_id == device.c.id, directive.c.done_ms.is_(None)),
        exists().where(wanted_file.c.device_id == device.c.id, wanted_file.c.state == "wanted"),
        select(server_state.c.value).where(server_state.c.name == "epoch").scalar_subquery(),
        select(server_state.c.value).where(server_state.c.name == "paused").scalar_subquery(),
        *(column for each in (_OWN, _SHARED) for column in (each.c.seq, each.c.count, each.c.sum)),
    )
    .select_from(device)
    .outerjoin(chain, and_(chain.c.device_id == device.c.id, chain.c.chain_id == bindparam("chain_id")))
    .outerjoin(_OWN, _OWN.c.id == device.c.agent_id)
    .outerjoin(_SHARED, _SHARED.c.id == bindparam("shared_id"))
    .where(device.c.id == bindparam("device_id")),
    "device_id",
    "chain_id",
    "shared_id",
)
_SHARED_ID = id_bytes(SHARED_SCOPE)


def ask_standing(store: Store, device_id: str, chain_id: str) -> DeviceRow:
    """Give where a device stands now."""
    rows = store.ask(_STANDING, id_bytes(device_id), id_bytes(chain_id), _SHARED_ID)
    return _read(device_id, rows[0] if rows else None)


def read_standing(connection: Connection, device_id: str, chain_id: str) -> DeviceRow:
    """Give where a device stands in this snapshot."""
    return _read(device_id, _STANDING.row(connection, id_bytes(device_id), id_bytes(chain_id), _SHARED_ID))


def _read(device_id: str, row: Values | None) -> DeviceRow:
    if row is None:  # turned away while it awaited approval
        raise FieldError("unauthenticated", detail="This device was turned away.")
    state, seen_ms, next_seq, has_directives, has_files, epoch, paused, *heads = row
    return DeviceRow(
        device_id,
        state,
        seen_ms,
        next_seq,
        bool(has_directives),
        bool(has_files),
        epoch or "",
        paused == "yes",
        Head(*heads[:3]) if heads[0] is not None else Head(),
        Head(*heads[3:]) if heads[3] is not None else Head(),
    )
