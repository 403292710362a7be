"""Keys: what is sealed by them, how they are changed, and what happens where one is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.clock import id_maker, system_now
from server.services import keyring
from server.services.keys import prepare_site, signing_key
from server.services.site import Site
from server.settings import Settings
from server.storage import tables
from server.storage.engine import Store, opened
from server.storage.key_tables import data_key
from server.storage.master_keys import KeyFile
from server.storage.migrating import migrate
from server.storage.sealed_fields import MARK
from server.storage.sealed_rows import PLACES
from tests.contract.proof.keeping_keys import keep, lying, raw, read, with_key_file, with_service
from tests.contract.proof.test_released_database import load
from tests.office import Office, opened_office

PICTURE = b"somebody's door " * 100
WORDS = {"options": ["half now, half in May"]}


@pytest.fixture(params=[with_key_file, with_service], ids=["file", "service"])
def office(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose master keys lie in a file, and again with a key service."""
    with opened_office(database_url, tmp_path / "folder", **request.param(tmp_path)) as opened:
        yield opened


def say(office: Office, reference: str = "R1") -> None:
    """Add a case with something in its sealed part."""
    case_id = office.add_case(reference)
    change = tables.case.update().where(tables.case.c.id == case_id).values(sealed=WORDS)
    office.site.store.write(lambda connection: connection.execute(change).rowcount)


def masters(office: Office) -> dict[str, tuple[int, bool]]:
    """Give how many data keys lie under each master key, and whether it was retired."""
    return {each.name: (each.under, each.retired_ms is not None) for each in keyring.read_keys(office.site).masters}


def renew(office: Office) -> None:
    """Have the key service make a new key; a key file gets its own when it is rotated."""
    service = office.settings.key_command.split()[-1] if office.settings.key_command else ""
    if service:
        Path(service, "newest").write_text("k2")


def test_sealed_columns_are_sealed_in_the_row_and_plain_in_code(office: Office) -> None:
    """The case's own words and the server's private key: no byte of them stands in a row."""
    say(office)

    assert [WORDS] == [row.sealed for row in office.rows(select(tables.case.c.sealed))]
    for place in ("case.sealed", "server_key.private_pem"):
        assert [True] == [value.startswith(MARK) for value in raw(office, place)]
    secrets = office.rows(select(tables.server_state).where(tables.server_state.c.name.like("%secret")))
    assert {True} == {row.value.startswith(MARK) for row in secrets}
    assert office.site.person_secret == Site(office.site.store, office.settings, system_now, str).person_secret
    assert ({}, 0) == (keyring.read_keys(office.site).plain_rows, keyring.read_keys(office.site).plain_files)


def test_a_value_moved_to_another_column_is_no_value(office: Office) -> None:
    """What is sealed says where it belongs."""
    say(office)
    [value] = raw(office, "case.sealed")
    moved = f"UPDATE server_key SET private_pem = '{value}'"
    office.site.store.write(lambda connection: connection.exec_driver_sql(moved).rowcount)

    with pytest.raises(FieldError, match="was changed where it is kept"):
        office.rows(select(tables.server_key))


def test_a_site_without_its_key_does_not_open(office: Office) -> None:
    """It says which key is missing; nothing is written in plain beside what is sealed, and the key opens it again."""
    say(office)
    settings = Settings(database_url=office.settings.database_url, folder=office.settings.folder)
    before = raw(office, "case.sealed")
    office.close()

    with opened(settings.database_url) as store, pytest.raises(FieldError, match="settings name none"):
        prepare_site(Site(store, settings, system_now, id_maker(system_now)))
    office.start()
    assert before == raw(office, "case.sealed")
    assert [WORDS] == [row.sealed for row in office.rows(select(tables.case.c.sealed))]


def test_rotating_puts_everything_under_a_new_key(office: Office) -> None:
    """Nothing lies under the old one, which is retired; everything can be read; a file stays as it lies."""
    say(office)
    sha256, [old] = keep(office, PICTURE), masters(office)
    before = lying(office)
    renew(office)

    done = keyring.rotate(office.site)

    assert (2, [old]) == (done.moved, done.retired)
    assert {old: (0, True), done.master: (2, False)} == masters(office)
    assert before == lying(office)
    office.close()
    office.start()
    assert PICTURE == read(office, sha256)
    assert [WORDS] == [row.sealed for row in office.rows(select(tables.case.c.sealed))]
    assert signing_key(office.site)


KILLED = """
import os, signal, sys
from server.cli.main import main
from server.services import keyring
keyring.AT_ONCE, move, moved = 3, keyring._move, []
def killed(*arguments):
    if len(moved) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    moved.append(move(*arguments))
    return moved[-1]
keyring._move = killed
main(["keys", "rotate"])
"""


