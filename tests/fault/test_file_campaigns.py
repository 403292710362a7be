"""Real tus clients, a bad network, a server that is killed again and again: every file arrives, once, whole."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.services import filing
from server.services.sweeping import sweep_files
from tests.fault.proxy import Fault, Faults, Proxy
from tests.filing import FILES, Filer, Upload
from tests.office import opened_office
from tests.processes import free_port
from tests.tus.clients import CHUNK, Client, Errand, TusJs, TusPy

# Of both clients on both stores together: 200 in `make soak`.
UPLOADS = 200 if int(os.environ.get("FV_CAMPAIGNS", "0")) >= 100 else 12
EACH = UPLOADS // 4
HARMLESS = {Fault.NONE, Fault.DELAYED}
LARGEST = 9 * CHUNK
MOST_S = 240  # for one upload; on a busy machine a killed server takes a while to stand again


class Counting(Proxy):
    """A bad network that counts the bytes of bodies that a client sends, how often sending was cut, and beginnings."""

    sent = 0
    cuts = 0
    begun = 0

    async def _suffer(self, fault: Fault, request: bytes) -> bytes | None:
        body = len(request) - request.index(b"\r\n\r\n") - 4
        self.sent += body
        self.cuts += body > 0 and fault not in HARMLESS
        try:
            answer = await super()._suffer(fault, request)
        except (ConnectionError, asyncio.IncompleteReadError):  # the server is dead, or dies of this
            self.cuts += body > 0 and fault in HARMLESS
            raise
        self.begun += answer is not None and answer.startswith(b"HTTP/1.1 201 ")
        return answer


class Mortal:
    """A server that dies at a seeded boundary of a durable write, and is started anew each time."""

    def __init__(self, url: str, folder: Path, files_s3: str, seed: int) -> None:
        self.port, self.kills = free_port(), 0
        self.environ = os.environ | {
            "FAIRVISIT_DATABASE_URL": url, "FAIRVISIT_FOLDER": str(folder), "FAIRVISIT_FILES_S3": files_s3,
        }  # fmt: skip
        self.random, self.log = random.Random(seed), folder.parent / "server.log"
        self.is_over, self.process = False, self._start()
        self.thread = threading.Thread(target=self._raise_again)
        self.thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.fault.killing_server", "--port", str(self.port)],
                env=self.environ | {"KILL_AT": str(self.random.randint(4, 90))},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def _raise_again(self) -> None:
        while not self.is_over:
            status = self.process.wait()
            if not self.is_over:
                assert status == -signal.SIGKILL, self.log.read_text()[-2000:]
                self.kills += 1
                self.process = self._start()

    def end(self) -> None:
        """Let it die for good."""
        self.is_over = True
        while self.thread.is_alive():
            self.process.kill()
            self.thread.join(0.1)


@contextmanager
def standing(url: str, folder: Path, files_s3: str, seed: int) -> Iterator[tuple[Counting, Mortal]]:
    """Run the server, and the network before it."""
    mortal = Mortal(url, folder, files_s3, seed)
    proxy = Counting(("127.0.0.1", mortal.port), Faults(seed, share=0.4))
    proxy.start()
    try:
        yield proxy, mortal
    finally:
        proxy.stop()
        mortal.end()


def send(client: Client, errand: Errand, upload: Upload) -> None:
    """Let a client try until the server says `verified`, as a device would."""
    until = time.monotonic() + MOST_S
    while time.monotonic() < until:
        error = client.send(errand)
        if upload.state == "verified":
            return
        time.sleep(0 if error is None else 0.1)
    raise AssertionError(f"never verified: {error}")


@pytest.fixture(params=["tuspy", "tus-js-client"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """One of the two clients."""
    if request.param == "tuspy":
        return TusPy()
    return TusJs(tmp_path_factory.getbasetemp() / "tus-js")


def test_no_upload_is_lost_or_corrupt(
    client: Client, files_s3: str, sqlite_template: Path, tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """T1, T2: 0 corrupt, 0 lost, and of each file no more bytes are sent than its size and a chunk for each cut."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    url, folder = f"sqlite:///{tmp_path / 'fairvisit.db'}", tmp_path / "folder"
    drawn, told = random.Random(7), []
    with (
        opened_office(url, folder, files_s3=files_s3) as office,
        standing(url, folder, files_s3, seed=11) as (proxy, mortal),
    ):
        office.clock.ms = 1_800_000_000_000  # tokens last until long after the server's own clock
        filer = Filer.enrolled(office)
        uploads = []
        for number in range(EACH):
            upload = filer.want(drawn.randbytes(drawn.randint(1, LARGEST)))
            path = tmp_path / f"{number}.jpg"
            path.write_bytes(upload.content)
            errand = Errand(f"{proxy.url}{FILES}", path, upload.token, with_more=number % 2 == 1)
            sent, cuts, begun = proxy.sent, proxy.cuts, proxy.begun
            send(client, errand, upload)
            # A client whose HEAD was lost begins anew, its first chunk with it: that was a cut as well.
            cuts = proxy.cuts - cuts + proxy.begun - begun - 1
            told.append((len(upload.content), proxy.sent - sent, cuts))
            uploads.append(upload)
        lost = [upload.sha256 for upload in uploads if upload.state != "verified"]
        corrupt = [upload.sha256 for upload in uploads if upload.kept() != upload.content]
        kills = mortal.kills
        sweep_files(office.site)  # a server that died when all was done but this left the part of a verified file
        left = list(filing.uploads_folder(office.site).iterdir())
    size, sent, cuts = (sum(column) for column in zip(*told, strict=True))
    figures = f"{len(told)} uploads, {size} bytes, sent {sent / size:.2f} times, {cuts} cuts, {kills} kills"
    record_property("figures", figures)

    assert ([], []) == (lost, corrupt)
    assert [] == [each for each in told if each[1] > each[0] + CHUNK * each[2]]
    assert EACH == len(list(office.site.blobs.walk()))
    assert cuts > EACH // 2
    assert kills > 0
    assert [] == left
