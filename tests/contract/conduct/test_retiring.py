"""What has to go goes, with a record of it and of nothing else; what is held stays; the proof still holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.services import gating
from server.services.erasing import erase_events
from server.services.packing import packet_changes
from server.services.reconciling import reconcile
from server.services.retention import lift_legal_hold, place_legal_hold
from server.services.retiring import Retired, retire
from server.services.reviewing import Said, decide_visit
from server.services.verifying import verify_site
from server.storage import tables, visit_tables
from server.storage.feed import publish
from server.storage.packed_tables import packed
from server.storage.retention_tables import retired
from server.storage.tables import metadata
from server.storage.voice_tables import complaint, help_call
from tests.contract.conduct.test_retention import close, log_contact
from tests.office import Office, Phone, SetPhone

NAME, NUMBER, WORDS, QUESTION = "Person R1", "+86 139 0000", "took 200 in cash", "Whose hand was it"
COMPLAINT = "They shouted in the stairs"
EVERYTHING = (NAME, NUMBER, WORDS, QUESTION, COMPLAINT)
FIVE_YEARS = timedelta(days=5 * 365 + 1)


class Scene:
    """A case with a visit, a contact, a notice, a question and its answer; closed at the end."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.case_id, self.visit_id = office.add_case("R1"), office.site.new_id()
        self.phone: Phone = SetPhone.enrolled(office, "a1", office.add_agent("a1"))
        self.phone.exchange()
        office.assign(self.case_id, self.phone.agent_id)
        office.site.store.write(
            lambda connection: publish(connection, packet_changes(connection, office.site, [self.case_id]))
        )
        assert office.rows(packed.select())
        log_contact(office, self.case_id, "c1", number=NUMBER)
        self.complaint_id = office.site.new_id()
        office.insert(
            complaint, id=self.complaint_id, case_id=self.case_id, channel="answer", codes=[], words=COMPLAINT,
            reach=NUMBER, made_ms=office.clock(), acknowledge_by_ms=0, answer_by_ms=0, answered_ms=office.clock(),
            answer=COMPLAINT,
        )  # fmt: skip
        log_contact(office, self.case_id, "c2", number=NUMBER, channel="letter", content=["purpose"])
        self._visit()
        self._ask()
        office.end_assignment(self.case_id, self.phone.agent_id, "closed")
        close(office, self.case_id)

    def _visit(self) -> None:
        for kind, body in (
            ("visit_started", {"fixes": [], "no_fix_reason": "unavailable"}),
            ("outcome_noted", {"contact_result": "other_adult", "disposition": "none", "note": f"I {WORDS}."}),
            ("visit_ended", {"fixes": [], "no_fix_reason": "unavailable", "reason": "completed"}),
        ):
            self.office.clock.advance(minutes=2)
            self.phone.record(kind, body, case_id=self.case_id, visit_id=self.visit_id, packet_rev=1)
        self.phone.exchange()
        reconcile(self.office.site)

    def _ask(self) -> None:
        decide_visit(
            self.office.site, self.case_id, self.visit_id, Act.RETURNED, "Dana", Said(question=f"{QUESTION}?", saw=[])
        )
        [decision] = self.office.rows(visit_tables.decision.select())
        [flag] = self.office.rows(visit_tables.finding.select().where(visit_tables.finding.c.code == "note_flagged"))
        answer = {"decision_id": decision.id, "answer": f"His: I {WORDS}."}
        self.phone.record("question_answered", answer, case_id=self.case_id, visit_id=self.visit_id)
        self.phone.record("finding_contested", {"finding_id": flag.id, "reason": f"I never {WORDS}."})
        self.phone.exchange()
        reconcile(self.office.site)

    def wait(self, span: timedelta = FIVE_YEARS) -> None:
        """Let time pass."""
        self.office.clock.advance(days=span.days)


def said(office: Office) -> str:
    """Give every value of every row, as the code sees it."""
    return " ".join(str(tuple(row)) for table in metadata.sorted_tables for row in office.rows(table.select()))


