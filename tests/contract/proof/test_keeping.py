"""A backup taken while serving, a restore that starts paused, and how devices and office come back from it."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from schemas import canonical
from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.services import keeping
from server.services.enrolling import issue_code
from server.services.erasing import erase_events
from server.services.packing import bump_and_repack
from server.services.verifying import verify_device, verify_site
from server.storage import feed, tables
from server.storage.tables import event, wanted_file
from tests.contract.proof.conftest import Town
from tests.contract.proof.test_erase import send_file
from tests.office import Office, Phone, statuses
from tests.postgres import find_binaries


@pytest.fixture(autouse=True)
def postgres_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs of the very PostgreSQL that the tests run."""
    monkeypatch.setenv("PATH", f"{find_binaries()}{os.pathsep}{os.environ['PATH']}")


def back_up(town: Town, **options: Any) -> Path:
    """Back the town up."""
    path = town.office.site.settings.folder_path.parent / "site.backup"
    keeping.back_up(town.office.site, path, **options)
    return path


def put_back(office: Office, path: Path, *, replace: bool = True) -> keeping.Restored:
    """Stop the server, restore, and start it again."""
    office.close()
    restored = keeping.put_back(office.site.settings, path, office.clock(), os.urandom(4), replace=replace)
    office.start()
    keeping.settle_files(office.site)
    return restored


def confirm(office: Office) -> None:
    """Confirm all there is to confirm."""
    keeping.confirm_restore(office.site, "Dana", keeping.TO_CONFIRM)


def problem(half: dict[str, Any]) -> str:
    """Give the code of a half's problem."""
    return str(half["problem"]["type"]).rpartition(":")[2]


def count_events(office: Office) -> int:
    """Count the events kept."""
    return int(office.rows(select(func.count()).select_from(event))[0][0])


def test_a_restored_server_is_paused_until_a_person_confirms(town: Town) -> None:
    """F5: after a restore pull answers paused and push stays open, on every half that reads the feed."""
    town.phone.exchange([])
    path = back_up(town)
    town.office.clock.advance(hours=3)
    put_back(town.office, path)
    town.record_visit(1)

    answer = town.phone.exchange(checkpoint=town.phone.checkpoint())

    assert "paused" == problem(answer["pull"])
    assert "accepted" == statuses(answer)[-1]
    fresh = Phone(town.office, town.phone.agent_id, "a1", town.phone.key, town.phone.device_id, town.phone.nonce)
    fresh.chain_id = town.phone.chain_id
    assert "paused" == problem(fresh.exchange([])["pull"])
    assert 503 == town.phone.request("/sync/v1/manifest", method="GET").status_code
    assert "paused" == town.office.client.get("/ready").json["status"]

    confirm(town.office)

    assert "problem" not in fresh.exchange([])["pull"]
    assert "ready" == town.office.client.get("/ready").json["status"]


def test_after_confirmation_the_device_repairs_by_the_manifest(town: Town) -> None:
    """F5: the old cursor is of another epoch; manifest and fetch bring the restored live set, then pages go on."""
    town.phone.exchange([])
    path = back_up(town)
    later = town.office.add_case("R2")
    town.office.assign(later, town.phone.agent_id)
    town.phone.exchange([])
    put_back(town.office, path)
    confirm(town.office)

    assert "epoch-changed" == problem(town.phone.exchange([])["pull"])
    manifest = town.phone.request("/sync/v1/manifest", method="GET").json
    listed = [
        item
        for number, bucket in enumerate(manifest["buckets"])
        if bucket[0]
        for item in town.phone.request(f"/sync/v1/manifest?bucket={number}", method="GET").json["items"]
    ]
    fetched = town.phone.request("/sync/v1/fetch", {"ids": [town.case_id, later]}).json
    town.phone.cursor = manifest["cursor"]
    page = town.phone.exchange([])["pull"]

    assert [town.case_id] == [item[1] for item in listed if item[0] == "packet"]
    assert ([town.case_id], [later]) == ([item["id"] for item in fetched["items"]], fetched["absent"])
    assert {"more": False, "head": {"count": manifest["count"], "sum": manifest["sum"]}} == page


