"""A person's copy and erasure: all of it is given; what no rule keeps goes for good, and the proof still holds."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas import signing
from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.domain.conduct.retention import Clock, Keep, RecordClass
from server.public.printing import print_copy
from server.services import keeping
from server.services.complaints import answer_complaint
from server.services.contacts import import_contacts
from server.services.copying import copy_person
from server.services.forgetting import erase_for_person, find_free, plan_erasure
from server.services.help_calls import close_call
from server.services.holding import lift_hold, place_office_hold
from server.services.importing import FileOrder, import_portfolio
from server.services.payments import import_payments
from server.services.reconciling import reconcile
from server.services.requests import close_request, find_request
from server.services.retention import Clocks, place_legal_hold
from server.services.retiring import finish_all
from server.services.verifying import verify_device
from server.storage import facts_tables, notice_tables, tables, voice_tables
from server.storage.door_tables import fact_told
from server.storage.priority_tables import priority_word
from server.storage.tables import metadata
from tests.contract.public.people import carrier, letter, send
from tests.office import Office, Phone, opened_office

NAME, AMOUNT, NUMBER, STREET = "Wilhelmina Quast", 7_654_321, "415 555 0132", "9 Zyzzyx Lane"
SECRETS = (NAME, "Quast", str(AMOUNT), NUMBER, STREET)


def lived(office: Office) -> tuple[str, str, Phone]:
    """Give a case with a long story that is over, its request for erasure, and the agent's phone."""
    case_id, phone = office.add_case("R1"), carrier(office)
    [row] = [each for each in office.rows(tables.case.select()) if each.id == case_id]
    change = office.site.store.write
    change(lambda c: c.execute(tables.person.update().values(name=NAME, contacts={"phone": NUMBER})) and None)
    change(lambda c: c.execute(tables.place.update().values(address=STREET)) and None)
    change(lambda c: c.execute(tables.case.update().values(amount=AMOUNT, sealed={"owner": NAME})) and None)
    office.assign(case_id, phone.agent_id)
    token, visit_id = letter(office, case_id), office.site.new_id()
    about = {"case_id": case_id, "visit_id": visit_id, "packet_rev": 1}
    phone.record("visit_started", {"fixes": [], "no_fix_reason": "denied"}, **about)
    phone.step(case_id, visit_id)
    phone.record("identity_checked", {"identity": "confirmed", "method": "letter_code"}, **about)
    phone.record("sealed_part_opened", {"method": "letter_code"}, **about)
    promise = {"amount": AMOUNT, "currency": "USD", "due": "2016-05-01"}
    noted = {"contact_result": "person", "disposition": "promise", "promise": promise, "note": f"{NAME}: soon"}
    phone.record("outcome_noted", noted, **about)
    phone.record("visit_ended", {"fixes": [], "no_fix_reason": "denied", "reason": "completed"}, **about)
    phone.exchange()
    reconcile(office.site)
    office.insert(
        facts_tables.contact_log, lender="lender", reference="c1", case_id=case_id, at_ms=office.clock(),
        channel="call", result="made", number=NUMBER, content=[], source="lender", digest="0" * 64,
        imported_ms=office.clock(),
    )  # fmt: skip
    office.insert(
        tables.payment, lender="lender", receipt="p1", case_id=case_id, paid_on="2016-04-02", currency="USD",
        amount=AMOUNT, digest="0" * 64, imported_ms=office.clock(),
    )  # fmt: skip
    office.insert(
        priority_word, id=office.site.new_id(), case_id=case_id, kind="contest", by="Ruth", reason=f"{NAME} rang",
        made_ms=office.clock(),
    )  # fmt: skip
    said = {"lender": "lender", "word": "found_lawful", "is_so": True, "by": "Wu", "until": "2030-01-01", "made_ms": 1}
    office.insert(facts_tables.lender_word, id=office.site.new_id(), case_id=case_id, reason=f"{NAME}'s file", **said)
    paper = {"agency": "North", "agents": ["a1"], "content": ["purpose"], "made_ms": 1, "made_by": "Dana", "sent": {}}
    office.insert(
        notice_tables.notice, id=office.site.new_id(), case_id=case_id, day="2016-04-09", starts="10:00", ends="12:00",
        expires_ms=2, **paper,
    )  # fmt: skip
    office.insert(fact_told, case_id=case_id, answers={"phone_end": NUMBER})
    send(office, f"/answer/{token}/complain", what="insulted", words=f"I am {NAME}.", reach=NUMBER)
    send(office, f"/answer/{token}/help", reach=NUMBER)
    send(office, f"/answer/{token}/visits/{visit_id}", card="no")
    for kind in ("copy", "erasure"):
        send(office, f"/answer/{token}/say/{kind}")
    [complaint] = office.rows(voice_tables.complaint.select())
    answer_complaint(office.site, complaint.id, "Ruth", f"Dear {NAME}, we are sorry.")
    for placed in office.rows(tables.hold.select()):
        lift_hold(office.site, placed.id, "Sam", f"{NAME} agreed")
    [call] = office.rows(voice_tables.help_call.select())
    close_call(office.site, call.id, "Ruth", f"rang {NUMBER}")
    reconcile(office.site)
    [request_id] = [each.id for each in office.rows(voice_tables.person_request.select()) if each.kind == "erasure"]
    return str(row.person_id), request_id, phone


