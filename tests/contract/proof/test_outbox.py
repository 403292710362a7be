"""Late work by file: what a device exports, `fairvisit import-outbox` takes in, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from agent_sync import outbox_export, store_outbox
from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.signing import b64url, unb64url
from server.cli.main import fairvisit
from server.services import keys, outboxes
from server.services.verifying import verify_device
from server.storage.proof_tables import outbox_import
from server.storage.tables import chain, device, event, link, server_key
from tests.contract.proof.conftest import tamper
from tests.contract.proof.phones import Field
from tests.contract.proof.test_statement import damage
from tests.office import Office


@pytest.fixture
def field(office: Office, tmp_path: Path) -> Iterator[Field]:
    """A device in the field with a visit of three events that it never sent."""
    made = Field(office, tmp_path)
    made.visit()
    yield made
    made.device.close()


def export(field: Field, tmp_path: Path) -> bytes:
    """Export the device's outbox; give the file's bytes."""
    path = tmp_path / "outbox"
    path.unlink(missing_ok=True)
    field.device.export_outbox(path)
    return path.read_bytes()


def take(field: Field, raw: bytes) -> outboxes.Imported:
    """Import a file."""
    return outboxes.import_outbox(field.office.site, raw, "Dana")


def revoke(field: Field) -> None:
    """Put the device into the second phase of revocation."""
    field.office.set_device(field.id, state="gone")


def test_a_gone_devices_late_work_is_parked_never_dropped(field: Field, tmp_path: Path) -> None:
    """A4: after `gone` late work comes by exported outbox only; every event is kept, parked as device-revoked."""
    raw = export(field, tmp_path)
    revoke(field)
    assert "gone" in field.exchange().codes

    imported = take(field, raw)

    assert ({"parked": 3}, {"device-revoked": 3}) == (imported.statuses, imported.reasons)
    assert [] == imported.not_taken
    contents = {row["content"] for row in field.device.store.rows("SELECT content FROM event")}
    assert contents == {bytes(row.content) for row in field.office.rows(select(event.c.content))}
    assert verify_device(field.office.site, field.id).is_whole
    assert verify_device(field.office.site, field.id).chains[0].countersigned_through == 4


def test_importing_again_changes_nothing(field: Field, tmp_path: Path) -> None:
    """A4: an import is idempotent: duplicates, no new row, and one note of what came this way."""
    raw = export(field, tmp_path)
    revoke(field)
    take(field, raw)
    before = [field.office.rows(select(func.count()).select_from(table))[0][0] for table in (event, link)]

    again = take(field, raw)

    assert {"duplicate": 3} == again.statuses
    assert before == [field.office.rows(select(func.count()).select_from(table))[0][0] for table in (event, link)]
    (noted,) = field.office.rows(select(outbox_import))
    assert (2, 4, "Dana") == (noted.from_seq, noted.to_seq, noted.by)


def test_an_active_devices_export_is_accepted_and_its_next_exchange_goes_on(field: Field, tmp_path: Path) -> None:
    """A device that comes back after its export was imported gets its receipts as repeats and goes on."""
    raw = export(field, tmp_path)

    assert {"accepted": 3} == take(field, raw).statuses
    field.visit(0)
    report = field.exchange()

    assert (3, 1) == (report.counts["duplicate"], report.counts["accepted"])
    assert 0 == store_outbox.count_waiting(field.device.store)
    assert verify_device(field.office.site, field.id).is_whole


def test_a_long_outbox_comes_in_batches(field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """E7: one transaction a batch; the batches of one stretch follow each other."""
    monkeypatch.setattr(outboxes, "BATCH", 2)
    field.visit(4)

    assert {"accepted": 8} == take(field, export(field, tmp_path)).statuses
    noted = field.office.rows(select(outbox_import).order_by(outbox_import.c.from_seq))
    assert [(2, 3), (4, 5), (6, 7), (8, 9)] == [(row.from_seq, row.to_seq) for row in noted]
    assert verify_device(field.office.site, field.id).is_whole


def test_damaged_records_come_along_apart(field: Field, tmp_path: Path) -> None:
    """E6: what was declared lost is not taken as evidence; what is left of it is handed to the person."""
    field.line.is_cut = True
    (last,) = field.device.store.rows("SELECT id FROM event ORDER BY n DESC LIMIT 1")
    damage(field, last["id"])
    field.exchange()  # the device finds the damage while choosing what to send, and opens a new chain

    imported = take(field, export(field, tmp_path))

    assert [(last["id"], b'{"damaged":1}')] == [(each["id"], unb64url(each["bytes"])) for each in imported.damaged]
    assert 0 == field.office.rows(select(func.count()).select_from(event).where(event.c.id == last["id"]))[0][0]
    assert verify_device(field.office.site, field.id).is_whole


def test_what_cannot_be_placed_is_said(field: Field, tmp_path: Path) -> None:
    """E4: where the server's chain ends before the stretch, or went on otherwise, nothing is taken and it is told."""
    raw = export(field, tmp_path)
    tamper(field.office, link.delete())
    tamper(field.office, chain.update().values(next_seq=1, head_hash=canonical.ZERO_HASH))
    (short,) = take(field, raw).not_taken
    tamper(field.office, chain.update().values(next_seq=2, head_hash="9" * 64))
    (forked,) = take(field, raw).not_taken

    assert (2, 3) == (short.from_seq, short.count)
    assert "up to place 0 only" in short.sentence
    assert "copied or restored" in forked.sentence


