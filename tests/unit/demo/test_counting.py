"""The count at the end tells right from wrong."""

from __future__ import annotations

from server.demo.balancing import balance_day
from server.demo.counting import Found, Quality, weigh
from server.demo.plot import Planted

OUTSIDE = Planted("place_outside", ("v1",), "far away", also=("fix_mocked",))
OPEN = Planted("promise_open", ("v2",), "a promise", is_fault=False)
VISITS = ("v1", "v2", "v3", "v4")


def count(*found: Found) -> Quality:
    """Weigh these findings against one fault and one fact."""
    return weigh([OUTSIDE, OPEN], found, VISITS)


def test_what_was_planted_and_found_is_good() -> None:
    """With every planted thing found and nothing else, the count is good."""
    quality = count(Found("place_outside", "v1"), Found("promise_open", "v2"))

    assert quality.is_good
    assert [("place_outside", 1, 1, 0), ("promise_open", 1, 1, 0)] == [
        (line.code, line.planted, line.found, line.false) for line in quality.lines
    ]


def test_what_was_not_found_is_missed() -> None:
    """A planted fault without its finding is missed, and named."""
    quality = count(Found("promise_open", "v2"))

    assert [OUTSIDE] == quality.missed
    assert not quality.is_good


def test_a_finding_on_a_clean_visit_flags_it() -> None:
    """Something to look at on a visit without a fault is false, and flags a third of three clean visits."""
    quality = count(Found("place_outside", "v1"), Found("promise_open", "v2"), Found("too_short", "v3"))

    assert ["v3"] == quality.flagged
    assert 3 == quality.clean
    assert not quality.is_good


def test_a_note_on_a_clean_visit_is_false_and_flags_nothing() -> None:
    """A mere note that was not planted counts as false, but asks nobody to look."""
    quality = count(Found("place_outside", "v1"), Found("promise_open", "v2"), Found("place_uncertain", "v3"))

    assert [Found("place_uncertain", "v3")] == quality.false
    assert [] == quality.flagged


def test_what_may_come_along_is_not_false() -> None:
    """A finding that its fault may bring with it is neither planted nor false; another one on that visit is false."""
    along, other = Found("fix_mocked", "v1"), Found("too_short", "v1")

    assert [] == count(Found("place_outside", "v1"), along).false
    assert [other] == count(Found("place_outside", "v1"), other).false


def test_one_of_two_visits_is_enough() -> None:
    """A fault between two visits is found where either of them has it."""
    pair = Planted("agent_in_two_visits", ("v1", "v2"), "both at once")

    assert [] == weigh([pair], [Found("agent_in_two_visits", "v2")], VISITS).missed


def test_a_finding_on_no_visit_of_ours_is_false() -> None:
    """A finding on a visit that was never played is false, but makes no clean visit flagged."""
    quality = weigh([], [Found("too_short", "? 0157")], VISITS)

    assert (1, []) == (len(quality.false), quality.flagged)


def test_a_day_balances_where_all_is_accounted_for() -> None:
    """Events on the server, waiting, or declared lost balance; parked ones are counted among the first."""
    said = [("e1", "d1", "accepted"), ("e2", "d2", "parked"), ("e3", "d3", "unsent"), ("e4", "d4", "lost")]
    day = balance_day("A", "2016-10-11", said, [("e1", "d1", "accepted"), ("e2", "d2", "parked")])

    assert (4, 2, 1, 1, 1) == (day.recorded, day.on_server, day.parked, day.unsent, day.declared_lost)
    assert day.is_balanced


def test_an_event_that_vanished_is_lost() -> None:
    """An event the phone was told is accepted and the server does not hold is lost."""
    day = balance_day("A", "2016-10-11", [("e1", "d1", "accepted")], [])

    assert (1, False) == (day.lost, day.is_balanced)


def test_other_bytes_under_the_same_id_are_no_match() -> None:
    """An event stored with another digest is lost, not found."""
    assert 1 == balance_day("A", "2016-10-11", [("e1", "d1", "accepted")], [("e1", "other", "accepted")]).lost


def test_two_facts_under_one_id_are_double() -> None:
    """An id that stands twice as a fact is double; a second content kept as id_reuse is not."""
    said = [("e1", "d1", "accepted")]

    assert 1 == balance_day("A", "2016-10-11", said, [("e1", "d1", "accepted"), ("e1", "d2", "accepted")]).double
    assert 0 == balance_day("A", "2016-10-11", said, [("e1", "d1", "accepted"), ("e1", "d2", "id_reuse")]).double


def test_a_state_the_phone_was_not_told_is_strange() -> None:
    """A phone that was told accepted, where the server says parked, does not balance."""
    day = balance_day("A", "2016-10-11", [("e1", "d1", "accepted")], [("e1", "d1", "parked")])

    assert (1, False) == (day.strange, day.is_balanced)