def end(office: Office) -> None:
    """Close every case, as where it is settled, and take it from its agent."""
    now_ms = office.clock()
    closed = {"status": "paid", "closed_ms": now_ms, "updated_ms": now_ms}
    office.site.store.write(lambda c: c.execute(tables.case.update().values(closed)) and None)
    for row in office.rows(tables.assignment.select()):
        office.end_assignment(row.case_id, row.agent_id, "paid")


def found(office: Office) -> list[str]:
    """Give each table and column in which any of the person's values still stands, and the file, if one holds them."""
    places = []
    for table in metadata.sorted_tables:
        for row in office.rows(table.select()):
            for name, value in row._mapping.items():
                text = value.decode("utf-8", "replace") if isinstance(value, (bytes, memoryview)) else str(value)
                places += [f"{table.name}.{name}" for secret in SECRETS if secret in text]
    url = office.site.settings.database_url
    if url.startswith("sqlite"):
        for path in Path(url.removeprefix("sqlite:///")).parent.glob("fairvisit.db*"):
            raw = path.read_bytes()
            places += [path.name for secret in SECRETS if secret.encode() in raw]
    return sorted(set(places))


@pytest.fixture
def lawless(database_url: str, tmp_path: Path) -> Any:
    """An office under a rulebook that keeps nothing beyond the case's end."""
    with opened_office(database_url, tmp_path, rulebooks="AU") as opened:
        yield opened


@pytest.fixture
def states(database_url: str, tmp_path: Path) -> Any:
    """An office under rulebooks that keep for three years."""
    with opened_office(database_url, tmp_path, rulebooks="US") as opened:
        yield opened


def test_what_nothing_keeps_goes_for_good(lawless: Office) -> None:
    """Afterwards name, amount, number and street stand in no table, no index and no file, and the proof still holds."""
    _, request_id, phone = lived(lawless)
    before = found(lawless)
    end(lawless)

    plan, certificate = erase_for_person(lawless.site, request_id, "Ruth")
    key = signing.load_public(lawless.rows(tables.server_key.select())[0].jwk)
    said = signing.verify(certificate, key, "erasure")

    assert {
        "person.name", "case.amount", "event.content", "complaint.words", "help_call.reach", "priority_word.reason",
        "fact_told.answers", "lender_word.reason", "hold.lift_reason",
    } <= set(before)  # fmt: skip
    assert () == plan.kept
    assert [] == found(lawless)
    assert {"events", "visits", "contacts", "complaints", "persons"} <= set(said["removed"])
    assert ([], request_id) == (said["kept"], said["request_id"])
    assert [True] == [report.is_whole for report in [verify_device(lawless.site, phone.device_id)]]
    [row] = [each for each in lawless.rows(voice_tables.person_request.select()) if each.id == request_id]
    assert ("Ruth", certificate) == (row.done_by, row.certificate)


