"""Findings of place: honest fixes are left in peace, coarse and far ones are told."""

from __future__ import annotations

from dataclasses import replace
from math import cos, log, sin, sqrt, tau
from random import Random
from typing import Any

import pytest

from schemas.vocabulary import Precision
from server.domain.findings.codes import Code, Severity
from server.domain.findings.context import Context
from server.domain.findings.find import find_all
from server.domain.findings.place import read_fixes
from server.domain.geo import Door
from tests.unit.domain.findings.builders import (
    CLEAN,
    DOOR,
    E7_PER_M,
    VISIT,
    T,
    a_fix,
    a_scene,
    check_in_with,
    with_body,
    with_sightings,
)
from tests.unit.domain.findings.examples_seen import a_sighting

BUILDING = Door(0, 0, Precision.BUILDING)
VISITS = 200
CLAIMED = 1.51  # a circle of so many sigmas holds 68 % of a Rayleigh distribution


def codes_of(context: Context) -> list[Code]:
    """Give the codes found."""
    return [finding.code for finding in find_all(context)]


def stray(radius_m: float, slack_m: float, random: Random) -> dict[str, Any]:
    """Draw an honest fix that claims *radius_m*, around a door up to *slack_m* from where the office has it."""
    north = east = 0.0
    for distance in (slack_m * sqrt(random.random()), radius_m / CLAIMED * sqrt(-2 * log(1 - random.random()))):
        bearing = random.uniform(0, tau)
        north, east = north + distance * sin(bearing), east + distance * cos(bearing)
    return a_fix(east, radius_m, lat_e7=round(north * E7_PER_M))


@pytest.mark.parametrize("radius_m", [5, 10, 20, 35, 50, 65])
@pytest.mark.parametrize(("door", "slack_m"), [(DOOR, 5), (BUILDING, 25)], ids=["door", "building"])
def test_an_honest_fix_is_not_flagged(radius_m: float, door: Door, slack_m: float) -> None:
    """Of 200 check-ins with one honest fix of 5 to 65 m none is flagged, and at most 3 % get a note."""
    random = Random(f"{radius_m} {slack_m}")
    found = [find_all(check_in_with(stray(radius_m, slack_m, random), door=door)) for _ in range(VISITS)]
    noted = [each for each in found if each]

    assert {Severity.NOTE} >= {finding.severity for each in noted for finding in each}
    assert len(noted) <= VISITS * 3 // 100


@pytest.mark.parametrize("precision", [Precision.STREET, Precision.VILLAGE, Precision.TOWN, None])
@pytest.mark.parametrize("metres", [0, 100, 200, 400])
def test_a_door_that_is_not_known_says_nothing_of_a_check_in_near_it(precision: Precision | None, metres: int) -> None:
    """Where the office knows no more than the street, being somewhere in it is no finding."""
    assert [] == codes_of(check_in_with(a_fix(metres, 65), door=Door(0, 0, precision)))


def test_a_coarse_fix_is_noted() -> None:
    """A fix of 140.1 m can never show that its phone was within 150 m of a door known to 10 m."""
    assert [Code.PLACE_UNCERTAIN] == codes_of(check_in_with(a_fix(5, 140.1)))


def test_a_fix_just_fine_enough_is_not_noted() -> None:
    """At 140.0 m it might have shown it; that it did not is no finding."""
    assert [] == codes_of(check_in_with(a_fix(5, 140.0)))


def test_a_coarse_fix_is_no_matter_where_the_place_is_coarser() -> None:
    """Where the place alone fills the fence, the fix is not to blame."""
    assert [] == codes_of(check_in_with(a_fix(5, 350), door=Door(0, 0, Precision.BUILDING, radius_dm=1_500)))


@pytest.mark.parametrize(("metres", "expected"), [(160.0, []), (160.1, [Code.PLACE_UNCERTAIN])])
def test_a_fix_further_off_than_its_error_explains_is_noted(metres: float, expected: list[Code]) -> None:
    """Good to 75 m: 150 m of error and 10 m of door are explained, a decimetre more is not."""
    assert expected == codes_of(check_in_with(a_fix(metres, 75)))


