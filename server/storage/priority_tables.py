"""The table of what people said of a case's priority: only added to, so that it can be shown who changed what."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from server.storage.tables import metadata
from server.storage.types import Id, Ms

priority_word = Table(
    "priority_word", metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # contest, score, place
    Column("value", Integer),  # the score, the place; of a contest none
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Text),  # the last day it holds, YYYY-MM-DD in the office's zone; a contest has none
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
