"""Findings of conduct at the door: order, outcome, end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.vocabulary import ContactResult, Disposition, EventKind, is_possible
from server.domain.findings.codes import Code
from server.domain.findings.context import Context
from server.domain.findings.find import find_all
from tests.unit.domain.findings.builders import (
    CLEAN,
    DAY_MS,
    T,
    a_scene,
    a_span,
    an_event,
    at_time,
    promised,
    with_body,
)
from tests.unit.domain.findings.examples_done import ONLY_OUTCOME, SHORT_NOTE, outcome


def codes_of(context: Context) -> list[Code]:
    """Give the codes found."""
    return [finding.code for finding in find_all(context)]


class TestSealedPart:
    """The sealed part after identity, on whichever phone."""

    @pytest.mark.parametrize("identity", ["failed", "declined", "unsure"])
    def test_only_a_confirmed_identity_counts(self, identity: str) -> None:
        """A check that failed opens nothing."""
        assert [Code.SEALED_BEFORE_IDENTITY] == codes_of(
            a_scene({"ann_checks": with_body(CLEAN["ann_checks"], identity=identity)})
        )

    def test_without_any_check_it_was_opened_too_early(self) -> None:
        """Where everything has arrived, no check at all is no confirmation."""
        assert [Code.SEALED_BEFORE_IDENTITY] == codes_of(a_scene({"ann_checks": None}))

    def test_the_order_on_one_phone_decides_not_its_clock(self) -> None:
        """Opened before the check in the chain: that both may have been at one moment does not help."""
        events = {
            "ann_checks": replace(at_time(CLEAN["ann_checks"], 100), order=(0, 5)),
            "ann_opens": replace(CLEAN["ann_opens"], order=(0, 4)),
        }

        assert [Code.SEALED_BEFORE_IDENTITY] == codes_of(a_scene(events))

    @pytest.mark.parametrize(("second", "expected"), [(99.999, []), (100, [Code.SEALED_BEFORE_IDENTITY])])
    def test_a_companion_may_have_checked_before(self, second: float, expected: list[Code]) -> None:
        """A check on the companion's phone counts if it can have been before the opening at 100 s."""
        checks = an_event("bo_checks", second, EventKind.IDENTITY_CHECKED, {"identity": "confirmed"}, seq=9)

        assert expected == codes_of(a_scene({"ann_checks": None, "bo_checks": checks}))


    @pytest.mark.parametrize(
        ("name", "edge", "at_ms"), [("bo_checks", "earliest_ms", 99), ("ann_opens", "latest_ms", 101)]
    )
    def test_what_may_have_been_in_the_right_order_is_no_finding(self, name: str, edge: str, at_ms: int) -> None:
        """Both at 100 s, on two phones; but the check may have been earlier, or the opening later."""
        checks = an_event("bo_checks", 100, EventKind.IDENTITY_CHECKED, {"identity": "confirmed"}, seq=9)
        events = {"ann_opens": CLEAN["ann_opens"], "bo_checks": checks}
        vague = replace(events[name], bound=replace(events[name].bound, **{edge: T + at_ms * 1_000}))

        assert [Code.SEALED_BEFORE_IDENTITY] == codes_of(a_scene({**events, "ann_checks": None}))
        assert [] == codes_of(a_scene({**events, name: vague, "ann_checks": None}))


