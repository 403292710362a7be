"""What software cannot decide is a question; a reviewer's answer is judged; a rule changed meanwhile is told apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.cli.main import fairvisit
from server.domain.conduct.codes import ConductCode
from server.services import assigning
from server.services.reviewing import Said, decide_visit
from server.storage import tables, visit_tables
from server.storage.voice_tables import complaint
from tests.contract.conduct.test_gate import HOUSE, open_with
from tests.contract.conduct.test_looking_back import Town
from tests.office import Office

CONDUCT = """
- id: HOUSE-CONDUCT
  type: forbidden_conduct
  params: {codes: [threaten, insult]}
  check: [review]
  severity: block
  on_unknown: ask
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "Be decent.", zh: "文明有礼。"}
  person: {en: "Who comes is decent.", zh: "来人文明有礼。"}
"""


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose house wants two agents from nine to seven in Manila, who neither threaten nor insult."""
    yield from open_with(database_url, tmp_path, HOUSE + CONDUCT.removeprefix("\n"))


def visited(office: Office) -> Town:
    """Make a visit of two that keeps the hours."""
    town = Town(office)
    town.live(*town.phones)
    return town


def answer(town: Town) -> Any:
    """Give what the house's rule about conduct answers of the visit."""
    return town.judgements()[0].answers["HOUSE-CONDUCT"]


def decide(town: Town, act: Act = Act.APPROVED, **said: Any) -> None:
    """Decide on the visit."""
    decide_visit(town.office.site, town.case_id, town.visit_id, act, "Dana", Said(**said))


def run(office: Office, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run a command on the office's database."""
    for name in ("database_url", "folder", "rulebooks", "house_rulebook", "zone"):
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(office.site.settings, name))
    return CliRunner().invoke(fairvisit, arguments)


def test_until_somebody_looked_conduct_is_a_question(office: Office) -> None:
    """A decision that says nothing of conduct leaves it open; one that says nothing was seen passes it."""
    town = visited(office)
    assert "unknown" == answer(town)

    decide(town)
    assert "unknown" == answer(town)
    decide(town, Act.RETURNED, question="Why?", saw=[])

    assert "pass" == answer(town)
    assert {} == town.found()


def test_what_a_reviewer_saw_breaks_the_rule_at_once(office: Office) -> None:
    """The finding is there with the decision, and travels to the crew with it."""
    town = visited(office)
    decide(town, saw=[ConductCode.THREATENED])

    assert {"HOUSE-CONDUCT": ("rule_broken", "stop")} == town.found()
    told = office.rows(tables.feed.select().where(tables.feed.c.type == "decision"))
    assert [True, True] == [b"HOUSE-CONDUCT" in bytes(row.item) for row in told]


def test_other_conduct_breaks_no_rule_about_this_one(office: Office) -> None:
    """Filming is neither a threat nor an insult: the rule is kept, since somebody looked."""
    town = visited(office)
    decide(town, saw=[ConductCode.FILMED])

    assert ("pass", {}) == (answer(town), town.found())


def test_the_last_answer_counts(office: Office) -> None:
    """A reviewer who looks again may say otherwise; both answers stay with their decisions."""
    town = visited(office)
    decide(town, saw=[ConductCode.INSULTED])
    decide(town, Act.RETURNED, question="Sure?", saw=[])
    assert "pass" == answer(town)
    decide(town, Act.AMENDED, saw=[ConductCode.INSULTED])

    assert "fail" == answer(town)
    decide(town, Act.RETURNED, question="And now?")
    assert "fail" == answer(town)


def test_the_visit_is_shown_with_rules_and_questions(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept rules are counted, open ones are questions with the command that answers them; then the answer is shown."""
    town = visited(office)
    said = run(office, monkeypatch, "visit", town.visit_id).output
    assert " 0 not kept, " in said
    assert "[question] Was any forbidden conduct seen? (decide … --saw CODE, or --saw none)" in said
    assert "HOUSE-CONDUCT" in said

    decided = run(office, monkeypatch, "decide", town.visit_id, "approved", "--by", "Dana", "--saw", "insulted")
    assert 0 == decided.exit_code
    said = run(office, monkeypatch, "visit", town.visit_id).output

    assert "[not kept] HOUSE-CONDUCT: never threaten, insult (conduct_codes: insult)" in said
    assert "approved by Dana.  Saw: insulted." in said


def test_a_complaint_is_a_claim_until_somebody_looked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reviewer is shown what it ticks, never its words; by itself it breaks no rule."""
    town = visited(office)
    office.insert(
        complaint, id=office.site.new_id(), case_id=town.case_id, channel="answer", codes=["threatened"],
        words="He said so", reach="+86", made_ms=office.clock(), acknowledge_by_ms=0, answer_by_ms=0,
    )  # fmt: skip

    said = run(office, monkeypatch, "visit", town.visit_id).output

    assert "a complaint on this case (not answered): Threatened or frightened somebody." in said
    assert "He said so" not in said
    assert ("unknown", {}) == (answer(town), town.found())


def test_none_and_a_code_are_not_said_together(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever saw something did not see nothing."""
    town = visited(office)
    said = run(
        office, monkeypatch, "decide", town.visit_id, "approved", "--by", "Dana", "--saw", "none", "--saw", "insulted"
    )

    assert isinstance(said.exception, FieldError)
    assert "unknown" == answer(town)


def test_a_rule_changed_after_the_gate_is_found(office: Office) -> None:
    """Two were enough when the case went through the gate; now three must go: the crew could not know."""
    house = Path(office.site.settings.house_rulebook)
    case_id = office.add_case("R9")
    assert 1 == assigning.assign(office.site, [case_id], "a1", ["a2"]).assigned
    house.write_text(house.read_text("utf-8").replace("least: 2, most: 2", "least: 3, most: 3"), "utf-8")
    office.clock.advance(minutes=1)

    town = Town(office)
    town.case_id = case_id
    make(town)

    found = {row.key: row for row in office.rows(visit_tables.finding.select()) if row.code == "rule_changed"}
    assert ["HOUSE-CREW"] == list(found)
    assert ("pass", "fail", "look") == (
        found["HOUSE-CREW"].facts["before"], found["HOUSE-CREW"].facts["now"], found["HOUSE-CREW"].severity
    )  # fmt: skip
    assert "rule_broken" in {row.code for row in office.rows(visit_tables.finding.select()) if row.key == "HOUSE-CREW"}


def test_another_rulebook_with_the_same_answers_is_no_finding(office: Office) -> None:
    """A title changed: another digest, the same answers."""
    house = Path(office.site.settings.house_rulebook)
    case_id = office.add_case("R9")
    assigning.assign(office.site, [case_id], "a1", ["a2"])
    house.write_text(house.read_text("utf-8").replace("A small house", "A house"), "utf-8")
    office.clock.advance(minutes=1)

    town = Town(office)
    town.case_id = case_id
    make(town)

    assert [] == [row for row in office.rows(visit_tables.finding.select()) if row.code == "rule_changed"]


def make(town: Town) -> None:
    """Make the visit of two, the case being assigned already."""
    lead, other = town.phones
    for phone in town.phones:
        phone.exchange()
    town.record(lead, "visit_started", fixes=[], no_fix_reason="unavailable")
    town.record(other, "crew_joined", fixes=[], no_fix_reason="unavailable")
    town.record(lead, "outcome_noted", contact_result="nobody", disposition="none")
    for phone in town.phones:
        town.record(phone, "visit_ended", fixes=[], no_fix_reason="unavailable", reason="completed")
    town.send(*town.phones)
