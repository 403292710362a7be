"""Real clients against the real server: tuspy and tus-js-client, unmodified, on both stores of whole files."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from server.rates import UPLOADS_AT_ONCE
from tests.filing import FILES, OCTETS, Filer, Upload
from tests.office import opened_office
from tests.processes import serving
from tests.tus.clients import Client, Errand, TusJs, TusPy

CONTENT = b"\xff\xd8\xff a door, seen from the street" * 12_000
WORKERS = 2


@pytest.fixture
def served(files_s3: str, sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Filer, str]]:
    """A phone of an agent, and the address of a server process beside its office."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    url, folder = f"sqlite:///{tmp_path / 'fairvisit.db'}", tmp_path / "folder"
    environ = {"FAIRVISIT_FILES_S3": files_s3}
    with opened_office(url, folder, files_s3=files_s3) as office, serving(url, folder, environ=environ) as (address, _):
        office.clock.ms = 1_800_000_000_000  # tokens last until long after the server's own clock
        yield Filer.enrolled(office), address


@pytest.fixture(params=["tuspy", "tus-js-client"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """One of the two clients."""
    return TusPy() if request.param == "tuspy" else TusJs(tmp_path_factory.getbasetemp() / "tus-js")


def test_a_client_sends_a_file(client: Client, served: tuple[Filer, str], tmp_path: Path) -> None:
    """Each with and without what it can do beside the core; a client that begins anew finds what stands."""
    filer, address = served
    for number, with_more in enumerate((False, True)):
        upload = filer.want(CONTENT + bytes([number]))
        path = tmp_path / "photo.jpg"
        path.write_bytes(upload.content)
        errand = Errand(f"{address}{FILES}", path, upload.token, with_more=with_more)
        assert client.send(errand) is None
        assert ("verified", upload.content) == (upload.state, upload.kept())
        assert errand.url == f"{address}{upload.path}"
        assert client.send(errand) is None, "what is verified is done"


def test_a_client_goes_on_where_another_stopped(client: Client, served: tuple[Filer, str], tmp_path: Path) -> None:
    """T2: begun in one process and ended in another, as by a phone that was restarted."""
    filer, address = served
    upload = filer.want(CONTENT)
    path = tmp_path / "photo.jpg"
    path.write_bytes(CONTENT)
    upload.create(CONTENT[:100_000])
    errand = Errand(f"{address}{FILES}", path, upload.token, url=f"{address}{upload.path}")

    assert client.send(errand) is None
    assert ("verified", CONTENT) == (upload.state, upload.kept())


def dribble(address: str, upload: Upload, length: int) -> socket.socket:
    """Begin a request whose body does not come."""
    place = urlsplit(address)
    connection = socket.create_connection((place.hostname or "", place.port or 0), 20)
    head = (
        f"PATCH {upload.path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nAuthorization: Upload {upload.token}\r\n"
        f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\nContent-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode() + b"abc")
    return connection


@contextmanager
def standing_still(address: str, uploads: list[Upload]) -> Iterator[None]:
    """Begin all of these uploads at once, and send no more."""
    held = [dribble(address, upload, len(upload.content)) for upload in uploads]
    time.sleep(0.5)
    try:
        yield
    finally:
        for connection in held:
            connection.close()


def post(address: str, upload: Upload) -> requests.Response:
    """Send a file in one request."""
    sent = {"Tus-Resumable": "1.0.0", "Authorization": f"Upload {upload.token}", "Content-Type": OCTETS}
    sent |= {"Upload-Length": str(len(upload.content))}
    return requests.post(f"{address}{FILES}", upload.content, headers=sent, timeout=20)


@pytest.mark.parametrize("files_s3", ["folder"], indirect=True)
def test_clients_that_stand_still_keep_back_no_exchange(served: tuple[Filer, str]) -> None:
    """All places for uploads are taken by phones that lost their network: other requests are answered at once."""
    filer, address = served
    many = 3 * UPLOADS_AT_ONCE * WORKERS  # the system spreads them unevenly over the workers: enough to fill each
    phones = [Filer.enrolled(filer.office, f"b{number}") for number in range(many)]
    still = [phone.want(b"slow" * 99_000) for phone in phones]
    for upload in still:
        upload.create()
    quick = filer.want(CONTENT)
    with standing_still(address, still):
        answered = [requests.get(f"{address}/health", timeout=20).status_code for _ in range(20)]
        refused = [post(address, quick) for _ in range(6)]
    until = time.monotonic() + 20
    while post(address, quick).status_code != 201 and time.monotonic() < until:
        time.sleep(0.2)

    assert [200] * 20 == answered
    assert {(503, "2")} == {(each.status_code, each.headers.get("Retry-After")) for each in refused}
    assert "verified" == quick.state


@pytest.mark.parametrize("files_s3", ["folder"], indirect=True)
def test_a_device_that_stands_still_keeps_back_no_other(served: tuple[Filer, str]) -> None:
    """However many uploads one device begins, there is a place for another's."""
    filer, address = served
    still = [filer.want(f"slow {number}".encode() * 50_000) for number in range(10)]
    for upload in still:
        upload.create()
    quick = Filer.enrolled(filer.office, "a2").want(CONTENT)
    with standing_still(address, still):
        assert 201 == post(address, quick).status_code
    assert "verified" == quick.state
