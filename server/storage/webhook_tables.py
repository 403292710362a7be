"""Tables of the webhooks: whom the office tells of what happened, and each message to one of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from server.storage.tables import metadata
from server.storage.types import Id, Json, Ms, Serial

webhook = Table(
    "webhook", metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False),
    Column("kinds", Json, nullable=False),  # what it is told of
    Column("agency_id", Id, ForeignKey("agency.id")),  # only of this one; none: of all
    Column("is_on", Boolean, nullable=False),
    Column("is_gone", Boolean, nullable=False, server_default=text("false")),  # it answered 410 and was switched off
    Column("made_by", Text, nullable=False),
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
delivery = Table(
    "delivery", metadata,  # one thing that happened, to be told to one webhook; never who it is about
    Column("seq", Serial, primary_key=True, autoincrement=True),  # of two about one object the later is higher
    Column("id", Id, nullable=False, unique=True),
    Column("webhook_id", Id, ForeignKey("webhook.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("case_id", Id),
    Column("visit_id", Id),
    Column("agency_id", Id),
    Column("object_state", Text, nullable=False),  # how the object stood then
    Column("address", Text, nullable=False),  # of the object's page
    Column("at_ms", Ms, nullable=False),
    Column("state", Text, nullable=False),  # waiting, done, dead
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_ms", Ms),  # of one that waits
    Column("last_status", Integer),  # HTTP status of the last answer; none where there was none
    Column("problem", Text),  # why the last try failed
    Column("ended_ms", Ms),
    sqlite_autoincrement=True,  # a number is never used twice, also after old rows were dropped
)  # fmt: skip
Index("ix_delivery_next", delivery.c.webhook_id, delivery.c.state, delivery.c.next_ms, delivery.c.seq)
Index(
    "ix_delivery_ended", delivery.c.ended_ms,
    sqlite_where=text("state = 'done'"), postgresql_where=text("state = 'done'"),
)  # fmt: skip