def test_receipts_beyond_the_restored_place_are_void_and_their_events_come_again(town: Town) -> None:
    """E10: next_seq is low after a restore; what lies at or beyond it is sent again and taken as it was."""
    path = back_up(town)
    town.record_visit(2)
    town.send()
    late = town.phone.log[4:]
    put_back(town.office, path)

    asked = town.phone.exchange([])
    assert 5 == asked["push"]["next_seq"]
    answer = town.phone.exchange(late, checkpoint=town.phone.checkpoint())

    assert ["accepted", "accepted"] == statuses(answer)
    assert 7 == answer["push"]["next_seq"]
    assert verify_device(town.office.site, town.phone.device_id).is_whole
    stored = {row.id: bytes(row.content) for row in town.office.rows(select(event))}
    assert {entry["id"]: entry["content"].encode() for entry in town.phone.log} == stored


def test_a_chain_the_backup_never_heard_of_begins_anew(town: Town) -> None:
    """E10: a chain opened after the backup stands at its beginning again."""
    path = back_up(town)
    town.phone.open_chain("forked", previous=town.phone.chain_id, after_seq=4)
    town.send()
    put_back(town.office, path)

    assert 1 == town.phone.exchange([])["push"]["next_seq"]
    assert ["accepted"] == statuses(town.phone.exchange(checkpoint=town.phone.checkpoint()))
    assert verify_device(town.office.site, town.phone.device_id).is_whole


def test_an_epoch_never_comes_back(town: Town) -> None:
    """F5: each restore changes the epoch, also a second one from the same file."""
    path = back_up(town)
    epochs = {keeping.read_backup(path).epoch}
    for _ in range(2):
        put_back(town.office, path)
        epochs |= {row.value for row in town.office.rows(select(tables.server_state)) if row.name == "epoch"}

    assert 3 == len(epochs)


def test_codes_not_used_before_the_backup_are_void(town: Town) -> None:
    """F5: nobody knows whether an unused code was used since; a new one works at once, paused or not."""
    code = issue_code(town.office.site, "a1", by="test")
    path = back_up(town)
    put_back(town.office, path)
    stranger = Phone(town.office, town.phone.agent_id, "a1")

    with pytest.raises(AssertionError, match="enrolment-code-invalid"):
        enrol(stranger, code)
    town.office.clock.advance(seconds=1)

    assert 36 == len(enrol(stranger, issue_code(town.office.site, "a1", by="test")))


def enrol(phone: Phone, code: str) -> str:
    """Present a code; give the device id."""
    from schemas import signing

    jwk = signing.public_jwk(phone.key.public_key())
    jkt = signing.thumbprint(jwk)
    claim = signing.sign({"typ": "enrol", "code": code, "jkt": jkt}, phone.key, jkt)
    described = {"kind": "phone", "model": "test", "app": "0"}
    answer = phone.office.client.post(
        "/sync/v1/enrol", json={"code": code, "jwk": jwk, "device": described, "proof": claim}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json["device_id"])


def test_revisions_never_repeat_after_a_restore(town: Town) -> None:
    """F5: a packet's numbering goes on from the time in seconds, above whatever was handed out and forgotten."""
    office = town.office

    def bump() -> int:
        def job(connection: Any) -> int:
            feed.publish(connection, bump_and_repack(connection, office.site, [town.case_id]))
            return 0

        office.site.store.write(job)
        return int(office.rows(select(tables.case.c.rev))[0].rev)

    path = back_up(town)
    before = [bump() for _ in range(5)]
    office.clock.advance(minutes=1)
    put_back(office, path)

    after = bump()

    assert after > max(before)
    assert after >= office.clock() // 1000


def test_an_erasure_made_since_the_backup_is_done_again(town: Town) -> None:
    """E12: the log outside the backup erases again before the restored server serves; the device is told again."""
    path = back_up(town)
    erased = town.event_ids[2]
    erase_events(town.office.site, [erased], "Dana", "request")
    put_back(town.office, path)

    (row,) = town.office.rows(select(event).where(event.c.id == erased))
    assert (None, "Dana") == (row.content, row.erased["by"])
    assert verify_device(town.office.site, town.phone.device_id).is_whole
    confirm(town.office)
    town.phone.cursor = None
    assert erased in [item["id"] for item in town.phone.exchange([])["pull"]["items"] if item["type"] == "erased"]


