"""
The servers under load, each started as a real process on loopback and stopped after its turn.

Comes in: a command and its environment. Goes out: an address, and the process ids whose CPU time counts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmark import load
from tests.houses import NO_RULES
from tests.processes import await_port, free_port

STOP_S = 10.0
ROOT = Path(__file__).parents[2]


@contextmanager
def serving(
    command: Sequence[str | Path], environment: Mapping[str, str], port: int, more_pids: Sequence[int] = ()
) -> Iterator[load.Address]:
    """Run a server on *port* until the block ends; watch the CPU time of it and of *more_pids*."""
    address = ("127.0.0.1", port)
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL) as server:
        try:
            await_port(port, server)
            load.WATCHED[:] = [server.pid, *more_pids]
            yield address
            if server.poll() is not None:
                raise RuntimeError(f"the server ended before its turn did: exit code {server.poll()}")
        finally:
            load.WATCHED.clear()
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(STOP_S)
            except subprocess.TimeoutExpired:  # granian has been seen to hang at SIGTERM (PEERS, 5)
                server.kill()


@contextmanager
def floor(workers: int, folder: Path) -> Iterator[load.Address]:
    """Serve the floor with granian, so many workers of four threads, on a fresh database."""
    port = free_port()
    command: list[str | Path] = [Path(sys.executable).with_name("granian"), "--interface", "wsgi", "--factory"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers), "--blocking-threads", "4"]
    command += ["--log-level", "warning", "--no-access-log", "tests.benchmark.floor_server:make_app"]
    with serving(command, {"FLOOR_DB": str(folder / f"floor{workers}.db")}, port) as address:
        yield address


@contextmanager
def fairvisit(
    url: str, folder: Path, workers: int, threads: int, more_pids: Sequence[int] = (), reconcile_every_ms: int = 0
) -> Iterator[load.Address]:
    """
    Serve Fairvisit on the database at *url* as `fairvisit serve` does, with a rate limit that nobody meets.

    The fold of visits, a process of its own that works behind the exchange, runs only where it is asked for.
    """
    port = free_port()
    command: list[str | Path] = [Path(sys.executable).with_name("fairvisit"), "serve", "--port", str(port)]
    command += ["--workers", str(workers), "--threads", str(threads)]
    settings = {"DATABASE_URL": url, "FOLDER": str(folder), "REQUESTS_PER_MINUTE": str(10**9)}
    settings |= {"RECONCILE_EVERY_MS": str(reconcile_every_ms), "HOUSE_RULEBOOK": NO_RULES}
    environment = {f"FAIRVISIT_{name}": value for name, value in settings.items()}
    with serving(command, environment, port, more_pids) as address:
        yield address
