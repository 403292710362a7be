"""Rows of the office's own people: accounts, recovery codes, sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.storage.feed import upsert
from server.storage.office_tables import office_session, office_user, recovery_code, saved_view
from server.storage.oidc_tables import oidc_session
from server.storage.types import AnyRow

_SESSION = (
    select(
        office_session.c.id.label("session_id"), office_session.c.csrf, office_session.c.made_ms,
        office_session.c.seen_ms, office_user, oidc_session.c.has_second,
    )
    .join(office_user, office_user.c.id == office_session.c.user_id)
    .outerjoin(oidc_session, oidc_session.c.session_id == office_session.c.id)
    .where(office_session.c.ended_ms.is_(None))
)  # fmt: skip


def add_user(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an account."""
    connection.execute(insert(office_user).values(**row))


def find_user(connection: Connection, name: str) -> AnyRow | None:
    """Give the account of a name."""
    return connection.execute(select(office_user).where(office_user.c.name == name)).one_or_none()


def read_user(connection: Connection, user_id: str) -> AnyRow | None:
    """Give an account."""
    return connection.execute(select(office_user).where(office_user.c.id == user_id)).one_or_none()


def lock_user(connection: Connection, user_id: str) -> AnyRow:
    """Give an account, which nobody else changes meanwhile."""
    return connection.execute(select(office_user).where(office_user.c.id == user_id).with_for_update()).one()


def list_users(connection: Connection) -> list[AnyRow]:
    """Give every account by name."""
    return list(connection.execute(select(office_user).order_by(office_user.c.name)))


def page_users(connection: Connection, part: str, after: str, most: int) -> list[AnyRow]:
    """Give accounts by name, whose name holds a part, from after a name on."""
    wanted = select(office_user).where(office_user.c.name.icontains(part, autoescape=True), office_user.c.name > after)
    return list(connection.execute(wanted.order_by(office_user.c.name).limit(most)))


def lock_active(connection: Connection) -> list[AnyRow]:
    """Give the accounts in use, which nobody else changes meanwhile."""
    active = select(office_user).where(office_user.c.status == "active")
    return list(connection.execute(active.order_by(office_user.c.id).with_for_update()))


def change_user(connection: Connection, user_id: str, **values: Any) -> None:
    """Change an account."""
    connection.execute(update(office_user).where(office_user.c.id == user_id).values(**values))


def put_recovery_codes(connection: Connection, user_id: str, codes: Sequence[str]) -> None:
    """Put new recovery codes (hashes) in place of the old ones."""
    connection.execute(recovery_code.delete().where(recovery_code.c.user_id == user_id))
    if codes:
        connection.execute(insert(recovery_code), [{"user_id": user_id, "code": code} for code in codes])


def use_recovery_code(connection: Connection, user_id: str, code: str, now_ms: int) -> bool:
    """Use a recovery code up; say whether it was there, unused."""
    mine = (recovery_code.c.user_id == user_id) & (recovery_code.c.code == code) & recovery_code.c.used_ms.is_(None)
    return connection.execute(update(recovery_code).where(mine).values(used_ms=now_ms)).rowcount == 1


def count_recovery_codes(connection: Connection, user_id: str) -> int:
    """Say how many recovery codes are left."""
    mine = select(recovery_code.c.code).where(recovery_code.c.user_id == user_id, recovery_code.c.used_ms.is_(None))
    return len(list(connection.execute(mine)))


def add_session(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a session."""
    connection.execute(insert(office_session).values(**row))


def find_session(connection: Connection, token: str) -> AnyRow | None:
    """Give the session of a cookie (its hash), with its account; none once it was ended."""
    return connection.execute(_SESSION.where(office_session.c.token == token)).one_or_none()


def read_session(connection: Connection, session_id: str) -> AnyRow | None:
    """Give a session with its account; none once it was ended. `has_second` is None unless a provider opened it."""
    return connection.execute(_SESSION.where(office_session.c.id == session_id)).one_or_none()


def see_session(connection: Connection, session_id: str, now_ms: int) -> None:
    """Keep when a session was last used."""
    connection.execute(update(office_session).where(office_session.c.id == session_id).values(seen_ms=now_ms))


def list_sessions(connection: Connection, user_id: str, since_ms: int) -> list[AnyRow]:
    """Give the sessions of an account that are open and were used since a moment, the newest first."""
    mine = (office_session.c.user_id == user_id) & office_session.c.ended_ms.is_(None)
    wanted = select(office_session).where(mine, office_session.c.seen_ms >= since_ms)
    return list(connection.execute(wanted.order_by(office_session.c.seen_ms.desc(), office_session.c.id)))


def end_sessions(connection: Connection, user_id: str, now_ms: int, session_id: str | None = None) -> int:
    """End one session of an account, or all of them; give how many ended."""
    mine = (office_session.c.user_id == user_id) & office_session.c.ended_ms.is_(None)
    if session_id is not None:
        mine &= office_session.c.id == session_id
    return connection.execute(update(office_session).where(mine).values(ended_ms=now_ms)).rowcount


def list_views(connection: Connection, user_id: str) -> list[AnyRow]:
    """Give the views of the queue that somebody kept, by name."""
    mine = select(saved_view).where(saved_view.c.user_id == user_id).order_by(saved_view.c.name)
    return list(connection.execute(mine))


def put_view(connection: Connection, user_id: str, name: str, query: str) -> None:
    """Keep a view, in place of one of the same name."""
    statement = upsert(connection)(saved_view).values(user_id=user_id, name=name, query=query)
    connection.execute(statement.on_conflict_do_update(index_elements=["user_id", "name"], set_={"query": query}))


def drop_view(connection: Connection, user_id: str, name: str) -> None:
    """Take a view away."""
    connection.execute(saved_view.delete().where(saved_view.c.user_id == user_id, saved_view.c.name == name))