def test_an_event_erased_since_the_backup_is_not_taken_back_from_a_device(town: Town) -> None:
    """E12: an event that both came and was erased after the backup is sent again by its device and not stored."""
    path = back_up(town)
    entry = town.phone.step(town.case_id, town.visit_id, note="to be erased")
    town.send()
    erase_events(town.office.site, [entry["id"]], "Dana", "request")
    put_back(town.office, path)

    answer = town.phone.exchange(town.phone.log[4:], checkpoint=town.phone.checkpoint())

    assert ["duplicate:erased"] == statuses(answer)
    assert [None] == [row.content for row in town.office.rows(select(event).where(event.c.id == entry["id"]))]
    assert 6 == town.phone.exchange([])["push"]["next_seq"]
    assert verify_device(town.office.site, town.phone.device_id).is_whole


def test_a_backup_under_load_is_one_moment(town: Town) -> None:
    """A backup taken while batches commit holds whole batches and whole chains, nothing half."""
    phones = [town.phone, Phone.enrolled(town.office, "a2")]
    town.office.assign(town.case_id, phones[1].agent_id)
    stop = threading.Event()

    def push(phone: Phone) -> None:
        sent = 0
        while not stop.is_set() and sent < 60:
            for _ in range(3):
                phone.step(town.case_id, town.visit_id)
            phone.exchange(phone.log[-4:], checkpoint=phone.checkpoint())
            sent += 1

    phones[1].exchange()
    pushers = [threading.Thread(target=push, args=(phone,)) for phone in phones]
    for pusher in pushers:
        pusher.start()
    path = back_up(town)
    stop.set()
    for pusher in pushers:
        pusher.join()
    put_back(town.office, path)

    verdicts = list(verify_site(town.office.site))
    assert [True, True] == [verdict.is_whole for verdict in verdicts]
    assert count_events(town.office) == sum(chain.places for verdict in verdicts for chain in verdict.chains)


def test_files_are_listed_and_those_that_are_missing_are_asked_for(town: Town) -> None:
    """A verified file that is not in the folder after a restore is wanted again; a backup with files brings it back."""
    _, sha256 = send_file(town, b"a photo of the door")
    folder = town.office.site.settings.folder_path / "files"
    path = back_up(town)
    assert ((sha256, 19),) == keeping.read_backup(path).files
    shutil.rmtree(folder)
    put_back(town.office, path)
    assert ["wanted"] == [row.state for row in town.office.rows(select(wanted_file.c.state))]
    assert [sha256] == [each["sha256"] for each in town.phone.exchange([])["push"]["files_wanted"]]

    folder.mkdir(exist_ok=True)
    (folder / sha256).write_bytes(b"a photo of the door")
    town.office.site.store.write(
        lambda connection: connection.execute(wanted_file.update().values(state="verified")) and None
    )
    path = back_up(town, with_files=True)
    shutil.rmtree(folder)
    put_back(town.office, path)

    assert b"a photo of the door" == (folder / sha256).read_bytes()
    assert ["verified"] == [row.state for row in town.office.rows(select(wanted_file.c.state))]


def test_nothing_is_replaced_without_being_told(town: Town) -> None:
    """A database with devices stays as it is unless the person says --replace."""
    path = back_up(town)
    town.record_visit(1)
    town.send()

    with pytest.raises(FieldError) as caught:
        put_back(town.office, path, replace=False)
    town.office.start()

    assert "conflict" == caught.value.code
    assert 5 == count_events(town.office)


def test_nothing_is_replaced_while_a_server_runs(town: Town) -> None:
    """A running server (its lock, or its sessions) stops a restore before anything is touched."""
    office, path = town.office, back_up(town)
    settings = office.site.settings
    if settings.database_url.startswith("sqlite"):
        held = os.open(f"{office.site.store.engine.url.database}.owner", os.O_CREAT | os.O_RDWR)
        fcntl.flock(held, fcntl.LOCK_EX)
    else:
        held = os.open(path, os.O_RDONLY)  # the office's own pool is the company

    with pytest.raises(FieldError) as caught:
        keeping.put_back(settings, path, office.clock(), b"\0\0\0\1", replace=True)
    os.close(held)

    assert "conflict" == caught.value.code
    assert 4 == count_events(office)


def rewrite(path: Path, **changes: Any) -> None:
    """Change members of a backup's manifest, or its database's bytes."""
    with zipfile.ZipFile(path) as archive:
        manifest, database = orjson.loads(archive.read("manifest.json")), archive.read("database")
    database = changes.pop("database", database)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", orjson.dumps(manifest | changes))
        archive.writestr("database", database)