def told(done: list[Retired]) -> list[tuple[str, str]]:
    """Give what went, by which rule."""
    return [(each.record.value, each.rule_id) for each in done]


ALL = ["events", "visits", "contacts", "notices", "complaints", "judgements", "persons"]


def test_nothing_goes_before_its_day_and_all_of_it_on_it(office: Office) -> None:
    """Five years to the day; then every class goes by the rule that wants it gone, and its words are nowhere."""
    scene = Scene(office)
    scene.wait(FIVE_YEARS)
    assert [] == retire(office.site, "Dana")
    assert all(words in said(office) for words in EVERYTHING)
    scene.wait(timedelta(days=1))

    done = retire(office.site, "Dana")

    assert [(name, "CN-RET-004") for name in ALL] == told(done)
    left = said(office)
    assert [] == [words for words in (*EVERYTHING, "R1 Hill Rd") if words in left]
    assert [(0, {})] == [(row.amount, row.sealed) for row in office.rows(tables.case.select())]


def test_the_proof_still_holds(office: Office) -> None:
    """Every chain of every device is whole after it."""
    scene = Scene(office)
    scene.wait(FIVE_YEARS + timedelta(days=1))
    retire(office.site, "Dana")

    assert [True] == [verdict.is_whole for verdict in verify_site(office.site)]


def test_what_went_is_recorded_and_a_second_run_finds_nothing(office: Office) -> None:
    """One row a class with how many, which rule, since when and by whom; run again, nothing changes."""
    scene = Scene(office)
    scene.wait(FIVE_YEARS + timedelta(days=1))
    done = retire(office.site, "Dana")

    assert [] == retire(office.site, "Eve")
    rows = office.rows(retired.select())
    assert sorted((each.record.value, each.count) for each in done) == sorted((row.record, row.count) for row in rows)
    assert {("CN-RET-004", "Dana", "2021-04-08")} == {(row.rule_id, row.by, row.due_on) for row in rows}
    assert [scene.case_id] * 6 == [row.case_id for row in rows if row.record != "persons"]


def test_a_complaint_and_a_call_that_name_no_case_have_a_clock_too(office: Office) -> None:
    """It counts from their end, whoever never answered keeps it running, and the second run finds nothing."""
    ended_ms = office.clock()
    row = {"channel": "verify", "codes": [], "made_ms": ended_ms, "acknowledge_by_ms": 0, "answer_by_ms": 0}
    for answered_ms in (ended_ms, None):
        said_ms = {"answered_ms": answered_ms, "words": COMPLAINT, "reach": NUMBER}
        office.insert(complaint, id=office.site.new_id(), **row, **said_ms)
    office.insert(
        help_call, id=office.site.new_id(), channel="verify", reach=NUMBER, made_ms=ended_ms, closed_ms=ended_ms,
        result=f"rang {NUMBER}",
    )  # fmt: skip
    office.clock.advance(days=FIVE_YEARS.days)
    early = retire(office.site, "Dana")
    office.clock.advance(days=1)

    assert [] == early
    assert [("complaints", "CN-RET-004")] * 2 == told(retire(office.site, "Dana"))
    assert [] == retire(office.site, "Dana")
    assert 1 == said(office).count(COMPLAINT)
    assert 1 == said(office).count(NUMBER)


def test_a_dry_run_erases_nothing(office: Office) -> None:
    """It gives what would go, and the next run gives the same."""
    scene = Scene(office)
    scene.wait(FIVE_YEARS + timedelta(days=1))
    before = said(office)

    planned = told(retire(office.site, "Dana", is_dry=True))

    assert before == said(office)
    assert planned == told(retire(office.site, "Dana"))


@pytest.mark.parametrize("of_person", [False, True])
def test_a_legal_hold_stops_it(office: Office, of_person: bool) -> None:
    """On the case or on its person: nothing of it goes."""
    scene = Scene(office)
    place_legal_hold(office.site, scene.case_id, "Dana", "court", of_person=of_person)
    scene.wait(FIVE_YEARS + timedelta(days=1))

    assert [] == retire(office.site, "Dana")
    assert WORDS in said(office)


