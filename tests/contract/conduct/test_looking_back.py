"""A visit that has ended is judged again: what it broke is found, kept with its facts, and can be reproduced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.domain.findings.codes import Code
from server.services import gating
from server.services.erasing import erase_events
from server.services.holding import place_hold
from server.services.reconciling import reconcile
from server.storage import tables, visit_tables
from server.storage.conduct_tables import judgement
from server.storage.feed import publish
from server.storage.intake_rows import mark_visits
from server.storage.portfolio_tables import import_run
from tests.contract.conduct.test_gate import HOUSE, open_with
from tests.office import Office, Phone, SetPhone, opened_office

LEAVE = """
- id: HOUSE-LEAVE
  type: leave_on_request
  params: {within: PT2M, triggers: [asked_to_leave, refused_to_talk]}
  check: [review]
  severity: warn
  on_unknown: ask
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "Leave within two minutes.", zh: "两分钟内离开。"}
  person: {en: "Who comes leaves when you say so.", zh: "您请其离开，来人即离开。"}
"""
JUDGED = (Code.RULE_BROKEN, Code.NEAR_MISS)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose house wants two agents from nine to seven in Manila, gone within two minutes when asked."""
    yield from open_with(database_url, tmp_path, HOUSE + LEAVE.removeprefix("\n"))


@dataclass
class Town:
    """A case, and a crew of two with their phones; it is half past eleven in Manila."""

    office: Office
    case_id: str = ""
    visit_id: str = ""
    phones: list[Phone] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.case_id, self.visit_id = self.office.add_case("R1"), self.office.site.new_id()
        codes = {row.code: row.id for row in self.office.rows(tables.agent.select().order_by(tables.agent.c.code))}
        self.phones = [SetPhone.enrolled(self.office, code, agent_id) for code, agent_id in codes.items()]
        for phone in self.phones:
            phone.exchange()
        self.office.clock.advance(minutes=1)

    def assign(self, *phones: Phone) -> None:
        """Give the case to these, the lead first."""
        for phone in phones:
            role = "lead" if phone is phones[0] else "companion"
            self.office.assign(self.case_id, phone.agent_id, role, lead_agent_id=phones[0].agent_id)

    def record(self, phone: Phone, kind: str, **body: Any) -> None:
        """Record an event of the visit, two seconds after the last."""
        self.office.clock.advance(seconds=2)
        phone.record(kind, body, case_id=self.case_id, visit_id=self.visit_id, packet_rev=1)

    def live(self, *phones: Phone, stays: float = 60, heard: Sequence[Phone] | None = None) -> None:
        """Make the visit: check in, be asked to leave, leave after *stays* seconds; those *heard* send (all)."""
        self.assign(*phones)
        lead, *others = phones
        self.record(lead, "visit_started", fixes=[], no_fix_reason="unavailable")
        for phone in others:
            self.record(phone, "crew_joined", fixes=[], no_fix_reason="unavailable")
        self.record(lead, "step_done", step="card_shown", text_version="1", response="given")
        self.record(lead, "outcome_noted", contact_result="person", disposition="refuses")
        self.record(lead, "hold_placed", reason="asked_to_leave", scope="case")
        self.office.clock.advance(seconds=stays - 2)
        for phone in phones:
            self.record(phone, "visit_ended", fixes=[], no_fix_reason="unavailable", reason="completed")
        self.send(*(phones if heard is None else heard))

    def send(self, *phones: Phone) -> None:
        """Send what was recorded and reconcile."""
        self.office.clock.advance(minutes=5)
        for phone in phones:
            phone.exchange()
        reconcile(self.office.site)

    def found(self) -> dict[str, tuple[str, str]]:
        """Give the findings that judging again gave, by key, with code and severity; those of the draft left out."""
        rows = self.office.rows(visit_tables.finding.select().where(visit_tables.finding.c.gone_ms.is_(None)))
        return {
            row.key: (row.code, row.severity)
            for row in rows
            if row.code in JUDGED and row.facts.get("rulebook", "HOUSE") == "HOUSE"
        }

    def judgements(self) -> list[Any]:
        """Give the judgements of visits."""
        return self.office.rows(judgement.select().where(judgement.c.visit_id.is_not(None)))


