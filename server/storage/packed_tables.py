"""What stood in the open part of each packet revision, for a reviewer who asks what the crew knew."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table

from server.storage.tables import metadata
from server.storage.types import Id, Json

packed = Table(
    "packed", metadata,
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("rev", BigInteger, primary_key=True),
    Column("open", Json, nullable=False),  # without its texts, which follow from the limits
)  # fmt: skip
