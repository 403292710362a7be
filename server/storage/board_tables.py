"""The table of what people said of proposed door positions; only added to. It holds no position."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text

from server.storage.tables import metadata
from server.storage.types import Id, Ms

door_word = Table(
    "door_word", metadata,
    Column("place_id", Id, ForeignKey("place.id"), primary_key=True),
    Column("evidence", Text, primary_key=True),  # a hash of the visits that it rested on
    Column("is_confirmed", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
