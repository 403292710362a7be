"""
Answer tokens: what a person's letter carries so that they may answer about their own case, and about no other.

Only a hash is kept, so a token can be printed once and never again. What cannot be used looks alike whatever the
reason: unknown, mistyped, expired and revoked cost the same one statement and give the same nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from server.domain.tokens import make_token, read_token
from server.services.site import Site
from server.storage import token_rows


@dataclass(frozen=True, slots=True)
class OpenToken:
    """A token that can be used now: whose it is, about which case, until when."""

    token_id: str
    case_id: str
    person_id: str
    expires_ms: int
    notice_id: str | None


def issue_token(
    connection: Connection, site: Site, case_id: str, person_id: str, expires_ms: int, notice_id: str | None = None
) -> str:
    """Issue a token for one case; give it as a link carries it. `print_token` writes it for paper."""
    token, row = draw_token(site, case_id, person_id, expires_ms, notice_id)
    token_rows.add_tokens(connection, [row])
    return token


def draw_token(
    site: Site, case_id: str, person_id: str, expires_ms: int, notice_id: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Give a token and its row, for whoever writes many at once: it opens nothing before `add_tokens` wrote the row."""
    token = make_token(site.random_bytes(18))
    row = {
        "id": site.new_id(), "case_id": case_id, "person_id": person_id, "hash": _hash(token),
        "created_ms": site.now(), "expires_ms": expires_ms, "notice_id": notice_id,
    }  # fmt: skip
    return token, row


def find_token(connection: Connection, site: Site, text: str) -> OpenToken | None:
    """Give what a token as typed or scanned opens; None for each that cannot be used, whatever the reason."""
    row = token_rows.find_token(connection, _hash(read_token(text[:200])), site.now())
    if row is None:
        return None
    return OpenToken(row.id, row.case_id, row.person_id, row.expires_ms, row.notice_id)


def revoke_token(connection: Connection, site: Site, token_id: str) -> bool:
    """Let a token be used no more; say whether it could be until now."""
    return token_rows.revoke_token(connection, token_id, site.now()) > 0


def _hash(token: str) -> str:
    return hashlib.sha256(b"answer." + token.encode()).hexdigest()
