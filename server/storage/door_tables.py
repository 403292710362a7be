"""
Tables of what a person is asked at the door.

The answers themselves are kept only until a key has been derived from them; what stays can be tried, slowly, and no
more: it is as secret as the packet it wraps, and goes with the case's other content.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table

from server.storage.sealed_fields import SealedBytes, SealedJson
from server.storage.tables import metadata
from server.storage.types import Id, Json, Ms

fact_told = Table(
    "fact_told", metadata,  # what the lender's file told, waiting for its key; then the row goes
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("answers", SealedJson("fact_told.answers"), nullable=False),  # FactKind -> answer
)  # fmt: skip
fact_pair = Table(
    "fact_pair", metadata,  # a pair of facts that confirms identity: what is asked, and the key derived of the answers
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("asks", Json, nullable=False),  # [{fact, choices}, {fact, choices}]
    Column("salt", LargeBinary, nullable=False),
    Column("iterations", Integer, nullable=False),
    Column("key", SealedBytes("fact_pair.key"), nullable=False),
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
