"""Tables of the REST API: tokens that act for an account, and what a request that may come twice was answered."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Json, Ms

api_token = Table(
    "api_token", metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False, index=True),
    Column("secret", Hash, nullable=False, unique=True),  # SHA-256 of what was shown once
    Column("name", Text, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("agencies", Json, nullable=False),  # ids it is limited to beyond its account; empty: no further
    Column("made_ms", Ms, nullable=False),
    Column("ends_ms", Ms, nullable=False),
    Column("seen_ms", Ms),
    Column("revoked_ms", Ms),
)  # fmt: skip
api_answer = Table(
    "api_answer", metadata,  # one row for each Idempotency-Key of a token, for a day
    Column("token_id", Id, ForeignKey("api_token.id"), primary_key=True),
    Column("key", Hash, primary_key=True),
    Column("request", Hash, nullable=False),  # of method, address and body: the same key asks for the same
    Column("made_ms", Ms, nullable=False),
    Column("status", Integer),  # none while it is being done
    Column("body", LargeBinary),
)  # fmt: skip