def test_a_visit_that_keeps_all_has_no_finding(office: Office) -> None:
    """Two went by day and left in a minute when asked: nothing is found, and the judgement is kept with its facts."""
    town = Town(office)
    town.live(*town.phones)

    [kept] = town.judgements()
    assert {} == town.found()
    assert {"pass"} == {kept.answers[name] for name in ("HOUSE-CREW", "HOUSE-HOURS", "HOUSE-LEAVE")}
    assert (2, 60_000) == (kept.facts["crew_size"], kept.facts["leave_took_ms"])


def test_a_visit_is_not_its_own_past(office: Office) -> None:
    """A companion who joined first, and a second look at the visit, do not make it count as one before itself."""
    came = {"file_name": "log.csv", "file_sha256": "0" * 64, "line": 0, "counts": {}, "started_ms": 0, "updated_ms": 0}
    told = {"id": office.site.new_id(), "kind": "contacts", "lender": "lender", "state": "finished"}
    office.insert(import_run, **told, **came)
    town = Town(office)
    lead, other = town.phones
    town.assign(lead, other)
    town.record(other, "crew_joined", fixes=[], no_fix_reason="unavailable")
    office.clock.advance(minutes=2)
    town.record(lead, "visit_started", fixes=[], no_fix_reason="unavailable")
    town.record(lead, "outcome_noted", contact_result="other_adult", disposition="none")
    for phone in town.phones:
        town.record(phone, "visit_ended", fixes=[], no_fix_reason="unavailable", reason="completed")
    town.send(lead, other)
    office.site.store.write(
        lambda connection: mark_visits(connection, [(town.case_id, town.visit_id)], office.site.now())
    )
    reconcile(office.site)

    [kept] = town.judgements()
    assert (1, []) == (kept.facts["others_met"], kept.facts.get("contacts", []))


def test_who_goes_alone_breaks_the_rule_of_two(office: Office) -> None:
    """A visit of one where two must go is something to stop for, with the rule's limit, law and confidence."""
    town = Town(office)
    town.live(town.phones[0])

    assert {"HOUSE-CREW": ("rule_broken", "stop")} == town.found()
    [row] = [row for row in office.rows(visit_tables.finding.select()) if row.key == "HOUSE-CREW"]
    assert {
        "rule": "HOUSE-CREW", "rulebook": "HOUSE", "limit": "2 agents", "citation": "product policy",
        "confidence": "policy",
    } == row.facts  # fmt: skip


def test_while_a_companion_is_not_heard_nobody_went_alone(office: Office) -> None:
    """A companion whose phone was not heard yet leaves the crew's size open; once it is heard, there were two."""
    town = Town(office)
    lead, other = town.phones
    town.live(lead, other, heard=[lead])
    [kept] = town.judgements()
    assert ({}, "unknown") == (town.found(), kept.answers["HOUSE-CREW"])

    town.send(other)

    [kept] = town.judgements()
    assert ({}, "pass") == (town.found(), kept.answers["HOUSE-CREW"])


def test_a_visit_at_night_breaks_the_hours(office: Office) -> None:
    """Half past nine in the evening is outside nine to seven."""
    town = Town(office)
    office.clock.advance(hours=10)
    for phone in town.phones:
        phone.exchange([])
    town.live(*town.phones)

    assert {"HOUSE-HOURS": ("rule_broken", "stop")} == town.found()


def test_who_leaves_after_four_minutes_stayed_too_long(office: Office) -> None:
    """Four minutes from the request to the check-out, where two are allowed: a rule that warns is a look."""
    town = Town(office)
    town.live(*town.phones, stays=240)

    assert {"HOUSE-LEAVE": ("rule_broken", "look")} == town.found()


def test_a_hold_the_phone_could_not_know_is_a_near_miss(office: Office) -> None:
    """The office halted visits after the phone was last heard: the visit is no fault, and it is told."""
    town = Town(office)
    halt = office.site.new_id()
    office.site.store.write(lambda connection: publish(connection, place_hold(
        connection, office.site, hold_id=halt, case_id=town.case_id, scope="case", reason="illness", source="office",
        now_ms=office.clock(),
    )))  # fmt: skip
    office.clock.advance(minutes=3)
    town.live(*town.phones)

    assert {f"hold:{halt}": ("near_miss", "look")} == town.found()


