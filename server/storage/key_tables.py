"""
Tables of the keys that what lies here is sealed under: master keys by name only, data keys wrapped by one of them.

A master key itself is never in the database, nor is a data key as it is. A file whose row is deleted is erased,
wherever a copy of its sealed bytes may lie.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Ms

master_key = Table(
    "master_key", metadata,
    Column("name", Text, primary_key=True),  # a fingerprint of a key file's key, or what a key service calls it
    Column("made_ms", Ms, nullable=False),  # first used
    Column("retired_ms", Ms),  # nothing lies under it any more, and nothing will
)  # fmt: skip
data_key = Table(
    "data_key", metadata,
    Column("name", Text, primary_key=True),  # what it seals: the SHA-256 of a file, or "fields"
    Column("id", Id, nullable=False),
    Column("master", Text, ForeignKey("master_key.name"), nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_ms", Ms, nullable=False),
    Column("kept_as", Hash, unique=True),  # of a file: the SHA-256 of its sealed bytes, under which they are kept
    Column("size", BigInteger),  # of a file: its plain bytes
)  # fmt: skip
