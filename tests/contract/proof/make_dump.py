"""
Make the database dumps of a release: `python -m tests.contract.proof.make_dump VERSION`, just before it is frozen.

A small life is lived on SQLite and on PostgreSQL through the real API: visits, repeats, forks, parked and withheld
events, erasures, imports, decisions, a restored epoch. Every table then holds a row. The dumps are plain SQL in
`tests/released/VERSION.<database>.sql.gz`; every later version has to read and migrate them.
"""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Integer, LargeBinary, func, select
from sqlalchemy.types import BigInteger

from schemas import canonical
from server.services import keys
from server.services.erasing import erase_events
from server.services.following import follow_events
from server.services.packing import bump_and_repack
from server.services.reconciling import reconcile
from server.storage.feed import publish
from server.storage.migrating import migrate
from server.storage.tables import metadata
from server.storage.types import Hash, Id, Json
from tests.office import Office, Phone, opened_office
from tests.postgres import Cluster, find_binaries, start_cluster

FOLDER = Path(__file__).parents[2] / "released"
# Of the program that dumped, not of the database. (A key's own "-----BEGIN" is none of it.)
UNSAID = re.compile(r"--( |$)|SET \w+ = |\\|SELECT pg_catalog\.set_config\(")


def live(office: Office) -> None:
    """Live the small life."""
    phone = Phone.enrolled(office)
    case_id, visit_id = office.add_case("R1"), office.site.new_id()
    office.assign(case_id, phone.agent_id)
    office.site.store.write(lambda connection: publish(connection, bump_and_repack(connection, office.site, [case_id])))
    ids: dict[str, Any] = {"case_id": case_id, "visit_id": visit_id, "packet_rev": 1}
    fix = {"lat_e7": 377_700_001, "lon_e7": -1_224_200_001, "radius_dm": 80, "datum": "wgs84", "mock": False}
    phone.record("visit_started", {"fixes": [fix]}, **ids)
    phone.step(case_id, visit_id, note="nobody came to the door")
    phone.record("outcome_noted", {"contact_result": "nobody", "disposition": "none"}, **ids)
    hold = {"reason": "illness", "scope": "person", "until": "2016-05-01"}
    phone.record("hold_placed", hold, **ids)
    phone.record("visit_ended", {"reason": "completed", "fixes": [fix]}, **ids)
    phone.record("contact_proposed", {"changes": [{"field": "email", "new": "r1@example.org"}]}, case_id=case_id)
    photo = {"sha256": canonical.digest(b"photo"), "size": 5, "media_type": "image/jpeg", "role": "photo"}
    phone.record("files_attached", {}, files=[photo], **ids)
    phone.append(phone.log[2]["id"], '{"the same id":"other bytes"}')
    phone.append(office.site.new_id(), "not canonical")
    phone.withhold(office.site.new_id(), "withheld for now")
    phone.exchange(checkpoint=phone.checkpoint())
    old = phone.log[2]
    phone.open_chain("forked", previous=phone.chain_id, after_seq=9, lost=[[11, 12]])
    phone.append(old["id"], old["content"])
    phone.exchange(checkpoint=phone.checkpoint())
    follow_events(office.site)
    reconcile(office.site)
    erase_events(office.site, [old["id"]], "Dana", "request of the person")
    keys.rotate_key(office.site)
    reconcile(office.site)
    office.site.store.write(_fill)


def _fill(connection: Connection) -> None:
    """Put a row into every table that the life left empty, so that later versions have one to read."""
    for table in metadata.sorted_tables:
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            continue
        row = {}
        for column in table.columns:
            target = next((key.column for key in column.foreign_keys), None)
            row[column.name] = (
                _example(column.type) if target is None else connection.execute(select(target).limit(1)).scalar_one()
            )
        connection.execute(table.insert(), row)


def _example(kind: Any) -> Any:
    """Give a value that a column of this type can hold."""
    if isinstance(kind, Id):
        return "01900000-0000-7000-8000-00000000000e"
    if isinstance(kind, Hash):
        return "e" * 64
    if isinstance(kind, Json):
        return {}
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, LargeBinary):
        return b"example"
    return 1 if isinstance(kind, BigInteger | Integer) else "example"


def dump_sqlite(folder: Path) -> str:
    """Live on SQLite; give the database as SQL."""
    url = f"sqlite:///{folder / 'life.db'}"
    migrate(url)
    with opened_office(url, folder / "sqlite") as office:
        live(office)
    with sqlite3.connect(folder / "life.db") as connection:
        return "\n".join(connection.iterdump()) + "\n"


def dump_postgresql(folder: Path, cluster: Cluster) -> str:
    """Live on PostgreSQL; give the database as SQL that any connection can run."""
    cluster.create("life")
    migrate(cluster.url("life"))
    with opened_office(cluster.url("life"), folder / "postgresql") as office:
        live(office)
    command = [find_binaries() / "pg_dump", "--inserts", "--no-owner", "--no-privileges", "--host", cluster.folder]
    command += ["--username", "postgres", "life"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in said.splitlines() if not UNSAID.match(line)) + "\n"


def dumps() -> Iterator[tuple[str, str]]:
    """Give (database, SQL) for both."""
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", dump_sqlite(Path(folder))
        yield "postgresql", dump_postgresql(Path(folder), start_cluster(os.getpid()))


def main(version: str) -> None:
    """Write the dumps of *version*; refuse to write over one that is there."""
    FOLDER.mkdir(exist_ok=True)
    for database, said in dumps():
        path = FOLDER / f"{version}.{database}.sql.gz"
        with path.open("xb") as target:
            target.write(gzip.compress(said.encode(), 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
