"""The two accounts of a device's day: real device, real server, and every way in which they may differ."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, update

from agent_sync.clock import Reading
from schemas import signing
from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.domain.comparing import DifferenceKind as Kind
from server.services import keys, outboxes, statements
from server.services.erasing import erase_events
from server.storage.tables import assignment, chain, event, link, server_state
from tests.contract.proof.conftest import tamper
from tests.contract.proof.phones import DAY, Field
from tests.office import Office

DAY_MS = 86_400_000


@pytest.fixture
def field(office: Office, tmp_path: Path) -> Iterator[Field]:
    """A device in the field."""
    made = Field(office, tmp_path)
    yield made
    made.device.close()


def compare(field: Field, jws: str | None = None) -> dict[str, int]:
    """Compare the device's statement with the server's; give counts by kind."""
    compared = statements.compare_with_device(field.office.site, jws or field.device.statement(DAY))
    return {each.kind.value: each.count for each in compared.differences}


def test_a_day_that_arrived_whole_balances_without_a_difference(field: Field) -> None:
    """Recorded, received and accepted agree event by event; there is nothing to explain."""
    field.visit()
    field.exchange()

    compared = statements.compare_with_device(field.office.site, field.device.statement(DAY))

    assert () == compared.differences
    assert compared.is_balanced
    assert (4, 4, 0) == tuple(compared.server[name] for name in ("received", "accepted", "parked"))
    assert compared.device["recorded"] == compared.server["received"]
    assert 4 == compared.server["chains"][0]["received"]


def test_the_statement_is_signed_by_the_server(field: Field) -> None:
    """A statement is a JWS of the server's present key, and no device's statement."""
    field.exchange()
    payload = statements.make_statement(field.office.site, field.id, DAY)
    jws = statements.sign_statement(field.office.site, payload)

    key, kid = keys.signing_key(field.office.site)
    assert (kid, payload) == (signing.kid_of(jws), signing.verify(jws, key.public_key(), "statement"))
    with pytest.raises(FieldError):
        statements.compare_with_device(field.office.site, jws)


def test_what_is_still_in_the_outbox_is_said_to_be(field: Field) -> None:
    """Unsent events are a difference, explained."""
    field.exchange()
    field.visit()

    assert {"in_outbox": 3} == compare(field)


def test_what_came_after_the_statement_is_told_from_places_not_clocks(field: Field) -> None:
    """Events recorded after the statement was made, and a chain opened after it, are later, whatever the clocks say."""
    field.exchange()
    early = field.device.statement(DAY)
    set_wall_back(field)
    field.visit()
    field.exchange()
    assert {"later": 3} == compare(field, early)

    fork(field)

    assert Kind.LATER.value in compare(field, early)
    assert statements.compare_with_device(field.office.site, early).is_balanced


def set_wall_back(field: Field) -> None:
    """Set the device's wall clock an hour back; its counter runs on."""
    now = field.clock.reading
    field.clock.reading = Reading(now.wall_ms - 3_600_000, now.offset_min, now.mono_ms, now.boot, now.mono)


def fork(field: Field) -> None:
    """Have the server hold something else at the chain's end, so that the device opens a new chain."""
    field.visit(0)
    tamper(field.office, update(chain).values(head_hash="7" * 64))
    field.exchange()
    field.exchange()


def test_receipts_under_way_are_explained(field: Field) -> None:
    """The server has what the device calls unsent where only the answer was lost."""
    field.exchange()
    field.visit()
    field.line.loses_answers = True
    field.exchange()

    assert {"receipt_pending": 3} == compare(field)


def test_parked_events_are_named_with_their_reason(field: Field) -> None:
    """Both sides agree on parked events, yet they are listed: a person has to look."""
    field.exchange()
    tamper(field.office, delete(assignment))
    field.visit()
    field.exchange()

    compared = statements.compare_with_device(field.office.site, field.device.statement(DAY))

    (parked,) = compared.differences
    assert (Kind.PARKED, 3) == (parked.kind, parked.count)
    assert "3 received and set aside for a person: is about a case never assigned to this agent." == parked.sentence
    assert [{"reason": "not-assigned", "count": 3}] == compared.device["reasons"]


def test_events_judged_again_are_said_to_be(field: Field) -> None:
    """E8: receipts never change; what was accepted later is said to be, and no more that it waits for a person."""
    tamper(field.office, delete(assignment))
    field.exchange()
    ids = field.visit(0)
    field.exchange()
    tamper(field.office, update(event).where(event.c.id == ids[0]).values(status="accepted", problem=None))

    assert {"judged_again": 1} == compare(field)


