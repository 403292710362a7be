"""Tables that only proof needs: which places of which chain came by an exported outbox, and who imported it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Ms

outbox_import = Table(
    "outbox_import",
    metadata,
    Column("id", Id, primary_key=True),
    Column("device_id", Id, ForeignKey("device.id"), nullable=False, index=True),
    Column("chain_id", Id, nullable=False),
    Column("from_seq", BigInteger, nullable=False),
    Column("to_seq", BigInteger, nullable=False),
    Column("file_digest", Hash, nullable=False),  # of the exported file's bytes
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)