class TestOutcome:
    """What came of it."""

    @pytest.mark.parametrize("result", list(ContactResult))
    @pytest.mark.parametrize("disposition", [each for each in Disposition if each is not Disposition.PROMISE])
    def test_the_table_of_pairs_decides(self, result: ContactResult, disposition: Disposition) -> None:
        """A pair is found exactly where the vocabulary says that it cannot be."""
        expected = [] if is_possible(result, disposition) else [Code.IMPOSSIBLE_OUTCOME]

        assert expected == codes_of(outcome(contact_result=result.value, disposition=disposition.value))

    @pytest.mark.parametrize(
        ("members", "lacks"),
        [
            ({}, ""), ({"amount": 0}, " without an amount"), ({"due": ""}, " without a day"),
            ({"amount": 0, "due": ""}, " without an amount without a day"),
        ],
    )  # fmt: skip
    def test_a_promise_needs_amount_and_day(self, members: dict[str, object], lacks: str) -> None:
        """A promise of nothing, or for no day, cannot be."""
        found = find_all(a_scene({"ann_notes": promised(**members)}, payments=None))

        assert ([lacks] if lacks else []) == [finding.facts["lacks"] for finding in found]

    def test_a_promise_without_its_half_reads_well(self) -> None:
        """The sentence says what lacks."""
        (finding,) = find_all(outcome(disposition="promise"))

        assert "The outcome cannot be: person with promise without amount and day." == finding.sentence

    def test_the_last_outcome_counts(self) -> None:
        """An outcome noted again stands for the first."""
        first = an_event("ann_first", 300, EventKind.OUTCOME_NOTED, {"contact_result": "nobody"}, seq=12)
        wrong = with_body(first, disposition="refuses")

        assert [] == codes_of(a_scene({"ann_first": wrong}))

    @pytest.mark.parametrize("word", ["ghost", None, [], {"a": 1}, 7])
    def test_a_word_nobody_knows_is_not_judged(self, word: object) -> None:
        """A correction may put anything there."""
        assert [] == codes_of(outcome(contact_result=word))
        assert [] == codes_of(outcome(disposition=word))

    def test_an_outcome_without_check_in_is_judged_like_any(self) -> None:
        """Where nobody checked in, the records kept beside the visit are all there is."""
        noted = with_body(CLEAN["ann_notes"], contact_result="nobody", disposition="refuses")

        assert [Code.OUTCOME_WITHOUT_CHECK_IN, Code.IMPOSSIBLE_OUTCOME] == codes_of(
            a_scene(ONLY_OUTCOME | {"ann_notes": noted})
        )


class TestEnd:
    """How it ended."""

    def test_a_visit_in_its_course_is_not_called_unended(self) -> None:
        """An hour after the last record the visit may still go on."""
        assert [] == codes_of(a_scene({"ann_ends": None}))

    def test_the_leads_later_visit_shows_that_this_one_was_not_ended(self) -> None:
        """A chain has no gaps: what comes after has come, so the end was not recorded."""
        later = a_span(T + 1_000_000, T + 1_500_000)

        assert [Code.NEVER_ENDED] == codes_of(a_scene({"ann_ends": None}, others=[later]))

    def test_a_companions_end_is_not_the_visits(self) -> None:
        """The companion checked out; the lead never did."""
        assert [Code.NEVER_ENDED] == codes_of(a_scene({"ann_ends": None}, now_ms=T + 2 * DAY_MS))

    @pytest.mark.parametrize("reason", ["asked_to_leave", "danger", "withdrawn"])
    def test_who_is_sent_away_may_leave_at_once(self, reason: str) -> None:
        """Leaving when asked to is right, however short the visit was."""
        ends = with_body(at_time(CLEAN["ann_ends"], 35), reason=reason)

        assert [] == codes_of(a_scene({"ann_notes": SHORT_NOTE, "ann_ends": ends}))

    @pytest.mark.parametrize("result", [each for each in ContactResult if each is not ContactResult.PERSON])
    def test_where_the_person_was_not_met_a_visit_may_be_short(self, result: ContactResult) -> None:
        """Nobody, a neighbour or a child at the door: nothing is to be said."""
        notes = with_body(SHORT_NOTE, contact_result=result.value, disposition="none")

        assert [] == codes_of(a_scene({"ann_notes": notes, "ann_ends": at_time(CLEAN["ann_ends"], 35)}))

    @pytest.mark.parametrize(
        ("name", "edge", "at_ms"), [("ann_ends", "latest_ms", 60_000), ("ann_starts", "earliest_ms", -10_000)]
    )
    def test_a_visit_that_may_have_been_long_enough_is_not_called_short(self, name: str, edge: str, at_ms: int) -> None:
        """It lasted 50 s, but may have ended 10 s later, or begun 10 s earlier."""
        ends = at_time(CLEAN["ann_ends"], 50)
        events = {"ann_notes": SHORT_NOTE, "ann_starts": CLEAN["ann_starts"], "ann_ends": ends}
        vague = replace(events[name], bound=replace(events[name].bound, **{edge: T + at_ms}))

        assert [Code.TOO_SHORT] == codes_of(a_scene(events))
        assert [] == codes_of(a_scene(events | {name: vague}))
