"""What software cannot decide: the house vouches for it before a visit, and no visit is asked about it after."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.domain.conduct.facts import Interval
from tests.unit.domain.conduct.door_builders import (
    DOOR,
    FAIL,
    GATE,
    MINUTE,
    NOW,
    PASS,
    REVIEW,
    UNKNOWN,
    answer,
)

RULES: list[tuple[str, dict[str, Any]]] = [
    ("retention", {"record": ["call_recording"], "least": "P3Y", "counted_from": "call_date"}),
    ("data_protection", {"topic": "minimisation", "duty": "The packet holds what the visit needs."}),
    ("cross_border", {"basis": ["adequacy"], "extra": ["tell_receiver"]}),
    ("automated_decision", {"duty": "A person may ask why."}),
]
TODAY = date(2026, 5, 4)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[0])
class TestWhatTheHouseVouchesFor:
    """Each of the four types answers alike."""

    @pytest.mark.parametrize("check", [GATE, DOOR])
    @pytest.mark.parametrize(
        ("attested", "expected"),
        [
            (None, UNKNOWN),
            ({}, UNKNOWN),
            ({"T-2": TODAY}, UNKNOWN),
            ({"T-1": TODAY}, PASS),
            ({"T-1": date(2026, 5, 3)}, FAIL),
        ],
    )
    def test_before_a_visit_it_is_vouched_for_until_that_day(
        self, rule: tuple[str, dict[str, Any]], check: Any, attested: Any, expected: str
    ) -> None:
        """The day named is the last good one; of another rule's word nothing follows."""
        assert expected == answer(*rule, check, attested=attested).answer

    def test_no_visit_is_asked_about_it_afterwards(self, rule: tuple[str, dict[str, Any]]) -> None:
        """Whether anybody vouched or not, a review puts no question, and reads where the duty is judged."""
        for attested in (None, {"T-1": TODAY}, {"T-1": date(2026, 5, 3)}):
            found = answer(*rule, REVIEW, attested=attested)

            assert (PASS, ()) == (found.answer, found.missing)
            where = "by its retention clocks" if rule[0] == "retention" else "by who vouches for it"
            assert f"; a duty of the house, judged {where}" in found.limit

    def test_the_last_moment_of_the_visit_counts(self, rule: tuple[str, dict[str, Any]]) -> None:
        """A visit that may last past midnight needs the next day too; one that ends at midnight does not."""
        late = Interval(NOW + 16 * 60 * MINUTE, NOW + 17 * 60 * MINUTE + 1)
        before = Interval(late.starts_ms, late.ends_ms - 1)

        assert [FAIL, PASS] == [
            answer(*rule, GATE, attested={"T-1": TODAY}, interval=each).answer for each in (late, before)
        ]

    def test_the_day_is_the_places(self, rule: tuple[str, dict[str, Any]]) -> None:
        """At 17:00 UTC it is tomorrow in Shanghai; where the zone is not known, neither is the day."""
        facts = {"attested": {"T-1": TODAY}, "now_ms": NOW + 10 * 60 * MINUTE}

        assert FAIL == answer(*rule, GATE, zone="place", place_zone="Asia/Shanghai", **facts).answer
        assert ("place_zone",) == answer(*rule, GATE, zone="place", **facts).missing


@pytest.mark.parametrize(
    ("rule", "limit"),
    [
        (RULES[0], "call recording kept at least 3 years from call date"),
        (RULES[1], "minimisation: The packet holds what the visit needs."),
        (RULES[2], "data leaves the country only by adequacy; also tell receiver"),
        (RULES[3], "A person may ask why."),
    ],
)
def test_the_duty_is_said_in_words(rule: tuple[str, dict[str, Any]], limit: str) -> None:
    """Who vouches reads what for."""
    assert limit == answer(*rule, GATE).limit
