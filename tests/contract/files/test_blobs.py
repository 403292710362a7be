"""What both stores of whole files promise: the same tests on a folder and on an S3 store that checks signatures."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from schemas.errors import FieldError
from server.storage.blobs import Blobs, open_blobs
from server.storage.blobs_s3 import PART_BYTES
from tests.filing import sha256_of
from tests.s3_store import S3Server

CONTENT = bytes(range(256)) * 3_000


@pytest.fixture
def blobs(files_s3: str, tmp_path: Path) -> Blobs:
    """An empty store."""
    return open_blobs(tmp_path / "files", files_s3)


def put(blobs: Blobs, folder: Path, content: bytes) -> str:
    """Put a content; give its hash."""
    path, sha256 = folder / "part", sha256_of(content)
    path.write_bytes(content)
    blobs.put(sha256, path)
    assert path.read_bytes() == content, "what was put is left alone"
    return sha256


@pytest.mark.parametrize("content", [b"", b"one", CONTENT, b"part by part" * (PART_BYTES // 5)])
def test_what_is_put_is_read_again(blobs: Blobs, tmp_path: Path, content: bytes) -> None:
    """Empty, small, of several pieces, and larger than two parts of a multipart upload: each byte comes back."""
    sha256 = put(blobs, tmp_path, content)
    found = blobs.find(sha256)

    assert found is not None
    assert len(content) == found.size
    assert found.kept_ms > 1_500_000_000_000
    assert content == b"".join(blobs.read(sha256))
    assert [(sha256, len(content))] == [(blob.sha256, blob.size) for blob in blobs.walk()]


@pytest.mark.parametrize(("start", "size"), [(0, 10), (5, None), (255, 600_000), (len(CONTENT) - 3, 100), (7, 0)])
def test_a_range_is_read(blobs: Blobs, tmp_path: Path, start: int, size: int | None) -> None:
    """A viewer asks for the middle of a recording: just these bytes come."""
    sha256 = put(blobs, tmp_path, CONTENT)
    end = len(CONTENT) if size is None else start + size

    assert CONTENT[start:end] == b"".join(blobs.read(sha256, start, size))


def test_a_range_behind_the_end_is_empty(blobs: Blobs, tmp_path: Path) -> None:
    """There is nothing behind the last byte."""
    assert b"" == b"".join(blobs.read(put(blobs, tmp_path, b"abc"), 3))


def test_what_is_there_stays_as_it_is(blobs: Blobs, tmp_path: Path) -> None:
    """Two devices send the same picture: it is kept once, and a content never changes under its hash."""
    sha256 = put(blobs, tmp_path, CONTENT)
    other = tmp_path / "other"
    other.write_bytes(b"not that content")
    blobs.put(sha256, other)

    assert CONTENT == b"".join(blobs.read(sha256))
    assert 1 == len(list(blobs.walk()))


def test_what_is_deleted_is_gone(blobs: Blobs, tmp_path: Path) -> None:
    """A deleted file is not found, not listed and not read; deleting it again is no error."""
    sha256 = put(blobs, tmp_path, CONTENT)
    blobs.delete(sha256)
    blobs.delete(sha256)

    assert blobs.find(sha256) is None
    assert [] == list(blobs.walk())
    with pytest.raises(FieldError) as caught:
        blobs.read(sha256)
    assert "not-found" == caught.value.code


def test_a_disk_without_links_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the files lie on another disk than the uploads, they are copied whole, and nothing is left over."""

    def link(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", link)
    blobs = open_blobs(tmp_path / "files")
    sha256 = put(blobs, tmp_path, CONTENT)

    assert CONTENT == b"".join(blobs.read(sha256))
    assert [sha256] == os.listdir(tmp_path / "files")


@pytest.mark.parametrize("files_s3", ["s3"], indirect=True)
def test_a_wrong_key_is_refused(files_s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store checks signatures, so these tests would see a request that is signed wrongly; and nothing is kept."""
    put(open_blobs(tmp_path, files_s3), tmp_path, b"the right key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-key")
    stranger = open_blobs(tmp_path, files_s3)

    with pytest.raises(ClientError) as caught:
        list(stranger.walk())
    assert "SignatureDoesNotMatch" == caught.value.response["Error"]["Code"]
    with pytest.raises(ClientError):
        stranger.find(sha256_of(b"the right key"))
    with pytest.raises(Exception, match=r"403|SignatureDoesNotMatch"):
        put(stranger, tmp_path, b"with a wrong key")


@pytest.mark.parametrize("address", ["bucket", "https://host", "ftp://host/bucket", "https:///bucket"])
def test_an_address_that_is_none_is_said(address: str, tmp_path: Path) -> None:
    """A setting that names no bucket is refused with what it should look like."""
    with pytest.raises(FieldError) as caught:
        open_blobs(tmp_path, address)

    assert "invalid" == caught.value.code
    assert "https://host/bucket" in str(caught.value)


def test_a_prefix_keeps_two_offices_apart(s3_server: S3Server, files_s3: str, tmp_path: Path) -> None:
    """Two stores in one bucket, each behind its prefix, see only their own."""
    if files_s3:
        ours, theirs = (open_blobs(tmp_path, f"{files_s3}/{name}") for name in ("ours", "theirs"))
    else:
        ours, theirs = open_blobs(tmp_path / "ours"), open_blobs(tmp_path / "theirs")
    sha256 = put(ours, tmp_path, b"ours")

    assert theirs.find(sha256) is None
    assert [] == list(theirs.walk())


def test_who_finds_a_file_kept_makes_its_name_durable_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever put it first may have died between the link and the disk; the second is told that it is kept."""
    blobs, synced = open_blobs(tmp_path / "files"), list[Path]()
    put(blobs, tmp_path, CONTENT)
    monkeypatch.setattr("server.storage.blobs.sync_folder", synced.append)
    put(blobs, tmp_path, CONTENT)

    assert [tmp_path / "files"] == synced