def test_an_unknown_datum_is_no_evidence() -> None:
    """A phone that does not say which coordinates it gives is uncertain everywhere, and noted nowhere."""
    assert [] == codes_of(check_in_with(a_fix(300, 20, datum="unknown")))


def test_one_good_fix_is_enough() -> None:
    """A fix inside outweighs one that is far away."""
    assert [] == codes_of(check_in_with(a_fix(900), a_fix(20)))


def test_two_hundred_metres_that_claim_two_are_outside() -> None:
    """A fix 200 m away that claims 1.9 m is outside at 10 m, its least credible radius."""
    (finding,) = find_all(check_in_with(a_fix(200, 1.9)))

    assert (Code.PLACE_OUTSIDE, 2_000, 100) == (
        finding.code, finding.facts["distance_dm"], finding.facts["radius_dm"]
    )  # fmt: skip


def test_a_mocked_fix_tells_no_place() -> None:
    """A mocked fix is found as mocked; far away or near, it says nothing of place."""
    assert [Code.FIX_MOCKED] == codes_of(check_in_with(a_fix(900, mock=True)))


def test_a_check_in_that_gives_no_reason_is_told_so() -> None:
    """No fix and no reason is still a check-in without a position."""
    (finding,) = find_all(check_in_with())

    assert "The check-in has no position (no reason given)." == finding.sentence


@pytest.mark.parametrize(("age_ms", "expected"), [(120_000, []), (120_001, [Code.FIXES_MISSING])])
def test_an_old_fix_is_no_position(age_ms: int, expected: list[Code]) -> None:
    """A fix of two minutes counts, an older one is as good as none."""
    assert expected == codes_of(check_in_with(a_fix(age_ms=age_ms)))


def test_only_the_check_in_of_the_lead_counts() -> None:
    """A check-out or a companion somewhere else is not a check-in somewhere else."""
    moved = {name: with_body(CLEAN[name], fixes=[a_fix(900)]) for name in ("ann_ends", "bo_joins", "bo_ends")}

    assert [] == codes_of(a_scene(moved))


@pytest.mark.parametrize(
    "fix",
    [
        {}, {"lat_e7": "north"}, "here", None, a_fix(lat_e7=900_000_001), a_fix(datum="mars"), a_fix(mock=[]),
        a_fix(age_ms=-1), a_fix(age_ms="old"), a_fix(radius_dm=-1), a_fix(lon_e7=1_800_000_001),
    ],
)  # fmt: skip
def test_a_fix_that_cannot_be_read_is_not_judged(fix: Any) -> None:
    """A correction may put anything into a body; what cannot be read is not known."""
    assert [] == codes_of(check_in_with(a_fix(900), fix))


@pytest.mark.parametrize("lat_e7", [-900_000_000, 900_000_000])
@pytest.mark.parametrize("lon_e7", [-1_800_000_000, 1_800_000_000])
def test_a_fix_anywhere_on_earth_can_be_read(lat_e7: int, lon_e7: int) -> None:
    """At a pole, on the date line, good to nothing: it may be wrong, but it can be read."""
    (fix,) = read_fixes({"fixes": [a_fix(lat_e7=lat_e7, lon_e7=lon_e7, radius_dm=0)]}) or []

    assert (lat_e7, lon_e7, 0) == (fix.lat_e7, fix.lon_e7, fix.radius_dm)


def test_the_greatest_leap_is_told() -> None:
    """Of two leaps to one visit the one that needs the greatest speed is told, once."""
    home, away = a_sighting("visit-0", T - 100_000, 9_000), a_sighting("visit-0", T - 100_000, 20_000)
    scene = with_sightings(a_scene(), home, a_sighting(VISIT, T, 0), away, a_sighting(VISIT, T + 600_000, 0))
    leaps = replace(scene, leaps=[*scene.leaps, replace(scene.leaps[0], least_speed_m_per_s=60)])
    (finding,) = find_all(leaps)

    assert max(leap.least_speed_m_per_s for leap in leaps.leaps) == finding.facts["least_speed_m_per_s"]
    assert len(leaps.leaps) > 1
