"""The table of notices: who was told what of which visit, by what paper. The words are on the paper, not here."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from server.storage.sealed_fields import SealedBytes
from server.storage.tables import metadata
from server.storage.types import Id, Json, Ms

notice = Table(
    "notice", metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), nullable=False),
    Column("day", Text, nullable=False),  # of the visit it tells of, YYYY-MM-DD, local to the place as the hours are
    Column("starts", Text, nullable=False),  # HH:MM
    Column("ends", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("agents", Json, nullable=False),  # their codes, the lead first
    Column("content", Json, nullable=False),  # ["purpose", "date", …]
    Column("made_ms", Ms, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_ms", Ms, nullable=False),  # token and code are good until then
    Column("sent", Json, nullable=False),  # medium -> day: {"letter": "2026-12-01", "sms": …}
    Column("returned_on", Text),  # the day the letter came back
    # of the letter's code only what wraps a packet's key; none once the code is good for nothing
    Column("code_salt", LargeBinary),
    Column("code_iterations", Integer),
    Column("code_key", SealedBytes("notice.code_key")),
)  # fmt: skip
Index("ix_notice_case", notice.c.case_id, notice.c.made_ms)
