"""Examples of what devices show: places, clocks, chains."""

from __future__ import annotations

from dataclasses import replace

from schemas.vocabulary import Datum
from server.domain.clocks import Basis, TimeBound
from server.domain.findings.codes import Code
from server.domain.findings.context import ChainFacts, Context
from server.domain.geo import Door, Fix
from server.domain.travel import Sighting
from tests.unit.domain.findings.builders import (
    CLEAN,
    E7_PER_M,
    VISIT,
    Example,
    Examples,
    T,
    a_fix,
    a_scene,
    check_in_with,
    with_clocks,
    with_sightings,
    with_walls,
)

ANNS = ("ann_starts", "ann_shows", "ann_checks", "ann_opens", "ann_notes", "ann_ends")
LATER = ANNS[4:]


def a_sighting(visit_id: str, at_ms: int, metres: float, age_ms: int | None = 0) -> Sighting:
    """Build a sighting good to 10 m, its time known to the ms."""
    fix = Fix(0, round(metres * E7_PER_M), 100, mock=False, datum=Datum.WGS84, age_ms=age_ms)
    return Sighting(visit_id, fix, TimeBound(at_ms, at_ms, at_ms, Basis.EXCHANGE))


def clocks_of(off_ms: int | None, *names: str, heard_s: int = 700) -> Context:
    """Build the scene with these events' wall clock off."""
    return with_clocks(a_scene(with_walls(off_ms, *names, received_ms=T + heard_s * 1000)))


def chain_of(**facts: object) -> Context:
    """Build the scene with something known of the lead's chains."""
    return a_scene(chains={"ann-phone": ChainFacts(**facts)})  # type: ignore[arg-type]


def moved_on(by: int, **facts: object) -> Context:
    """Build the scene with the lead's records further on in their chain."""
    events = {name: replace(CLEAN[name], order=(0, CLEAN[name].order[1] + by)) for name in ANNS}
    return a_scene(events, chains={"ann-phone": ChainFacts(**facts)})  # type: ignore[arg-type]


PLACE: Examples = {
    # Outside: beyond the fence of 150 m, the fix's 10 m and the door's 10 m.
    Code.PLACE_OUTSIDE: Example(
        check_in_with(a_fix(170.1)), {"distance_dm": 1_701, "radius_dm": 100, "place_radius_dm": 100},
        check_in_with(a_fix(170.0)), "a decimetre nearer",
        check_in_with(a_fix(170.1), door=None), "where the door is",
    ),
    # Inside ends where the farthest points are a fence apart: 120 m and 20 m and 10 m.
    Code.PLACE_UNCERTAIN: Example(
        check_in_with(a_fix(120.1, 20)), {"distance_dm": 1_201, "radius_dm": 200, "place_radius_dm": 100},
        check_in_with(a_fix(120.0, 20)), "a decimetre nearer",
        check_in_with(a_fix(120.1, 20), door=Door(0, 0, None)), "how exactly the door is known",
    ),
    Code.FIXES_MISSING: Example(
        a_scene({"ann_starts": replace(CLEAN["ann_starts"], body={"fixes": [], "no_fix_reason": "denied"})}),
        {"reason": "denied"},
        check_in_with(a_fix()), "one fix",
        check_in_with(parked=["p"]), "what a parked record says",
    ),
    Code.FIX_MOCKED: Example(
        check_in_with(a_fix(mock=True)), {"fixes": 1},
        check_in_with(a_fix(mock=False)), "a fix the phone vouches for",
        check_in_with(a_fix(mock=None)), "whether an app made it up",
    ),
    Code.FIX_REPEATED: Example(
        with_sightings(a_scene(), a_sighting("visit-0", T - 600_000, 0), a_sighting(VISIT, T, 0)),
        {"visit_ids": ["visit-0"]},
        with_sightings(a_scene(), a_sighting("visit-0", T - 600_000, 0.012), a_sighting(VISIT, T, 0)),
        "a fix one digit away",
        with_sightings(a_scene(), a_sighting(VISIT, T, 0)), "any other visit",
    ),
    # 9,000 m less both circles are 8,980 m: at 55 m/s 163,272.7 ms away.
    Code.IMPOSSIBLE_TRAVEL: Example(
        with_sightings(a_scene(), a_sighting("visit-0", T - 163_272, 9_000), a_sighting(VISIT, T, 0)),
        {"least_distance_dm": 89_800, "most_gap_ms": 163_272, "least_speed_m_per_s": 55},
        with_sightings(a_scene(), a_sighting("visit-0", T - 163_273, 9_000), a_sighting(VISIT, T, 0)),
        "a millisecond more",
        with_sightings(a_scene(), a_sighting("visit-0", T - 163_272, 9_000, None), a_sighting(VISIT, T, 0)),
        "how old the fix before is",
    ),
}  # fmt: skip

CLOCKS: Examples = {
    Code.CLOCK_OFF: Example(
        clocks_of(-300_001, *ANNS), {"device_id": "ann-phone", "least_off_ms": 300_001, "direction": "behind"},
        clocks_of(-300_000, *ANNS), "a millisecond nearer",
        clocks_of(None, *ANNS), "what the wall clock said",
        key="ann-phone",
    ),
    Code.CLOCK_STEPPED: Example(
        clocks_of(-60_001, *LATER), {"device_id": "ann-phone", "least_step_ms": 60_001, "direction": "back"},
        clocks_of(-60_000, *LATER), "a millisecond less",
        clocks_of(None, *LATER), "what the wall clock said afterwards",
        key="ann-phone",
    ),
    # The check-out, at 600 s, is heard a second later.
    Code.CLOCK_FUTURE: Example(
        clocks_of(61_001, *ANNS, heard_s=601), {"device_id": "ann-phone", "least_ahead_ms": 60_001},
        clocks_of(61_000, *ANNS, heard_s=601), "a millisecond less",
        clocks_of(None, *ANNS, heard_s=601), "what the wall clock said",
        key="ann-phone",
    ),
}  # fmt: skip

# The lead's records stand at seq 2 to 7.
CHAINS: Examples = {
    Code.CHAIN_LOST: Example(
        chain_of(lost=((8, 10), (20, 30))), {"device_id": "ann-phone", "lost": 3},
        chain_of(lost=((9, 10), (20, 30))), "with a record in between",
        a_scene(chains={}), "anything of the chain",
        key="ann-phone",
    ),
    Code.CHAIN_FORKED: Example(
        chain_of(forked=True), {"device_id": "ann-phone"},
        moved_on(1, forked=True), "further on in the forked chain",
        a_scene(chains={}), "anything of the chain",
        key="ann-phone",
    ),
    Code.CHECKPOINT_BAD: Example(
        chain_of(bad_checkpoint_from=7), {"device_id": "ann-phone", "events": 1},
        chain_of(bad_checkpoint_from=8), "with the signature one record later",
        chain_of(bad_checkpoint_from=None), "any bad signature",
        key="ann-phone",
    ),
    Code.ID_REUSED: Example(
        chain_of(reused_ids=("ann_notes",)), {"device_id": "ann-phone", "ids": 1},
        chain_of(reused_ids=()), "with every id used once",
        a_scene(chains={}), "anything of the chain",
        key="ann-phone",
    ),
}  # fmt: skip
