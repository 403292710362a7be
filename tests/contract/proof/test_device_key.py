"""A PIN forgotten for good: the office opens the device's key, and the work that was not sent arrives whole."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from agent_sync import Device, vault
from agent_sync.cli import main as agent_sync
from agent_sync.outbox_export import encrypt
from schemas import canonical, signing
from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.services import device_keys, outboxes
from server.services.keys import rotate_key
from server.storage import device_rows
from server.storage.office_tables import office_act
from server.storage.tables import event
from tests.contract.proof.phones import Field
from tests.office import Office

PIN, NEW_PIN = "4711-0815", "2026-1126"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vault.COST, "memory_kib", 64)


@pytest.fixture
def forgotten(office: Office, tmp_path: Path) -> tuple[Field, Path]:
    """Give a device in the field with an unsent visit, whose PIN was wrong too often; and its store."""
    field = Field(office, tmp_path, pin=PIN)
    field.visit()
    field.device.close()
    path = field.device.store.path
    for _ in range(vault.MOST_TRIES):
        field.clock.advance(vault.MOST_WAIT_MS)
        with pytest.raises(FieldError):
            Device(path, clock=field.clock, pin="000000")
    return field, path


def test_what_was_not_sent_reaches_the_office_although_the_pin_is_lost(
    office: Office, forgotten: tuple[Field, Path], tmp_path: Path
) -> None:
    """By the commands, as people do it: vault to the office, key back, outbox to a file, file to the office."""
    field, path = forgotten
    settings = office.site.settings
    server = CliRunner(env={"FAIRVISIT_DATABASE_URL": settings.database_url, "FAIRVISIT_FOLDER": settings.folder})
    phone = CliRunner(env={"AGENT_SYNC_STORE": str(path), "AGENT_SYNC_PIN": NEW_PIN})
    shut = phone.invoke(agent_sync, ["status"])
    assert (1, True) == (shut.exit_code, "bring a1.db.vault to the office" in shut.output)

    opened = server.invoke(fairvisit, ["device-key", str(vault.vault_path(path)), "--by", "Dana"])
    assert 0 == opened.exit_code, opened.output
    recover = opened.stdout.split()
    assert ["agent-sync", "recover"] == recover[:2]
    recovered = phone.invoke(agent_sync, recover[1:])
    assert 0 == recovered.exit_code, recovered.output
    office.set_device(field.id, state="gone")
    assert 0 == phone.invoke(agent_sync, ["export-outbox", str(tmp_path / "outbox")]).exit_code

    imported = outboxes.import_outbox(office.site, (tmp_path / "outbox").read_bytes(), "Dana")
    assert {"parked": 3} == imported.statuses
    assert 3 == len(office.rows(select(event.c.id).where(event.c.kind != "chain_opened")))
    noted = office.rows(
        select(office_act.c.name, office_act.c.object_id).where(office_act.c.act == "opened_device_key")
    )
    assert [("Dana", field.id)] == [(row.name, row.object_id) for row in noted]


def test_a_key_sealed_for_a_rotated_key_of_the_server_still_opens(
    office: Office, forgotten: tuple[Field, Path]
) -> None:
    """The server keeps its keys as long as events of their time (A6): an old vault is not shut by a rotation."""
    field, path = forgotten
    rotate_key(office.site)
    device, data_key = device_keys.open_data_key(office.site, vault.vault_path(path).read_bytes(), "Dana")
    assert (field.id, 64) == (device.id, len(data_key))


@pytest.mark.parametrize(
    ("harm", "code"),
    [("text", "invalid"), ("no-escrow", "invalid"), ("flip", "invalid"), ("kid", "invalid"), ("outbox", "invalid")],
)
def test_what_is_no_vault_of_this_servers_is_refused(
    office: Office, forgotten: tuple[Field, Path], harm: str, code: str
) -> None:
    """A damaged vault, one for another server, an exported outbox in its place: a sentence, no key, no act."""
    kept = orjson.loads(vault.vault_path(forgotten[1]).read_bytes())
    escrow = kept["escrow"]
    if harm == "flip":
        escrow["ciphertext"] = ("B" if escrow["ciphertext"][0] == "A" else "A") + escrow["ciphertext"][1:]
    elif harm in {"kid", "outbox"}:
        escrow["kid" if harm == "kid" else "format"] = "of-another" if harm == "kid" else "fairvisit-outbox-1"
    elif harm == "no-escrow":
        del kept["escrow"]
    with pytest.raises(FieldError) as caught:
        device_keys.open_data_key(office.site, b"text" if harm == "text" else orjson.dumps(kept), "Dana")
    assert code == caught.value.code
    assert [] == office.rows(select(office_act.c.seq).where(office_act.c.act == "opened_device_key"))


def test_a_key_of_a_device_that_is_not_known_is_refused(office: Office) -> None:
    """Whoever seals a key of their own to the server's public key learns nothing."""
    plain = canonical.encode({"device_id": "0198c0de-0000-7000-8000-000000000000", "data_key": "x"})
    with office.site.store.read() as connection:
        key = device_rows.read_keys(connection)[0]
    public = signing.load_public(key.jwk)
    raw = orjson.dumps({"escrow": orjson.loads(encrypt(plain, key.kid, public, bytes, device_keys.FORMAT))})
    with pytest.raises(FieldError) as caught:
        device_keys.open_data_key(office.site, raw, "Dana")
    assert "not-found" == caught.value.code
