"""A file that is sealed: read by any range, whole or not at all, and gone with its key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from schemas.errors import FieldError
from server.storage.blobs_sealed import SEGMENT, TAG
from server.storage.key_tables import data_key
from tests.contract.proof.keeping_keys import keep, lying, read, with_key_file
from tests.office import Office, opened_office

PICTURE = os.urandom(100) + b"somebody's door " * (SEGMENT // 16 * 3)
STEP = SEGMENT + TAG


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose files are sealed, on either database."""
    with opened_office(database_url, tmp_path / "folder", **with_key_file(tmp_path)) as opened:
        yield opened


def place(office: Office) -> Path:
    """Give where the one sealed file lies."""
    [path] = office.site.settings.files_path.iterdir()
    return path


def test_what_lies_there_tells_nothing(office: Office) -> None:
    """Neither its bytes nor its hash stand in the folder, and code reads it as it came."""
    sha256 = keep(office, PICTURE)

    assert b"somebody's door" not in lying(office)
    assert sha256 not in place(office).name
    assert PICTURE == read(office, sha256)
    assert [(sha256, len(PICTURE))] == [(blob.sha256, blob.size) for blob in office.site.blobs.walk()]
    found = office.site.blobs.find(sha256)
    assert found is not None
    assert len(PICTURE) == found.size


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT])
def test_every_size_comes_back(office: Office, size: int) -> None:
    """An empty file, one that ends with a segment, and those just beside it."""
    content = os.urandom(size)

    assert content == read(office, keep(office, content))


@pytest.mark.parametrize(
    ("start", "size"),
    [
        (0, 1),
        (SEGMENT - 3, 6),
        (SEGMENT, SEGMENT),
        (17, 2 * SEGMENT),
        (len(PICTURE) - 1, 50),
        (len(PICTURE), 9),
        (5, 0),
    ],
)
def test_any_range_is_read(office: Office, start: int, size: int) -> None:
    """A viewer asks for a part of a recording: just that part comes, also over the edge of segments."""
    assert PICTURE[start : start + size] == read(office, keep(office, PICTURE), start, size)


def test_a_range_reads_its_own_segments_only(office: Office) -> None:
    """The first segment is spoilt, and the second can still be read."""
    sha256 = keep(office, PICTURE)
    spoil(place(office), 5)

    assert PICTURE[SEGMENT : SEGMENT + 9] == read(office, sha256, SEGMENT, 9)
    with pytest.raises(FieldError, match="changed where it is kept"):
        read(office, sha256, 0, 9)


def spoil(path: Path, at: int) -> None:
    """Change one byte."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def swap(path: Path) -> None:
    """Put the second segment before the first."""
    content = path.read_bytes()
    path.write_bytes(content[STEP : 2 * STEP] + content[:STEP] + content[2 * STEP :])


def shorten(path: Path) -> None:
    """Leave out the last segments."""
    path.write_bytes(path.read_bytes()[: 2 * STEP])


@pytest.mark.parametrize("damage", [lambda path: spoil(path, 3 * STEP), swap, shorten], ids=["byte", "swap", "short"])
def test_what_was_changed_is_never_given_as_whole(office: Office, damage: Callable[[Path], None]) -> None:
    """A byte, two segments that changed places, an end that is missing: reading the whole fails."""
    sha256 = keep(office, PICTURE)
    damage(place(office))

    with pytest.raises(FieldError, match="where it is kept"):
        read(office, sha256)


def test_the_key_of_one_file_opens_no_other(office: Office) -> None:
    """Whoever can write rows cannot show one person's picture as another's."""
    mine, other = keep(office, PICTURE), keep(office, PICTURE[::-1])
    rows = {row.name: row for row in office.rows(select(data_key))}
    stolen = rows[other]
    values = {"wrapped": stolen.wrapped, "id": stolen.id, "size": stolen.size}
    office.site.store.write(
        lambda connection: connection.execute(update(data_key).where(data_key.c.name == mine).values(**values)).rowcount
    )

    with pytest.raises(FieldError, match="was changed where it is kept"):
        read(office, mine)


def test_the_same_file_twice_is_kept_once(office: Office) -> None:
    """Two devices send one picture: one sealed copy, one key."""
    keep(office, PICTURE)
    before = lying(office)
    keep(office, PICTURE)

    assert before == lying(office)


def test_two_who_seal_the_same_file_at_once_leave_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one whose key comes second takes its copy away again, and the first stays readable."""
    first = office.site.blobs._find_key
    monkeypatch.setattr(type(office.site.blobs), "_find_key", lambda _self, _sha256: None)
    sha256 = keep(office, PICTURE)
    keep(office, PICTURE)
    monkeypatch.setattr(type(office.site.blobs), "_find_key", lambda _self, asked: first(asked))

    assert place(office).is_file()
    assert PICTURE == read(office, sha256)


def test_an_erased_file_cannot_be_read_from_a_copy_of_its_bytes(office: Office) -> None:
    """Its key is deleted first; the bytes put back from somewhere are nobody's any more."""
    sha256 = keep(office, PICTURE)
    copied, content = place(office), place(office).read_bytes()

    office.site.blobs.delete(sha256)
    copied.write_bytes(content)

    assert [] == office.rows(select(data_key).where(data_key.c.name == sha256))
    with pytest.raises(FieldError, match="not kept"):
        read(office, sha256)
    office.site.blobs.delete(sha256)


def test_without_a_key_files_lie_as_they_are(database_url: str, tmp_path: Path) -> None:
    """Nothing is sealed by default."""
    with opened_office(database_url, tmp_path / "plain") as office:
        sha256 = keep(office, PICTURE)

        assert PICTURE == lying(office) == read(office, sha256)
        office.site.blobs.delete(sha256)
        assert b"" == lying(office)