def test_an_export_for_a_retired_key_says_what_to_do(field: Field, tmp_path: Path) -> None:
    """A6: once the private part of the key is gone, nobody can read the file; the sentence says the way out."""
    raw = export(field, tmp_path)
    tamper(field.office, server_key.update().values(private_pem=None, retired_ms=field.office.clock()))

    with pytest.raises(FieldError, match="export again for the present key"):
        take(field, raw)


def test_an_export_for_another_server_is_refused(field: Field, tmp_path: Path) -> None:
    """A file written for another server's key is named as such."""
    sealed = orjson.loads(export(field, tmp_path)) | {"kid": "another"}

    with pytest.raises(FieldError, match="was written for another server"):
        take(field, orjson.dumps(sealed))


def test_a_file_changed_on_its_way_is_refused(field: Field, tmp_path: Path) -> None:
    """Any byte changed outside breaks the seal."""
    sealed = orjson.loads(export(field, tmp_path))
    stranger = signing.public_jwk(signing.new_private_key().public_key())

    for changed in ({"ciphertext": flip(sealed["ciphertext"])}, {"iv": flip(sealed["iv"])}, {"epk": stranger}):
        with pytest.raises(FieldError, match="was changed since it was exported"):
            take(field, orjson.dumps(sealed | changed))


def flip(text: str) -> str:
    """Change one bit of base64url bytes."""
    raw = bytearray(unb64url(text))
    raw[0] ^= 1
    return b64url(bytes(raw))


def test_any_other_file_is_refused(field: Field) -> None:
    """What is no export is said to be none."""
    for raw in (b"hello", b"[]", b'{"format":"fairvisit-outbox-1"}', b'{"format":"x","kid":1}'):
        with pytest.raises(FieldError, match="is not an exported outbox"):
            take(field, raw)


def reseal(field: Field, raw: bytes, **changes: object) -> bytes:
    """Open an export, change members of the plaintext, and seal it again, as a forger who knows the server's key."""
    outbox = outboxes.open_export(field.office.site, raw) | changes
    key, kid = keys.signing_key(field.office.site)
    return outbox_export.encrypt(canonical.encode(outbox), kid, key.public_key(), field.device.noise)


def test_only_what_the_device_signed_is_taken(field: Field, tmp_path: Path) -> None:
    """A2: events slipped into an outbox, or an outbox signed by another key, are refused whole."""
    raw = export(field, tmp_path)
    outbox = outboxes.open_export(field.office.site, raw)
    fewer = [stretch | {"events": stretch["events"][:-1]} for stretch in outbox["chains"]]
    claim = {"typ": "outbox", "device_id": field.id, "digest": "0" * 64}
    forged = signing.sign(claim, signing.new_private_key(), field.id)

    for changes in ({"chains": fewer}, {"proof": forged}):
        with pytest.raises(FieldError) as caught:
            take(field, reseal(field, raw, **changes))
        assert "bad-signature" == caught.value.code
    with pytest.raises(FieldError) as caught:
        take(field, reseal(field, raw, device_id="not-an-id"))
    assert "not-found" == caught.value.code
    with pytest.raises(FieldError, match="something else than an outbox"):
        take(field, reseal(field, raw, chains=[{"chain_id": "x"}]))
    assert 1 == field.office.rows(select(func.count()).select_from(event))[0][0]


def test_the_command_prints_receipts_by_status(field: Field, tmp_path: Path) -> None:
    """The command says what became of the events; what could not be placed makes it exit 1."""
    settings = field.office.site.settings
    runner = CliRunner(env={"FAIRVISIT_DATABASE_URL": settings.database_url, "FAIRVISIT_FOLDER": settings.folder})
    export(field, tmp_path)
    path = str(tmp_path / "outbox")
    revoke(field)

    first = runner.invoke(fairvisit, ["import-outbox", path, "--by", "Dana"])
    again = runner.invoke(fairvisit, ["import-outbox", path, "--damaged", str(tmp_path / "left")])

    assert "3 parked\n    parked: 3, comes from a withdrawn device" in first.output
    assert "3 duplicate" in again.output
    assert [0, 0] == [first.exit_code, again.exit_code]
    assert "gone" == field.office.rows(select(device.c.state))[0].state