def test_what_is_declared_lost_is_explained_and_a_gap(field: Field) -> None:
    """E6: damaged records are declared lost on a new chain; the statement names the gap."""
    field.exchange()
    ids = field.visit()
    damage(field, ids[1])
    field.exchange()

    compared = statements.compare_with_device(field.office.site, field.device.statement(DAY))

    assert {"lost": 1} == {each.kind.value: each.count for each in compared.differences}
    (gap,) = compared.server["gaps"]
    assert (3, 3, "lost") == (gap["from_seq"], gap["to_seq"], gap["why"])
    assert [(3, 3, "lost")] == [(each["from_seq"], each["to_seq"], each["why"]) for each in compared.device["gaps"]]


def damage(field: Field, event_id: str) -> None:
    """Change a recorded content on the device's disk."""
    with sqlite3.connect(field.device.store.path) as disk:
        disk.execute("UPDATE event SET content = ? WHERE id = ?", (b'{"damaged":1}', event_id))


def test_erased_events_are_explained_on_both_sides(field: Field) -> None:
    """E12: what was erased still counts, and is named, before and after the device heard of it."""
    ids = field.visit()
    field.exchange()
    erase_events(field.office.site, [ids[1]], "Dana", "request")

    assert {"erased": 1} == compare(field)
    field.exchange()
    assert {"erased": 1} == compare(field)
    assert 1 == statements.make_statement(field.office.site, field.id, DAY)["erased"]


def test_withheld_events_are_explained(field: Field) -> None:
    """X3: an event sent without content has no date on the server; the device knows its day, so both count it."""
    field.exchange()
    (started,) = field.visit(0)
    withhold(field)
    field.line.refuses_files = True
    field.exchange()
    assert {"withheld": 1} == compare(field)
    assert 1 == statements.make_statement(field.office.site, field.id, DAY)["withheld_open"]

    field.line.refuses_files = False
    field.exchange()

    assert {"judged_again": 1} == compare(field)
    assert started in [entry[0] for entry in statements.make_statement(field.office.site, field.id, DAY)["events"]]


def withhold(field: Field) -> None:
    """Have the device believe that the server takes small events only."""
    with field.device.store.transaction():
        field.device.store.put("quota", field.device.store.get("quota") | {"max_event_bytes": 50})


def test_a_withheld_event_counts_on_the_day_of_the_one_before_it(field: Field) -> None:
    """Without the device's statement an event without content belongs to the day of its neighbours in the chain."""
    field.visit(0)
    field.advance(DAY_MS)
    field.visit(0)
    withhold(field)
    field.line.refuses_files = True
    field.exchange()

    days = [
        statements.make_statement(field.office.site, field.id, day)["received"]
        for day in ("2016-04-07", "2016-04-08", "2016-04-09")
    ]

    assert 3 == sum(days)
    assert {"withheld": 1} == compare(field)


def test_missing_files_are_counted(field: Field, tmp_path: Path) -> None:
    """T1: files that events name and the server has not verified are listed by hash on both sides."""
    (tmp_path / "photo.jpg").write_bytes(b"a photo")
    started = field.visit(0)
    visit_id = field.device.store.value("SELECT visit_id FROM visit")
    photo = {"path": str(tmp_path / "photo.jpg"), "media_type": "image/jpeg", "role": "photo"}
    field.device.record("files_attached", field.case_id, visit_id, {}, files=[photo])
    field.line.refuses_files = True
    field.exchange()

    compared = statements.compare_with_device(field.office.site, field.device.statement(DAY))

    assert {"files_missing": 1} == {each.kind.value: each.count for each in compared.differences}
    assert compared.device["files"] == compared.server["files"]
    field.line.refuses_files = False
    field.exchange()
    assert {} == compare(field)
    assert 1 == len(started)


def test_another_day_is_another_statement(field: Field) -> None:
    """The day is the wall date that the device wrote, not the day of receipt."""
    field.visit()
    field.advance(DAY_MS)
    field.visit(0)
    field.exchange()

    own = statements.make_statement(field.office.site, field.id, DAY)
    next_day = statements.make_statement(field.office.site, field.id, "2016-04-08")

    assert (4, 1) == (own["received"], next_day["received"])
    assert {} == compare(field)
    assert 0 == statements.make_statement(field.office.site, field.id, "2016-04-09")["received"]


