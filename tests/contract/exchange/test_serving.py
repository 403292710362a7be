"""`fairvisit serve` as a process: it stops when told, leaves nobody behind, and starts again where it was."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import await_ready, free_port

PATIENCE_S = 40  # granian gives a worker ten seconds before it kills it


@contextmanager
def server(url: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve as a user would, reconciler and all, until the block ends."""
    environ = os.environ | {"FAIRVISIT_DATABASE_URL": url, "FAIRVISIT_FOLDER": str(folder)}
    command = [sys.executable, "-m", "server.cli.main", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        try:
            yield running
        finally:
            for pid in [*descendants(running.pid), running.pid] if running.poll() is None else []:
                os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Give the process ids below *pid*."""
    try:
        children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (child, *descendants(child))]


def await_end(pids: list[int]) -> list[int]:
    """Wait until these processes are gone; give those that stay."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        pids = [pid for pid in pids if is_alive(pid)]
        if not pids:
            break
        time.sleep(0.1)
    return pids


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only nobody has asked after yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def is_open(port: int) -> bool:
    """Say whether somebody listens on *port*."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listening(family: str) -> list[str]:
    """Give where sockets of this machine listen, as the kernel writes it: an address and a port in hex."""
    path = Path("/proc/net", family)
    rows = [line.split() for line in path.read_text().splitlines()[1:]] if path.exists() else []
    return [row[1] for row in rows if row[3] == "0A"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_stops_when_told_and_starts_again(database_url: str, tmp_path: Path) -> None:
    """After SIGTERM no worker and no reconciler is left and the port is free; the next start answers on it."""
    port = free_port()
    for _ in range(2):
        with server(database_url, tmp_path / "folder", port) as running:
            assert await_ready(f"http://127.0.0.1:{port}", running)
            below = descendants(running.pid)
            running.send_signal(signal.SIGTERM)

            assert 4 == len(below), "two workers, the reconciler, and the worker of longer jobs"
            assert 0 == running.wait(PATIENCE_S)
            assert [] == await_end(below)
            assert not is_open(port)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_database_has_one_server(database_url: str, tmp_path: Path) -> None:
    """A second server on the same file says so and ends; the first one goes on."""
    port = free_port()
    with server(database_url, tmp_path / "folder", port) as first:
        assert await_ready(f"http://127.0.0.1:{port}", first)
        with server(database_url, tmp_path / "folder", free_port()) as second:
            assert second.stderr is not None
            said = second.stderr.read().decode()

            assert 1 == second.wait(PATIENCE_S)
            assert "Another server is running on" in said
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/ready").status == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_killed_server_leaves_nobody_who_answers(database_url: str, tmp_path: Path) -> None:
    """After SIGKILL of the parent its workers end too: none may share the port with the next server."""
    port = free_port()
    with server(database_url, tmp_path / "folder", port) as running:
        assert await_ready(f"http://127.0.0.1:{port}", running)
        below = descendants(running.pid)
        running.kill()
        running.wait()

        assert [] == await_end(below)
        assert not is_open(port)
    with server(database_url, tmp_path / "folder", port) as again:
        assert await_ready(f"http://127.0.0.1:{port}", again)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_listens_to_this_machine_alone_and_tells_no_secret(
    database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a proxy nobody outside reaches it; its log says that nothing is encrypted, and never who may do what."""
    port = free_port()
    with server(database_url, tmp_path / "folder", port) as running:
        assert await_ready(f"http://127.0.0.1:{port}", running)
        places = [place for family in ("tcp", "tcp6") for place in listening(family)]
        for scheme in ("Bearer", "Device", "Upload"):
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/sync/v1/manifest")
            asked.add_header("Authorization", f"{scheme} of-this-test-only")
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(asked)  # noqa: S310 - our own server
        running.send_signal(signal.SIGTERM)
        said = running.communicate(timeout=PATIENCE_S)[1].decode() + capfd.readouterr().out

    assert {f"0100007F:{port:04X}"} == {each for each in places if each.endswith(f":{port:04X}")}
    assert "Nothing is encrypted here" in said
    assert "Fairvisit serves on" in said
    assert "of-this-test-only" not in said
