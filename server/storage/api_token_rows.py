"""Rows of the REST API's tokens, and of what requests that may come twice were answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from server.storage.feed import upsert
from server.storage.office_tables import office_user
from server.storage.token_tables import api_answer, api_token
from server.storage.types import AnyRow


def add_token(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a token."""
    connection.execute(insert(api_token).values(**row))


def find_token(connection: Connection, secret: str) -> AnyRow | None:
    """Give the account of a token (the hash of its secret), with what the token itself says under names of its own."""
    own = (
        api_token.c.id.label("token_id"), api_token.c.scopes, api_token.c.agencies.label("token_agencies"),
        api_token.c.ends_ms, api_token.c.seen_ms, api_token.c.revoked_ms,
    )  # fmt: skip
    joined = select(office_user, *own).join(api_token, api_token.c.user_id == office_user.c.id)
    return connection.execute(joined.where(api_token.c.secret == secret)).one_or_none()


def list_tokens(connection: Connection, user_id: str, most: int) -> list[AnyRow]:
    """Give an account's tokens, the newest first, without their secrets."""
    columns = [column for column in api_token.c if column is not api_token.c.secret]
    mine = select(*columns).where(api_token.c.user_id == user_id)
    return list(connection.execute(mine.order_by(api_token.c.made_ms.desc(), api_token.c.id.desc()).limit(most)))


def count_live(connection: Connection, user_id: str, now_ms: int) -> int:
    """Say how many tokens of an account can be used."""
    mine = (api_token.c.user_id == user_id) & api_token.c.revoked_ms.is_(None) & (api_token.c.ends_ms > now_ms)
    return connection.execute(select(func.count()).select_from(api_token).where(mine)).scalar_one()


def see_token(connection: Connection, token_id: str, now_ms: int) -> None:
    """Keep when a token was last used."""
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(seen_ms=now_ms))


def revoke_tokens(connection: Connection, user_id: str, now_ms: int, token_id: str | None = None) -> int:
    """Revoke one token of an account, or all of them; give how many were."""
    mine = (api_token.c.user_id == user_id) & api_token.c.revoked_ms.is_(None)
    if token_id is not None:
        mine &= api_token.c.id == token_id
    return connection.execute(update(api_token).where(mine).values(revoked_ms=now_ms)).rowcount


def begin_answer(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Note that a request of a key is being done; say whether it is the first of it."""
    statement = upsert(connection)(api_answer).values(**row).on_conflict_do_nothing(index_elements=["token_id", "key"])
    return connection.execute(statement.returning(api_answer.c.key)).first() is not None


def read_answer(connection: Connection, token_id: str, key: str) -> AnyRow:
    """Give what is kept of a key."""
    return connection.execute(select(api_answer).where(*_of(token_id, key))).one()


def keep_answer(connection: Connection, token_id: str, key: str, status: int, body: bytes) -> None:
    """Keep what a request was answered."""
    connection.execute(update(api_answer).where(*_of(token_id, key)).values(status=status, body=body))


def drop_answer(connection: Connection, token_id: str, key: str) -> None:
    """Forget a request that was refused: it may be mended and come again."""
    connection.execute(api_answer.delete().where(*_of(token_id, key)))


def drop_old_answers(connection: Connection, before_ms: int) -> None:
    """Forget what any token was answered long ago."""
    connection.execute(api_answer.delete().where(api_answer.c.made_ms < before_ms))


def _of(token_id: str, key: str) -> tuple[Any, Any]:
    return api_answer.c.token_id == token_id, api_answer.c.key == key
