"""Tables of the office's longer acts: what was signed off, exported, uploaded, approved in bulk, seconded."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Json, Ms

statement_sign_off = Table(
    "statement_sign_off", metadata,  # somebody looked at a device's day and found it accounted for
    Column("device_id", Id, ForeignKey("device.id"), primary_key=True),
    Column("day", Text, primary_key=True),  # YYYY-MM-DD, as recorded
    Column("sha256", Hash, nullable=False),  # of the statement as it stood: a later one differs
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
export_job = Table(
    "export_job", metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),  # visits, events, findings, audit
    Column("format", Text, nullable=False),  # csv, xlsx, geojson, jsonl
    Column("profile", Text, nullable=False),  # full, no_persons
    Column("agencies", Json, nullable=False),  # ids it is limited to; empty: all
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False),
    Column("state", Text, nullable=False),  # waiting, running, done, failed
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("size", BigInteger),
    Column("sha256", Hash),
    Column("made_ms", Ms, nullable=False),
    Column("touched_ms", Ms, nullable=False),  # a job that runs with nobody at work is begun anew
    Column("problem", Text),
)  # fmt: skip
Index("ix_export_job_state", export_job.c.state, export_job.c.made_ms)
upload = Table(
    "upload", metadata,  # a lender's file that somebody put into a browser
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),  # portfolio, payments, contacts
    Column("lender", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("file_name", Text, nullable=False),  # as the browser called it
    Column("columns", Json, nullable=False),  # field -> column's title, where a person said so
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False),
    Column("state", Text, nullable=False),  # waiting, running, done, failed
    Column("done", BigInteger, nullable=False, server_default="0"),  # bytes read
    Column("size", BigInteger, nullable=False),
    Column("counts", Json, nullable=False),
    Column("made_ms", Ms, nullable=False),
    Column("touched_ms", Ms, nullable=False),
    Column("problem", Text),
)  # fmt: skip
Index("ix_upload_state", upload.c.state, upload.c.made_ms)
bulk = Table(
    "bulk", metadata,  # many clean visits approved at once, after a sample of them was looked at
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False),
    Column("seed", Text, nullable=False),
    Column("state", Text, nullable=False),  # open, done, cancelled
    Column("made_ms", Ms, nullable=False),
    Column("ended_ms", Ms),
)  # fmt: skip
bulk_visit = Table(
    "bulk_visit", metadata,
    Column("bulk_id", Id, ForeignKey("bulk.id"), primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("is_sample", Boolean, nullable=False),
)  # fmt: skip
second = Table(
    "second", metadata,  # the first of two persons who approve a visit that went on against a warning
    Column("case_id", Id, primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("office_user.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
