"""Tables of the files of visits: what each visit names, folded anew with it, and what the office added of its own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Ms

visit_file = Table(
    "visit_file",
    metadata,
    Column("case_id", Id, primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("sha256", Hash, primary_key=True),
    Column("known_ms", Ms, nullable=False),  # since when the content surely was named
    Column("state", Text, nullable=False),  # wanted, verified, discarded
)
Index("ix_visit_file_content", visit_file.c.sha256)
office_file = Table(
    "office_file",
    metadata,
    Column("case_id", Id, primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("sha256", Hash, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),  # as its first bytes say
    Column("serial", Text, nullable=False),  # of the recorder, as it was typed
    Column("user_id", Id),
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
    Column("starts_ms", Ms),  # its own times, as it says them or as was typed
    Column("ends_ms", Ms),
)
Index("ix_office_file_content", office_file.c.sha256)