def test_a_backup_that_cannot_be_restored_changes_nothing(town: Town) -> None:
    """A damaged backup, or one of another database or a newer program, is refused before anything is touched."""
    good = back_up(town).read_bytes()
    path = town.office.site.settings.folder_path.parent / "spoilt.backup"
    spoilt: list[tuple[dict[str, Any], str]] = [
        ({"database": b"x" * 100}, "is damaged"),
        ({"backend": "oracle"}, "is of a oracle database"),
        ({"revision": "9999"}, "has schema 9999"),
        ({"format": 2}, "format 2"),
    ]
    for changes, says in spoilt:
        path.write_bytes(good)
        rewrite(path, **changes)
        with pytest.raises(FieldError) as caught:
            keeping.put_back(town.office.site.settings, path, 1, b"\0\0\0\1", replace=True)
        assert says in caught.value.detail

    assert 4 == count_events(town.office)


def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path) -> None:
    """Any other file is refused with a sentence."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear office")

    with pytest.raises(FieldError) as caught:
        keeping.read_backup(path)

    assert "is not a Fairvisit backup" in caught.value.detail


def test_a_restore_is_confirmed_whole_or_not_at_all(town: Town) -> None:
    """F5: revocations, holds and erasures made since the backup are each confirmed by a named person."""
    put_back(town.office, back_up(town))

    for left_out in keeping.TO_CONFIRM:
        with pytest.raises(FieldError, match=left_out):
            keeping.confirm_restore(town.office.site, "Dana", set(keeping.TO_CONFIRM) - {left_out})
    with pytest.raises(FieldError, match="say who confirms"):
        keeping.confirm_restore(town.office.site, " ", keeping.TO_CONFIRM)

    assert "paused" == town.office.client.get("/ready").json["status"]


def test_what_is_not_paused_needs_no_confirmation(town: Town) -> None:
    """Confirming a server that nobody restored is a mistake, and said to be one."""
    with pytest.raises(FieldError) as caught:
        confirm(town.office)

    assert "conflict" == caught.value.code


def test_missing_programs_are_named(town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without PostgreSQL's programs a backup of it says what to install; SQLite needs none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    if town.office.site.settings.database_url.startswith("sqlite"):
        assert back_up(town).exists()
        return

    with pytest.raises(FieldError, match="install PostgreSQL's client programs"):
        back_up(town)


def test_the_backup_is_readable_by_its_owner_only(town: Town) -> None:
    """A backup holds persons and the server's keys."""
    assert 0o600 == back_up(town).stat().st_mode & 0o777


def test_the_commands_take_a_site_through_backup_restore_and_confirmation(town: Town) -> None:
    """F5: the three commands, as a person types them, and what they say to go through."""
    office, path = town.office, town.office.site.settings.folder_path.parent / "typed.backup"
    clock = office.site.settings.folder_path / "clock"
    clock.write_text(str(office.clock()))
    environment = {
        "FAIRVISIT_DATABASE_URL": office.site.settings.database_url,
        "FAIRVISIT_FOLDER": office.site.settings.folder,
        "FAIRVISIT_CLOCK_FILE": str(clock),
    }
    runner = CliRunner(env=environment)
    migrated = runner.invoke(fairvisit, ["migrate"])
    backed_up = runner.invoke(fairvisit, ["backup", str(path)])
    erase = ["erase", "--event", town.event_ids[1], "--by", "Dana", "--reason", "request"]
    erased = runner.invoke(fairvisit, erase)
    office.close()
    restored = runner.invoke(fairvisit, ["restore", str(path), "--replace"])
    declined = runner.invoke(fairvisit, ["restore", "--confirm", "--by", "Dana"], input="y\nn\ny\n")
    confirmed = runner.invoke(fairvisit, ["restore", "--confirm", "--by", "Dana"], input="y\ny\ny\n")

    assert "schema 0012" in migrated.output
    assert "4 events" in backed_up.output
    assert f"Erased: event {town.event_ids[1]}" in erased.output
    assert restored.exit_code == 0, restored.output
    assert town.phone.device_id in restored.output
    assert "the erasure log was applied" in restored.output
    assert isinstance(declined.exception, FieldError)
    assert "holds" in declined.exception.detail
    assert confirmed.output.endswith("Devices pull again, each after one repair by manifest.\n")
    office.start()
    assert "ready" == office.client.get("/ready").json["status"]
    assert canonical.ZERO_HASH != office.rows(select(tables.chain.c.head_hash))[0].head_hash
