"""The sweep: parts and files that lead nowhere go, and nothing that an event names ever does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from server import worker
from server.cli.filing import files_command
from server.services import filing
from server.services.sweeping import GRACE_MS, Swept, sweep_files, sweep_in_time
from server.storage import proof_rows
from server.storage.state_rows import put_state
from server.storage.tables import wanted_file
from tests.filing import Filer, Upload, sha256_of
from tests.office import Office

PHOTO = b"\xff\xd8\xff a photo of a door" * 50
NOTHING = Swept(0, 0, 0, 0, 0)


def parts(office: Office) -> list[str]:
    """Give the hashes of the parts that lie there."""
    return [path.name[-64:] for path in filing.uploads_folder(office.site).glob("*")]


def forget(office: Office, sha256: str) -> None:
    """Let no event name a file any more."""
    office.site.store.write(lambda connection: proof_rows.forget_files(connection, [sha256], []))


def put_orphan(office: Office, content: bytes, kept_ms: int) -> str:
    """Keep a file that no event names, since a time."""
    sha256, path = sha256_of(content), office.site.settings.folder_path / "orphan"
    path.write_bytes(content)
    office.site.blobs.put(sha256, path)
    path.unlink()
    os.utime(office.site.settings.files_path / sha256, (kept_ms / 1000, kept_ms / 1000))
    return sha256


def test_parts_that_lead_nowhere_go(office: Office) -> None:
    """A part of a file no event names, of a device that is gone, and one that is too old go; one that waits stays."""
    filer, gone = Filer.enrolled(office), Filer.enrolled(office, "a2")
    old = filer.want(b"too old" * 9)
    old.create(b"too")
    office.clock.advance(days=6)
    waits, forgotten, of_gone = filer.want(PHOTO), filer.want(b"forgotten"), gone.want(b"of a device that is gone")
    for upload in (waits, forgotten, of_gone):
        upload.create(upload.content[:3])
    forget(office, forgotten.sha256)
    office.set_device(gone.phone.device_id, state="gone")
    office.clock.advance(days=1, seconds=1)
    stray = filing.uploads_folder(office.site) / "somebody's own file"
    stray.write_text("not ours")

    assert 3 == sweep_files(office.site, only_look=True).parts
    assert 4 == len(parts(office)) - 1
    assert 3 == sweep_files(office.site).parts
    assert waits.sha256 in parts(office)
    assert 2 == len(parts(office))
    assert "3" == waits.head().headers["Upload-Offset"]


def test_a_whole_file_goes_only_if_no_event_names_it(office: Office) -> None:
    """Verified, wanted again, named by another device only: it stays, however old. Named by nobody: it goes in time."""
    filer, other = Filer.enrolled(office), Filer.enrolled(office, "a2")
    verified, wanted_again, shared = (filer.want(PHOTO + bytes([number])) for number in range(3))
    for upload in (verified, wanted_again, shared):
        upload.create(upload.content)
    other.want(shared.content)
    office.site.store.write(
        lambda connection: connection.execute(
            wanted_file.update().where(wanted_file.c.sha256 == wanted_again.sha256).values(state="wanted")
        )
        and None
    )
    mine = delete(wanted_file).where(
        wanted_file.c.device_id == filer.phone.device_id, wanted_file.c.sha256 == shared.sha256
    )
    office.site.store.write(lambda connection: connection.execute(mine) and None)
    orphan = put_orphan(office, b"named by nobody", office.clock())
    fresh = put_orphan(office, b"named by nobody yet", office.clock() + GRACE_MS)
    for blob in list(office.site.blobs.walk()):
        if blob.sha256 not in (orphan, fresh):
            os.utime(office.site.settings.files_path / blob.sha256, (1, 1))
    office.clock.advance(days=30, seconds=1)

    assert 1 == sweep_files(office.site).files
    kept = {blob.sha256 for blob in office.site.blobs.walk()}
    assert {verified.sha256, wanted_again.sha256, shared.sha256, fresh} == kept


@pytest.mark.parametrize("since", ["paused", "restored"])
def test_after_a_restore_files_wait_for_their_events(office: Office, since: str) -> None:
    """F5: a restored database knows fewer events than there are files; devices send them again, so nothing goes yet."""
    orphan = put_orphan(office, b"of an event that comes again", office.clock())
    office.clock.advance(days=31)
    name, value = ("paused", "yes") if since == "paused" else ("restored_ms", str(office.clock()))
    office.site.store.write(lambda connection: put_state(connection, name, value))

    assert 0 == sweep_files(office.site).files
    assert office.site.blobs.find(orphan) is not None


def test_an_event_that_comes_while_it_sweeps_is_seen(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is some time old when a file's turn comes: it is asked once more whether an event names it."""
    filer = Filer.enrolled(office)
    orphan = put_orphan(office, PHOTO, office.clock())
    office.clock.advance(days=31)
    honest = office.site.blobs.walk

    def walk() -> object:
        found = list(honest())
        yield from found

    monkeypatch.setattr(office.site.blobs, "walk", walk)
    monkeypatch.setattr("server.services.sweeping._is_named", lambda _site, _sha256: bool(filer.want(PHOTO)))
    sweep_files(office.site)

    assert office.site.blobs.find(orphan) is not None


