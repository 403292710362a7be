"""Limits by kind, by device and by room: each with an answer that says what it is, and nothing is lost by any."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import PROBLEMS
from server.services.sweeping import sweep_files
from server.storage import upload_parts
from tests.filing import Filer, Upload, sha256_of
from tests.office import Office, opened_office

MB = 1_000_000


@pytest.fixture
def small(sqlite_template: Path, tmp_path: Path) -> Iterator[Office]:
    """An office with small limits."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    limits = {"photo_mb": 2, "signature_mb": 1, "audio_mb": 3, "video_mb": 4, "other_mb": 1, "files_device_mb": 6}
    with opened_office(f"sqlite:///{tmp_path / 'fairvisit.db'}", tmp_path, **limits) as office:
        yield office


def ask(filer: Filer, size: int, media_type: str = "image/jpeg", role: str = "door") -> tuple[Any, Upload]:
    """Declare a file of this size; give the answer to its creation, and the upload."""
    sha256 = sha256_of(f"{filer.office.site.new_id()}".encode())
    upload = Upload(filer, b"", sha256, filer.name(sha256, size, media_type, role))
    return upload.create(Upload_Length=str(size)), upload


@pytest.mark.parametrize(
    ("media_type", "role", "kind", "most"),
    [
        ("image/jpeg", "door", "photo", 2), ("image/png", "signature", "signature", 1),
        ("audio/webm", "visit", "audio", 3), ("video/mp4", "visit", "video", 4),
        ("application/pdf", "paper", "other", 1), ("", "", "other", 1),
    ],
)  # fmt: skip
def test_each_kind_has_its_limit(small: Office, media_type: str, role: str, kind: str, most: int) -> None:
    """A file just at its limit may come; one byte more is refused with the limit, and is still wanted."""
    filer = Filer.enrolled(small)
    if not media_type:  # an event must say something; a stranger's words are `other`
        media_type, role = "x", "y"
    allowed, _ = ask(filer, most * MB, media_type, role)
    refused, upload = ask(filer, most * MB + 1, media_type, role)

    assert (201, 413) == (allowed.status_code, refused.status_code)
    assert ("urn:fairvisit:problem:too-large", "after_fix") == (refused.json["type"], refused.json["retry"])
    assert {"kind": kind, "max_bytes": most * MB} == refused.json["quota"]
    assert ("wanted", 404) == (upload.state, upload.head().status_code)


def test_a_withheld_content_has_the_limit_of_others(small: Office) -> None:
    """X3: the content of a withheld event is held in memory once, so it has a limit too."""
    filer = Filer.enrolled(small)
    entry = filer.phone.withhold(small.site.new_id(), "x" * (MB + 1))
    (wanted,) = filer.phone.exchange()["push"]["files_wanted"]
    refused = Upload(filer, b"", entry["digest"], wanted["token"]).create(Upload_Length=str(MB + 1))

    assert (413, "content") == (refused.status_code, refused.json["quota"]["kind"])


def test_one_that_is_too_large_keeps_back_no_other(small: Office) -> None:
    """Files over their limit are asked for last: 20 of them leave room for the photo that may come."""
    filer = Filer.enrolled(small)
    good = filer.want(b"a good photo")
    for _ in range(20):
        small.clock.advance(seconds=1)  # the newest come first among those over their limit
        ask(filer, 3 * MB)
    wanted = filer.phone.exchange([])["push"]["files_wanted"]

    assert 20 == len(wanted)
    assert good.sha256 == wanted[0]["sha256"]


def test_a_device_may_send_so_much_a_day(small: Office) -> None:
    """What it sent whole and what is under way count; the rest is taken a day later, and another device is free."""
    filer, other = Filer.enrolled(small), Filer.enrolled(small, "a2")
    sent = [filer.want(bytes([number]) * 2 * MB) for number in (1, 2)]
    assert [201, 201] == [each.create(each.content).status_code for each in sent]
    started = filer.want(b"3" * MB)
    started.create(started.content[:-1])
    refused, _ = ask(filer, 2 * MB)
    free, _ = ask(other, 2 * MB)
    assert (429, 201) == (refused.status_code, free.status_code)
    assert ("backoff", {"max_bytes": 6 * MB}) == (refused.json["retry"], refused.json["quota"])
    assert "3600" == refused.headers["Retry-After"]
    assert 204 == started.patch(MB - 1, b"3").status_code  # what was begun may end
    small.clock.advance(days=1, seconds=1)

    assert 201 == ask(filer, 2 * MB)[0].status_code


def test_where_there_is_no_room_nothing_is_begun(small: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that would be too full takes no new upload, says that it passes, and goes on with those begun."""
    filer = Filer.enrolled(small)
    begun = filer.want(b"a photo that was begun")
    begun.create(b"a")
    spare = small.site.settings.files_spare_mb * MB
    monkeypatch.setattr("server.services.file_limits.free_bytes", lambda _folder: spare)
    refused, upload = ask(filer, 1)

    assert (503, "backoff", "3600") == (refused.status_code, refused.json["retry"], refused.headers["Retry-After"])
    assert "no room" in refused.json["detail"]
    assert "wanted" == upload.state
    assert 204 == begun.patch(1, begun.content[1:]).status_code


def test_all_files_together_have_a_limit(sqlite_template: Path, tmp_path: Path) -> None:
    """Where a limit over all is set, what was counted last decides."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    with opened_office(f"sqlite:///{tmp_path / 'fairvisit.db'}", tmp_path, files_total_mb=3) as office:
        filer = Filer.enrolled(office)
        upload = filer.want(b"2" * 2 * MB)
        upload.create(upload.content)
        before = ask(filer, 2 * MB)[0]
        sweep_files(office.site)
        after = ask(filer, 2 * MB)[0]
        small = ask(filer, MB)[0]

    assert [201, 503, 201] == [each.status_code for each in (before, after, small)]


def test_the_room_is_that_of_the_disk(tmp_path: Path) -> None:
    """What is left is asked of the disk that the parts lie on."""
    assert abs(upload_parts.free_bytes(tmp_path) - shutil.disk_usage(tmp_path).free) < 10**9


def test_each_refusal_is_in_the_table() -> None:
    """What limits answer with are codes that every device knows already."""
    assert {"too-large", "rate-limited", "unavailable"} <= set(PROBLEMS)
