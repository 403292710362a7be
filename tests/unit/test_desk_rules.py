"""The office's pure rules: pairs to search by, samples, a crew's day, points on a sketch."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.domain.day_plan import Stop, distance_m, plan_day
from server.domain.pairs import fold_text, keys_of, pairs_sought, whole, words_of
from server.domain.plotting import MARGIN, frame_points
from server.domain.sampling import draw_sample, sample_size

HOUR = 3_600_000
TEXT = st.text(st.sampled_from("王小明人民三号𠮷aB3３ -"), min_size=1, max_size=12)
POINTS = st.tuples(st.integers(377_000_000, 378_000_000), st.integers(-1_225_000_000, -1_223_000_000))


@given(TEXT, st.integers(0, 12), st.integers(1, 12))
def test_every_part_of_a_word_is_found_under_its_pairs(text: str, at: int, length: int) -> None:
    """What a part must have is among what the text is kept under, whatever the script."""
    for word in words_of(text):
        part = word[at : at + length]
        kept = keys_of(text)
        assert {*pairs_sought(part), whole(word)} <= kept
        assert not part or any(pair.startswith(part[0]) for pair in kept)


@given(TEXT)
def test_folding_again_changes_nothing(text: str) -> None:
    """What is kept and what is asked for are folded alike."""
    assert fold_text(text) == fold_text(fold_text(text))


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 60)), st.text(max_size=5))
def test_a_sample_is_large_enough_fair_and_always_the_same(counts: dict[str, int], seed: str) -> None:
    """As many as promised, none twice, no agent more than one ahead of another who has some left."""
    visits = {agent: [f"{agent}{number}" for number in range(count)] for agent, count in counts.items()}
    total = sum(counts.values())

    drawn = draw_sample(visits, seed)

    assert sample_size(total) == len(drawn) == len(set(drawn))
    assert drawn == draw_sample({agent: each[::-1] for agent, each in reversed(visits.items())}, seed)
    taken = {agent: sum(each.startswith(agent) for each in drawn) for agent in counts}
    assert all(taken[one] >= taken[other] - 1 or taken[one] == counts[one] for one in counts for other in counts)


STOPS = st.lists(
    st.builds(
        lambda at, first, length, appointed: (at, ((first * HOUR // 4, (first + length) * HOUR // 4),), appointed),
        st.none() | POINTS, st.integers(32, 70), st.integers(1, 20), st.booleans(),
    ),
    max_size=10,
)  # fmt: skip


@given(STOPS)
def test_a_day_goes_everywhere_once_and_only_when_it_may(
    drawn: list[tuple[tuple[int, int] | None, tuple[tuple[int, int], ...], bool]],
) -> None:
    """Each stop is a leg or left over; each leg begins within its interval, after the one before and before the end."""
    stops = [Stop(str(number), at, intervals, appointed) for number, (at, intervals, appointed) in enumerate(drawn)]
    stay = HOUR // 2

    legs, left = plan_day(stops, 8 * HOUR, 18 * HOUR, stay, (377_500_000, -1_224_000_000))

    assert sorted(stop.id for stop in stops) == sorted([leg.stop.id for leg in legs] + [stop.id for stop in left])
    for leg in legs:
        assert any(starts <= leg.at_ms < ends for starts, ends in leg.stop.intervals)
        assert leg.at_ms + stay <= 18 * HOUR
    assert all(one.at_ms + stay <= other.at_ms for one, other in pairwise(legs))


def test_an_appointment_is_kept_and_what_fits_before_it_is_done_before() -> None:
    """Nothing is put before an appointment that would make the crew late."""
    here, far = (377_500_000, -1_224_000_000), (377_900_000, -1_224_000_000)
    appointed = Stop("agreed", here, ((10 * HOUR, 11 * HOUR),), is_appointed=True)
    near = Stop("near", here, ((8 * HOUR, 18 * HOUR),))
    long = Stop("far", far, ((9 * HOUR + HOUR // 2, 18 * HOUR),))

    legs, left = plan_day([long, near, appointed], 8 * HOUR, 18 * HOUR, HOUR // 2, here)

    assert ["near", "agreed", "far"] == [leg.stop.id for leg in legs]
    assert 10 * HOUR == legs[1].at_ms
    assert [] == left


def test_an_appointment_out_of_reach_takes_no_other_with_it() -> None:
    """What cannot be kept is left over; the next one is kept, however many others would fill the day."""
    here = (377_500_000, -1_224_000_000)
    away = Stop("away", (387_500_000, -1_224_000_000), ((8 * HOUR, 9 * HOUR),), is_appointed=True)
    agreed = Stop("agreed", here, ((10 * HOUR, 10 * HOUR + HOUR // 2),), is_appointed=True)
    others = [Stop(f"other {number}", here, ((8 * HOUR, 18 * HOUR),)) for number in range(30)]

    legs, left = plan_day([away, agreed, *others], 8 * HOUR, 18 * HOUR, HOUR // 2, here)

    assert [10 * HOUR] == [leg.at_ms for leg in legs if leg.stop.id == "agreed"]
    assert "away" in [stop.id for stop in left]


@given(st.lists(POINTS, min_size=1, max_size=20))
def test_every_point_lies_on_the_sketch(points: list[tuple[int, int]]) -> None:
    """Within its margins, and the bar is a round length that fits."""
    frame = frame_points(points, 640, 400)

    for point in points:
        x, y = frame.place(point)
        assert MARGIN - 1 <= x <= 640 - MARGIN + 1
        assert MARGIN - 1 <= y <= 400 - MARGIN + 1
    assert frame.length(frame.bar_m) <= 640 / 5 + 1 or frame.bar_m == 1
    assert str(frame.bar_m).rstrip("0") in {"1", "2", "5"}


def test_a_length_on_the_sketch_is_that_of_the_ground() -> None:
    """The scale bar tells the truth: two points 1 km apart lie as far apart as the bar says."""
    one, other = (377_500_000, -1_224_000_000), (377_589_832, -1_224_000_000)
    frame = frame_points([one, other], 640, 400)

    pixels = abs(frame.place(one)[1] - frame.place(other)[1])

    assert abs(distance_m(one, other) - 1000) < 2
    assert abs(pixels - frame.length(1000)) < 1
