"""Real clients against the real server: tuspy and tus-js-client, unmodified, on both stores of whole files."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.filing import FILES, OCTETS, Filer, Upload
from tests.office import opened_office
from tests.processes import serving
from tests.tus.clients import Client, Errand, TusJs, TusPy

CONTENT = b"\xff\xd8\xff a door, seen from the street" * 12_000
THREADS = 8  # of the server: two workers of four


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


@pytest.mark.parametrize("files_s3", ["folder"], indirect=True)
def test_clients_that_stand_still_keep_the_server_from_nobody(served: tuple[Filer, str]) -> None:
    """More uploads that dribble than the server has threads: exchanges are answered, and one more file comes."""
    filer, address = served
    still = [filer.want(f"slow {number}".encode() * 99_000) for number in range(2 * THREADS)]
    for upload in still:
        upload.create()
    held = [dribble(address, upload, len(upload.content)) for upload in still]
    time.sleep(0.5)
    answered = [requests.get(f"{address}/health", timeout=10).status_code for _ in range(2 * THREADS)]
    quick = filer.want(CONTENT)
    sent = {"Tus-Resumable": "1.0.0", "Authorization": f"Upload {quick.token}", "Upload-Length": str(len(CONTENT))}
    first = requests.post(f"{address}{FILES}", CONTENT, headers=sent | {"Content-Type": OCTETS}, timeout=10)
    for connection in held:
        connection.close()

    assert {200} == set(answered)
    assert (201, "verified") == (first.status_code, quick.state)
