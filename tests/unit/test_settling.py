"""A month's settlement: nothing twice, and each sum that of the ids beside it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.domain.settling import SettledVisit, month_of, settle

VISITS = st.lists(
    st.builds(
        SettledVisit, st.sampled_from(["c1", "c2"]), st.sampled_from([f"v{number}" for number in range(12)]),
        st.sampled_from(["approved", "rejected", "awaiting_review", "open"]), st.sampled_from(["North", "South"]),
        st.sampled_from(["a1", "a2"]), st.booleans(),
    )
)  # fmt: skip


@given(VISITS)
def test_each_visit_counts_once_and_sums_are_those_of_the_ids(visits: list[SettledVisit]) -> None:
    """However often a visit comes, it stands in one place; contested ones are among those counted."""
    lines = settle(visits)
    ids = [each for line in lines for each in (*line.approved, *line.rejected, *line.open)]

    assert sorted(each for _, each in {(visit.case_id, visit.visit_id) for visit in visits}) == sorted(ids)
    assert sum(line.count for line in lines) == len(ids)
    assert all(set(line.contested) <= {*line.approved, *line.rejected, *line.open} for line in lines)


def test_a_year_has_twelve_months_without_a_gap() -> None:
    """Each month ends where the next begins, in a zone that changes its clocks too."""
    spans = [month_of(f"2016-{number:02}", "America/Los_Angeles") for number in range(1, 13)]

    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert 366 * 86_400_000 == spans[-1][1] - spans[0][0]
