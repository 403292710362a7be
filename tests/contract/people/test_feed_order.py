"""
Commit order equals seq order: a reader that asks for what came after its cursor misses nothing (F1).

Eight writers publish to one scope while a reader polls. The same run with a plain sequence in place of the scope's
counter loses rows on PostgreSQL, which shows that the run would notice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Connection, insert, select, text

from server.storage import feed
from server.storage.engine import Store, opened
from server.storage.feed import Change
from server.storage.tables import feed as feed_table
from tests.postgres import Cluster

SCOPE = "01900000-0000-7000-8000-000000000001"
WRITERS = 8
Publisher = Callable[[Connection, list[Change]], None]


def object_id(writer: int, number: int) -> str:
    """Give an id nobody else writes."""
    return f"01900000-0000-7000-8{writer:03x}-{number:012x}"


def write_and_poll(store: Store, publish: Publisher, each: int) -> tuple[set[str], set[str]]:
    """Let eight writers publish *each* rows one by one while a reader polls; give what was written and what it saw."""
    written: set[str] = set()
    done = threading.Event()

    def write(writer: int) -> None:
        for number in range(each):
            change = Change(SCOPE, "notice", object_id(writer, number), 1, {"title": "t", "text": "x"})
            store.write(lambda connection, change=change: publish(connection, [change]))
            written.add(change.object_id)

    seen: set[str] = set()

    def poll() -> None:
        cursor = 0
        while True:
            is_last = done.is_set()
            with store.read() as connection:
                rows = connection.execute(
                    select(feed_table.c.seq, feed_table.c.object_id)
                    .where(feed_table.c.scope_id == SCOPE, feed_table.c.seq > cursor)
                    .order_by(feed_table.c.seq)
                ).all()
            seen.update(row.object_id for row in rows)
            cursor = rows[-1].seq if rows else cursor
            if is_last:
                return
            time.sleep(0.0005)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    reader = threading.Thread(target=poll)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    return written, seen


def publish_by_sequence(connection: Connection, changes: list[Change]) -> None:
    """Publish as one would without the counter: each row takes the next number of a sequence, before other work."""
    for change in changes:
        seq = connection.execute(text("SELECT nextval('plain_seq')")).scalar_one()
        connection.execute(insert(feed_table), change.row() | {"seq": seq})
        connection.execute(text("SELECT pg_sleep(0.0005)"))


def test_a_polling_reader_misses_nothing(database_url: str) -> None:
    """F1: under eight concurrent writers of one scope every committed row reaches a reader at its cursor."""
    with opened(database_url) as store:
        written, seen = write_and_poll(store, feed.publish, each=100)
        with store.read() as connection:
            seqs = list(connection.execute(select(feed_table.c.seq).order_by(feed_table.c.seq)).scalars())

    assert WRITERS * 100 == len(written)
    assert set() == written - seen
    assert list(range(1, WRITERS * 100 + 1)) == seqs


def test_a_plain_sequence_loses_rows(cluster: Cluster) -> None:
    """The same run with a plain sequence loses rows: numbers are taken in one order and committed in another."""
    name = "t_plain_sequence"
    cluster.create(name, "fairvisit_template")
    lost: set[str] = set()
    with opened(cluster.url(name)) as store:
        store.write(lambda connection: connection.execute(text("CREATE SEQUENCE plain_seq")))
        for _ in range(10):  # the first round loses some already, as far as was ever seen
            store.write(lambda connection: connection.execute(feed_table.delete()))
            written, seen = write_and_poll(store, publish_by_sequence, each=100)
            lost |= written - seen
            if lost:
                break
    cluster.drop(name)

    assert WRITERS * 100 == len(written)
    assert lost
