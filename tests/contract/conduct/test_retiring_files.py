"""A recording has a clock of its own: once it is over the key goes, a certificate stays, every chain still holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from schemas.errors import FieldError
from schemas.messages import format_time
from server.domain.roles import Role, Viewer
from server.services import keeping
from server.services.adding_files import add_file
from server.services.auditing import find_broken_act
from server.services.reconciling import reconcile
from server.services.retention import lift_legal_hold, place_legal_hold
from server.services.retiring import retire
from server.services.sweeping import sweep_files
from server.services.verifying import verify_site
from server.storage import retention_rows, tables
from server.storage.key_tables import data_key
from server.storage.office_tables import office_act
from server.storage.retention_tables import erased_file
from server.storage.visit_tables import finding, visit
from tests.contract.conduct.test_retention import close
from tests.contract.office.desk import Desk
from tests.contract.proof.keeping_keys import lying, with_key_file
from tests.filing import Filer, Upload
from tests.office import Office, opened_office

RECORDING = b"what was said at the door " * 5000
HOUSE = """
rulebook: HOUSE
version: "1"
kind: house
zone: Asia/Shanghai
title: A house that keeps no recording longer than it needs
sources: {product: {law: product policy, url: "", seen: ""}}
rules:
- id: HOUSE-FILES
  type: retention
  params: {record: [recordings_and_photos], most: P90D}
  check: [review]
  severity: record
  on_unknown: warn
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "Keep it 90 days.", zh: "保存九十天。"}
  person: {en: "It is kept for 90 days.", zh: "保存九十天。"}
"""
OVER = timedelta(days=91)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A British office, whose law keeps complaints only, of a house that keeps files 90 days; files are sealed."""
    house = tmp_path / "house.yaml"
    house.write_text(HOUSE, "utf-8")
    settings = {"rulebooks": "UK", "house_rulebook": str(house), **with_key_file(tmp_path)}
    with opened_office(database_url, tmp_path / "folder", **settings) as opened:
        yield opened


def send(office: Office, code: str = "a1", content: bytes = RECORDING) -> tuple[Filer, Upload]:
    """Let a phone send a recording of its case, which then ends."""
    filer = Filer.enrolled(office, code)
    upload = filer.want(content, "audio/ogg", "audio")
    upload.create(content)
    assert "verified" == upload.state
    reconcile(office.site)
    close(office, filer.case_id)
    return filer, upload


def certificates(office: Office) -> list[Any]:
    """Give what the audit says of erased files."""
    return office.rows(select(office_act).where(office_act.c.act == "erased_file"))


def test_a_recording_goes_when_its_own_time_is_over(office: Office) -> None:
    """Not a day before; then key and bytes go, and the event that names it stays as it was."""
    _, upload = send(office)
    before = office.rows(select(tables.event.c.content))
    office.clock.advance(days=89)
    assert [] == retire(office.site, "Dana")
    assert RECORDING == upload.kept()
    office.clock.advance(days=2)

    assert [("files", 1, "HOUSE-FILES")] == [
        (each.record.value, each.count, each.rule_id) for each in retire(office.site, "Dana")
    ]
    assert upload.kept() is None
    assert b"" == lying(office)
    assert ["fields"] == [row.name for row in office.rows(select(data_key))]
    assert before == office.rows(select(tables.event.c.content))
    assert [] == retire(office.site, "Dana")


def test_a_certificate_says_which_file_and_key_by_which_rule(office: Office) -> None:
    """In the audit, whose links hold, and beside the file; once, however often it is run."""
    filer, upload = send(office)
    [key] = office.rows(select(data_key).where(data_key.c.name == upload.sha256))
    office.clock.advance(days=OVER.days)
    for _ in range(2):
        retire(office.site, "Dana")

    [act] = certificates(office)
    assert ("Dana", "file", upload.sha256) == (act.name, act.object_type, act.object_id)
    assert {"case": filer.case_id, "key": key.id, "shared": False} == {
        name: act.facts[name] for name in ("case", "key", "shared")
    }
    assert "HOUSE-FILES" in act.facts["reason"]
    with office.site.store.read() as connection:
        assert find_broken_act(connection) is None
        [row] = retention_rows.read_erased_files(connection, filer.case_id)
    assert ("Dana", "its time was over (HOUSE-FILES)") == (row.by, row.reason)
    assert format_time(row.at_ms).startswith("2016-07-07")


def test_the_chains_still_verify_and_nothing_is_missing(office: Office) -> None:
    """The proof holds as it did, and an erased file is none that never came: no finding begins with it."""
    filer, upload = send(office)
    before = [verdict.is_whole for verdict in verify_site(office.site)]
    office.clock.advance(days=OVER.days)
    retire(office.site, "Dana")
    again = visit.update().values(due=visit.c.due + 1)
    office.site.store.write(lambda connection: connection.execute(again).rowcount)
    reconcile(office.site)

    assert [True] == before == [verdict.is_whole for verdict in verify_site(office.site)]
    assert [] == office.rows(select(finding).where(finding.c.code == "files_missing"))
    assert "verified" == filer.row(upload.sha256).state


def test_a_legal_hold_keeps_it(office: Office) -> None:
    """Until another person lifts it."""
    filer, upload = send(office)
    hold_id = place_legal_hold(office.site, filer.case_id, "Dana", "court")
    office.clock.advance(days=OVER.days)

    assert [] == retire(office.site, "Dana")
    assert RECORDING == upload.kept()
    lift_legal_hold(office.site, hold_id, "Eve", "over")
    assert ["files"] == [each.record.value for each in retire(office.site, "Dana")]
    assert upload.kept() is None


