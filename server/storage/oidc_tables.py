"""Tables of signing in by the house's own provider: whose account is whom it knows, and which sessions it opened."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text

from server.storage.tables import metadata
from server.storage.types import Id, Ms

oidc_subject = Table(
    "oidc_subject", metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # the provider's own name for them, which it gives nobody else
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False, unique=True),
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
oidc_session = Table(
    "oidc_session", metadata,
    Column("session_id", Id, ForeignKey("office_session.id"), primary_key=True),
    Column("has_second", Boolean, nullable=False),  # the provider asked for a second factor
)  # fmt: skip
