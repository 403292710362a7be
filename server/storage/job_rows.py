"""Rows of longer jobs: files that were uploaded, files to be exported; one worker takes each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, insert, or_, select, update

from server.storage.desk_tables import export_job, upload
from server.storage.office_tables import office_user
from server.storage.types import AnyRow

JOBS: dict[str, Table] = {"upload": upload, "export": export_job}


def add_job(connection: Connection, kind: str, row: Mapping[str, Any]) -> None:
    """Add a job."""
    connection.execute(insert(JOBS[kind]).values(**row))


def find_job(connection: Connection, kind: str, job_id: str) -> AnyRow | None:
    """Give a job with the name of whoever asked for it."""
    table = JOBS[kind]
    joined = select(table, office_user.c.name).join(office_user, office_user.c.id == table.c.user_id)
    return connection.execute(joined.where(table.c.id == job_id)).one_or_none()


def list_jobs(connection: Connection, kind: str, most: int, user_id: str | None = None) -> list[AnyRow]:
    """Give the newest jobs, of one person where one is named."""
    table = JOBS[kind]
    joined = select(table, office_user.c.name).join(office_user, office_user.c.id == table.c.user_id)
    if user_id is not None:
        joined = joined.where(table.c.user_id == user_id)
    return list(connection.execute(joined.order_by(table.c.made_ms.desc(), table.c.id.desc()).limit(most)))


def change_job(connection: Connection, kind: str, job_id: str, **values: Any) -> None:
    """Change what is known of a job."""
    table = JOBS[kind]
    connection.execute(update(table).where(table.c.id == job_id).values(**values))


def take_job(connection: Connection, kind: str, now_ms: int, dead_before_ms: int) -> AnyRow | None:
    """Take the oldest job that waits, or whose worker has not been heard of since; None where there is none."""
    table = JOBS[kind]
    oldest = select(table).where(_free(table, dead_before_ms)).order_by(table.c.made_ms, table.c.id).limit(1)
    row = connection.execute(oldest.with_for_update()).one_or_none()
    if row is not None:
        change_job(connection, kind, row.id, state="running", touched_ms=now_ms)
    return row


def is_any_free(connection: Connection, kind: str, dead_before_ms: int) -> bool:
    """Say whether a job waits for a worker."""
    table = JOBS[kind]
    return connection.execute(select(table.c.id).where(_free(table, dead_before_ms)).limit(1)).scalar() is not None


def _free(table: Table, dead_before_ms: int) -> ColumnElement[bool]:
    return or_(table.c.state == "waiting", (table.c.state == "running") & (table.c.touched_ms < dead_before_ms))
