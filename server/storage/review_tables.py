"""Tables of the review beside its decisions: what conduct a reviewer saw."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from server.storage.tables import metadata
from server.storage.types import Id, Json, Ms

conduct_seen = Table(
    "conduct_seen", metadata,  # what a reviewer answered of a visit's conduct: only added to, the last one counts
    Column("id", Id, primary_key=True),  # the decision's
    Column("case_id", Id, nullable=False),
    Column("visit_id", Id, nullable=False),
    Column("codes", Json, nullable=False),  # of `ConductCode`; empty: looked, and saw nothing of it
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
Index("ix_conduct_seen_visit", conduct_seen.c.case_id, conduct_seen.c.visit_id)