def test_a_whole_part_is_looked_at(office: Office) -> None:
    """A server that died over the last byte left a whole part: the sweep verifies the right one, discards the wrong."""
    filer = Filer.enrolled(office)
    right, wrong = filer.want(PHOTO), filer.want(b"what was named")
    for upload, content in ((right, PHOTO), (wrong, b"what was sent?")):
        upload.create()
        path = filing.uploads_folder(office.site) / f"{filer.phone.device_id}-{upload.sha256}"
        path.write_bytes(content)

    assert 2 == sweep_files(office.site).finished
    assert (["verified", "wanted"], []) == ([right.state, wrong.state], parts(office))
    assert PHOTO == right.kept()


def test_the_worker_sweeps_hourly(office: Office) -> None:
    """Among the worker's jobs, once an hour whatever else it does."""
    assert sweep_in_time in worker.JOBS
    assert [True, False] == [sweep_in_time(office.site) for _ in range(2)]
    office.clock.advance(seconds=3601)
    assert sweep_in_time(office.site)


def test_an_empty_office_is_swept(office: Office) -> None:
    """Nothing there, nothing done."""
    assert NOTHING == sweep_files(office.site)


def test_the_command_says_what_it_did(office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`fairvisit files sweep --look` only says it; without, it is done."""
    filer = Filer.enrolled(office)
    kept, dropped = filer.want(PHOTO), filer.want(b"dropped")
    kept.create(PHOTO)
    dropped.create(b"d")
    forget(office, dropped.sha256)
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", office.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", office.settings.folder)
    told = [CliRunner().invoke(files_command, ["sweep", *options]).output for options in (["--look"], [], [])]

    assert "Would remove 1 parts and 0 files" in told[0]
    assert "Removed 1 parts and 0 files" in told[1]
    assert f"Kept: 1 files, {len(PHOTO)} bytes" in told[1]
    assert "Removed 0 parts" in told[2]


def test_an_upload_whose_file_was_erased_meanwhile_keeps_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E12: erased between its last look and the keeping, a file is not kept; one that another device names is."""
    filer = Filer.enrolled(office)
    upload: Upload = filer.want(PHOTO)
    honest = office.site.blobs.put

    def put(sha256: str, path: Path) -> None:
        forget(office, sha256)  # the erasure, in the worst moment
        office.site.blobs.delete(sha256)
        honest(sha256, path)

    monkeypatch.setattr(office.site.blobs, "put", put)
    upload.create(PHOTO)

    assert office.site.blobs.find(upload.sha256) is None
    assert [] == parts(office)
