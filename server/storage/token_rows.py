"""Rows of the tokens by which persons answer. Every function takes the connection first and runs one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.storage.public_tables import answer_token
from server.storage.types import AnyRow


def add_tokens(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add tokens."""
    connection.execute(insert(answer_token), list(rows))


def find_token(connection: Connection, digest: str, now_ms: int) -> AnyRow | None:
    """Give the token with this hash, if it can be used."""
    return connection.execute(
        select(answer_token).where(
            answer_token.c.hash == digest, answer_token.c.revoked_ms.is_(None), answer_token.c.expires_ms > now_ms
        )
    ).one_or_none()


def revoke_token(connection: Connection, token_id: str, now_ms: int) -> int:
    """Let a token be used no more; give how many that were."""
    return _revoke(connection, answer_token.c.id == token_id, now_ms)


def revoke_tokens_of(connection: Connection, case_ids: Collection[str], now_ms: int) -> int:
    """Let no token of these cases be used any more; give how many that were."""
    return _revoke(connection, answer_token.c.case_id.in_(case_ids), now_ms)


def revoke_tokens_on(connection: Connection, notice_id: str, now_ms: int) -> int:
    """Let the token on this notice be used no more; give how many that were."""
    return _revoke(connection, answer_token.c.notice_id == notice_id, now_ms)


def _revoke(connection: Connection, which: Any, now_ms: int) -> int:
    revoking = update(answer_token).where(which, answer_token.c.revoked_ms.is_(None)).values(revoked_ms=now_ms)
    return connection.execute(revoking).rowcount
