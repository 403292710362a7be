"""Finding as a whole: absence is unknown while events are parked, order does not matter, nothing can break it."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import EventKind
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import ChainFacts, Context
from server.domain.findings.find import find_all
from server.domain.visit_files import Elsewhere
from tests.unit.domain.findings.builders import ANN, BO, CASE, CLEAN, Example, T, a_file, a_scene, a_span, an_event
from tests.unit.domain.findings.test_catalogue import EXAMPLES

ABSENCE = {
    Code.FIXES_MISSING, Code.SEALED_BEFORE_IDENTITY, Code.OUTCOME_WITHOUT_CHECK_IN, Code.NEVER_ENDED,
    Code.COMPANION_MISSING, Code.FILES_MISSING, Code.RECORDING_ABSENT, Code.RECORDING_UNNAMED, Code.RECORDING_LATE,
    Code.RECORDING_SHORT,
}  # fmt: skip
FINDABLE = [pytest.param(code, each, id=code.value) for code, each in EXAMPLES.items() if code != Code.EVENTS_PARKED]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@pytest.mark.parametrize("cover", ["parked", "unreadable"])
@pytest.mark.parametrize(("code", "example"), FINDABLE)
def test_absence_is_unknown_while_events_are_parked(code: Code, example: Example, cover: str) -> None:
    """E8: with a parked event, or an unreadable one beside it, what rests on absence is not told; all else is."""
    hidden = {"parked": ("p",)} if cover == "parked" else {"has_unreadable_beside": True}
    scene = replace(example.found, visit=replace(example.found.visit, **hidden))
    found = {finding.code for finding in find_all(scene)}

    assert (set() if code in ABSENCE else {code}) | {Code.EVENTS_PARKED} == found


def a_busy_scene(random: Random) -> Context:
    """Build a scene with findings of every family, everything in it in chance order."""

    def shuffled(things: Any) -> list[Any]:
        mixed = list(things)
        random.shuffle(mixed)
        return mixed

    extra = {
        f"{agent}_joins": an_event(f"{agent}_joins", 30, EventKind.CREW_JOINED, {"fixes": []}, seq=2)
        for agent in ("cy", "di")
    }
    events = shuffled((CLEAN | extra).items())
    others = [replace(a_span(T, T + 300_000, case=case), visit_id=f"v-{case}") for case in ("a", "b", CASE)]
    devices = {name: ChainFacts(reused_ids=("x",)) for name in ("ann-phone", "bo-phone")}
    return a_scene(
        dict(events), assigned=shuffled([ANN, BO]), others=shuffled(others), chains=dict(shuffled(devices.items())),
        files=shuffled([a_file("f"), a_file("g")]), decided_ms=T,
        elsewhere=shuffled([Elsewhere(name, "case-2", f"v-{name}", T) for name in "fg"]), closed_ms=T - 1,
    )  # fmt: skip


def test_the_same_scene_gives_the_same_findings_in_catalogue_order() -> None:
    """However events, assignments and neighbours are ordered, the findings and their order are the same."""
    expected = find_all(a_busy_scene(Random(0)))
    order = list(Code)

    assert len({finding.code for finding in expected}) >= 6
    assert sorted(expected, key=lambda finding: (order.index(finding.code), finding.key)) == expected
    for seed in range(1, 30):
        assert expected == find_all(a_busy_scene(Random(seed)))


def test_a_code_and_its_key_name_one_finding() -> None:
    """Storage keeps findings of a visit by code and key: no two share both."""
    names = [(finding.code, finding.key) for finding in find_all(a_busy_scene(Random(0)))]

    assert len(names) == len(set(names))


@given(st.sampled_from(sorted(CLEAN)), st.sampled_from(["", "fixes", "identity", "reason", "promise"]), ANYTHING)
def test_no_body_can_break_the_rules(name: str, member: str, value: Any) -> None:
    """A correction may put anything into a body: rules then find something or nothing, and never fail."""
    event = CLEAN[name]
    whole = value if isinstance(value, dict) else {}
    body = {**event.body, member: value} if member else whole
    if member == "promise":
        body["disposition"] = "promise"

    for finding in find_all(a_scene({name: replace(event, body=body)}, today="2017-01-01")):
        assert isinstance(finding, Finding)
        assert finding.sentence
