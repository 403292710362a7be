"""Findings of standing: by the true time, only when certain, never by a receipt's flag."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.vocabulary import Flag
from server.domain.clocks import Basis
from server.domain.findings.codes import Code
from server.domain.findings.context import Context, Revision
from server.domain.findings.find import find_all
from tests.unit.domain.findings.builders import ANN, BO, CLEAN, DAY_MS, T, a_scene
from tests.unit.domain.findings.examples_done import ONLY_OUTCOME

BEFORE = T - 1
AGAIN = replace(ANN, from_ms=T - 1)


def codes_of(context: Context) -> list[Code]:
    """Give the codes found."""
    return [finding.code for finding in find_all(context)]


def standing(*assigned: object, **around: object) -> list[Code]:
    """Give the codes found with these assignments of the lead."""
    return codes_of(a_scene(assigned=(*assigned, BO), **around))  # type: ignore[arg-type]


def test_a_flag_alone_is_no_finding() -> None:
    """A receipt says what had happened when the record came, not when it was made."""
    events = {name: replace(event, flags=tuple(Flag)) for name, event in CLEAN.items()}

    assert [] == codes_of(a_scene(events))


@pytest.mark.parametrize("code", [Code.AFTER_REASSIGNMENT, Code.AFTER_CLOSING, Code.AFTER_EXPIRY, Code.STALE_PACKET])
@pytest.mark.parametrize("basis", [Basis.WALL, Basis.CONTRADICTION])
def test_what_rests_on_a_wall_clock_is_not_certain(code: Code, basis: Basis) -> None:
    """Everything had happened a day before, but when the visit was is only a guess."""
    starts = replace(CLEAN["ann_starts"], bound=replace(CLEAN["ann_starts"].bound, basis=basis))
    row = replace(ANN, until_ms=T - DAY_MS, from_ms=T - 2 * DAY_MS, reason="unassigned")
    lapsed = replace(ANN, lease_until_ms=T - DAY_MS)
    around = {"closed_ms": T - DAY_MS, "revisions": (Revision(4, T - 5, mattered=True),)}

    for assigned in (row, lapsed):
        assert code not in codes_of(a_scene({"ann_starts": starts}, assigned=(assigned, BO), **around))


def test_a_visit_that_may_have_begun_before_is_no_finding() -> None:
    """Known give or take 2 s, taken away a second before its estimate."""
    bound = replace(CLEAN["ann_starts"].bound, earliest_ms=T - 2_000, latest_ms=T + 2_000)
    starts = replace(CLEAN["ann_starts"], bound=bound)
    row = replace(ANN, until_ms=T - 1_000, reason="unassigned")

    assert [] == codes_of(a_scene({"ann_starts": starts}, assigned=(row, BO)))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("unassigned", Code.AFTER_REASSIGNMENT), (None, Code.AFTER_REASSIGNMENT), ("revoked", Code.AFTER_REASSIGNMENT),
        ("closed", Code.AFTER_CLOSING), ("paid", Code.AFTER_CLOSING), ("expired", Code.AFTER_EXPIRY),
    ],
)  # fmt: skip
def test_the_reason_of_the_removal_names_the_finding(reason: str | None, expected: Code) -> None:
    """One assignment that ended before the visit is one finding, by why it ended."""
    assert [expected] == standing(replace(ANN, until_ms=BEFORE, reason=reason))


def test_who_was_given_the_case_again_may_visit() -> None:
    """The case was taken and given back, closed and opened again, before the visit."""
    taken = replace(ANN, until_ms=T - 10, reason="unassigned")
    closed = replace(ANN, until_ms=T - 10, reason="closed")

    assert [] == standing(taken, AGAIN)
    assert [] == standing(closed, AGAIN, closed_ms=T - 10)


def test_who_is_given_the_case_only_later_had_lost_it() -> None:
    """An assignment that began after the visit does not cover it."""
    taken = replace(ANN, until_ms=T - 10, reason="unassigned")

    assert [Code.AFTER_REASSIGNMENT] == standing(taken, replace(ANN, from_ms=T + 1))


def test_an_assignment_that_may_have_begun_in_time_covers() -> None:
    """The check-in is known give or take 2 s; the case was given back a second after its estimate."""
    bound = replace(CLEAN["ann_starts"].bound, earliest_ms=T - 2_000, latest_ms=T + 2_000)
    starts = replace(CLEAN["ann_starts"], bound=bound)
    taken = replace(ANN, until_ms=T - 10_000, reason="unassigned")
    scene = a_scene({"ann_starts": starts}, assigned=(taken, replace(ANN, from_ms=T + 1_000), BO))

    assert [] == codes_of(scene)


def test_a_lease_that_outlives_its_assignment_has_not_expired() -> None:
    """Taken away before the lease ended: reassignment, not expiry."""
    taken = replace(ANN, until_ms=T - 10, lease_until_ms=T - 5, reason="unassigned")

    assert [Code.AFTER_REASSIGNMENT] == standing(taken)


def test_expired_first_and_taken_away_later_is_both() -> None:
    """The lease had ended before the case was taken away."""
    taken = replace(ANN, until_ms=T - 5, lease_until_ms=T - 10, reason="unassigned")

    assert [Code.AFTER_REASSIGNMENT, Code.AFTER_EXPIRY] == standing(taken)


def test_work_without_check_in_is_judged_by_its_first_record() -> None:
    """An outcome alone, recorded after the case was closed."""
    assert Code.AFTER_CLOSING in codes_of(a_scene(ONLY_OUTCOME, closed_ms=BEFORE))


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (Revision(4, BEFORE, mattered=True), [Code.STALE_PACKET]),
        (Revision(4, BEFORE, mattered=False), []),
        (Revision(3, BEFORE, mattered=True), []),
    ],
    ids=["newer and mattered", "newer and no matter", "the one used"],
)
def test_only_a_newer_revision_that_mattered_counts(revision: Revision, expected: list[Code]) -> None:
    """A new appointment in the packet is not a new address."""
    assert expected == standing(ANN, revisions=(revision,))


def test_a_revision_that_could_not_reach_the_agent_is_not_held_against_them() -> None:
    """Changed after the case had left the agent: that is work after reassignment, not an old packet."""
    taken = replace(ANN, until_ms=T - 100, reason="unassigned")

    assert [Code.AFTER_REASSIGNMENT] == standing(taken, revisions=(Revision(4, T - 50, mattered=True),))


def test_the_newest_revision_that_was_missed_is_told() -> None:
    """Of two changes the later one is named."""
    revisions = (Revision(5, T - 60_000, mattered=True), Revision(4, T - 90_000, mattered=True))
    (finding,) = find_all(a_scene(revisions=revisions))

    assert (
        "The visit used revision 3; 1 min before it, revision 5 had changed what matters." == finding.sentence
    )


@pytest.mark.parametrize("rev", [None, 0])
def test_a_visit_that_used_no_revision_is_not_judged(rev: int | None) -> None:
    """Which packet was used is not known, or it was none: the device had shredded it at its lease's end."""
    starts = replace(CLEAN["ann_starts"], packet_rev=rev)

    assert [] == codes_of(a_scene({"ann_starts": starts}, revisions=(Revision(4, BEFORE, mattered=True),)))
