"""A policy table: the first row that matches decides, and what it cannot place goes to a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain.policy import Candidate, CaseFacts, Choice, PolicyRow, Span, choose, matches

CASE = CaseFacts("id", "R1", "A", "card", "north", "zh", 30, "TWD", 5_000)
FULL = PolicyRow(
    name="full",
    grades=frozenset("A"),
    products=frozenset({"card"}),
    areas=frozenset({"north"}),
    languages=frozenset({"zh"}),
    days_past_due=Span(1, 60),
    amount=Span(0, 9_999),
    currency="TWD",
    team="City",
)
ANY = PolicyRow("any", team="City")


def candidate(code: str, load: int = 0, **values: object) -> Candidate:
    """Give an agent of the City team."""
    settings: dict[str, object] = {"certificates": frozenset(), "languages": frozenset(), "capacity": 2} | values
    return Candidate(code, "City", "North", load=load, **settings)  # type: ignore[arg-type]


def test_a_row_matches_a_case_that_is_all_it_asks_for() -> None:
    """A case that meets every condition matches; a row without conditions matches any."""
    assert matches(FULL, CASE)
    assert matches(ANY, CASE)


@pytest.mark.parametrize(
    "other",
    [
        {"grade": "B"}, {"product": "loan"}, {"area": "south"}, {"language": "en"}, {"days_past_due": 61},
        {"days_past_due": 0}, {"amount": 10_000}, {"currency": "USD"}, {"grade": None}, {"product": None},
        {"area": None}, {"language": None}, {"days_past_due": None},
    ],
)  # fmt: skip
def test_one_condition_missed_or_unknown_is_no_match(other: dict[str, object]) -> None:
    """Each condition counts, and a fact the case lacks meets none on it."""
    assert not matches(FULL, replace(CASE, **other))  # type: ignore[arg-type]


def test_the_first_match_wins() -> None:
    """Of two rows that match, the earlier one decides, in either order."""
    agents = [candidate("a1")]

    assert ["full", "any"] == [choose(rows, [CASE], agents)[0].row for rows in ([FULL, ANY], [ANY, FULL])]


def test_what_no_row_matches_goes_to_a_person() -> None:
    """A case that no row matches is given to nobody, with the reason."""
    [choice] = choose([FULL], [replace(CASE, grade="Z")], [candidate("a1")])

    assert Choice("id", "R1", None, None, "no row matches") == choice


def test_a_row_that_cannot_place_a_case_does_not_pass_it_on() -> None:
    """The matching row decides even where its agents are full or lack a certificate: a person is asked."""
    needs = replace(FULL, certificates=frozenset({"consumer"}))
    [lacking] = choose([needs, ANY], [CASE], [candidate("a1")])
    [full] = choose([FULL, ANY], [CASE], [candidate("a1", load=2)])

    assert Choice("id", "R1", "full", None, "team City has no active agent with consumer") == lacking
    assert Choice("id", "R1", "full", None, "every able agent of team City is at capacity") == full


def test_certificates_are_all_needed() -> None:
    """An agent needs every certificate a row asks for."""
    row = replace(ANY, certificates=frozenset("xy"))
    agents = [candidate("a1", certificates=frozenset("x")), candidate("a2", certificates=frozenset("xyz"))]

    assert "a2" == choose([row], [CASE], agents)[0].agent


def test_capacity_is_the_rows_or_else_the_teams() -> None:
    """Cases are handed out up to the row's capacity, else the team's; without either there is no end."""
    cases = [replace(CASE, id=str(n), language=None) for n in range(10)]

    def placed(row: PolicyRow, **values: object) -> int:
        return len([each for each in choose([row], cases, [candidate("a1", **values)]) if each.agent])

    assert [2, 5, 10] == [placed(ANY), placed(replace(ANY, capacity=5)), placed(ANY, capacity=None)]


def test_who_speaks_the_language_comes_first_then_who_carries_least() -> None:
    """Language comes before load, load before code."""
    zh = frozenset({"zh"})
    agents = [candidate("a1"), candidate("a3", 1, languages=zh), candidate("a2", 1, languages=zh)]

    assert ["a2", "a3", "a1"] == [choose([ANY], [CASE], agents)[0].agent for _ in range(3)]


def test_a_crew_is_a_lead_and_the_next_of_its_own_team() -> None:
    """Companions are of the lead's team, those who carry least first; without enough of them a person is asked."""
    row = PolicyRow("two", agency="North", crew=2)
    others = [replace(candidate("b1"), team="Country"), candidate("a3", 1), candidate("a2")]
    [choice] = choose([row], [CASE], [candidate("a1"), *others])
    [alone] = choose([row], [CASE], [candidate("a1"), others[0]])

    assert ("a1", ("a2",)) == (choice.agent, choice.companions)
    assert (None, "agency North has no crew of 2: too few able agents beside a1") == (alone.agent, alone.sentence)


def test_a_row_for_an_agency_takes_agents_of_any_team() -> None:
    """A row may name an agency as a whole; agents of another agency are not asked."""
    row = PolicyRow("agency", agency="North")
    other = replace(candidate("a0"), agency="South")

    assert "a1" == choose([row], [CASE], [other, candidate("a1")])[0].agent


@pytest.mark.parametrize(
    ("span", "value", "expected"),
    [(Span(), 0, True), (Span(1), 0, False), (Span(1), 1, True), (Span(None, 1), 1, True), (Span(None, 1), 2, False)],
)
def test_ranges_include_their_ends(span: Span, value: int, expected: bool) -> None:
    """Both ends of a range belong to it; an end left out is none."""
    assert expected is span.holds(value)
