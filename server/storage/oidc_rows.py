"""Rows of signing in by a provider: the account of a subject, and the sessions that the provider opened."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from server.storage.office_tables import office_session
from server.storage.oidc_tables import oidc_session, oidc_subject
from server.storage.types import AnyRow


def find_subject(connection: Connection, issuer: str, subject: str) -> AnyRow | None:
    """Give whose account a provider's subject is."""
    same = (oidc_subject.c.issuer == issuer) & (oidc_subject.c.subject == subject)
    return connection.execute(select(oidc_subject).where(same)).one_or_none()


def read_subject(connection: Connection, issuer: str, user_id: str) -> AnyRow | None:
    """Give the subject of a provider that an account is linked to."""
    mine = (oidc_subject.c.issuer == issuer) & (oidc_subject.c.user_id == user_id)
    return connection.execute(select(oidc_subject).where(mine)).one_or_none()


def put_subject(connection: Connection, row: dict[str, object]) -> None:
    """Link an account to a subject, in place of the one before."""
    drop_subject(connection, str(row["user_id"]))
    connection.execute(insert(oidc_subject).values(**row))


def drop_subject(connection: Connection, user_id: str) -> bool:
    """Unlink an account; say whether it was linked."""
    return connection.execute(delete(oidc_subject).where(oidc_subject.c.user_id == user_id)).rowcount == 1


def add_oidc_session(connection: Connection, session_id: str, *, has_second: bool) -> None:
    """Note that the provider opened a session."""
    connection.execute(insert(oidc_session).values(session_id=session_id, has_second=has_second))


def end_oidc_sessions(connection: Connection, user_id: str, now_ms: int) -> None:
    """End the sessions of an account that the provider opened."""
    opened = select(oidc_session.c.session_id)
    mine = (office_session.c.user_id == user_id) & office_session.c.ended_ms.is_(None)
    ended = update(office_session).where(mine, office_session.c.id.in_(opened)).values(ended_ms=now_ms)
    connection.execute(ended)
