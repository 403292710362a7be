"""`fairvisit serve`: the server process, granian in front, a few workers that share one database."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from server.parent import SERVER_PID
from server.settings import Settings
from server.storage.engine import file_of


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes; about as many as cores.")
@click.option("--threads", default=4, show_default=True, help="Threads a process answers with; a few more take files.")
def serve_command(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the devices' API until stopped."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from server.rates import UPLOADS_AT_ONCE
    from server.storage.migrating import migrate

    settings = Settings.from_environment()
    path = file_of(settings.database_url)
    owner = None if path is None else _own_database(path)
    migrate(settings.database_url)
    _say_what_is_plain(settings)
    click.echo(f"Fairvisit serves on http://{host}:{port} (health, ready, metrics, openapi.json)")
    os.environ[SERVER_PID] = str(os.getpid())
    beside = [_start("server.worker")]
    if settings.reconcile_every_ms:
        beside.append(_start("server.reconciler"))
    with tempfile.TemporaryDirectory(prefix="fairvisit-metrics-") as shared:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared  # before a worker imports the library
        Granian(
            "server.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads + UPLOADS_AT_ONCE,
            backpressure=max(32, threads * 4) + UPLOADS_AT_ONCE,
            workers_kill_timeout=10,
            log_level=LogLevels.warning,
            log_access=False,
        ).serve()
    for each in beside:
        each.terminate()
    for each in beside:
        each.wait(10)
    if owner is not None:
        os.close(owner)


def _start(module: str) -> subprocess.Popen[bytes]:
    """Start a process that works behind the server; it ends with this one, however this one ends."""
    return subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.DEVNULL)


def _say_what_is_plain(settings: Settings) -> None:
    """Say before serving whether what lies on the disk is encrypted; the site itself refuses a key that is missing."""
    if not settings.key_file and not settings.key_command:
        from server.services.keyring import PLAIN

        click.echo(PLAIN, err=True)


def _own_database(path: str) -> int:
    """Take the database's owner file, or stop with a sentence: SO_REUSEPORT would let a stale server share the port."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{path}.owner", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        click.echo(f"Another server is running on {path}. Stop it first; nothing was changed.", err=True)
        sys.exit(1)
    return descriptor
