"""The geo verdicts of DESIGN section 4 against the golden vectors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import Datum, Precision
from server.domain.clocks import Basis, TimeBound
from server.domain.geo import Door, Fix, PlaceVerdict, judge_place
from server.domain.thresholds import Thresholds
from server.domain.travel import Leap, Repeat, Sighting, find_repeats, judge_travel

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "schemas" / "vectors" / "geo.json").read_text(encoding="utf-8")
)


def read_fix(given: dict[str, Any]) -> Fix:
    """Read one fix of a vector; it lies on the equator, known and just taken, where nothing else is said."""
    return Fix(
        given.get("lat_e7", 0), given["lon_e7"], given["radius_dm"], given.get("mock"),
        Datum(given.get("datum", "wgs84")), given.get("age_ms", 0),
    )


def read_door(given: dict[str, Any] | None) -> Door | None:
    """Read the door of a vector."""
    if given is None:
        return None
    precision = given.get("precision")
    return Door(given["lat_e7"], given["lon_e7"], precision and Precision(precision), given.get("radius_dm"))


def read_sightings(vector: dict[str, Any]) -> list[Sighting]:
    """Read the sightings of a vector."""
    return [
        Sighting(
            given["visit"], read_fix(given),
            TimeBound(*given["time"], sum(given["time"]) // 2, Basis(given.get("basis", "exchange"))),
        )
        for given in vector["sightings"]
    ]


@pytest.mark.parametrize("vector", VECTORS["places"], ids=lambda vector: vector["name"])
def test_a_place_is_judged_as_the_vectors_say(vector: dict[str, Any]) -> None:
    """A verdict, its reason and its facts are those derived by hand."""
    verdict = judge_place([read_fix(fix) for fix in vector["fixes"]], read_door(vector["door"]), vector["fence_dm"])

    actual = asdict(verdict)
    assert vector["expect"] == {name: actual[name] for name in vector["expect"]}


@pytest.mark.parametrize("precision", list(Precision))
def test_every_precision_stands_in_the_vectors(precision: Precision) -> None:
    """Verdicts at all five precisions are held."""
    assert precision in {(vector["door"] or {}).get("precision") for vector in VECTORS["places"]}


def test_the_credible_radius_is_a_setting() -> None:
    """With 40 m as the least credible radius, the fix 200 m away that claims 1.9 m is uncertain."""
    lenient = Thresholds(min_credible_radius_dm=400)
    fix = Fix(0, 17_966, 19, datum=Datum.WGS84)

    assert judge_place([fix], Door(0, 0, Precision.DOOR, 100), 1_500, lenient).verdict is PlaceVerdict.UNCERTAIN


def test_a_far_fix_is_reported_with_its_exact_distance() -> None:
    """The filter decides quickly, the fact told to a reviewer is still the geodesic: 89,831,528 units are 1,000 km."""
    verdict = judge_place([Fix(0, 89_831_528, 100, datum=Datum.WGS84)], Door(0, 0, Precision.DOOR, 100), 1_500)

    assert verdict.distance_dm == 10_000_000


@pytest.mark.parametrize("vector", VECTORS["journeys"], ids=lambda vector: vector["name"])
def test_a_journey_is_judged_as_the_vectors_say(vector: dict[str, Any]) -> None:
    """A leap is told only where even the longest gap and the nearest points cannot explain it."""
    assert [Leap(*leap) for leap in vector["leaps"]] == judge_travel(read_sightings(vector))


@pytest.mark.parametrize("vector", VECTORS["repeats"], ids=lambda vector: vector["name"])
def test_repeats_are_found_as_the_vectors_say(vector: dict[str, Any]) -> None:
    """The very same fix at two visits, at surely different times, is told."""
    assert [Repeat(*repeat) for repeat in vector["repeats"]] == find_repeats(read_sightings(vector))
