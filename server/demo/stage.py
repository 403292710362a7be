"""
The stage: a folder, a clock that the director moves, and the real server as a process of its own.

Comes in: a folder and a port. Goes out: a site for the office's acts, and a server that answers on 127.0.0.1.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import requests

from schemas.errors import FieldError
from server.app import open_site
from server.services.site import Site
from server.settings import Settings

DATABASE = "fairvisit.db"
MARK = "demo-made-this"  # only a folder with this file in it is ever wiped
START_S = 120  # a busy machine takes its time; one that cannot start says so at once
SERVE = "from server.cli.main import main; main()"


class Stage:
    """One demo on the disk. The clock stands still until it is moved."""

    def __init__(self, folder: Path, zone: str, region: str, rulebooks: str, port: int) -> None:
        self.folder = folder.resolve()
        self.devices = self.folder / "devices"
        self.clock_file = self.folder / "clock"
        self.log_path = self.folder / "server.log"
        self.settings = Settings(
            database_url=f"sqlite:///{self.folder / DATABASE}",
            folder=str(self.folder),
            clock_file=str(self.clock_file),
            zone=zone,
            region=region,
            rulebooks=rulebooks,
            requests_per_minute=1_000_000,  # two days pass in a minute
        )
        self.now_ms = 0
        self._server: subprocess.Popen[bytes] | None = None
        self.port = port or _free_port()

    def clear(self) -> None:
        """
        Make the folder anew.

        Raises `conflict` where it holds anything but an earlier demo, or where one still runs in it or on the port.
        """
        if self.folder.exists() and any(self.folder.iterdir()) and not (self.folder / MARK).exists():
            detail = f"{self.folder} holds other files than a demo's. Name another folder with --folder."
            raise FieldError("conflict", detail=detail)
        if _is_owned(self.folder / f"{DATABASE}.owner"):
            detail = f"A server still runs in {self.folder}. Stop it, or name another folder with --folder."
            raise FieldError("conflict", detail=detail)
        if _is_taken(self.port):
            # Servers may share a port here, and half the answers would come from the other one.
            detail = f"Something answers on port {self.port} already. Stop it, or name another port with --port."
            raise FieldError("conflict", detail=detail)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.devices.mkdir(parents=True)
        (self.folder / MARK).touch()

    def set_clock(self, now_ms: int) -> None:
        """Move the server's clock, never back; a reader sees the old time or the new one."""
        if now_ms <= self.now_ms:
            return
        self.now_ms = now_ms
        beside = self.clock_file.with_suffix(".new")
        beside.write_text(str(now_ms))
        beside.replace(self.clock_file)

    def open_site(self) -> Site:
        """Open the site, as the office's commands do."""
        return open_site(self.settings)

    def environ(self) -> dict[str, str]:
        """Give the environment that commands on this stage need."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FAIRVISIT_")}
        named = {
            f"FAIRVISIT_{each.name.upper()}": str(getattr(self.settings, each.name))
            for each in fields(self.settings)
            if each.name != "quota" and getattr(self.settings, each.name) != each.default
        }
        return kept | named

    def start_server(self) -> None:
        """Start the server, without waiting for it."""
        command = [sys.executable, "-c", SERVE, "serve", "--port", str(self.port)]
        with self.log_path.open("wb") as log:
            self._server = subprocess.Popen(command, env=self.environ(), stdout=log, stderr=subprocess.STDOUT)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    def await_server(self) -> None:
        """Wait until the server answers; raise `unavailable` with what it said where it does not."""
        assert self._server is not None
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._server.poll() is None:
            try:
                if requests.get(f"{self.url}/ready", timeout=2).status_code == 200 and self._server.poll() is None:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        said = self.log_path.read_text(errors="replace")[-500:].strip()
        self.stop_server()
        raise FieldError("unavailable", detail=f"The server did not start on port {self.port}: {said}")

    def stop_server(self) -> None:
        """Stop the server in good order."""
        server, self._server = self._server, None
        if server is None:
            return
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def is_serving(self) -> bool:
        """Say whether the server still runs."""
        return self._server is not None and self._server.poll() is None


def _is_owned(owner: Path) -> bool:
    """Say whether a server holds its owner file."""
    if not owner.exists():
        return False
    with owner.open("rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port_after(port: int) -> int:
    """Give the next port if nothing answers on it, else 0, which takes any free one."""
    return 0 if _is_taken(port + 1) else port + 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