def test_a_legal_hold_stops_every_erasure_of_its_events(office: Office) -> None:
    """Not only what is due: nobody erases an event of it by hand, and after it was lifted somebody may."""
    scene = Scene(office)
    hold_id = place_legal_hold(office.site, scene.case_id, "Dana", "court")
    noted = scene.phone.log[-4]["id"]
    with pytest.raises(FieldError, match="legal hold lies on R1"):
        erase_events(office.site, [noted], "Eve", "request")
    assert WORDS in said(office)

    lift_legal_hold(office.site, hold_id, "Eve", "over")

    assert [noted] == [each.event_id for each in erase_events(office.site, [noted], "Eve", "request").done]


def test_an_unanswered_complaint_stops_it(office: Office) -> None:
    """Until it is answered nothing of its case goes."""
    scene = Scene(office)
    unanswered = complaint.update().values(answered_ms=None)
    office.site.store.write(lambda connection: connection.execute(unanswered).rowcount)
    scene.wait(FIVE_YEARS + timedelta(days=1))

    assert [] == retire(office.site, "Dana")


def test_an_open_case_of_the_person_keeps_who_it_is(office: Office) -> None:
    """What was recorded of the closed case goes; the person is still visited about another one."""
    scene = Scene(office)
    [person_id] = [row.person_id for row in office.rows(tables.case.select())]
    office.add_case("R2", person_id=person_id)
    scene.wait(FIVE_YEARS + timedelta(days=1))

    assert ALL[:-1] == [each.record.value for each in retire(office.site, "Dana")]
    assert NAME in said(office)


def test_an_erased_judgement_says_so(office: Office) -> None:
    """Its answers stay, what was known is gone, and whoever asks to judge it again is told."""
    scene = Scene(office)
    scene.wait(FIVE_YEARS + timedelta(days=1))
    office.insert(
        metadata.tables["judgement"], id=office.site.new_id(), case_id=scene.case_id, agent_id=scene.phone.agent_id,
        crew=[scene.phone.agent_id], made_ms=office.clock(), lease_until_ms=2, is_open=True,
        rulebooks=[{"name": "CN", "version": "1", "digest": "d"}],
        facts={"now_ms": 1}, answers={"R": "pass"}, troubles=[], limits={},
    )  # fmt: skip
    retire(office.site, "Dana")

    with pytest.raises(FieldError, match="was erased"):
        gating.recount(office.site, scene.case_id)


def test_a_name_is_needed(office: Office) -> None:
    """Nobody erases namelessly."""
    with pytest.raises(FieldError):
        retire(office.site, " ")


def test_what_goes_together_waits_for_the_last(office: Office) -> None:
    """A file that another rule keeps longer keeps the events that name it, and what was made of them."""
    scene = Scene(office)
    house = Path(office.settings.folder) / "house.yaml"
    house.write_text(KEEPS_FILES, "utf-8")
    object.__setattr__(office.site.settings, "house_rulebook", str(house))
    office.insert(
        tables.wanted_file, device_id=scene.phone.device_id, sha256="a" * 64, size=1, role="recording",
        agent_id=scene.phone.agent_id, case_id=scene.case_id, visit_id=scene.visit_id, named_ms=1, state="verified",
    )  # fmt: skip
    scene.wait(FIVE_YEARS + timedelta(days=1))

    gone = [each.record.value for each in retire(office.site, "Dana")]
    assert ["contacts", "notices", "complaints", "persons"] == gone
    assert 4 <= office.rows(select(func.count()).where(tables.event.c.content.is_not(None)))[0][0]


KEEPS_FILES = """
rulebook: HOUSE
version: "1"
kind: house
zone: Asia/Shanghai
title: A house that keeps what it recorded
sources: {product: {law: product policy, url: "", seen: ""}}
rules:
- id: HOUSE-KEEP
  type: retention
  params: {record: [collection_recordings_credit_card], least: P9Y}
  check: [review]
  severity: record
  on_unknown: warn
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "Keep it.", zh: "予以保存。"}
  person: {en: "It is kept.", zh: "予以保存。"}
"""
