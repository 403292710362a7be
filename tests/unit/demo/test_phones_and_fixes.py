"""Clocks and positions as phones really give them."""

from __future__ import annotations

from math import log
from random import Random
from statistics import fmean

from server.demo.fixing import CLAIMED, E7, Point, draw_fix, draw_fixes, move, stray
from server.demo.phones import MOST_DRIFT_PPM, make_phone
from server.demo.routing import measure

DOOR = Point(37.78, -122.41)
START_MS = 1_476_140_400_000
HOUR_MS = 3_600_000


def test_a_counter_keeps_within_what_the_protocol_allows() -> None:
    """Over a day a phone's counter runs off by less than 50 ppm."""
    for seed in range(50):
        phone = make_phone("A", -420, START_MS, Random(seed))
        early, late = phone.read(START_MS), phone.read(START_MS + 24 * HOUR_MS)
        run = int(late["mono_ms"]) - int(early["mono_ms"]) - 24 * HOUR_MS

        assert abs(run) <= 24 * HOUR_MS * MOST_DRIFT_PPM / 1e6 + 1
        assert MOST_DRIFT_PPM < 50


def test_a_restart_begins_a_new_boot() -> None:
    """After a restart the boot has another name and the counter begins at 0."""
    phone = make_phone("A", -420, START_MS, Random(1))
    phone.starts.append(START_MS + HOUR_MS)
    before, after = phone.read(START_MS + HOUR_MS - 1), phone.read(START_MS + HOUR_MS)

    assert before["boot"] != after["boot"]
    assert 0 == after["mono_ms"]


def test_a_clock_that_is_set_stays_set() -> None:
    """Putting the wall clock ahead moves it from then on, and leaves the counter alone."""
    phone = make_phone("A", -420, START_MS, Random(1))
    twin = make_phone("A", -420, START_MS, Random(1))
    phone.sets.append((START_MS, 60_000))

    assert 60_000 == int(phone.read(START_MS)["wall_ms"]) - int(twin.read(START_MS)["wall_ms"])
    assert phone.read(START_MS - 1) == twin.read(START_MS - 1)
    assert phone.read(START_MS)["mono_ms"] == twin.read(START_MS)["mono_ms"]


def test_errors_are_rayleigh() -> None:
    """The mean error is what a Rayleigh distribution of that sigma has, and its 68 % lie within the honest claim."""
    random = Random(4)
    points = [stray(DOOR, 10.0, random) for _ in range(4000)]
    errors = [measure((DOOR.lat, DOOR.lon), (point.lat, point.lon)) for point in points]

    assert abs(fmean(errors) - 12.53) < 0.4
    assert abs(sum(error < CLAIMED * 10 for error in errors) / 4000 - 0.68) < 0.03
    assert abs(CLAIMED - (-2 * log(1 - 0.68)) ** 0.5) < 0.01


def test_a_claim_is_about_right_and_not_quite() -> None:
    """A fix claims its 68 % radius within a fifth."""
    random = Random(5)
    claims = [draw_fix(DOOR, 10.0, random)["radius_dm"] for _ in range(200)]

    assert 0.84 * CLAIMED * 100 <= min(claims)
    assert max(claims) <= 1.21 * CLAIMED * 100


def test_fixes_at_a_door_are_near_it() -> None:
    """No fix drawn at a door is further off than four sigmas of the worst street."""
    random = Random(6)
    fixes = [fix for _ in range(500) for fix in draw_fixes(DOOR, random)]
    points = [(fix["lat_e7"] / E7, fix["lon_e7"] / E7) for fix in fixes]

    assert 4 * 9 + 1 >= max(measure((DOOR.lat, DOOR.lon), point) for point in points)


def test_moving_goes_as_far_as_asked() -> None:
    """A point moved by 500 m is 500 m away, in every direction."""
    for bearing in range(6):
        there = move(DOOR, 500, float(bearing))

        assert abs(500 - measure((DOOR.lat, DOOR.lon), (there.lat, there.lon))) < 1
