"""Merging held against orders of arrival: whoever comes first, the same values hold and the same people disagree."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from server.domain.merging import Change, MergeState, Proposal, merge_contact

# Few values, so that proposals meet; two spellings of one value among them.
TEXTS = st.sampled_from(["", "A", " A ", "B", "C", "D", "Ｄ"])
PHONES = st.sampled_from(["", "415 555 0134", "+1 (415) 555-0134", "415 555 0135", "415 555 0136"])
FIELDS = {"employer": TEXTS, "address": TEXTS, "phone": PHONES}


@st.composite
def proposal_sets(draw: st.DrawFn) -> list[Proposal]:
    """Draw proposals of a few devices; a device's own have an order, and nothing else has."""
    proposals = []
    for number in range(draw(st.integers(0, 7))):
        fields = draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, unique=True))
        changes = {
            field: Change(draw(st.none() | FIELDS[field]), draw(FIELDS[field])) for field in fields
        }
        author, packet = draw(st.sampled_from("pqr")), draw(st.sampled_from([None, "case:1", "case:2"]))
        proposals.append(Proposal(f"e{number}", author, (number,), changes, packet))
    return proposals


OFFICES = st.fixed_dictionaries({}, optional=FIELDS)


@given(OFFICES, proposal_sets(), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_a_merge(office: dict[str, str], proposals: list[Proposal], chance: Random) -> None:
    """Any order, and any repetition, gives the same values and the same outcomes."""
    shuffled = [*proposals, *proposals[:3]]
    chance.shuffle(shuffled)

    assert merge_contact(office, proposals, "US") == merge_contact(office, shuffled, "US")


@given(OFFICES, proposal_sets())
def test_no_proposal_vanishes(office: dict[str, str], proposals: list[Proposal]) -> None:
    """Every proposed field has an outcome, and only what was proposed has one."""
    merged = merge_contact(office, proposals, "US")

    assert {(proposal.id, field) for proposal in proposals for field in proposal.changes} == set(merged.outcomes)


@given(OFFICES, proposal_sets())
def test_nothing_is_invented(office: dict[str, str], proposals: list[Proposal]) -> None:
    """A value that moved was reached by proposals that say so; without an applied one nothing moves."""
    merged = merge_contact(office, proposals, "US")

    moved = {field for (_, field), outcome in merged.outcomes.items() if outcome.state is MergeState.APPLIED}
    for field in set(office) | set(merged.values):
        if field not in moved:
            assert office.get(field, "") == merged.values.get(field, "")


@given(st.permutations(["B", "C", "D", "E"]), st.randoms(use_true_random=False))
def test_a_chain_of_corrections_is_applied_whole(values: list[str], chance: Random) -> None:
    """People who each saw the one before are all applied, whatever order their work arrives in."""
    steps = [
        Proposal(f"e{place}", f"d{place}", (1,), {"employer": Change(base, new)})
        for place, (base, new) in enumerate(zip(["A", *values[:-1]], values, strict=True))
    ]
    chance.shuffle(steps)

    merged = merge_contact({"employer": "A"}, steps, "US")

    assert {"employer": values[-1]} == merged.values
    assert {MergeState.APPLIED} == {outcome.state for outcome in merged.outcomes.values()}


@given(st.lists(st.sampled_from("BCD"), min_size=2, max_size=6))
def test_people_who_saw_the_same_and_say_different_things_always_clash(news: list[str]) -> None:
    """From one base, either all agree and the value moves, or all clash and it does not."""
    proposals = [
        Proposal(f"e{place}", f"d{place}", (1,), {"employer": Change("A", new)}) for place, new in enumerate(news)
    ]

    merged = merge_contact({"employer": "A"}, proposals, "US")

    agree = len(set(news)) == 1
    assert {"employer": news[0] if agree else "A"} == merged.values
    expected = MergeState.APPLIED if agree else MergeState.CLASH
    assert {expected} == {outcome.state for outcome in merged.outcomes.values()}
