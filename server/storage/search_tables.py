"""Tables that cases are searched by: the folded text of each, the pairs it is found under, and what is to be done."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from server.storage.tables import metadata
from server.storage.types import Id

# Compared byte by byte on both databases: a search by a pair's beginning is a range.
Plain = Text().with_variant(Text(collation="C"), "postgresql")

search_text = Table(
    "search_text", metadata,
    Column("case_id", Id, primary_key=True),
    Column("text", Text, nullable=False),  # folded: name, reference, address, last four digits; a line each
)  # fmt: skip
search_pair = Table(
    "search_pair", metadata,
    Column("pair", Plain, primary_key=True),
    Column("case_id", Id, primary_key=True),
    sqlite_with_rowid=False,
)  # fmt: skip
Index("ix_search_pair_case", search_pair.c.case_id)
search_due = Table(
    "search_due", metadata,  # cases whose text changed since they were indexed
    Column("case_id", Id, primary_key=True),
)  # fmt: skip