def test_a_hold_placed_while_it_runs_keeps_the_key(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for again in the very transaction that would delete the key."""
    filer, upload = send(office)
    office.clock.advance(days=OVER.days)
    read = retention_rows.read_case_files

    def placing(connection: Any, case_id: str) -> list[str]:
        found = read(connection, case_id)
        place_legal_hold(office.site, filer.case_id, "Dana", "court")
        return found

    monkeypatch.setattr(retention_rows, "read_case_files", placing)
    with pytest.raises(FieldError, match="legal hold lies on"):
        retire(office.site, "Dana")

    assert RECORDING == upload.kept()
    assert [] == certificates(office)


def test_a_file_that_two_cases_name_goes_with_the_last(office: Office) -> None:
    """The first case lets go of it, the second one keeps it until its own time is over."""
    first, upload = send(office, "a1")
    office.clock.advance(days=30)
    second, _ = send(office, "a2")
    office.clock.advance(days=61)

    assert [first.case_id] == [each.case and each.case.id for each in retire(office.site, "Dana")]
    assert RECORDING == upload.kept()
    office.clock.advance(days=30)
    assert [second.case_id] == [each.case and each.case.id for each in retire(office.site, "Dana")]
    assert upload.kept() is None
    assert [True, False] == [act.facts["shared"] for act in certificates(office)]


def test_a_file_that_never_came_is_waited_for_no_longer(office: Office) -> None:
    """Its time is over as well; its device is not asked for it any more."""
    filer = Filer.enrolled(office)
    upload = filer.want(RECORDING, "audio/ogg", "audio")
    close(office, filer.case_id)
    office.clock.advance(days=OVER.days)
    retire(office.site, "Dana")

    assert "discarded" == upload.state
    assert [] == retire(office.site, "Dana")


@pytest.mark.parametrize("with_files", [True, False])
def test_a_backup_from_before_is_erased_again(office: Office, tmp_path: Path, with_files: bool) -> None:
    """E12: whether the backup held the file or somebody copies the folder back, the file is gone once it is open."""
    filer, upload = send(office)
    copied = {path.name: path.read_bytes() for path in office.site.settings.files_path.iterdir()}
    backup = tmp_path / "site.backup"
    keeping.back_up(office.site, backup, with_files=with_files)
    office.clock.advance(days=OVER.days)
    retire(office.site, "Dana")
    office.close()
    keeping.put_back(office.settings, backup, office.clock(), b"\1\2\3\4", replace=True)
    for name, content in copied.items():
        (office.settings.files_path / name).write_bytes(content)
    office.start()
    missing = keeping.settle_files(office.site)

    assert (0, None) == (missing, upload.kept())
    assert ["fields"] == [row.name for row in office.rows(select(data_key))]
    assert [upload.sha256] == [row.sha256 for row in office.rows(select(erased_file))]
    assert [upload.sha256] == [act.object_id for act in certificates(office)]
    assert "verified" == filer.row(upload.sha256).state


def test_a_plain_file_that_is_copied_back_is_swept(database_url: str, tmp_path: Path) -> None:
    """Without a key there is nothing but the bytes: what no event needs any more is removed where it turns up."""
    house = tmp_path / "house.yaml"
    house.write_text(HOUSE, "utf-8")
    with opened_office(database_url, tmp_path / "folder", rulebooks="UK", house_rulebook=str(house)) as office:
        _, upload = send(office)
        [path] = office.site.settings.files_path.iterdir()
        office.clock.advance(days=OVER.days)
        retire(office.site, "Dana")
        assert not path.exists()
        path.write_bytes(RECORDING)
        office.clock.ms = int(path.stat().st_mtime * 1000) + 31 * 86_400_000
        sweep_files(office.site)

        assert upload.kept() is None
        assert [None] == [act.facts["key"] for act in certificates(office)]


def test_the_visits_page_and_its_record_say_that_it_was_erased(office: Office) -> None:
    """By whom, why and when, in both languages' words; whoever asks for its bytes is told so, and gets none."""
    _, upload = send(office)
    [row] = office.rows(select(visit))
    browser, address = Desk(office).sign_in("reviewer"), f"/visits/{row.visit_id}"
    office.clock.advance(days=OVER.days)
    retire(office.site, "Dana")
    browser = Desk(office).open("reviewer")

    for page in (address, f"{address}/record", f"{address}/files/{upload.sha256}"):
        assert "erased: its time was over (HOUSE-FILES), by Dana" in browser.get(page)
    assert "This file was erased" in browser.get(f"{address}/files/{upload.sha256}/content", 404)


def test_what_the_office_added_goes_as_well(office: Office) -> None:
    """An office record has the clock of what devices recorded."""
    filer, upload = send(office)
    [row] = office.rows(select(visit))
    picture = io.BytesIO()
    Image.new("RGB", (40, 30)).save(picture, "PNG")
    picture.seek(0)
    user_id = Desk(office).add("reviewer")
    added = add_file(office.site, Viewer(user_id, "reviewer", frozenset({Role.REVIEWER})), row.visit_id, picture, "")
    assert office.site.blobs.find(added)
    office.clock.advance(days=OVER.days)

    assert [("files", 2)] == [(each.record.value, each.count) for each in retire(office.site, "Dana")]
    assert [None, None] == [office.site.blobs.find(each) for each in (added, upload.sha256)]
    assert [filer.case_id] * 2 == [act.facts["case"] for act in certificates(office)]
    assert [] == retire(office.site, "Dana")
