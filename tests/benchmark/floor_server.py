"""
The least a Flask server could do for the five workloads: a yardstick, not a design.

No accounts, no authorisation, no assignment rules. Pull is a keyset query over stored JSON, gzip -1; push is a typed
parse, then a group commit (one writer thread a process) to SQLite in WAL mode with synchronous=FULL, acknowledged
after COMMIT. Served by granian: `make_app` is a factory, the database's path stands in FLOOR_DB.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import sqlite3
import threading
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import msgspec
import orjson
from flask import Flask, Response, request

GZIP_LEVEL = 1
GZIP_FROM = 1000
COMMIT_AT_MOST = 50
TABLES = """
CREATE TABLE IF NOT EXISTS cases(scope TEXT, rev INTEGER, id TEXT, body BLOB, PRIMARY KEY(scope, rev)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ev(
    pos INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, device TEXT NOT NULL, body BLOB NOT NULL
);
"""
Rows = list[tuple[bytes, str, bytes]]
Bounds = msgspec.Meta


class Fix(msgspec.Struct, forbid_unknown_fields=True):
    """Where an event was recorded."""

    lat: Annotated[float, Bounds(ge=-90, le=90)]
    lon: Annotated[float, Bounds(ge=-180, le=180)]
    accuracy_m: Annotated[int, Bounds(ge=0, le=100_000)]


class Event(msgspec.Struct, forbid_unknown_fields=True):
    """The generator's event."""

    id: UUID
    device: Annotated[str, Bounds(min_length=1, max_length=64)]
    seq: Annotated[int, Bounds(ge=0)]
    case_id: UUID
    visit_id: UUID
    kind: Literal["check_in", "identity", "outcome"]
    at: Annotated[datetime, Bounds(tz=True)]
    recorded_at: Annotated[datetime, Bounds(tz=True)]
    agent: str
    location: Fix
    app_version: str
    battery: Annotated[int, Bounds(ge=0, le=100)]
    note: Annotated[str, Bounds(max_length=2000)]
    identity: dict[str, Any] | None = None
    outcome: dict[str, Any] | None = None
    check_in: dict[str, Any] | None = None


class Batch(msgspec.Struct):
    """A push, its events not parsed yet."""

    events: list[msgspec.Raw]


class Store:
    """One SQLite file: a connection for each reading thread, one thread that writes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.local = threading.local()
        self.queue: SimpleQueue[tuple[Rows, threading.Event, list[int | Exception]]] = SimpleQueue()
        # Going to WAL mode does not wait for another process that is doing the same.
        with Path(path + ".init").open("w") as only_one:
            fcntl.flock(only_one, fcntl.LOCK_EX)
            self.connect().executescript(TABLES)
        threading.Thread(target=self.write_for_ever, daemon=True).start()

    def connect(self) -> sqlite3.Connection:
        """Open the file as a server would."""
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768;"
            "PRAGMA mmap_size=1073741824; PRAGMA wal_autocheckpoint=8000"
        )
        return db

    def reader(self) -> sqlite3.Connection:
        """Give this thread's connection."""
        if not hasattr(self.local, "db"):
            self.local.db = self.connect()
        return cast(sqlite3.Connection, self.local.db)

    def put(self, rows: Rows) -> int:
        """Wait for the commit that holds *rows*; give how many were new."""
        done = threading.Event()
        slot: list[int | Exception] = []
        self.queue.put((rows, done, slot))
        done.wait()
        if isinstance(slot[0], Exception):
            raise slot[0]
        return slot[0]

    def write_for_ever(self) -> None:
        """Commit whatever is waiting as one transaction, again and again."""
        db = self.connect()
        while True:
            taken = [self.queue.get()]
            while not self.queue.empty() and len(taken) < COMMIT_AT_MOST:
                taken.append(self.queue.get())
            news: list[int | Exception] = []
            try:
                db.execute("BEGIN IMMEDIATE")
                for rows, _, _ in taken:
                    before = db.total_changes
                    db.executemany("INSERT INTO ev(id,device,body) VALUES(?,?,?) ON CONFLICT(id) DO NOTHING", rows)
                    news.append(db.total_changes - before)
                db.execute("COMMIT")
            except sqlite3.Error as error:  # handed to the waiting requests
                if db.in_transaction:
                    db.execute("ROLLBACK")
                news = [error] * len(taken)
            for (_, done, slot), new in zip(taken, news, strict=True):
                slot.append(new)
                done.set()


def make_app() -> Flask:
    """Make the app on the database at FLOOR_DB."""
    app = Flask(__name__)
    store = Store(os.environ["FLOOR_DB"])
    batch_of, event_of = msgspec.json.Decoder(Batch), msgspec.json.Decoder(Event)

    @app.post("/push")
    def push() -> Response:
        rows = []
        for raw in batch_of.decode(request.get_data(cache=False)).events:
            event = event_of.decode(raw)
            rows.append((event.id.bytes, event.device, bytes(raw)))
        return Response(b'{"accepted":%d,"new":%d}' % (len(rows), store.put(rows)), mimetype="application/json")

    @app.get("/pull")
    def pull() -> Response:
        scope, since, limit = request.args["scope"], int(request.args["since"]), int(request.args["limit"])
        query = "SELECT rev, body FROM cases WHERE scope=? AND rev>? ORDER BY rev LIMIT ?"
        got = store.reader().execute(query, (scope, since, limit)).fetchall()
        cursor = got[-1][0] if got else since
        more = b"true" if len(got) == limit else b"false"
        body = b'{"next":%d,"more":%s,"cases":[%s]}' % (cursor, more, b",".join([row[1] for row in got]))
        answer = Response(body, mimetype="application/json")
        if len(body) > GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
            answer.set_data(gzip.compress(body, GZIP_LEVEL, mtime=0))
            answer.headers["Content-Encoding"] = "gzip"
        return answer

    @app.post("/seed/<scope>")
    def seed(scope: str) -> dict[str, int]:
        db = store.reader()
        db.execute("BEGIN IMMEDIATE")
        top = db.execute("SELECT coalesce(max(rev),0) FROM cases WHERE scope=?", (scope,)).fetchone()[0]
        cases = enumerate(orjson.loads(request.get_data()), start=top + 1)
        rows = [(scope, rev, case["id"], orjson.dumps(case)) for rev, case in cases]
        db.executemany("INSERT INTO cases VALUES(?,?,?,?)", rows)
        db.execute("COMMIT")
        return {"top": top + len(rows)}

    return app
