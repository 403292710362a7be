"""
Tables of the office's own people: accounts, sessions, what they did, and which visit is in whose hands.

`office_act` is only ever added to; each row is linked to the one before it by its hash.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from server.storage.sealed_fields import SealedText
from server.storage.tables import metadata
from server.storage.types import Hash, Id, Json, Ms

office_user = Table(
    "office_user", metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),  # what they sign in with, and what stands beside their acts
    Column("password", Text, nullable=False),  # argon2id, with its own parameters
    Column("roles", Json, nullable=False),
    Column("agencies", Json, nullable=False),  # ids they are limited to; empty: all
    Column("language", Text, nullable=False, server_default=""),
    Column("needs_totp", Boolean, nullable=False),
    Column("totp_secret", SealedText("office_user.totp_secret")),  # none until set up
    Column("agent_id", Id, ForeignKey("agent.id")),  # who also goes to doors decides on no visit of their own
    Column("totp_step", BigInteger, nullable=False, server_default="0"),  # the last one used: a code works once
    Column("status", Text, nullable=False, server_default="active"),  # active, closed
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("locked_until_ms", Ms),
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
recovery_code = Table(
    "recovery_code", metadata,
    Column("user_id", Id, ForeignKey("office_user.id"), primary_key=True),
    Column("code", Hash, primary_key=True),
    Column("used_ms", Ms),
)  # fmt: skip
office_session = Table(
    "office_session", metadata,
    Column("token", Hash, primary_key=True),  # of what the cookie holds
    Column("id", Id, nullable=False, unique=True),
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("made_ms", Ms, nullable=False),
    Column("seen_ms", Ms, nullable=False),
    Column("ended_ms", Ms),
)  # fmt: skip
office_act = Table(
    "office_act", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", Ms, nullable=False),
    Column("user_id", Id),  # none for a name nobody has
    Column("name", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("object_type", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("facts", Json, nullable=False),
    Column("previous", Hash, nullable=False),
    Column("hash", Hash, nullable=False),
)  # fmt: skip
Index("ix_office_act_object", office_act.c.object_type, office_act.c.object_id, office_act.c.seq)
Index("ix_office_act_user", office_act.c.user_id, office_act.c.seq)
visit_claim = Table(
    "visit_claim", metadata,  # who has a visit open to decide on it, and until when
    Column("case_id", Id, primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False, index=True),
    Column("until_ms", Ms, nullable=False),
)  # fmt: skip
saved_view = Table(
    "saved_view", metadata,
    Column("user_id", Id, ForeignKey("office_user.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("query", Text, nullable=False),
)  # fmt: skip
finding_mark = Table(
    "finding_mark", metadata,  # whether a reviewer held a finding to be right; the last word counts
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("is_right", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
