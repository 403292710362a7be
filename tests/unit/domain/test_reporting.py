"""A report's figures: each says among how many, what could not be measured is counted, and nobody is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas.vocabulary import EventKind
from server.domain.clocks import Basis
from server.domain.folding import SeenEvent, Visit
from server.domain.reporting import (
    Figure,
    Refusal,
    Told,
    Took,
    VisitFigures,
    find_request,
    leave_time,
    make_figures,
    say_figure,
)
from tests.unit.domain.findings.builders import ANN, BO, CLEAN, a_visit, an_event, with_body

MINUTE_MS = 60_000


def figures(*visits: VisitFigures, **told: Any) -> dict[str, Figure]:
    """Give the figures by name."""
    return {figure.name: figure for figure in make_figures(Told(visits, **told))}


def counted(figure: Figure) -> tuple[int | None, int | None]:
    """Give how many of how many."""
    return figure.count, figure.of


def asked(second: float = 300, agent: str = "ann", reason: str = "asked_to_leave", **members: Any) -> SeenEvent:
    """Build the halt of a crew that is asked to leave."""
    body = {"reason": reason, "scope": "case"}
    return an_event(f"{agent}_halts", second, EventKind.HOLD_PLACED, body, seq=6 if agent == "ann" else 3, **members)


def visit_of(*events: SeenEvent, ended: SeenEvent = CLEAN["ann_ends"]) -> Visit:
    """Fold a visit of two, which ends at its 600th second, with these events."""
    return a_visit([*(CLEAN | {"ann_ends": ended}).values(), *events], (ANN, BO))


class TestLeaving:
    """From the request to the check-out."""

    @pytest.mark.parametrize("reason", ["asked_to_leave", "refusal"])
    def test_one_phone_measures_it(self, reason: str) -> None:
        """Asked in the 300th second, gone in the 600th: five minutes, in no doubt."""
        assert Took(300_000, 300_000) == leave_time(visit_of(asked(reason=reason)))

    def test_two_phones_bound_it(self) -> None:
        """The companion noted the request: each clock may be off by what it is off."""
        found = leave_time(visit_of(asked(agent="bo", slack_ms=10_000)))

        assert Took(290_000, 310_000) == found

    def test_a_phone_that_was_off_bounds_it(self) -> None:
        """Another boot is another clock."""
        ended = CLEAN["ann_ends"]
        ended = replace(ended, reading=replace(ended.reading, boot="other"))

        assert Took(295_000, 305_000) == leave_time(visit_of(asked(slack_ms=5_000), ended=ended))

    def test_a_guess_is_no_time(self) -> None:
        """A wall clock that nobody checked tells nothing."""
        assert leave_time(visit_of(asked(basis=Basis.WALL))) is None

    def test_who_notes_it_only_at_the_end_was_asked_at_an_unknown_time(self) -> None:
        """The request is counted, its time is not."""
        visit = visit_of(ended=with_body(CLEAN["ann_ends"], reason="asked_to_leave"))

        assert (True, None) == (find_request(visit) is not None, leave_time(visit))

    def test_another_halt_is_no_request(self) -> None:
        """Illness makes a crew leave, too, but nobody asked."""
        assert find_request(visit_of(asked(reason="illness"))) is None


class TestFigures:
    """What is counted among what."""

    def test_the_median_and_the_worst_tell_their_doubt(self) -> None:
        """Three of four can be timed; the worst is what it may have been at most."""
        took = [Took(60_000, 60_000), Took(60_000, 180_000), Took(240_000, 300_000), None]
        found = figures(*(VisitFigures(was_asked_to_leave=True, took=each) for each in took), VisitFigures())

        assert (3, 4) == counted(found["leaving_timed"])
        assert (2.0, "clocks leave 2 of 3 in doubt") == (
            found["leaving_median"].value, found["leaving_median"].note
        )  # fmt: skip
        assert (5.0, "at least 4 min") == (found["leaving_worst"].value, found["leaving_worst"].note.replace(".0", ""))

    def test_without_a_timed_request_there_is_no_median(self) -> None:
        """Nothing is made up where nothing was measured."""
        found = figures(VisitFigures(was_asked_to_leave=True))

        assert (0, 1) == counted(found["leaving_timed"])
        assert "leaving_median" not in found

    def test_broken_rules_are_counted_among_judged_visits(self) -> None:
        """A visit that was not judged kept no rule and broke none."""
        found = figures(VisitFigures(("R-1", "R-2")), VisitFigures(("R-1",)), VisitFigures(()), VisitFigures())

        assert [(2, 3), (2, 3), (1, 3)] == [
            counted(found[name]) for name in ("rules_broken", "rules_broken/R-1", "rules_broken/R-2")
        ]
        assert "1 visits were not judged" == found["rules_broken"].note

    def test_a_threat_to_the_agent_is_no_flag_on_the_agent(self) -> None:
        """It is a figure of its own."""
        found = figures(VisitFigures(flags=("a threat to the agent",)), VisitFigures(flags=("a threat", "a threat")))

        assert [(1, 2), (1, 2), (1, 2)] == [
            counted(found[name]) for name in ("notes_flagged", "notes_flagged/a_threat", "agents_threatened")
        ]

    def test_a_refusal_is_respected_where_nobody_came(self) -> None:
        """A visit whose phone could not know counts as one, and is said to be."""
        found = figures(refusals=[Refusal(), Refusal(2, 1)])["refusals_respected"]

        assert (1, 2, "1 later visits whose phone could not know of it") == (found.count, found.of, found.note)

    def test_complaints_are_told_per_hundred_visits_with_their_number(self) -> None:
        """One on eight visits; those about no case are nobody's, and said to be."""
        found = figures(*[VisitFigures()] * 8, complaints=1, unmatched_complaints=3)

        assert (1, 12.5, 8) == (
            found["complaints"].count, found["complaints_per_100_visits"].value, found["complaints_per_100_visits"].of
        )  # fmt: skip
        assert "nobody's" in found["complaints"].note

    def test_of_no_visit_there_is_no_rate(self) -> None:
        """A rate of nothing is not nothing."""
        found = figures(complaints=1)["complaints_per_100_visits"]

        assert found.value is None
        assert "complaints: cannot be told of 0 visits" == say_figure(found)

    def test_feedback_tells_how_many_answered(self) -> None:
        """Two of three visits; each answer among those who answered that question."""
        found = figures(
            VisitFigures(feedback={"card": "yes", "left": "no"}), VisitFigures(feedback={"card": "unsure"}),
            VisitFigures(),
        )  # fmt: skip

        assert (2, 3) == counted(found["feedback_given"])
        assert [(1, 2), (0, 2), (1, 2)] == [counted(found[f"feedback/card/{each}"]) for each in ("yes", "no", "unsure")]
        assert (1, 1) == counted(found["feedback/left/no"])

    def test_near_misses_are_visits(self) -> None:
        """Two near misses on one visit are one visit."""
        assert (1, 2) == counted(figures(VisitFigures(near_misses=2), VisitFigures())["near_misses"])


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Figure("n", 3, 41, says="visits"), "3 of 41 visits"),
        (Figure("n", 3, says="visits"), "3 visits"),
        (Figure("n", value=1.5, unit="min", says="worst", note="in doubt"), "worst: 1.5 min; in doubt"),
        (Figure("n", of=8, value=12.5, unit="per 100 visits", says="complaints"),
         "complaints: 12.5 per 100 visits (of 8)"),
    ],
)  # fmt: skip
def test_a_figure_is_said_with_what_it_was_counted_among(figure: Figure, said: str) -> None:
    """No rate without its denominator."""
    assert said == say_figure(figure)
