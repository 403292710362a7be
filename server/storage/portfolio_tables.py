"""Tables that only the import and its human lists need. None of them holds a name, number or address in clear."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Json, Ms

import_run = Table(
    "import_run", metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),  # portfolio, ledger
    Column("lender", Text, nullable=False, index=True),
    Column("file_name", Text, nullable=False),
    Column("file_sha256", Hash, nullable=False),
    Column("state", Text, nullable=False),  # running, finished; running with nobody at work: broken off
    Column("line", BigInteger, nullable=False),  # the file is taken in up to here
    Column("counts", Json, nullable=False),
    Column("started_ms", Ms, nullable=False),
    Column("updated_ms", Ms, nullable=False),
)  # fmt: skip
told = Table(
    "told", metadata,  # what the lender last said of each field, as keyed hashes: only what it changed is written
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("fields", Json, nullable=False),
)  # fmt: skip
trait = Table(
    "trait", metadata,  # keyed hashes by which two persons may turn out to be one
    Column("person_id", Id, ForeignKey("person.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # identity, name_phone, name_address
    Column("hash", Hash, primary_key=True, index=True),
)  # fmt: skip
probable_match = Table(
    "probable_match", metadata,  # two persons that may be one: a human decides
    Column("person_id", Id, ForeignKey("person.id"), primary_key=True),  # the smaller id of the two
    Column("other_id", Id, ForeignKey("person.id"), primary_key=True),
    Column("reason", Text, nullable=False),  # the kind of trait they share
    Column("found_ms", Ms, nullable=False),
    Column("decision", Text),  # same, different; none until decided
    Column("decided_by", Text),
    Column("decided_ms", Ms),
)  # fmt: skip
person_alias = Table(
    "person_alias", metadata,  # a key of someone who turned out to be a person known by another key
    Column("key", Text, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
)  # fmt: skip
import_doubt = Table(
    "import_doubt", metadata,  # a value that was taken as it stands, for a person to look at
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("cure", Text, nullable=False),
    Column("found_ms", Ms, nullable=False),
)  # fmt: skip
geocode = Table(
    "geocode", metadata,  # what a geocoder answered to an address; an answer of nothing is kept too
    Column("source", Text, primary_key=True),
    Column("query", Hash, primary_key=True),  # keyed hash of the address asked for
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    Column("precision", Text),
    Column("asked_ms", Ms, nullable=False),
)  # fmt: skip
