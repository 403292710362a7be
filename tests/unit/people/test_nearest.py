"""The nearest agent with room, by true distance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.domain.assigning import Carrier, nearest

DOOR = (226_000_000, 1_203_000_000)
points = st.tuples(st.integers(-800_000_000, 800_000_000), st.integers(-1_800_000_000, 1_800_000_000))


def carrier(code: str, lat: float, lon: float, load: int = 0, capacity: int | None = None) -> Carrier:
    """Give an agent who starts so many degrees from the door."""
    return Carrier(code, (DOOR[0] + round(lat * 1e7), DOOR[1] + round(lon * 1e7)), load, capacity)


def test_the_nearest_is_chosen() -> None:
    """Of three agents the one with the shortest way is chosen."""
    found = nearest(DOOR, [carrier("far", 1, 1), carrier("near", 0.01, 0), carrier("middle", 0, 0.1)])

    assert found is not None
    assert "near" == found.code


def test_a_full_agent_is_passed_over() -> None:
    """An agent at capacity gets nothing; where all are, nobody does."""
    full = carrier("near", 0.01, 0, load=3, capacity=3)
    found = nearest(DOOR, [full, carrier("far", 1, 1, load=2, capacity=3)])

    assert found is not None
    assert "far" == found.code
    assert nearest(DOOR, [full]) is None


def test_at_one_distance_the_lighter_load_decides() -> None:
    """Agents of one office are taken in turn, by what they carry."""
    found = nearest(DOOR, [carrier("a1", 0.01, 0, load=2), carrier("a2", 0.01, 0, load=1)])

    assert found is not None
    assert "a2" == found.code


def test_degrees_of_longitude_are_short_in_the_north() -> None:
    """At 60° north 1.5 degrees east is nearer than 1 degree north, however many agents there are in the north."""
    door = (600_000_000, 0)
    north = [Carrier(f"north{n}", (610_000_000, n), 0) for n in range(5)]
    found = nearest(door, [*north, Carrier("east", (600_000_000, 15_000_000), 0)])

    assert found is not None
    assert "east" == found.code


def test_the_date_line_does_not_part_neighbours() -> None:
    """Two points on either side of the date line are neighbours."""
    door = (-170_000_000, 1_799_990_000)
    over, far = Carrier("over", (-170_000_000, -1_799_990_000), 0), Carrier("far", (-170_000_000, 1_780_000_000), 0)
    others = [Carrier(f"x{n}", (-170_000_000, 1_780_000_000 - n), 0) for n in range(5)]
    found = nearest(door, [far, *others, over])

    assert found is not None
    assert "over" == found.code


@given(points, st.lists(points, min_size=1, max_size=8))
def test_somebody_is_always_found(door: tuple[int, int], starts: list[tuple[int, int]]) -> None:
    """Wherever the door and the agents are, one of them is nearest."""
    assert nearest(door, [Carrier(str(n), at, 0) for n, at in enumerate(starts)]) is not None