def test_a_restore_brings_nobody_back_who_was_erased(lawless: Office, tmp_path: Path) -> None:
    """E12: what was emptied since the backup is emptied again before the restored server serves, and only once."""
    _, request_id, _ = lived(lawless)
    end(lawless)
    keeping.back_up(lawless.site, tmp_path / "site.backup")
    erase_for_person(lawless.site, request_id, "Ruth")
    lawless.close()
    keeping.put_back(lawless.settings, tmp_path / "site.backup", lawless.clock(), b"made", replace=True)
    lawless.start()
    (tmp_path / "site.backup").unlink()

    assert [] == found(lawless)
    assert 0 == finish_all(lawless.site)


def test_what_a_lender_sends_again_fills_nothing_in(lawless: Office, tmp_path: Path) -> None:
    """Ledger, log and portfolio of the same references leave whoever was erased erased."""
    _, request_id, _ = lived(lawless)
    end(lawless)
    erase_for_person(lawless.site, request_id, "Ruth")
    [reference] = {row.reference for row in lawless.rows(tables.case.select())}
    files = {
        import_payments: f"loan no,receipt no,payment date,amount\n{reference},p9,2016-04-03,{AMOUNT}.00\n",
        import_contacts: f"loan no,at,channel,result,number\n{reference},2016-04-01 10:00,call,made,{NUMBER}\n",
        import_portfolio: f"loan no,name,address,outstanding,days past due\n{reference},{NAME},1 New St,{AMOUNT},9\n",
    }
    counts = []
    for load_file, content in files.items():
        path = tmp_path / f"{load_file.__name__}.csv"
        path.write_text(content)
        counts.append(load_file(lawless.site, FileOrder(path, lender="lender", currency="USD")).counts["erased"])

    assert [1, 1, 1] == counts
    assert [] == found(lawless)


def test_an_open_case_keeps_everything_and_says_so(lawless: Office) -> None:
    """What is not finished is kept until it is; the request stays open."""
    _, request_id, _ = lived(lawless)
    before = found(lawless)

    plan, _ = erase_for_person(lawless.site, request_id, "Ruth")

    assert () == plan.removed
    assert {"CASE-OPEN"} == {each.rule_id for each in plan.kept}
    assert {each for each in before if not each.startswith("fairvisit")} <= set(found(lawless))
    assert [None] == [
        row.done_ms for row in lawless.rows(voice_tables.person_request.select()) if row.id == request_id
    ]


def test_what_a_rule_keeps_is_told_with_its_rule_and_last_day(states: Office) -> None:
    """Three years by US-RET-001; a day later it goes."""
    _, request_id, _ = lived(states)
    end(states)

    kept = plan_erasure(states.site, request_id)
    states.clock.advance(days=3 * 365 + 3)
    free = plan_erasure(states.site, request_id)

    assert () == kept.removed
    assert ("US-RET-001", 2019) in {(each.rule_id, each.until.year if each.until else 0) for each in kept.kept}
    assert () == free.kept
    assert RecordClass.PERSONS in {record for _, record, _ in free.removed}


def test_a_legal_hold_keeps_what_was_free(lawless: Office) -> None:
    """Somebody needs it for a court: nothing goes, and the person is told why."""
    _, request_id, _ = lived(lawless)
    end(lawless)
    [case] = lawless.rows(tables.case.select())
    place_legal_hold(lawless.site, case.id, "Sam", "a suit")

    plan, _ = erase_for_person(lawless.site, request_id, "Ruth")

    assert () == plan.removed
    assert {"LEGAL-HOLD"} == {each.rule_id for each in plan.kept}


