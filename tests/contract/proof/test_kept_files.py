"""What the office keeps by name for a time, a lender's file, rejected rows, exports: sealed where there is a key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import FieldError
from server.services import keyring
from server.services.exporting import work_export
from server.services.uploading import work_upload
from server.storage.kept_files import OPEN, SEGMENT, TAG, is_sealed, keep, list_kept, open_kept, working
from tests.contract.office.desk import Desk
from tests.contract.office.test_exports import export, fetch
from tests.contract.office.test_imports_page import GOOD, ODD, references, upload
from tests.contract.proof.keeping_keys import with_key_file
from tests.office import Office, opened_office

DAY_MS = 24 * 3_600_000


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office that has a master key."""
    with opened_office(database_url, tmp_path / "folder", **with_key_file(tmp_path)) as opened:
        yield opened


def lying(office: Office) -> bytes:
    """Give every byte of every file in the folder."""
    return b"".join(path.read_bytes() for path in sorted(office.site.settings.folder_path.rglob("*")) if path.is_file())


def test_a_lenders_file_and_its_rejected_rows_lie_sealed(office: Office) -> None:
    """Uploaded, imported, mended and imported again: no name or number of it stands in any file of the folder."""
    desk = Desk(office)
    browser = desk.sign_in("dispatcher")
    where = upload(browser, GOOD)
    waiting = lying(office)
    assert work_upload(office.site)
    page = browser.get(where)
    browser.post(f"{where}/rejects", **{f"row-0-{place}": "9" for place in range(9)})

    assert "Bo Imagined" in page
    assert ["LN-1"] == references(desk)
    kept = list_kept(office.site.settings.folder_path / "office-uploads")
    assert 3 == len(kept)
    assert all(is_sealed(path) and 0o600 == path.stat().st_mode & 0o777 for path in kept)
    assert [] == [each for each in (b"Imagined", b"Loan No", b"LN-2") if each in waiting + lying(office)]


def test_a_sealed_file_that_asks_shows_its_titles(office: Office) -> None:
    """Its columns are named by a person as in plain, and it comes in."""
    desk = Desk(office)
    browser = desk.sign_in("dispatcher")
    where = upload(browser, ODD)
    work_upload(office.site)
    page = browser.get(where)
    browser.post(f"{where}/columns", **{"column-reference": "Kennung"})
    work_upload(office.site)

    assert '<option value="Kennung">' in page
    assert ["LN-1"] == references(desk)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_lies_sealed_and_leaves_in_plain(office: Office, form: str) -> None:
    """What is fetched is what its manifest says, whole or by range; what lies there tells nothing."""
    desk, auditor = Desk(office), Desk(office).sign_in("auditor")
    upload(desk.sign_in("dispatcher"), GOOD)
    body, manifest = export(desk, auditor, "audit", form)
    [path] = list_kept(office.site.settings.folder_path / "exports")
    where = auditor.get("/exports").split('href="/office/exports/', 1)[1].split("/file", 1)[0]

    assert manifest["bytes"] == len(body)
    assert is_sealed(path)
    assert body[:40] not in lying(office)
    assert body[30:] == fetch(auditor, where, "file", Range="bytes=30-", **{"If-Range": f'"{manifest["sha256"]}-file"'})
    assert not work_export(office.site)


def test_a_worker_leaves_nothing_in_plain_even_where_it_died(office: Office, tmp_path: Path) -> None:
    """What a dead one had open is removed by another a day later, and not before; what is in use stays."""
    folder = tmp_path / "place"
    with working(folder, office.clock()) as mine:
        left = folder / f"{OPEN}dead"
        left.mkdir()
        (left / "file").write_text("somebody's door")
        now_ms = round(left.stat().st_mtime * 1000)
        with working(folder, now_ms + DAY_MS - 1000):
            assert left.exists()
        os.utime(mine, (now_ms / 1000 + DAY_MS / 1000,) * 2)
        with working(folder, now_ms + DAY_MS + 1000):
            assert not left.exists()
            assert mine.exists()
    assert [] == list(folder.iterdir())


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT])
def test_every_size_comes_back(office: Office, tmp_path: Path, size: int) -> None:
    """In whatever pieces it came."""
    content, path = os.urandom(size), tmp_path / "a" / "file"
    pieces = [content[:7], content[7 : SEGMENT + 9], content[SEGMENT + 9 :]]

    assert size == keep(office.site.store, pieces, path)
    with open_kept(office.site.store, path) as plain:
        assert content == plain.read()


@pytest.mark.parametrize("harm", ["byte", "swapped", "short", "cut at a segment", "under another name"])
def test_what_was_changed_is_not_given(office: Office, tmp_path: Path, harm: str) -> None:
    """Neither a changed byte, nor segments that changed places, nor an end that is missing, nor another's file."""
    path = tmp_path / "a" / "file"
    keep(office.site.store, [os.urandom(3 * SEGMENT)], path)
    head, step = path.read_bytes().index(b"\n") + 1, SEGMENT + TAG
    kept = path.read_bytes()
    one, two, rest = kept[head : head + step], kept[head + step : head + 2 * step], kept[head + 2 * step :]
    harmed = {
        "byte": kept[:-1] + bytes([kept[-1] ^ 1]), "short": kept[:-1], "cut at a segment": kept[:-step],
        "swapped": kept[:head] + two + one + rest,
    }  # fmt: skip
    if harm in harmed:
        path.write_bytes(harmed[harm])
    else:
        path = path.rename(path.with_name("other"))

    with pytest.raises(FieldError, match="changed where it is kept"), open_kept(office.site.store, path):
        pass


def test_what_lay_there_before_there_was_a_key_is_read_then_sealed(database_url: str, tmp_path: Path) -> None:
    """`keys show` counts it, `keys encrypt` seals it, and it is imported as before."""
    with opened_office(database_url, tmp_path / "folder") as office:
        upload(Desk(office).sign_in("dispatcher"), GOOD)
        assert b"Bo Imagined" in lying(office)
        office.close()
        object.__setattr__(office, "settings", replace(office.settings, **with_key_file(tmp_path)))
        office.start()

        assert 1 == keyring.read_keys(office.site).plain_files
        assert 1 == keyring.encrypt_plain(office.site)[1]
        assert 0 == keyring.read_keys(office.site).plain_files
        assert b"Bo Imagined" not in lying(office)
        assert work_upload(office.site)
        assert ["LN-1"] == references(Desk(office))


def test_what_is_kept_is_on_the_disk_before_anybody_is_told(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes first, then its name: an import that is asked for finds its file whatever happens to the machine."""
    path, synced = tmp_path / "kept" / "a.file", list[str]()

    def sync(_: int) -> None:
        synced.append("named" if path.exists() else "bytes")

    monkeypatch.setattr("server.storage.kept_files.os.fsync", sync)
    monkeypatch.setattr("server.storage.kept_files.sync_folder", lambda folder: synced.append(folder.name))
    keep(office.site.store, [b"rows"], path)

    assert ["bytes", "kept"] == synced
