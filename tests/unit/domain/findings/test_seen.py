"""Findings of clocks and chains: one for each device, and only where the break concerns the visit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.vocabulary import EventKind
from server.domain.clock_faults import ClockFault, ClockFaultKind
from server.domain.findings.codes import Code
from server.domain.findings.context import ChainFacts
from server.domain.findings.find import find_all
from tests.unit.domain.findings.builders import CLEAN, a_scene, an_event
from tests.unit.domain.findings.examples_seen import ANNS, chain_of, moved_on

OFF = ClockFaultKind.OFF


def test_each_phone_of_the_crew_is_told_of_once() -> None:
    """Two phones with wrong clocks are two findings, each with its greatest fault and its direction."""
    faults = {
        "ann_starts": [ClockFault(OFF, 0, 400_000)],
        "ann_ends": [ClockFault(OFF, 5, -500_000)],
        "bo_joins": [ClockFault(OFF, 0, 600_000)],
    }
    found = find_all(a_scene(clock_faults=faults))

    assert [
        ("ann-phone", "The phone's clock was at least 8 min behind."),
        ("bo-phone", "The phone's clock was at least 10 min ahead."),
    ] == [(finding.key, finding.sentence) for finding in found]


@pytest.mark.parametrize(("by_ms", "words"), [(90_000, "forward"), (-90_000, "back")])
def test_a_step_says_which_way(by_ms: int, words: str) -> None:
    """A clock put forward and one put back read differently."""
    (finding,) = find_all(a_scene(clock_faults={"ann_notes": [ClockFault(ClockFaultKind.STEPPED, 4, by_ms)]}))

    assert f"The phone's clock was put {words} by at least 90 s." == finding.sentence


def test_a_clock_that_was_wrong_at_another_visit_is_not_told_here() -> None:
    """Faults at events of other visits, or at files sent in the evening, are not this visit's."""
    files = an_event("ann_files", 9_000, EventKind.FILES_ATTACHED, {}, seq=20)
    faults = {name: [ClockFault(OFF, 0, 400_000)] for name in ("di_starts", "ann_files")}

    assert [] == find_all(a_scene({"ann_files": files}, clock_faults=faults))


@pytest.mark.parametrize(("lost", "expected"), [((4, 5), 2), ((1, 1), 1), ((8, 8), 1), ((9, 9), 0), ((100, 200), 0)])
def test_only_records_lost_beside_the_visit_count(lost: tuple[int, int], expected: int) -> None:
    """Between the visit's records (seq 2 to 7), right before and right after: elsewhere the statement tells."""
    assert expected == sum(finding.facts["lost"] for finding in find_all(chain_of(lost=(lost,))))


def test_a_visit_that_goes_on_in_a_forked_chain_is_told() -> None:
    """Its first records lie on the old chain, its last far on in the new one."""
    moved = {name: replace(CLEAN[name], order=(0, CLEAN[name].order[1] + 30)) for name in ANNS[:4]}
    moved |= {name: replace(CLEAN[name], chain_id="new", order=(1, CLEAN[name].order[1])) for name in ANNS[4:]}
    found = find_all(a_scene(moved, chains={"ann-phone": ChainFacts(forked=True)}))

    assert [Code.CHAIN_FORKED] == [finding.code for finding in found]


def test_a_new_chain_without_a_fork_is_no_finding() -> None:
    """A wiped or restored phone also begins a new chain."""
    moved = {name: replace(CLEAN[name], order=(1, CLEAN[name].order[1] + 30)) for name in ("ann_notes", "ann_ends")}

    assert [] == find_all(a_scene(moved, chains={"ann-phone": ChainFacts(forked=False)}))


def test_a_bad_signature_concerns_what_lies_under_it() -> None:
    """Of the lead's records from seq 32 to 37, three lie at or beyond seq 35."""
    (finding,) = find_all(moved_on(30, bad_checkpoint_from=35))

    assert 3 == finding.facts["events"]


def test_each_phone_has_its_own_chain_findings() -> None:
    """What is known of one phone's chain says nothing of the other's."""
    chains = {"ann-phone": ChainFacts(), "bo-phone": ChainFacts(reused_ids=("x", "x", "y"))}
    (finding,) = find_all(a_scene(chains=chains))

    assert (Code.ID_REUSED, "bo-phone", 2) == (finding.code, finding.key, finding.facts["ids"])


def test_a_chain_of_a_phone_that_was_not_there_is_not_told() -> None:
    """Chains of other devices are other visits' matter."""
    facts = ChainFacts(((2, 7),), forked=True, bad_checkpoint_from=1, reused_ids=("x",))

    assert [] == find_all(a_scene(chains={"di-phone": facts}))
    assert len(ANNS) == len([name for name in CLEAN if name.startswith("ann")])