def test_a_payment_that_the_phone_could_not_know_is_a_near_miss(office: Office) -> None:
    """Paid days before, imported after the phone was last heard."""
    town = Town(office)
    paid = {"lender": "lender", "receipt": "p1", "case_id": town.case_id, "paid_on": "2016-04-01", "currency": "USD"}
    office.insert(tables.payment, amount=1_000, digest="0" * 64, imported_ms=office.clock(), **paid)
    office.clock.advance(minutes=3)
    town.live(*town.phones)

    assert {"payment:lender/p1": ("near_miss", "look")} == town.found()


def test_an_erased_check_out_leaves_no_judgement(office: Office) -> None:
    """Once the check-out is erased the visit has not ended for all anybody knows: what was judged of it is gone."""
    town = Town(office)
    town.live(town.phones[0])
    erase_events(office.site, [town.phones[0].log[-1]["id"]], "Dana", "request of the person")
    reconcile(office.site)

    assert ([], {}) == (town.judgements(), town.found())


def test_a_judgement_is_replaced_only_by_other_facts(office: Office) -> None:
    """Reconciled again it is the same row; a rulebook that changed makes another, and the finding goes."""
    town = Town(office)
    town.live(town.phones[0])
    [first] = town.judgements()

    def look_again() -> Any:
        due = visit_tables.visit.update().values(due=1)
        office.site.store.write(lambda connection: connection.execute(due) and None)
        reconcile(office.site)
        [kept] = town.judgements()
        return kept

    office.clock.advance(days=1)
    assert (first.id, first.made_ms) == (look_again().id, first.made_ms)

    path = Path(office.site.settings.house_rulebook)
    path.write_text(path.read_text("utf-8").replace("least: 2", "least: 1"), "utf-8")
    assert first.id != look_again().id
    assert {} == town.found()


def test_the_gate_does_not_read_what_visits_were_judged_to_be(office: Office) -> None:
    """A case whose visit was judged, but that the gate never saw, was never judged by the gate."""
    town = Town(office)
    town.live(town.phones[0])

    with pytest.raises(FieldError, match="never judged"):
        gating.recount(office.site, town.case_id)
    with office.site.store.read() as connection:
        assert {} == gating.read_limits(connection, office.site, [town.case_id])


def test_explain_reproduces_every_answer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fairvisit explain` names rule, fact, law and confidence, and that judging again gives the same."""
    town = Town(office)
    town.live(town.phones[0])
    for name in ("database_url", "folder", "rulebooks", "house_rulebook", "zone"):
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(office.site.settings, name))

    said = CliRunner().invoke(fairvisit, ["explain", town.visit_id], catch_exceptions=False).output

    assert f"{town.visit_id}: broke a rule, judged " in said
    assert "[fail] HOUSE-CREW: Two go." in said
    assert "crew_size: 1" in said
    assert "product policy (policy)" in said
    assert "[unknown]" in said
    assert "every answer is the same" in said
    assert "Nothing here is legal advice" in said


def test_explain_says_when_a_visit_was_not_judged(office: Office) -> None:
    """Neither an unknown visit nor one that has not ended has anything to explain."""
    town = Town(office)
    town.assign(town.phones[0])
    town.record(town.phones[0], "visit_started", fixes=[], no_fix_reason="unavailable")
    town.send(town.phones[0])

    with pytest.raises(FieldError, match="has not ended"):
        gating.recount_visit(office.site, town.visit_id)
    with pytest.raises(FieldError, match="no visit"):
        gating.recount_visit(office.site, office.site.new_id())


def test_without_a_jurisdiction_no_visit_is_judged(database_url: str, tmp_path: Path) -> None:
    """Nothing is kept and nothing of it found, even of a visit that broke the rules."""
    with opened_office(database_url, tmp_path) as office:
        for code in ("a1", "a2"):
            office.add_agent(code)
        town = Town(office)
        town.live(town.phones[0], stays=240)

        assert ([], {}) == (town.judgements(), town.found())