def test_a_rotation_that_was_killed_is_gone_on_with(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after two of its transactions: everything is readable; run again, no second new key is made."""
    contents = [PICTURE + bytes([number]) for number in range(12)]
    kept = [keep(office, content) for content in contents]
    [old] = masters(office)
    renew(office)
    settings = office.settings
    environment = {
        "FAIRVISIT_DATABASE_URL": settings.database_url, "FAIRVISIT_FOLDER": settings.folder,
        "FAIRVISIT_KEY_FILE": settings.key_file, "FAIRVISIT_KEY_COMMAND": settings.key_command,
    }  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", KILLED], env=os.environ | environment, timeout=60, check=False)
    after = masters(office)

    assert (-signal.SIGKILL, 7) == (killed.returncode, after[old][0])
    assert contents == [read(office, sha256) for sha256 in kept]
    assert kept[0] == keep(office, contents[0])
    done = keyring.rotate(office.site)
    assert (7, [old]) == (done.moved, done.retired)
    assert {old: (0, True), done.master: (13, False)} == masters(office)
    assert set(after) == {old, done.master}
    assert contents == [read(office, sha256) for sha256 in kept]


def test_nothing_comes_under_a_retired_key(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that still has the old key in mind when a rotation ends wraps again, under the new one."""
    held = office.site.masters
    assert held is not None
    stale = held.wrap(bytes(32), "x")
    renew(office)
    done = keyring.rotate(office.site)
    old = [stale]

    real = held.wrap
    monkeypatch.setattr(held, "wrap", lambda data_key, about: old.pop() if old else real(data_key, about))
    sha256 = keep(office, PICTURE)

    assert (0, True) == masters(office)[stale.master]
    assert (2, False) == masters(office)[done.master]
    assert PICTURE == read(office, sha256)


def test_a_service_that_is_down_is_said_and_harms_nothing(database_url: str, tmp_path: Path) -> None:
    """Files cannot be read or kept while it is; what is open goes on; then all is as it was."""
    with opened_office(database_url, tmp_path / "folder", **with_service(tmp_path)) as office:
        sha256, newest = keep(office, PICTURE), tmp_path / "service" / "newest"
        newest.rename(tmp_path / "away")
        for doing in (lambda: read(office, sha256), lambda: keep(office, PICTURE * 2)):
            with pytest.raises(FieldError, match="did not answer") as error:
                doing()
            assert "unavailable" == error.value.code
        say(office)
        (tmp_path / "away").rename(newest)

        assert PICTURE == read(office, sha256)
        assert [WORDS] == [row.sealed for row in office.rows(select(tables.case.c.sealed))]
        with pytest.raises(FieldError, match="key service holds"):
            keyring.forget_master(office.site, "k1")


class TestKeyFile:
    """The file itself."""

    def test_it_is_made_once_and_for_its_owner(self, tmp_path: Path) -> None:
        """A second time changes nothing."""
        file = KeyFile(tmp_path / "deep" / "keys")
        name = file.make()
        with pytest.raises(FieldError, match="already"):
            file.make()

        assert [name] == list(file.read())
        assert 0o600 == file.path.stat().st_mode & 0o777
        assert file.is_private()

    @pytest.mark.parametrize("content", ["", "short", "x" * 44, "\u00e9"])
    def test_what_is_no_key_file_is_refused(self, tmp_path: Path, content: str) -> None:
        """Empty, too short, no base64, no ASCII: nothing is made up in its place, and no part of it is told."""
        path = tmp_path / "keys"
        path.write_text(content)

        with pytest.raises(FieldError) as error:
            KeyFile(path).wrap(bytes(32), "x")
        assert not content or content not in error.value.detail

    def test_a_key_is_forgotten_only_when_nothing_needs_it(self, database_url: str, tmp_path: Path) -> None:
        """Not while it is in use; after rotating, a copy of what it wrapped can be opened by nobody."""
        with opened_office(database_url, tmp_path / "folder", **with_key_file(tmp_path)) as office:
            sha256 = keep(office, PICTURE)
            [row] = office.rows(select(data_key).where(data_key.c.name == sha256))
            with pytest.raises(FieldError, match="rotate first"):
                keyring.forget_master(office.site, row.master)
            with pytest.raises(FieldError, match="no master key"):
                keyring.forget_master(office.site, "other")
            keyring.rotate(office.site)
            assert office.site.blobs._open_key(row)
            for _ in range(2):
                keyring.forget_master(office.site, row.master)

            assert PICTURE == read(office, sha256)
            with pytest.raises(FieldError, match="does not hold master key"):
                office.site.blobs._open_key(row)


class TestFromPlain:
    """A site that ran without a key, and is given one."""

    def test_rows_and_files_from_before_are_read_then_sealed(self, database_url: str, tmp_path: Path) -> None:
        """Both kinds lie side by side at first; after `encrypt` none lies in plain; a second run finds nothing."""
        with opened_office(database_url, tmp_path / "folder") as office:
            say(office)
            sha256 = keep(office, PICTURE)
            office.close()
            object.__setattr__(office, "settings", _with_key(office.settings, tmp_path))
            office.start()
            assert PICTURE == read(office, sha256)
            say(office, "R2")
            before = keyring.read_keys(office.site)

            assert ({"case.sealed": 1, "server_key.private_pem": 1}, 1) == (before.plain_rows, before.plain_files)
            assert (2, 1) == keyring.encrypt_plain(office.site)
            assert (0, 0) == keyring.encrypt_plain(office.site)
            assert PICTURE == read(office, sha256)
            assert b"somebody's door" not in lying(office)
            assert [WORDS, WORDS] == [row.sealed for row in office.rows(select(tables.case.c.sealed))]
            assert {True} == {value.startswith(MARK) for place in PLACES for value in raw(office, place)}
            if database_url.startswith("sqlite"):
                content = Path(database_url.removeprefix("sqlite:///")).read_bytes()
                assert [False, False] == [each in content for each in (b"half now, half in May", b"PRIVATE KEY")]

    def test_many_rows_are_sealed_a_few_at_a_time(
        self, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """None is left out between two transactions."""
        monkeypatch.setattr(keyring, "AT_ONCE", 2)
        with opened_office(database_url, tmp_path / "folder") as office:
            for number in range(7):
                say(office, f"R{number}")
            office.close()
            object.__setattr__(office, "settings", _with_key(office.settings, tmp_path))
            office.start()

            assert (8, 0) == keyring.encrypt_plain(office.site)
            assert [WORDS] * 7 == [row.sealed for row in office.rows(select(tables.case.c.sealed))]

    def test_a_released_database_is_sealed_whole(self, empty_database_url: str, tmp_path: Path) -> None:
        """The first release's database, migrated and sealed: every sealed column reads as before."""
        load(empty_database_url, "0.1.0")
        migrate(empty_database_url)
        settings = Settings(database_url=empty_database_url, folder=str(tmp_path / "folder"))
        with opened(empty_database_url) as store:
            prepare_site(Site(store, settings, system_now, id_maker(system_now)))
            before = {place: _values(store, place) for place in PLACES}
        with opened(empty_database_url) as store:
            site = Site(store, _with_key(settings, tmp_path), system_now, id_maker(system_now))
            prepare_site(site)
            sealed, _ = keyring.encrypt_plain(site)

            assert sealed >= 2
            assert {} == keyring.read_keys(site).plain_rows
            assert before == {place: _values(store, place) for place in PLACES}


def _values(store: Store, place: str) -> list[str]:
    with store.read() as connection:
        return sorted(map(repr, connection.execute(select(PLACES[place])).scalars()))


def _with_key(settings: Settings, folder: Path) -> Settings:
    return replace(settings, **with_key_file(folder))


class TestCommands:
    """What whoever runs the server types."""

    @pytest.fixture
    def run(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
        """Run a command on the office's database."""
        for name in ("database_url", "folder", "key_file", "key_command"):
            monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(office.settings, name))
        return lambda *arguments: CliRunner().invoke(fairvisit, arguments, catch_exceptions=False)

    def test_keys_are_shown_and_rotated(self, office: Office, run: Callable[..., Result]) -> None:
        """Their names, what lies under them, what lies in plain; never a key."""
        keep(office, PICTURE)
        renew(office)
        rotated = run("keys", "rotate").output
        shown = run("keys", "show").output

        assert "2 keys were put under it" in rotated
        assert "keys forget" in rotated
        assert "Nothing that is to be sealed lies in plain." in shown
        for secret in Path(office.settings.key_file).read_text().split() if office.settings.key_file else ():
            assert secret not in shown + rotated


def test_without_any_key_it_is_said(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`keys show` says plainly that nothing is encrypted, and rotating has nothing to rotate."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))

    shown = CliRunner().invoke(fairvisit, ["keys", "show"], catch_exceptions=False)
    rotated = CliRunner().invoke(fairvisit, ["keys", "rotate"])

    assert "Nothing is encrypted here" in shown.output
    assert isinstance(rotated.exception, FieldError)
    with opened(database_url) as store, store.read() as connection:
        assert 0 == connection.execute(select(func.count()).select_from(data_key)).scalar_one()
