"""What must not come in, or must not do harm when it does: each with a clear answer, and nothing kept that is shown."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

import pytest

from server.domain.media_types import OCTETS, sniff
from tests.filing import Filer, Upload, sha256_of

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 200
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj"
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + b"\x00" * 300
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + b"\x00" * 300
M4A = b"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00isomiso2" + b"\x00" * 300
OPUS = b"OggS\x00\x02" + b"\x00" * 22 + b"OpusHead" + b"\x00" * 200
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def archive(content: bytes = b"x") -> bytes:
    """Make a zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("in.html", content)
    return made.getvalue()


def kept_type(upload: Upload) -> str:
    """Send a file whole; give what the server says it is."""
    sent = upload.create(upload.content)
    assert (201, "verified", upload.content) == (sent.status_code, upload.state, upload.kept())
    return str(upload.filer.row(upload.sha256).media_type)


def test_a_file_with_another_hash(filer: Filer) -> None:
    """T2: it is discarded and said, nothing of it is kept, and the right one is taken afterwards."""
    upload = filer.want(JPEG)
    refused = upload.create(JPEG[:-1] + b"?")

    assert (460, "urn:fairvisit:problem:checksum-mismatch") == (refused.status_code, refused.json["type"])
    assert "discarded" in refused.json["detail"]
    assert [] == list(filer.office.site.blobs.walk())
    assert (404, "image/jpeg") == (upload.head().status_code, kept_type(upload))


@pytest.mark.parametrize("told", ["1", str(len(JPEG) + 1), "-5", "many", "", "1" * 30])
def test_a_file_of_another_size(filer: Filer, told: str) -> None:
    """A size other than the event said is refused before a byte is taken."""
    upload = filer.want(JPEG)
    refused = upload.create(JPEG, Upload_Length=told)

    assert (400, 404) == (refused.status_code, upload.head().status_code)
    assert "Upload-Length" in refused.json["errors"]


def test_a_file_that_goes_on_behind_its_end(filer: Filer) -> None:
    """More bytes than were announced are refused, and what came before them stays."""
    upload = filer.want(JPEG)
    upload.create(JPEG[:100])
    refused = upload.patch(100, JPEG[100:] + b"more")

    assert (413, "urn:fairvisit:problem:too-large") == (refused.status_code, refused.json["type"])
    assert "100" == upload.head().headers["Upload-Offset"]


def test_a_decompression_bomb(filer: Filer) -> None:
    """A small file that would unpack to a large one is kept as it came, byte for byte, and is never shown."""
    zeros = b"\0" * 20_000_000
    for bomb in (gzip.compress(zeros), archive(zeros), zlib.compress(zeros)):
        assert len(bomb) < 50_000
        assert OCTETS == kept_type(filer.want(bomb, "image/png"))


def test_a_body_that_says_it_is_compressed(filer: Filer) -> None:
    """Content-Encoding unpacks nothing here: the bytes count as they travel, so only their own hash is right."""
    packed = gzip.compress(b"\0" * 20_000_000)
    upload = filer.want(packed, "image/png")

    assert 201 == upload.create(packed, Content_Encoding="gzip").status_code
    assert packed == upload.kept()


@pytest.mark.parametrize(
    "content",
    [
        JPEG + archive(), PNG + archive(), MP4 + archive(),  # an archive behind a picture
        JPEG[:20] + b"<html><script>alert(1)</script>" + JPEG[20:], PNG + b"<svg onload=alert(1)>",
        JPEG[:20] + PDF, b"GIF89a/*" + b"<?php system(1) ?>", PDF + b"<script>", WEBM + b"<!DOCTYPE html>",
    ],
)  # fmt: skip
def test_a_polyglot(filer: Filer, content: bytes) -> None:
    """A file that is two things at once is kept as evidence, but as octets: no browser is told that it is a picture."""
    assert OCTETS == kept_type(filer.want(content))


@pytest.mark.parametrize("content", [SVG, b"\xef\xbb\xbf" + SVG, b"<svg onload='alert(1)'/>", b"<html>hello</html>"])
def test_a_drawing_with_a_script(filer: Filer, content: bytes) -> None:
    """An SVG or a page that is named a picture is octets, whatever its event says."""
    assert OCTETS == kept_type(filer.want(content, "image/svg+xml"))


def test_an_empty_file(filer: Filer) -> None:
    """0 bytes are a file: verified as soon as it is created, and octets."""
    upload = filer.want(b"")

    assert OCTETS == kept_type(upload)
    assert "0" == upload.head().headers["Upload-Offset"]


def test_two_gigabytes_declared(filer: Filer) -> None:
    """A photo of 2 GB is refused by its kind before anything is made; a film may begin, and takes no room yet."""
    size, sha256 = 2 * 1024**3, sha256_of(b"never sent")
    photo = Upload(filer, b"", sha256, filer.name(sha256, size))
    refused = photo.create(Upload_Length=str(size))
    assert (413, "after_fix") == (refused.status_code, refused.json["retry"])
    assert {"kind": "photo", "max_bytes": 20_000_000} == refused.json["quota"]
    assert 404 == photo.head().status_code

    film = sha256_of(b"a film, never sent")
    begun = Upload(filer, b"", film, filer.name(film, size, "video/mp4"))
    assert 201 == begun.create(Upload_Length=str(size)).status_code
    uploads = filer.office.site.settings.folder_path / "uploads"
    assert [0] == [path.stat().st_blocks for path in uploads.iterdir()]
    assert 400 == begun.create(Upload_Length="1" * 400).status_code


def test_the_token_of_another_device(filer: Filer) -> None:
    """T2, T3: a token opens the upload of its own device only, to no method; nor does none, or a device's proof."""
    upload = filer.want(JPEG)
    upload.create(JPEG[:100])
    other = Filer.enrolled(filer.office, "a2").want(JPEG)
    tried = [
        upload.ask("HEAD", upload.path, token=other.token),
        upload.ask("PATCH", upload.path, JPEG[100:], token=other.token, Upload_Offset="100"),
        upload.ask("DELETE", upload.path, token=other.token),
    ]
    without = upload.ask("HEAD", upload.path, Authorization="Device x.y.z")
    forged = upload.ask("HEAD", upload.path, token=other.token.replace(other.filer.phone.device_id, "x" * 36))

    assert [404, 404, 404] == [each.status_code for each in tried]
    assert [403, 403] == [without.status_code, forged.status_code]
    assert ("100", "wanted") == (upload.head().headers["Upload-Offset"], upload.state)


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (JPEG, "photo", "image/jpeg"), (PNG, "photo", "image/png"), (PDF, "other", "application/pdf"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "photo", "image/webp"), (WEBM, "audio", "audio/webm"),
        (WEBM, "video", "video/webm"), (MP4, "video", "video/mp4"), (MP4, "audio", "audio/mp4"),
        (M4A, "video", "audio/mp4"), (OPUS, "audio", "audio/ogg"), (b"RIFF\x10\x00\x00\x00WAVEfmt ", "audio", OCTETS),
        (b"GIF89a", "photo", OCTETS), (b"", "photo", OCTETS), (b"PK\x03\x04", "photo", OCTETS),
        (MP4.replace(b"isom", b"heic"), "photo", OCTETS),
    ],
)  # fmt: skip
def test_what_first_bytes_show(content: bytes, kind: str, expected: str) -> None:
    """A few passive types are known by their first bytes; all else is octets."""
    assert expected == sniff(content, content, kind)
