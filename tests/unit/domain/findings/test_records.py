"""Findings of records and promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.vocabulary import Act, EventKind
from server.domain.findings.codes import Code
from server.domain.findings.context import Context
from server.domain.findings.find import find_all
from server.domain.thresholds import Thresholds
from tests.unit.domain.findings.builders import CLEAN, HEARD_MS, a_scene, an_event, promised
from tests.unit.domain.findings.examples_done import CY_JOINS

Payments = tuple[tuple[str, str, int], ...]


def codes_of(context: Context) -> list[Code]:
    """Give the codes found."""
    return [finding.code for finding in find_all(context)]


def test_an_unreadable_record_beside_the_visit_is_told() -> None:
    """E8: what cannot be read may belong to the visit, so a person is told why absence is not judged."""
    (finding,) = find_all(a_scene(unreadable=True))

    assert (Code.EVENTS_PARKED, {"parked": 0, "unreadable": 1}) == (finding.code, finding.facts)


class TestLateNews:
    """What comes after a decision."""

    late = replace(CLEAN["bo_ends"], received_ms=HEARD_MS + 1)

    @pytest.mark.parametrize(
        ("act", "expected"),
        [
            (Act.APPROVED, [Code.LATE_EVENT]), (Act.REJECTED, [Code.LATE_EVENT]), (Act.AMENDED, [Code.LATE_EVENT]),
            (Act.RETURNED, []),
        ],
    )  # fmt: skip
    def test_a_returned_visit_waits_for_news(self, act: Act, expected: list[Code]) -> None:
        """What was decided for good is disturbed by news; what was returned is not."""
        scene = a_scene({"bo_ends": self.late}, decided_ms=HEARD_MS, decided_act=act)

        assert expected == codes_of(scene)

    def test_an_answer_is_not_late(self) -> None:
        """A question asks for it."""
        answer = an_event("ann_answers", 900, EventKind.QUESTION_ANSWERED, {"answer": "…"}, seq=20)

        assert [] == codes_of(
            a_scene({"ann_answers": replace(answer, received_ms=HEARD_MS + 1)}, decided_ms=HEARD_MS)
        )

    def test_what_is_kept_beside_reopens_nothing(self) -> None:
        """E11: another agent's late record is told as such, not as news of this visit."""
        strange = replace(CY_JOINS, received_ms=HEARD_MS + 1)

        assert [Code.COMPANION_UNASSIGNED] == codes_of(a_scene({"cy_joins": strange}, decided_ms=HEARD_MS))


class TestPromises:
    """Against the lender's ledger."""

    @pytest.mark.parametrize(
        "payments",
        [
            (("2016-10-10", "USD", 5_000),),
            (("2016-10-13", "USD", 5_000),),
            (("2016-10-12", "TWD", 5_000),),
            (("2016-10-12", "USD", 9_000), ("2016-10-12", "USD", -4_001)),
        ],
        ids=["before the visit", "after its day", "in another currency", "taken back"],
    )
    def test_what_does_not_count(self, payments: Payments) -> None:
        """Only what was paid from the visit to the day, in the promised currency, keeps a promise."""
        scene = a_scene({"ann_notes": promised()}, payments=payments, today="2016-10-20")

        assert [Code.PROMISE_BROKEN] == codes_of(scene)

    @pytest.mark.parametrize(
        "payments",
        [
            (("2016-10-11", "USD", 5_000),),
            (("2016-10-11", "USD", 2_000), ("2016-10-12", "USD", 3_000)),
            (("2016-10-12", "USD", 6_000),),
        ],
        ids=["on the day of the visit", "in two parts", "more than promised"],
    )
    def test_what_counts(self, payments: Payments) -> None:
        """In parts or at once, early or on the day, a promise kept is kept, also long after."""
        scene = a_scene({"ann_notes": promised()}, payments=payments, today="2016-12-24")

        assert [Code.PROMISE_KEPT] == codes_of(scene)

    @pytest.mark.parametrize(
        ("today", "paid_on", "expected"),
        [
            ("2016-10-14", "", Code.PROMISE_OPEN), ("2016-10-15", "", Code.PROMISE_BROKEN),
            ("2016-10-15", "2016-10-14", Code.PROMISE_KEPT), ("2016-10-15", "2016-10-15", Code.PROMISE_BROKEN),
        ],
    )  # fmt: skip
    def test_days_of_grace_are_a_setting(self, today: str, paid_on: str, expected: Code) -> None:
        """With two days of grace a promise for the 12th may be kept until the 14th."""
        payments = ((paid_on, "USD", 5_000),) if paid_on else ()
        scene = a_scene(
            {"ann_notes": promised()}, payments=payments, today=today, thresholds=Thresholds(promise_grace_days=2)
        )

        assert [expected] == codes_of(scene)

    def test_an_open_promise_says_after_which_day_to_look_again(self) -> None:
        """Nothing but time breaks a promise: its key is the last day on which it may be kept."""
        scene = a_scene({"ann_notes": promised()}, thresholds=Thresholds(promise_grace_days=2))

        assert ["2016-10-14"] == [finding.key for finding in find_all(scene)]

    @pytest.mark.parametrize(
        ("paid_on", "expected"), [("2016-10-11", Code.PROMISE_KEPT), ("2016-10-10", Code.PROMISE_OPEN)]
    )
    def test_where_the_day_of_the_visit_is_not_given_its_moment_tells(self, paid_on: str, expected: Code) -> None:
        """09:00 in California is 16:00 UTC: wherever on earth that is, it is not the 10th any more."""
        payments = ((paid_on, "USD", 5_000),)

        assert [expected] == codes_of(a_scene({"ann_notes": promised()}, payments=payments, visited_on=""))

    @pytest.mark.parametrize(
        "members", [{"due": "2016-02-30"}, {"due": "soon"}, {"currency": 7}, {"amount": "50"}, {"due": "9999-12-31"}]
    )
    def test_a_promise_that_cannot_be_read_is_not_judged(self, members: dict[str, object]) -> None:
        """A day that is none, or beyond the calendar, tells nothing about the ledger."""
        scene = a_scene({"ann_notes": promised(**members)}, thresholds=Thresholds(promise_grace_days=2))

        assert not {Code.PROMISE_KEPT, Code.PROMISE_BROKEN, Code.PROMISE_OPEN} & set(codes_of(scene))
