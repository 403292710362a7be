"""Real processes for tests: a server on a free port of loopback, devices driven by lines of JSON."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_S = 120  # a busy machine


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(port: int, running: subprocess.Popen[bytes]) -> None:
    """Wait until a process takes connections on a port of loopback; raise if it ended first, or never does."""
    until = time.monotonic() + START_S
    while running.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nobody listens on port {port}: exit code {running.poll()}")


def await_ready(url: str, program_run: subprocess.Popen[bytes]) -> bool:
    """Wait until the server answers /ready; False if it died first."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if program_run.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not become ready")


@contextmanager
def serving(
    database_url: str, folder: Path, port: int | None = None, program: list[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a server (or *program*, which takes --port) until the block ends; give its address and process."""
    port = port or free_port()
    settings = {
        "FAIRVISIT_DATABASE_URL": database_url, "FAIRVISIT_FOLDER": str(folder), "FAIRVISIT_RECONCILE_EVERY_MS": "0",
        "FAIRVISIT_REQUESTS_PER_MINUTE": "1000000",
    }
    command = program or [sys.executable, "-m", "server.cli.main", "serve"]
    log = (folder.parent / f"{folder.name}-server.log").open("ab")
    program_run = subprocess.Popen(
        [*command, "--port", str(port)], env=os.environ | settings | (environ or {}), stdin=subprocess.DEVNULL,
        stdout=log, stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        is_ready = await_ready(url, program_run)
        assert is_ready or program is not None, "the server died at its start"
        yield url, program_run
    finally:
        program_run.terminate()
        try:
            program_run.wait(20)
        except subprocess.TimeoutExpired:
            program_run.kill()
            program_run.wait(10)
        log.close()


class DeviceProcess:
    """A device of its own process: see agent_sync/rehearsal.py."""

    def __init__(self, store: Path, server: str | None = None, kill_at: int = 0) -> None:
        environ = os.environ | {"AGENT_SYNC_KILL_AT": str(kill_at)}
        arguments = ["--server", server] if server else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agent_sync.rehearsal", str(store), *arguments], env=environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )

    def ask(self, do: str, **members: Any) -> dict[str, Any] | None:
        """Give one command; None if the device died of it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **members}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        line = self.process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line else None
        return answer

    def end(self) -> int:
        """Close the device and give its exit status."""
        if self.process.poll() is None:
            self.ask("stop")
        status = self.process.wait(20)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return status
