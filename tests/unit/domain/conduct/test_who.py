"""Who may come: agency, papers, crew, what is shown, and what is vouched for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.domain.conduct.facts import AgencyFacts, AgentFacts, Interval
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Answer, Finding
from tests.unit.domain.conduct.asking import ask, plan, some_facts

DAY = date(2016, 5, 3)  # the planned one
DAY_BEFORE, DAY_AFTER = date(2016, 5, 2), date(2016, 5, 4)
LAST_DAYS = [(DAY_BEFORE, Answer.FAIL), (DAY, Answer.PASS), (DAY_AFTER, Answer.PASS)]


def permit(params: dict[str, Any], **known: Any) -> Finding:
    """Ask about an agency of which only this is known."""
    return ask(RuleType.ACTOR_PERMISSION, params, some_facts(agency=AgencyFacts("An Agency", **known)))


def qualify(params: dict[str, Any], *crew: AgentFacts, **changed: Any) -> Finding:
    """Ask about the files of a crew."""
    return ask(RuleType.AGENT_QUALIFICATION, params, some_facts(**({"crew": crew} | changed)))


def show(check: Check = Check.GATE, **changed: Any) -> Finding:
    """Ask about a card and a letter."""
    params = {"items": ["photo_id_card", "authorisation_letter"], "when": "start_of_visit", "names": ["agency"]}
    return ask(RuleType.CREDENTIAL_DISPLAY, params, some_facts(**({"lender": "A Bank"} | changed)), check)


def oversee(duty: list[str], check: Check = Check.GATE, every: str = "P1Y", **changed: Any) -> Finding:
    """Ask about a duty of the principal."""
    return ask(RuleType.OVERSIGHT, {"duty": duty, "every": every}, some_facts(**changed), check)


def carrying(code: str = "A1", until: date = DAY, cards: tuple[str, ...] = ("photo_id_card",)) -> AgentFacts:
    """Give an agent with a card and a letter."""
    return AgentFacts(code, letters={"A Bank": until}, cards=cards)


@pytest.mark.parametrize(
    ("params", "good", "bad", "fact"),
    [
        ({"allowed": ["lender_staff"]}, {"kind": "lender_staff"}, {"kind": "agency"}, "agency.kind"),
        ({"licence": "from the authority"}, {"licence": "L-1"}, {"licence": ""}, "agency.licence"),
        ({"contract": "in writing"}, {"contract_until": DAY}, {"contract_until": DAY_BEFORE}, "agency.contract_until"),
        ({"needs_listing": True}, {"is_listed": True}, {"is_listed": False}, "agency.is_listed"),
        (
            {"no_violent_record": True},
            {"has_violent_record": False},
            {"has_violent_record": True},
            "agency.has_violent_record",
        ),
    ],
)
def test_each_need_of_an_agency(params: dict[str, Any], good: dict[str, Any], bad: dict[str, Any], fact: str) -> None:
    """Each need passes, fails and is unknown by its own fact, and with no agency known by the same one."""
    assert Answer.PASS == permit(params, **good).answer
    failing = permit(params, **bad)
    assert (Answer.FAIL, True, None) == (failing.answer, failing.cure.startswith("once "), failing.cure_ms)
    assert (Answer.UNKNOWN, (fact,)) == (permit(params).answer, permit(params).missing)
    assert (fact,) == ask(RuleType.ACTOR_PERMISSION, params, some_facts(agency=None)).missing


def test_what_is_broken_outweighs_what_is_not_known() -> None:
    """An agency that is not listed fails although its contract is unknown."""
    assert Answer.FAIL == permit({"needs_listing": True, "contract": "in writing"}, is_listed=False).answer


def test_liability_is_said_and_not_judged() -> None:
    """That the principal is liable asks nothing of the agency."""
    found = ask(RuleType.ACTOR_PERMISSION, {"principal_liable": True}, some_facts(agency=None))
    assert (Answer.PASS, "the principal answers for what is done") == (found.answer, found.limit)


@pytest.mark.parametrize(("until", "answer"), LAST_DAYS)
def test_a_certificate_is_good_through_its_last_day(until: date, answer: Answer) -> None:
    """A certificate counts on its last day and not the day after."""
    found = qualify({"certificates": ["debt_recovery"]}, AgentFacts("A1", certificates={"debt_recovery": until}))
    assert answer == found.answer


def test_every_agent_needs_the_certificate() -> None:
    """One of two without it fails, and the cure names who, what and the day."""
    found = qualify(
        {"certificates": ["debt_recovery"]},
        AgentFacts("A1", certificates={"debt_recovery": DAY}),
        AgentFacts("A2", certificates={"debt_recovery": DAY_BEFORE}),
    )
    assert Answer.FAIL == found.answer
    assert "once A2 has the certificate debt recovery, good on Tuesday 3 May 2016" == found.cure
    nothing = qualify({"certificates": ["debt_recovery"]}, AgentFacts("A1"))
    assert (Answer.FAIL, "once A1 has the certificate debt recovery") == (nothing.answer, nothing.cure)


def test_a_crew_that_is_not_known() -> None:
    """No crew named is unknown, a crew of nobody is known and fails, and so does its size."""
    assert ("crew",) == qualify({"background_check": True}, crew=None).missing
    assert Answer.FAIL == qualify({"background_check": True}).answer


@pytest.mark.parametrize(
    ("interval", "zone", "until", "answer"),
    [
        (plan("2016-05-03 23:30"), "Europe/London", DAY, Answer.FAIL),  # leaves at 00:30 on the 4th
        (plan("2016-05-03 23:30", minutes=30), "Europe/London", DAY, Answer.PASS),  # leaves at midnight
        (plan("2016-05-03 23:30", minutes=30), "Asia/Shanghai", DAY, Answer.FAIL),  # the 4th there
        (plan("2016-05-04 00:30"), "America/New_York", DAY, Answer.PASS),  # still the 3rd there
    ],
)
def test_the_planned_day_is_the_local_one_until_leaving(
    interval: Interval, zone: str, until: date, answer: Answer
) -> None:
    """Papers are good until the crew has left, by the days of the place."""
    agent = AgentFacts("A1", certificates={"x": until})
    assert answer == qualify({"certificates": ["x"]}, agent, interval=interval, place_zone=zone).answer


def test_without_a_planned_day_papers_are_unknown() -> None:
    """Neither plan nor zone known: both are named, once."""
    agent = AgentFacts("A1", certificates={"x": DAY, "y": DAY})
    found = qualify({"certificates": ["x", "y"]}, agent, interval=None, place_zone=None)
    assert (Answer.UNKNOWN, ("interval", "place_zone")) == (found.answer, found.missing)


@pytest.mark.parametrize(
    ("until", "answer"), [(date(2019, 5, 2), Answer.PASS), (date(2019, 5, 3), Answer.FAIL)]
)  # now is 2 May 2016
def test_a_certificate_that_lasts_too_long_is_not_believed(until: date, answer: Answer) -> None:
    """A certificate given for three years cannot be good for more than three years from now."""
    found = qualify({"certificates": ["x"], "validity": "P3Y"}, AgentFacts("A1", certificates={"x": until}))
    assert answer == found.answer


@pytest.mark.parametrize(
    ("agent", "answer"),
    [
        (AgentFacts("A1", training_hours={"law": 1}), Answer.PASS),
        (AgentFacts("A1", training_until={"law": DAY}), Answer.PASS),
        (AgentFacts("A1", training_hours={"law": 9}, training_until={"law": DAY_BEFORE}), Answer.FAIL),
        (AgentFacts("A1", training_hours={"manners": 9}), Answer.FAIL),
    ],
)
def test_training_is_on_file_and_not_over(agent: AgentFacts, answer: Answer) -> None:
    """A topic is trained if it is on the file, through its last day where it has one."""
    assert answer == qualify({"training": ["law"]}, agent).answer


@pytest.mark.parametrize(("hours", "answer"), [(49, Answer.FAIL), (50, Answer.PASS), (51, Answer.PASS)])
def test_hours_of_training_add_up(hours: int, answer: Answer) -> None:
    """Hours of all topics add up where none is named, else only those of the topics named."""
    agent = AgentFacts("A1", training_hours={"law": 20, "manners": hours - 20})
    assert answer == qualify({"hours": 50}, agent).answer
    assert Answer.FAIL == qualify({"hours": 50, "training": ["law"]}, agent).answer


@pytest.mark.parametrize(("until", "answer"), LAST_DAYS)
def test_hours_that_are_over_do_not_count(until: date, answer: Answer) -> None:
    """Hours of a topic count through its last day, also where no topic is named."""
    agent = AgentFacts("A1", training_hours={"law": 50}, training_until={"law": until})
    assert answer == qualify({"hours": 50}, agent).answer


def test_lacking_hours_are_said() -> None:
    """The cure says how many hours are lacking."""
    found = qualify({"hours": 50}, AgentFacts("A1", training_hours={"law": 49}))
    assert "once A1 has 1 more hour of training" == found.cure


@pytest.mark.parametrize(
    ("checked", "answer"),
    [
        (None, Answer.UNKNOWN),
        (date(2015, 5, 2), Answer.FAIL),
        (date(2015, 5, 3), Answer.PASS),
        (DAY, Answer.PASS),
        (DAY_AFTER, Answer.FAIL),
    ],
)
def test_a_background_check_is_done_and_lasts(checked: date | None, answer: Answer) -> None:
    """A check counts from its day through its last day a year later; no day on file is not known."""
    agent = AgentFacts("A1", background_checked_on=checked)
    assert answer == qualify({"background_check": True, "validity": "P1Y"}, agent).answer


@pytest.mark.parametrize(
    ("params", "kept", "said"),
    [({"least": 2}, {2, 3}, "at least 2 agents"), ({"least": 2, "most": 2}, {2}, "2 agents"),
     ({"least": 1, "most": 2}, {1, 2}, "1 to 2 agents"), ({"least": 1}, {1, 2, 3}, "at least 1 agent")],
)  # fmt: skip
def test_a_crew_has_its_size(params: dict[str, Any], kept: set[int], said: str) -> None:
    """At the gate the planned crew is counted, later the one that came; one less and one more fail."""
    for size in (0, 1, 2, 3):
        crew = tuple(AgentFacts(f"A{number}") for number in range(size))
        answer = Answer.PASS if size in kept else Answer.FAIL
        planned = ask(RuleType.CREW_SIZE, params, some_facts(crew=crew))
        assert (answer, said) == (planned.answer, planned.limit)
        for check in (Check.DOOR, Check.REVIEW):
            assert answer == ask(RuleType.CREW_SIZE, params, some_facts(crew_size=size), check).answer


def test_a_crew_that_was_not_counted_is_unknown() -> None:
    """The planned crew does not stand in for the one that came, nor the other way round; no agent counts twice."""
    crew = (AgentFacts("A1"), AgentFacts("A2"))
    assert ("crew_size",) == ask(RuleType.CREW_SIZE, {"least": 2}, some_facts(crew=crew), Check.REVIEW).missing
    assert ("crew",) == ask(RuleType.CREW_SIZE, {"least": 2}, some_facts(crew_size=2)).missing
    twice = some_facts(crew=(AgentFacts("A1"), AgentFacts("A1")))
    assert Answer.FAIL == ask(RuleType.CREW_SIZE, {"least": 2}, twice).answer


@pytest.mark.parametrize(("until", "answer"), LAST_DAYS)
def test_a_letter_is_good_through_its_last_day(until: date, answer: Answer) -> None:
    """The letter of the lender counts on its last day and not the day after, for each agent of the crew."""
    assert answer == show(crew=(carrying("A1"), carrying("A2", until))).answer


def test_every_agent_carries_what_is_shown() -> None:
    """A card that one of two lacks and a letter of another lender fail; the cure names whose."""
    found = show(crew=(carrying("A1"), carrying("A2", cards=())))
    assert (Answer.FAIL, "once A2 has photo id card") == (found.answer, found.cure)
    stranger = AgentFacts("A1", letters={"Another Bank": DAY}, cards=("photo_id_card",))
    assert "once A1 has a letter of A Bank" == show(crew=(stranger,)).cure


def test_what_is_needed_to_know_what_is_carried() -> None:
    """No crew or no lender is a missing fact; a crew of nobody fails."""
    assert ("crew",) == show(crew=None).missing
    assert ("lender",) == show(crew=(carrying(),), lender="").missing
    assert Answer.FAIL == show(crew=()).answer


@pytest.mark.parametrize("check", [Check.DOOR, Check.REVIEW])
@pytest.mark.parametrize(
    ("steps_done", "answer"),
    [
        ({"card_shown": "given"}, Answer.PASS),
        ({"card_shown": "refused"}, Answer.FAIL),
        ({"purpose_stated": "given"}, Answer.FAIL),
        (None, Answer.UNKNOWN),
    ],
)
def test_later_the_card_was_shown(check: Check, steps_done: dict[str, str] | None, answer: Answer) -> None:
    """At the door and in review the step counts, not what the crew has on file."""
    assert answer == show(check, steps_done=steps_done, crew=None).answer


def test_nobody_there_to_show_it_to() -> None:
    """Where nobody was met the rule concerns nobody and says so; where somebody else was, it holds."""
    found = show(Check.REVIEW, steps_done={}, contact_result="nobody")
    assert (Answer.PASS, True) == (found.answer, found.limit.endswith("; nobody was met"))
    assert Answer.FAIL == show(Check.REVIEW, steps_done={}, contact_result="other_adult").answer


@pytest.mark.parametrize("contact_result", [None, "unsafe", "deceased"])
def test_before_any_step_it_is_not_known_whether_there_was_somebody_to_show_it_to(contact_result: str | None) -> None:
    """Where no step was taken, and who was met does not tell that somebody was, nothing was broken for certain."""
    assert Answer.UNKNOWN == show(Check.REVIEW, steps_done={}, contact_result=contact_result).answer


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"contact_result": "person"}, Answer.FAIL),
        ({"contact_result": "person", "steps": {"principal_named": "given"}}, Answer.PASS),
        ({"contact_result": "person", "steps": {"principal_named": "refused"}}, Answer.PASS),
        ({"contact_result": "person", "was_identity_confirmed": False}, Answer.PASS),
        ({"contact_result": "other_adult"}, Answer.PASS),
        ({}, Answer.UNKNOWN),
    ],
)
def test_a_principal_that_is_to_be_named_was_named(changed: dict[str, Any], answer: Answer) -> None:
    """The card alone is not enough where the rule names the principal, but only the person themselves may hear it."""
    params = {"items": ["photo_id_card"], "when": "start_of_visit", "names": ["agency", "principal"]}
    steps = {"card_shown": "given", **changed.pop("steps", {})}
    found = ask(RuleType.CREDENTIAL_DISPLAY, params, some_facts(steps_done=steps, **changed), Check.REVIEW)
    assert answer == found.answer


@pytest.mark.parametrize(
    ("inspected", "answer"),
    [
        (None, Answer.UNKNOWN),
        (date(2015, 5, 2), Answer.FAIL),
        (date(2015, 5, 3), Answer.PASS),
        (DAY, Answer.PASS),
        (DAY_AFTER, Answer.FAIL),
    ],
)
@pytest.mark.parametrize("check", [Check.GATE, Check.REVIEW])
def test_an_agency_was_inspected_within_the_year(inspected: date | None, answer: Answer, check: Check) -> None:
    """An inspection counts from its day through the same day a year later, also in review; none known is unknown."""
    assert answer == oversee(["inspect_agency"], check, agency=AgencyFacts("A", inspected_on=inspected)).answer
    assert Answer.UNKNOWN == oversee(["inspect_agency"], check, agency=None).answer


@pytest.mark.parametrize(("until", "answer"), LAST_DAYS)
def test_what_software_cannot_see_is_vouched_for(until: date, answer: Answer) -> None:
    """At the gate a duty passes while somebody of the house vouches for this very rule; its last day counts."""
    assert answer == oversee(["evaluate_agency"], attested={"HOUSE-1": until}).answer


def test_what_nobody_vouches_for_is_unknown() -> None:
    """Nothing attested, or another rule attested: it is missing, named by its duty. No visit is asked about it."""
    for changed in ({"attested": None}, {"attested": {}}, {"attested": {"HOUSE-2": DAY}}):
        found = oversee(["evaluate_agency"], **changed)
        assert (Answer.UNKNOWN, ("whether this was done: evaluate agency",)) == (found.answer, found.missing)
    looked_back = oversee(["evaluate_agency"], Check.REVIEW)
    assert Answer.PASS == looked_back.answer
    assert "judged by who vouches for it" in looked_back.limit


def test_one_duty_of_several_that_is_broken() -> None:
    """An inspection too long ago fails whatever is vouched for: no vouching stands in for it."""
    agency = AgencyFacts("A", inspected_on=date(2015, 5, 2))
    duties = ["inspect_agency", "evaluate_agency"]
    assert Answer.FAIL == oversee(duties, agency=agency, attested={"HOUSE-1": DAY}).answer
    assert Answer.FAIL == oversee(duties, agency=agency).answer