def test_an_exported_outbox_is_explained(field: Field, tmp_path: Path) -> None:
    """A4: what came by file and not from the device itself is said to have."""
    field.exchange()
    field.visit()
    field.device.export_outbox(tmp_path / "outbox")
    told = field.device.statement(DAY)
    field.office.set_device(field.id, state="gone")

    outboxes.import_outbox(field.office.site, (tmp_path / "outbox").read_bytes(), "Dana")

    compared = statements.compare_with_device(field.office.site, told)
    assert {"exported": 3, "parked": 3} == {each.kind.value: each.count for each in compared.differences}
    assert compared.is_balanced


def test_an_acknowledged_event_that_is_gone_is_not_explained(field: Field) -> None:
    """Nothing may explain away an acknowledged event that the server does not have."""
    ids = field.visit()
    field.exchange()
    tamper(
        field.office,
        delete(link).where(link.c.event_id == ids[2]),
        update(chain).values(next_seq=4),
    )

    compared = statements.compare_with_device(field.office.site, field.device.statement(DAY))

    assert [(Kind.MISSING, (ids[2],))] == [(each.kind, each.event_ids) for each in compared.differences]
    assert not compared.is_balanced


def test_after_a_restore_the_same_is_explained(field: Field) -> None:
    """E10: beyond the restored chain's end the device sends again; that is no loss."""
    ids = field.visit()
    field.exchange()
    tamper(
        field.office,
        delete(link).where(link.c.event_id == ids[2]),
        update(chain).values(next_seq=4),
        server_state.insert().values(name="restored_ms", value="1460000000000"),
    )

    assert {"restored": 1} == compare(field)


def test_other_content_is_not_explained(field: Field) -> None:
    """The same id with other bytes on the two sides is an alarm."""
    ids = field.visit()
    field.exchange()
    tamper(
        field.office,
        update(link).where(link.c.event_id == ids[1]).values(digest="5" * 64),
        update(event).where(event.c.id == ids[1]).values(digest="5" * 64),
    )

    assert {"content_differs": 1} == compare(field)


def test_a_statement_that_its_device_did_not_sign_is_refused(field: Field) -> None:
    """A statement is taken only with its device's signature over its own id."""
    field.exchange()
    payload = field.device.describe_day(DAY)
    forged = signing.sign(payload, signing.new_private_key(), field.id)

    with pytest.raises(FieldError) as caught:
        statements.compare_with_device(field.office.site, forged)
    assert "bad-signature" == caught.value.code
    with pytest.raises(FieldError) as caught:
        statements.compare_with_device(field.office.site, field.device.statement(DAY), day="2016-04-08")
    assert "2016-04-08 was asked for" in caught.value.detail


def test_a_day_that_is_none_is_refused(field: Field) -> None:
    """Days are YYYY-MM-DD and real."""
    for day in ("yesterday", "2016-4-7", "20160407", "2016-02-30"):
        with pytest.raises(FieldError) as caught:
            statements.make_statement(field.office.site, field.id, day)
        assert "invalid" == caught.value.code


def run(field: Field, *arguments: str) -> Result:
    """Run the command on the town's database."""
    settings = field.office.site.settings
    environment = {"FAIRVISIT_DATABASE_URL": settings.database_url, "FAIRVISIT_FOLDER": settings.folder}
    return CliRunner(env=environment).invoke(fairvisit, arguments)


def test_the_command_says_it_in_sentences_and_as_json(field: Field, tmp_path: Path) -> None:
    """The command prints counts and differences, exits 1 only for what is unexplained, and gives the signed text."""
    field.visit()
    field.exchange()
    field.visit(0)
    told = tmp_path / "device.jws"
    told.write_text(field.device.statement(DAY))

    plain = run(field, "statement", "--device", field.id, "--day", DAY, "--out", str(tmp_path / "server.jws"))
    compared = run(field, "statement", "--compare", str(told))
    as_json = orjson.loads(run(field, "statement", "--compare", str(told), "--json").output)
    verified = run(field, "verify")

    assert "received 4: 4 accepted" in plain.output
    assert "statement" == signing.verify(
        (tmp_path / "server.jws").read_text().strip(), keys.signing_key(field.office.site)[0].public_key(), "statement"
    )["typ"]
    assert "1 recorded, not received: still in the device's outbox." in compared.output
    assert 0 == compared.exit_code
    assert ["in_outbox"] == [each["kind"] for each in as_json["differences"]]
    assert (0, "1 devices verified: all whole.") == (verified.exit_code, verified.output.splitlines()[-1])
    tamper(field.office, delete(event))
    assert 1 == run(field, "verify").exit_code
    tamper(field.office, delete(link))
    broken = run(field, "statement", "--compare", str(told))
    assert (1, True) == (broken.exit_code, "NOT balanced" in broken.output)
