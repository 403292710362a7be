"""A real server server for the device's fault tests: `fairvisit serve` on SQLite, seeded before it starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Select, create_engine, select

from server.services.enrolling import issue_code
from server.services.packing import bump_and_repack
from server.storage.feed import publish
from server.storage.migrating import migrate
from server.storage.tables import chain, device, event, link, wanted_file
from tests.office import START_MS, Office


@dataclass(frozen=True)
class Seat:
    """What one device needs to begin: a code that lasts, its agent and its one case."""

    code: str
    agent_id: str
    case_id: str


@dataclass
class LiveOffice:
    """A running server: its address, the seats prepared for devices, and a look into its database."""

    url: str
    database: Path
    seats: list[Seat]

    def rows(self, statement: Select[Any]) -> list[Any]:
        """Read rows behind the running server's back."""
        engine = create_engine(f"sqlite:///{self.database}")
        with engine.connect() as connection:
            rows = list(connection.execute(statement))
        engine.dispose()
        return rows

    def contents(self, agent_id: str) -> dict[str, list[bytes | None]]:
        """Give what the server holds of an agent's events: id -> contents, which should be one each."""
        held: dict[str, list[bytes | None]] = {}
        for row in self.rows(select(event.c.id, event.c.content).where(event.c.agent_id == agent_id)):
            held.setdefault(row.id, []).append(row.content)
        return held

    def places(self, agent_id: str) -> list[tuple[str, int]]:
        """Give every place of the agent's chains that the server holds."""
        joined = link.join(chain, chain.c.pos == link.c.chain_pos).join(device, device.c.id == chain.c.device_id)
        statement = select(chain.c.chain_id, link.c.seq).select_from(joined).where(device.c.agent_id == agent_id)
        return [(row[0], row[1]) for row in self.rows(statement.order_by(chain.c.pos, link.c.seq))]

    def file_states(self, agent_id: str) -> set[str]:
        """Give the states of the files that the agent's events name."""
        return {row[0] for row in self.rows(select(wanted_file.c.state).where(wanted_file.c.agent_id == agent_id))}


def prepare(folder: Path, seats: int) -> tuple[str, list[Seat]]:
    """Make a database with agents, each with one packed case and one code; give its URL."""
    url = f"sqlite:///{folder / 'office.db'}"
    migrate(url)
    office = Office(url, folder / "var")
    made = []
    for number in range(seats):
        agent_id = office.add_agent(f"d{number}")
        case_id = office.add_case(f"R{number}")
        office.assign(case_id, agent_id)
        site = office.site
        site.store.write(
            lambda connection, site=site, case_id=case_id: publish(  # type: ignore[misc]
                connection, bump_and_repack(connection, site, [case_id])
            )
        )
        made.append(Seat(issue_code(site, f"d{number}", by="test"), agent_id, case_id))
    office.close()
    return url, made


@contextmanager
def live_office(folder: Path, seats: int) -> Iterator[LiveOffice]:
    """Serve a prepared office from a server of its own until the block ends."""
    url, made = prepare(folder, seats)
    clock = folder / "clock"
    clock.write_bytes(orjson.dumps(START_MS))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "FAIRVISIT_DATABASE_URL": url,
        "FAIRVISIT_FOLDER": str(folder / "var"),
        "FAIRVISIT_CLOCK_FILE": str(clock),
        "FAIRVISIT_REQUESTS_PER_MINUTE": "1000000",
    }
    command = [str(Path(sys.executable).with_name("fairvisit")), "serve", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        wait_for(port, server)
        yield LiveOffice(f"http://127.0.0.1:{port}", folder / "office.db", made)
    finally:
        server.terminate()
        server.wait(30)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server listens; fail if it ends first."""
    for _ in range(600):
        assert server.poll() is None, "the server ended: see server.log"
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not listen")
