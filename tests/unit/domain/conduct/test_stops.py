"""What stops visits: holds with their ends, wishes, disputes, representatives, and the clocks of complaints."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.vocabulary import HoldReason
from server.domain.conduct.facts import ComplaintFacts
from server.domain.conduct.rules import Check
from tests.unit.domain.conduct.door_builders import (
    DAY,
    DOOR,
    FAIL,
    GATE,
    NOW,
    PASS,
    REVIEW,
    UNKNOWN,
    a_complaint,
    a_hold,
    answer,
    starting,
)

STOP = ("protective_stop", {"events": ["bereavement", "suicide_risk"], "duration": "P90D", "then": "hardship_team"})
DEATH = ("protective_stop", {"events": ["death"], "until": "estate_handled"})
MINOR = ("protective_stop", {"events": ["borrower_is_minor", "only_minor_at_door"]})
KOREA = (
    "protective_stop",
    {"events": ["death_in_close_family"], "duration": "P3M", "scope": ["all_collection_contact"]},
)
COURTS = ("protective_stop", {"events": ["bereavement"], "scope": ["enforcement"]})
RESPITE = ("protective_stop", {"events": ["standard_breathing_space"], "duration": "P60D"})
CEASE = ("cease_contact", {"form": ["written"], "scope": ["all"]})
CEASE_CALLS = ("cease_contact", {"form": ["oral"], "scope": ["call"]})
DISPUTE = ("dispute_pause", {"trigger": "any_dispute", "until": "answered_in_writing"})
IN_COURT = ("dispute_pause", {"trigger": "matter_in_court", "until": "judgment"})
ATTORNEY = ("representative", {"who": "attorney", "effect": "contact_attorney_only"})
OPEN = ("complaint", {"blocks_assignment": True})
CLOCKS = ("complaint", {"acknowledge": "P1D", "answer": "P15D"})
LONGER = ("complaint", {"answer": "P15D", "extend": ["P30D", "P60D"]})
BY_MONTH = ("complaint", {"answer": "P1M"})
SETTLED = ComplaintFacts("k1", NOW - DAY, False)  # closed, and nobody noted when it was answered

# 4 February, 07:00 UTC, lies three months before NOW: 28 + 31 + 30 days.
QUARTER = 89 * DAY

VECTORS: list[tuple[tuple[str, dict[str, Any]], Check, dict[str, Any], str]] = [
    (STOP, GATE, {}, UNKNOWN),
    (STOP, GATE, {"holds": ()}, PASS),
    (STOP, GATE, {"holds": (a_hold("danger"),)}, PASS),
    (STOP, GATE, {"holds": (a_hold("bereavement"),)}, FAIL),
    (STOP, DOOR, {"holds": (a_hold("distress"),)}, FAIL),
    (STOP, GATE, {"holds": (a_hold("bereavement", placed=NOW - 90 * DAY + 1),)}, FAIL),
    (STOP, GATE, {"holds": (a_hold("bereavement", placed=NOW - 90 * DAY),)}, PASS),
    (STOP, GATE, {"holds": (a_hold("bereavement", until=NOW + 1),)}, FAIL),
    (STOP, GATE, {"holds": (a_hold("bereavement", until=NOW),)}, PASS),
    (STOP, GATE, {"holds": (a_hold("bereavement", placed=NOW - 91 * DAY, until=NOW + 1),)}, FAIL),
    (STOP, GATE, {"holds": (a_hold("bereavement", until=NOW + DAY),), "interval": starting(NOW + DAY)}, PASS),
    (STOP, GATE, {"holds": (a_hold("bereavement", until=NOW + DAY),), "interval": starting(NOW + DAY - 1)}, FAIL),
    (STOP, GATE, {"holds": (a_hold("danger"), a_hold("bereavement"))}, FAIL),
    (STOP, REVIEW, {"holds": (a_hold("bereavement", placed=NOW - 1),), "interval": starting(NOW)}, FAIL),
    (STOP, REVIEW, {"holds": (a_hold("bereavement", placed=NOW),), "interval": starting(NOW)}, PASS),
    (STOP, DOOR, {"holds": (a_hold("bereavement", placed=NOW),), "interval": starting(NOW)}, FAIL),
    (DEATH, GATE, {"holds": (a_hold("bereavement", placed=NOW - 1_000 * DAY),)}, FAIL),
    (DEATH, GATE, {"holds": (a_hold("illness"),)}, PASS),
    (DEATH, DOOR, {"holds": (), "contact_result": "deceased"}, FAIL),
    (DEATH, REVIEW, {"holds": (), "contact_result": "deceased"}, PASS),
    (MINOR, DOOR, {"holds": (), "contact_result": "only_minor"}, FAIL),
    (MINOR, DOOR, {"holds": (), "contact_result": "person"}, PASS),
    (MINOR, GATE, {"holds": (a_hold("minor"),)}, FAIL),
    (KOREA, GATE, {"holds": (a_hold("bereavement", placed=NOW - QUARTER + 1),)}, FAIL),
    (KOREA, GATE, {"holds": (a_hold("bereavement", placed=NOW - QUARTER),)}, PASS),
    (COURTS, GATE, {"holds": (a_hold("bereavement"),)}, PASS),
    (COURTS, GATE, {}, PASS),
    (RESPITE, GATE, {"holds": (a_hold("standard_breathing_space", placed=NOW - 60 * DAY + 1),)}, FAIL),
    (RESPITE, GATE, {"holds": (a_hold("standard_breathing_space", placed=NOW - 60 * DAY),)}, PASS),
    (CEASE, GATE, {}, UNKNOWN),
    (CEASE, GATE, {"holds": ()}, PASS),
    (CEASE, GATE, {"holds": (a_hold("illness"),)}, PASS),
    (CEASE, GATE, {"holds": (a_hold("refusal"),)}, FAIL),
    (CEASE, GATE, {"holds": (a_hold("asked_to_leave"),)}, FAIL),
    (CEASE, DOOR, {"holds": (a_hold("cease"),)}, FAIL),
    (CEASE_CALLS, GATE, {"holds": (a_hold("refusal"),)}, PASS),
    (DISPUTE, GATE, {"holds": (), "is_disputed": False}, PASS),
    (DISPUTE, GATE, {"holds": (), "is_disputed": True}, FAIL),
    (DISPUTE, GATE, {"holds": (a_hold("dispute"),), "is_disputed": False}, FAIL),
    (DISPUTE, GATE, {"holds": (a_hold("dispute"),)}, FAIL),
    (DISPUTE, GATE, {"is_disputed": True}, FAIL),
    (DISPUTE, GATE, {"is_disputed": False}, UNKNOWN),
    (DISPUTE, GATE, {"holds": ()}, UNKNOWN),
    (IN_COURT, GATE, {"holds": (a_hold("dispute"),), "is_disputed": True}, PASS),
    (IN_COURT, GATE, {"holds": (a_hold("matter_in_court"),)}, FAIL),
    (IN_COURT, GATE, {}, UNKNOWN),
    (ATTORNEY, GATE, {"holds": (), "is_represented": False}, PASS),
    (ATTORNEY, GATE, {"holds": (), "is_represented": True}, FAIL),
    (ATTORNEY, DOOR, {"holds": (a_hold("representative"),), "is_represented": False}, FAIL),
    (ATTORNEY, DOOR, {"holds": ()}, UNKNOWN),
    (OPEN, GATE, {"holds": ()}, UNKNOWN),
    (OPEN, GATE, {"complaints": ()}, UNKNOWN),
    (OPEN, GATE, {"holds": (a_hold("complaint"),)}, FAIL),
    (OPEN, GATE, {"complaints": (), "holds": ()}, PASS),
    (OPEN, GATE, {"complaints": (a_complaint(NOW - DAY),), "holds": ()}, FAIL),
    (OPEN, GATE, {"complaints": (a_complaint(NOW - DAY, answered=NOW - 1),), "holds": ()}, PASS),
    (OPEN, DOOR, {"complaints": (), "holds": (a_hold("complaint"),)}, FAIL),
    (OPEN, GATE, {"complaints": (), "holds": (a_hold("complaint", until=NOW),)}, PASS),
    (OPEN, REVIEW, {"complaints": (a_complaint(NOW),), "holds": ()}, FAIL),
    (OPEN, REVIEW, {"complaints": (a_complaint(NOW + 1),), "holds": ()}, PASS),
    (OPEN, REVIEW, {"complaints": (a_complaint(NOW - DAY, answered=NOW),), "holds": ()}, PASS),
    (OPEN, REVIEW, {"complaints": (a_complaint(NOW - DAY, answered=NOW + 1),), "holds": ()}, FAIL),
    (OPEN, REVIEW, {"complaints": (SETTLED,), "holds": ()}, UNKNOWN),
    (CLOCKS, GATE, {"complaints": (a_complaint(NOW - 100 * DAY),)}, PASS),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - DAY),)}, PASS),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - DAY - 1),)}, FAIL),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - 9 * DAY, NOW - 8 * DAY),)}, PASS),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - 9 * DAY, NOW - 8 * DAY + 1),)}, FAIL),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - 15 * DAY, NOW - 15 * DAY),)}, PASS),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - 15 * DAY - 1, NOW - 15 * DAY),)}, FAIL),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - 50 * DAY, NOW - 50 * DAY, NOW - 35 * DAY),)}, PASS),
    (CLOCKS, REVIEW, {"complaints": (a_complaint(NOW - 50 * DAY, NOW - 50 * DAY, NOW - 35 * DAY + 1),)}, FAIL),
    (LONGER, REVIEW, {"complaints": (a_complaint(NOW - 15 * DAY),)}, PASS),
    (LONGER, REVIEW, {"complaints": (a_complaint(NOW - 15 * DAY - 1),)}, UNKNOWN),
    (LONGER, REVIEW, {"complaints": (a_complaint(NOW - 60 * DAY),)}, UNKNOWN),
    (LONGER, REVIEW, {"complaints": (a_complaint(NOW - 60 * DAY - 1),)}, FAIL),
    (BY_MONTH, REVIEW, {"complaints": (a_complaint(NOW - 30 * DAY),)}, PASS),
    (BY_MONTH, REVIEW, {"complaints": (a_complaint(NOW - 30 * DAY - 1),)}, FAIL),
]


@pytest.mark.parametrize(("rule", "check", "facts", "expected"), VECTORS)
def test_a_stop_answers_as_its_vector_says(
    rule: tuple[str, dict[str, Any]], check: Check, facts: dict[str, Any], expected: str
) -> None:
    """Each type passes, fails and does not know, on both sides of its thresholds, where it is checked."""
    found = answer(*rule, check, **facts)

    assert expected == found.answer
    assert (expected == FAIL) <= bool(found.used and found.cure)
    assert (expected == UNKNOWN) <= bool(found.missing)


class TestHolds:
    """A hold is a fact with its source and time, and says when it ends."""

    def test_a_hold_is_used_with_its_source_and_time(self) -> None:
        """Who asks why reads which hold, by whom, since when."""
        [used] = answer(*DEATH, GATE, holds=(a_hold("bereavement"),)).used

        assert ("hold", "bereavement", "device", NOW - DAY) == (used.name, used.value, used.source, used.at_ms)

    def test_a_hold_without_an_end_is_cured_when_the_rules_duration_is_over(self) -> None:
        """The days of a stop are counted from when the hold was placed."""
        found = answer(*STOP, GATE, holds=(a_hold("bereavement"),))

        assert (NOW + 89 * DAY, "from 07:00 UTC on Saturday 1 August 2026") == (found.cure_ms, found.cure)

    def test_of_two_holds_the_later_end_cures(self) -> None:
        """One of two stops ending is no cure."""
        holds = (a_hold("bereavement", until=NOW + DAY), a_hold("distress", until=NOW + 2 * DAY))

        assert NOW + 2 * DAY == answer(*STOP, GATE, holds=holds).cure_ms

    def test_a_hold_that_nothing_ends_has_no_moment_of_cure(self) -> None:
        """Time does not cure what a person has to lift."""
        holds = (a_hold("bereavement", until=NOW + DAY), a_hold("bereavement"))

        assert answer(*DEATH, GATE, holds=holds).cure_ms is None

    def test_a_cure_that_time_alone_brings_is_none_while_something_else_is_unknown(self) -> None:
        """A dispute's hold ends tomorrow, but whether the case is disputed is not known."""
        assert answer(*DISPUTE, GATE, holds=(a_hold("dispute", until=NOW + DAY),)).cure_ms is None

    def test_months_without_a_calendar_never_end_a_hold(self) -> None:
        """Where the zone of the place is not known, a stop of three months stays."""
        hold = a_hold("bereavement", placed=NOW - 1_000 * DAY)

        assert FAIL == answer(*KOREA, GATE, zone="place", holds=(hold,)).answer

    def test_months_go_by_the_calendar_of_the_place(self) -> None:
        """At 16:30 UTC on 31 January it is February in Shanghai: three months later is 1 May there, not 30 April."""
        placed = 1_769_877_000_000
        facts = {"holds": (a_hold("bereavement", placed=placed),), "now_ms": placed, "place_zone": "Asia/Shanghai"}

        assert placed + 89 * DAY == answer(*KOREA, GATE, zone="place", **facts).cure_ms

    @pytest.mark.parametrize(
        ("reason", "events"),
        [
            (HoldReason.BEREAVEMENT, ["bereavement", "death", "death_in_close_family"]),
            (HoldReason.ILLNESS, ["hospital_or_surgery", "surgery_or_hospital_of_debtor_or_close_family"]),
            (HoldReason.DISTRESS, ["mental_health_crisis", "suicide_risk"]),
            (HoldReason.MINOR, ["borrower_is_minor", "only_minor_at_door"]),
        ],
    )
    def test_a_devices_word_means_what_rulebooks_call_it(self, reason: HoldReason, events: list[str]) -> None:
        """Every event of the table is stopped by the hold a device places for it."""
        assert [FAIL] * len(events) == [
            answer("protective_stop", {"events": [event]}, GATE, holds=(a_hold(reason),)).answer for event in events
        ]


def test_a_late_complaint_says_when_it_was_due() -> None:
    """A missed clock names its day."""
    found = answer(*CLOCKS, REVIEW, complaints=(a_complaint(NOW - 15 * DAY - 1, NOW - 15 * DAY),))

    assert "not yet, due by 06:59 UTC on Monday 4 May 2026" in {used.value for used in found.used}


def test_a_month_is_not_counted_without_a_zone() -> None:
    """An answer due within a month of a place that is not known is unknown."""
    found = answer(*BY_MONTH, REVIEW, zone="place", complaints=(a_complaint(NOW - 300 * DAY),))

    assert (UNKNOWN, ("place_zone",)) == (found.answer, found.missing)