@pytest.mark.parametrize(("last_day", "expected"), [(2, {"contacts"}), (1, {"contacts", "events", "files", "visits"})])
def test_what_goes_together_stays_together(last_day: int, expected: set[str]) -> None:
    """While a rule keeps the files, the events that name them and what was made of both stay, too."""
    keep = Keep("RET-1", date(2026, 11, last_day), {"en": "kept"})
    kept = {RecordClass.FILES: (keep,)}
    classes = (RecordClass.EVENTS, RecordClass.FILES, RecordClass.VISITS, RecordClass.CONTACTS)
    clocks = Clocks(None, "person", [Clock(each, 1, kept.get(each, ())) for each in classes])

    assert expected == {each.value for each in find_free(clocks, date(2026, 11, 2))}


def test_where_no_law_is_set_nothing_is_erased(office: Office) -> None:
    """Nobody knows what has to be kept: the command says what to set."""
    _, request_id, _ = lived(office)
    end(office)

    with pytest.raises(FieldError, match="FAIRVISIT_RULEBOOKS"):
        erase_for_person(office.site, request_id, "Ruth")
    assert "person.name" in found(office)


def test_a_copy_holds_all_of_the_person_and_nobody_else(lawless: Office) -> None:
    """Name, amounts, visits, contacts, decisions, verdicts, complaints, who looked; no name of the office."""
    person_id, _, _ = lived(lawless)
    other = lawless.add_case("R2")
    place_office_hold(lawless.site, other, HoldScope.CASE, HoldReason.ILLNESS, "Sam")

    copy = copy_person(lawless.site, person_id)
    text = orjson.dumps(copy).decode()
    [case] = copy["cases"]

    assert NAME == copy["person"]["name"]
    assert AMOUNT == case["matter"]["amount"]
    assert [{"name": "Agent a1", "agency": "North Field Agency"}] == case["visits"][0]["crew"]
    assert [NUMBER] == [each["number"] for each in case["contacts"]]
    assert ["held the case", "opened the sealed part"] == [each["what"] for each in case["looked"]]
    assert ["insulted"] == case["complaints"][0]["codes"]
    assert {"verdicts", "decisions", "findings", "payments", "halts", "calls"} <= set(case)
    assert [True] == [each["is_so"] for each in case["lender_words"]]
    assert (["2016-04-09"], ["contest"]) == (
        [each["day"] for each in case["notices"]], [each["kind"] for each in case["priority"]],
    )  # fmt: skip
    assert not re.search(r"Ruth|Sam|R2", text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_print_holds_what_the_copy_holds(lawless: Office, language: str) -> None:
    """One page without anything to load, every value in it, its names in the person's language."""
    person_id, _, _ = lived(lawless)

    page = print_copy(copy_person(lawless.site, person_id), language)

    assert all(each in page for each in (NAME, str(AMOUNT), NUMBER, STREET))
    assert ("Who could look" if language == "en" else "谁查看过") in page
    assert not re.search(r"<script|<link|<img|http", page)


def test_a_copy_with_markup_in_it_stays_text() -> None:
    """Whatever somebody typed is shown, never run."""
    assert "<i>" not in print_copy({"person": {"name": "<i>x</i>", "<i>": "y"}}, "en")


def test_a_request_is_found_by_its_ending_and_closed_once(lawless: Office) -> None:
    """Of the right kind only; the first who saw to it stays."""
    lived(lawless)
    [row] = [each for each in lawless.rows(voice_tables.person_request.select()) if each.kind == "copy"]
    with pytest.raises(FieldError, match="not for erasure"):
        find_request(lawless.site, row.id[-8:], "erasure")
    close_request(lawless.site, find_request(lawless.site, row.id[-8:], "copy").id, "Ruth")
    close_request(lawless.site, row.id, "Sam")

    assert ["Ruth"] == [
        each.done_by for each in lawless.rows(voice_tables.person_request.select()) if each.kind == "copy"
    ]
