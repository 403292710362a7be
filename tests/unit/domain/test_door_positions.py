"""Which fixes tell where a door is, and how they are put together."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.vocabulary import Datum, Precision
from server.domain.coordinates import gcj02_to_wgs84, wgs84_to_gcj02
from server.domain.door_positions import propose_door
from server.domain.geo import Door, Fix

LAT, LON = 377_700_000, -1_224_200_000
METRE = 90  # 1e-7 degrees of latitude in a metre, nearly
STREET = Door(LAT + 100 * METRE, LON, Precision.STREET)


def fix(north_m: int = 0, **parts: Any) -> Fix:
    """Give an honest fix so many metres north of the door."""
    chosen: dict[str, Any] = {"radius_dm": 100, "mock": False, "datum": Datum.WGS84}
    return Fix(LAT + north_m * METRE, LON, **(chosen | parts))


def test_two_visits_that_agree_propose_the_door() -> None:
    """Halfway between them, as exact as a fix can be, and how far from what is held."""
    found = propose_door({"1": [fix(-4)], "2": [fix(4)]}, STREET)

    assert found is not None
    assert (LAT, LON) == found.at
    assert ("1", "2") == found.agreeing
    assert 100 == found.spread_dm
    assert found.distance_dm is not None
    assert 980 <= found.distance_dm <= 1_020


def test_one_far_off_moves_nothing_and_does_not_agree() -> None:
    """The median stays where the others are."""
    found = propose_door({"1": [fix(0)], "2": [fix(2)], "3": [fix(900)]}, STREET)

    assert found is not None
    assert LAT + 2 * METRE == found.at[0]
    assert ("1", "2") == found.agreeing
    assert {"1", "2", "3"} == set(found.fixes)


def test_a_more_exact_fix_weighs_more() -> None:
    """One good to 10 m outweighs two good to 40 m on one side of it."""
    found = propose_door({"1": [fix(0)], "2": [fix(25, radius_dm=400)], "3": [fix(25, radius_dm=400)]}, STREET)

    assert found is not None
    assert LAT == found.at[0]


def test_a_visit_counts_once_by_its_most_exact_fix() -> None:
    """However many it brings, and however good the coarse ones look together."""
    found = propose_door({"1": [fix(20, radius_dm=300)] * 9 + [fix(0)], "2": [fix(0)]}, STREET)

    assert found is not None
    assert LAT == found.at[0]
    assert ((LAT, LON), 100) == found.fixes["1"]


@pytest.mark.parametrize(
    "spoiled",
    [
        fix(mock=True), fix(radius_dm=501), fix(age_ms=120_001), fix(datum=Datum.UNKNOWN),
    ],
    ids=["mock", "coarse", "old", "datum"],
)  # fmt: skip
def test_what_is_no_evidence_counts_for_nothing(spoiled: Fix) -> None:
    """A visit with such a fix alone does not speak; the other alone is too few."""
    assert None is propose_door({"1": [spoiled], "2": [fix()]}, STREET)
    assert propose_door({"1": [spoiled], "2": [fix()], "3": [fix()]}, STREET) == propose_door(
        {"2": [fix()], "3": [fix()]}, STREET
    )


def test_visits_that_disagree_propose_nothing() -> None:
    """Two far apart, or two of four together: nobody knows which is right; more than half does it."""
    apart = {"1": [fix(0)], "2": [fix(200)]}
    halves = {"1": [fix(0)], "2": [fix(0)], "3": [fix(400)], "4": [fix(-400)]}

    assert None is propose_door(apart, STREET)
    assert None is propose_door(halves, STREET)
    assert None is not propose_door(halves | {"5": [fix(1)]}, STREET)


@pytest.mark.parametrize("precision", list(Precision))
def test_only_what_is_known_roughly_is_asked_about(precision: Precision) -> None:
    """A door or a building stays where it is; a street, a village, a town, or nothing at all may be bettered."""
    visits = {"1": [fix()], "2": [fix()]}
    is_exact = precision in {Precision.DOOR, Precision.BUILDING}

    assert is_exact == (propose_door(visits, Door(LAT, LON, precision)) is None)
    unplaced = propose_door(visits, None)
    assert unplaced is not None
    assert None is unplaced.distance_dm


def test_positions_of_chinas_maps_are_put_right_first() -> None:
    """A fix in GCJ-02 counts where it is in WGS-84."""
    lat, lon = wgs84_to_gcj02(30.5, 114.3)
    shifted = Fix(round(lat * 1e7), round(lon * 1e7), 100, False, Datum.GCJ02)
    there = gcj02_to_wgs84(lat, lon)

    found = propose_door({"1": [shifted], "2": [shifted]}, None)

    assert found is not None
    assert (round(there[0] * 1e7), round(there[1] * 1e7)) == found.at


def test_evidence_is_the_visits_that_spoke() -> None:
    """The same in any order; another visit makes it another."""
    one = propose_door({"1": [fix()], "2": [fix()]}, STREET)
    turned = propose_door({"2": [fix(1)], "1": [fix(1)]}, STREET)
    more = propose_door({"1": [fix()], "2": [fix()], "3": [fix()]}, STREET)

    assert one is not None
    assert turned is not None
    assert more is not None
    assert one.evidence == turned.evidence
    assert one.evidence != more.evidence
