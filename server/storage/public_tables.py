"""Tables of what persons do on the public pages, without an account."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Ms

answer_token = Table(
    "answer_token", metadata,  # what lets a person answer about one case; the token itself is on their paper only
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("hash", Hash, nullable=False, unique=True),
    Column("created_ms", Ms, nullable=False),
    Column("expires_ms", Ms, nullable=False),
    Column("revoked_ms", Ms),
    Column("notice_id", Id),  # the notice it was printed on, if it was
)  # fmt: skip
