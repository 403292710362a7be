"""Tables of retention: what a legal matter needs and may not go, and what was erased because its time was over."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, Integer, Table, Text, exists

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Ms

legal_hold = Table(
    "legal_hold", metadata,  # stops every erasure; never deleted, and lifted by somebody else than who placed it
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), index=True),  # one of the two
    Column("person_id", Id, ForeignKey("person.id"), index=True),  # with all of their cases
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("placed_ms", Ms, nullable=False),
    Column("lifted_ms", Ms),
    Column("lifted_by", Text),
    Column("lift_reason", Text),
)  # fmt: skip
retired = Table(
    "retired", metadata,  # the record of what was erased because its time was over: what, how many, by which rule
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id")),
    Column("person_id", Id, ForeignKey("person.id")),  # of the class `persons`, which has no case
    Column("record", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("due_on", Text, nullable=False),  # YYYY-MM-DD
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
Index("ix_retired_case", retired.c.case_id)
erased_file = Table(
    "erased_file", metadata,  # the certificate of each file of a case that was erased by itself; its event stays
    Column("case_id", Id, primary_key=True),
    Column("sha256", Hash, primary_key=True),
    Column("key_id", Id),  # of the data key that was deleted; none where it lay in plain, or another case keeps it
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip


def is_erased(files: Table) -> ColumnElement[bool]:
    """Say, of a row of a table of files, whether its case let that file go."""
    return exists().where(erased_file.c.case_id == files.c.case_id, erased_file.c.sha256 == files.c.sha256)
