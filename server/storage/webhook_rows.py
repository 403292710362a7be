"""Rows of the webhooks: who wants to be told what, what is to be sent, and how each sending went."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from server.storage.tables import agency, agent, assignment, case, device
from server.storage.types import AnyRow
from server.storage.voice_tables import complaint
from server.storage.webhook_tables import delivery, webhook

# -- webhooks


def list_webhooks(connection: Connection) -> list[AnyRow]:
    """Give every webhook with its agency's name, the oldest first."""
    joined = select(webhook, agency.c.name.label("agency_name")).outerjoin(agency, agency.c.id == webhook.c.agency_id)
    return list(connection.execute(joined.order_by(webhook.c.made_ms, webhook.c.id)))


def read_on(connection: Connection) -> list[AnyRow]:
    """Give the webhooks that are switched on, none of which is removed before what they are told is written."""
    on = select(webhook).where(webhook.c.is_on).order_by(webhook.c.id)
    return list(connection.execute(on.with_for_update(read=True, key_share=True)))


def lock_webhook(connection: Connection, webhook_id: str) -> AnyRow | None:
    """Give a webhook, which nobody else changes meanwhile."""
    return connection.execute(select(webhook).where(webhook.c.id == webhook_id).with_for_update()).one_or_none()


def add_webhook(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a webhook."""
    connection.execute(insert(webhook).values(**row))


def change_webhook(connection: Connection, webhook_id: str, **values: Any) -> None:
    """Change a webhook."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(**values))


def drop_webhook(connection: Connection, webhook_id: str) -> None:
    """Remove a webhook with all that was to be told to it."""
    connection.execute(delete(delivery).where(delivery.c.webhook_id == webhook_id))
    connection.execute(delete(webhook).where(webhook.c.id == webhook_id))


# -- what a message names


def read_cases(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give (id, status, agency) of these cases; the agency whose agent leads it, or led it last."""
    led = (
        select(assignment.c.case_id, agent.c.agency_id, assignment.c.from_ms)
        .join(agent, agent.c.id == assignment.c.agent_id)
        .where(assignment.c.case_id.in_(case_ids), assignment.c.role == "lead")
        .subquery()
    )
    last = func.row_number().over(partition_by=led.c.case_id, order_by=led.c.from_ms.desc())
    ranked = select(led.c.case_id, led.c.agency_id, last.label("place")).subquery()
    joined = select(case.c.id, case.c.status, ranked.c.agency_id).outerjoin(
        ranked, (ranked.c.case_id == case.c.id) & (ranked.c.place == 1)
    )
    return list(connection.execute(joined.where(case.c.id.in_(case_ids)).order_by(case.c.id)))


def find_agency(connection: Connection, agent_id: str) -> str | None:
    """Give the agency of an agent."""
    return connection.execute(select(agent.c.agency_id).where(agent.c.id == agent_id)).scalar()


def find_device_agency(connection: Connection, device_id: str) -> str | None:
    """Give the agency of a device's agent."""
    joined = select(agent.c.agency_id).join(device, device.c.agent_id == agent.c.id)
    return connection.execute(joined.where(device.c.id == device_id)).scalar()


def read_complaint(connection: Connection, complaint_id: str) -> AnyRow:
    """Give of a complaint where it is and how it stands, without its words."""
    columns = (complaint.c.case_id, complaint.c.agent_id, complaint.c.acknowledged_ms, complaint.c.answered_ms)
    return connection.execute(select(*columns).where(complaint.c.id == complaint_id)).one()


# -- deliveries


def add_deliveries(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add what is to be told; in this order, by the numbers they get."""
    if rows:
        connection.execute(insert(delivery), list(rows))


def read_due(connection: Connection, now_ms: int, busy: Collection[str]) -> list[AnyRow]:
    """Give for each webhook that is on, but those that are *busy*, what is to be sent to it next, with its address."""
    found: list[AnyRow] = []
    for row in connection.execute(select(webhook).where(webhook.c.is_on, webhook.c.id.not_in(busy))):
        waiting = (delivery.c.webhook_id == row.id, delivery.c.state == "waiting", delivery.c.next_ms <= now_ms)
        wanted = select(delivery, webhook.c.url).join(webhook, webhook.c.id == delivery.c.webhook_id).where(*waiting)
        found += connection.execute(wanted.order_by(delivery.c.next_ms, delivery.c.seq).limit(1))
    return found


def take(connection: Connection, row: AnyRow, until_ms: int) -> bool:
    """Take a delivery to send it, until a moment at which it counts as not sent; False where another took it."""
    same = (delivery.c.seq == row.seq, delivery.c.state == "waiting", delivery.c.tries == row.tries)
    taken = update(delivery).where(*same).values(tries=row.tries + 1, next_ms=until_ms, problem="lost")
    return connection.execute(taken).rowcount == 1


def keep_try(connection: Connection, seq: int, tries: int, **values: Any) -> None:
    """Keep what came of a try, unless a later one began meanwhile."""
    connection.execute(update(delivery).where(delivery.c.seq == seq, delivery.c.tries == tries).values(**values))


def replay(connection: Connection, webhook_id: str, now_ms: int, delivery_id: str | None = None) -> int:
    """Have one dead delivery of a webhook, or all of them, sent anew; give how many."""
    dead = (delivery.c.webhook_id == webhook_id) & (delivery.c.state == "dead")
    if delivery_id is not None:
        dead &= delivery.c.id == delivery_id
    anew = {"state": "waiting", "tries": 0, "next_ms": now_ms, "ended_ms": None}
    return connection.execute(update(delivery).where(dead).values(**anew)).rowcount


def list_deliveries(connection: Connection, webhook_id: str, state: str, most: int) -> list[AnyRow]:
    """Give a webhook's latest deliveries, of one state where one is named."""
    wanted = select(delivery).where(delivery.c.webhook_id == webhook_id)
    if state:
        wanted = wanted.where(delivery.c.state == state)
    return list(connection.execute(wanted.order_by(delivery.c.seq.desc()).limit(most)))


def count_states(connection: Connection) -> dict[tuple[str, str], int]:
    """Count by webhook and state what waits and what is dead."""
    counted = select(delivery.c.webhook_id, delivery.c.state, func.count()).where(delivery.c.state != "done")
    rows = connection.execute(counted.group_by(delivery.c.webhook_id, delivery.c.state))
    return {(webhook_id, state): count for webhook_id, state, count in rows}


def is_any_old(connection: Connection, before_ms: int) -> bool:
    """Say whether something was told so long ago that it is dropped."""
    old = select(delivery.c.seq).where(delivery.c.state == "done", delivery.c.ended_ms < before_ms)
    return connection.execute(old.limit(1)).scalar() is not None


def drop_old(connection: Connection, before_ms: int) -> int:
    """Drop what was told before a moment; give how many."""
    return connection.execute(
        delete(delivery).where(delivery.c.state == "done", delivery.c.ended_ms < before_ms)
    ).rowcount  # fmt: skip
