"""Examples of what people did: at the door, as a crew, with a case that was no longer theirs; records and promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.vocabulary import EventKind, Role
from server.domain.clocks import Basis
from server.domain.findings.codes import Code
from server.domain.findings.context import Context, Revision
from server.domain.folding import Assigned, SeenEvent
from server.domain.thresholds import DEFAULTS
from tests.unit.domain.findings.builders import (
    ANN,
    BO,
    CASE,
    CLEAN,
    DAY_MS,
    HEARD_MS,
    Example,
    Examples,
    T,
    a_fix,
    a_scene,
    a_span,
    an_event,
    at_time,
    nothing_known,
    promised,
    with_body,
)

ONLY_OUTCOME: dict[str, SeenEvent | None] = dict.fromkeys(CLEAN) | {"ann_notes": CLEAN["ann_notes"]}
NO_BO: dict[str, SeenEvent | None] = {"bo_joins": None, "bo_ends": None}
NOBODY = {"contact_result": "nobody"}
SILENT_MS = DEFAULTS.abandon_ms
CY_JOINS = an_event("cy_joins", 30, EventKind.CREW_JOINED, {"fixes": [a_fix()], "qr": "…"}, seq=2)
CY = Assigned("cy", Role.COMPANION, "ann", T - DAY_MS, None, None, T + DAY_MS)
TOO_LITTLE = {"due": "2016-10-12", "currency": "USD", "promised_minor": 5_000, "paid_minor": 4_999}
SHORT_NOTE = at_time(CLEAN["ann_notes"], 30)


def outcome(**members: Any) -> Context:
    """Build the scene with another outcome."""
    return a_scene({"ann_notes": with_body(CLEAN["ann_notes"], **members)})


def lasting(seconds: float, **changes: Any) -> Context:
    """Build the scene with a visit that short."""
    return a_scene({"ann_notes": SHORT_NOTE, "ann_ends": at_time(CLEAN["ann_ends"], seconds, **changes)})


def opened_at(second: float) -> Context:
    """Build the scene with the sealed part opened at another moment; identity is confirmed at 90 s."""
    seq = 3 if second < 90 else 5
    checks = replace(CLEAN["ann_checks"], order=(0, 4))
    return a_scene({"ann_opens": replace(at_time(CLEAN["ann_opens"], second), order=(0, seq)), "ann_checks": checks})


def anns(**changes: Any) -> Context:
    """Build the scene with another assignment of the lead's."""
    return a_scene(assigned=(replace(ANN, **changes), BO))


def revised(made_ms: int) -> Context:
    """Build the scene with a revision that mattered, after the one that the visit used."""
    return a_scene(revisions=(Revision(3, T - DAY_MS, mattered=True), Revision(4, made_ms, mattered=True)))


def paid(amount: int, today: str = "2016-10-12", **around: Any) -> Context:
    """Build the scene of a promise with that much paid on its day."""
    known = {"payments": (("2016-10-12", "USD", amount),)} | around
    return a_scene({"ann_notes": promised()}, today=today, **known)


AT_DOOR: Examples = {
    Code.SEALED_BEFORE_IDENTITY: Example(
        opened_at(89), {"agent_id": "ann"},
        opened_at(91), "once identity is confirmed",
        a_scene({"ann_checks": None}, parked=["p"]), "what a parked record says",
    ),
    Code.OUTCOME_WITHOUT_CHECK_IN: Example(
        a_scene(ONLY_OUTCOME), {"agent_id": "ann"},
        a_scene(ONLY_OUTCOME | {"ann_starts": CLEAN["ann_starts"]}), "with a check-in",
        a_scene(ONLY_OUTCOME, parked=["p"]), "what a parked record says",
    ),
    Code.IMPOSSIBLE_OUTCOME: Example(
        outcome(**NOBODY, disposition="refuses"),
        {"contact_result": "nobody", "disposition": "refuses", "lacks": ""},
        outcome(**NOBODY, disposition="none"), "with nothing come of it",
        a_scene({"ann_notes": None}), "any outcome",
    ),
    # The companion's check-out at 610 s is the last that was heard.
    Code.NEVER_ENDED: Example(
        a_scene({"ann_ends": None}, now_ms=T + 610_000 + SILENT_MS + 1), {"agent_id": "ann"},
        a_scene({"ann_ends": None}, now_ms=T + 610_000 + SILENT_MS), "a millisecond earlier",
        a_scene({"ann_ends": None}, now_ms=T + 9 * SILENT_MS, parked=["p"]), "what a parked record says",
    ),
    Code.TOO_SHORT: Example(
        lasting(59.999), {"most_stay_ms": 59_999},
        lasting(60), "a millisecond longer",
        lasting(59.999, bound=replace(at_time(CLEAN["ann_ends"], 59.999).bound, basis=Basis.WALL)),
        "for certain when it ended",
    ),
}  # fmt: skip

CREWS: Examples = {
    # The lead is at the door until 600 s.
    Code.AGENT_IN_TWO_VISITS: Example(
        a_scene(others=[a_span(T + 599_999, T + 900_000)]),
        {"agent_ids": ["ann"], "other_case_id": "case-2", "other_visit_id": "visit-2", "least_overlap_ms": 1},
        a_scene(others=[a_span(T + 600_000, T + 900_000)]), "a millisecond later",
        a_scene(others=[a_span(T + 599_999, T + 900_000, present={"di": (T, T + 900_000)})]), "when the agent was in",
        key="visit-2",
    ),
    Code.TWO_CREWS: Example(
        a_scene(others=[a_span(T + 599_999, T + 900_000, agent="di", case=CASE)]),
        {"other_visit_id": "visit-2", "other_lead_agent_id": "di", "least_overlap_ms": 1},
        a_scene(others=[a_span(T + 600_000, T + 900_000, agent="di", case=CASE)]), "a millisecond later",
        a_scene(others=[a_span(T + 599_999, T + 900_000, agent="di", case=CASE, lead_agent_id=None)]), "who led it",
        key="visit-2",
    ),
    Code.COMPANION_MISSING: Example(
        a_scene(NO_BO, now_ms=T + 600_000 + SILENT_MS + 1), {"agent_id": "bo"},
        a_scene(NO_BO, now_ms=T + 600_000 + SILENT_MS), "a millisecond earlier",
        a_scene(NO_BO, now_ms=T + 9 * SILENT_MS, parked=["p"]), "what a parked record says",
        key="bo",
    ),
    Code.COMPANION_LEFT_EARLY: Example(
        a_scene({"bo_ends": at_time(CLEAN["bo_ends"], 299.999)}), {"agent_id": "bo", "least_early_ms": 300_001},
        a_scene({"bo_ends": at_time(CLEAN["bo_ends"], 300)}), "a millisecond later",
        a_scene({"bo_ends": None}), "when the companion left",
        key="bo",
    ),
    Code.COMPANION_UNASSIGNED: Example(
        a_scene({"cy_joins": CY_JOINS}, joined=["cy"]), {"agent_id": "cy", "how": "joined by the lead's code"},
        a_scene({"cy_joins": CY_JOINS}, joined=["cy"], assigned=(ANN, BO, CY)), "when assigned",
        a_scene(dict.fromkeys(CLEAN) | {"cy_joins": CY_JOINS}), "who led the visit",
        key="cy",
    ),
}  # fmt: skip

STANDING: Examples = {
    Code.AFTER_REASSIGNMENT: Example(
        anns(until_ms=T - 1, reason="unassigned"), {"least_after_ms": 1},
        anns(until_ms=T, reason="unassigned"), "a millisecond later",
        a_scene(assigned=()), "any assignment",
    ),
    Code.AFTER_CLOSING: Example(
        a_scene(closed_ms=T - 1), {"least_after_ms": 1},
        a_scene(closed_ms=T), "a millisecond later",
        a_scene(closed_ms=None), "when it was closed",
    ),
    Code.AFTER_EXPIRY: Example(
        anns(lease_until_ms=T - 1), {"least_after_ms": 1},
        anns(lease_until_ms=T), "a millisecond later",
        a_scene(assigned=()), "any assignment",
    ),
    Code.STALE_PACKET: Example(
        revised(T - 1), {"used_rev": 3, "rev": 4, "least_after_ms": 1},
        revised(T), "with the change a millisecond later",
        a_scene(revisions=None), "which revisions there were",
    ),
}  # fmt: skip

RECORDS: Examples = {
    Code.EVENTS_PARKED: Example(
        a_scene(parked=["p", "q"]), {"parked": 2, "unreadable": 0},
        a_scene(parked=[]), "with every record taken",
        nothing_known(), "anything",
    ),
    Code.LATE_EVENT: Example(
        a_scene({"bo_ends": replace(CLEAN["bo_ends"], received_ms=HEARD_MS + 1)}, decided_ms=HEARD_MS), {"events": 1},
        a_scene(decided_ms=HEARD_MS), "in the very millisecond",
        a_scene(decided_ms=None), "any decision",
    ),
    Code.PROMISE_KEPT: Example(
        paid(5_000), TOO_LITTLE | {"paid_minor": 5_000},
        paid(4_999), "with a cent less",
        paid(5_000, payments=None), "the ledger",
    ),
    Code.PROMISE_BROKEN: Example(
        paid(4_999, "2016-10-13"), TOO_LITTLE,
        paid(4_999, "2016-10-12"), "on its last day",
        paid(4_999, ""), "what day it is",
    ),
    Code.PROMISE_OPEN: Example(
        paid(4_999, "2016-10-12"), TOO_LITTLE,
        paid(4_999, "2016-10-13"), "a day later",
        paid(4_999, payments=None), "the ledger",
        key="2016-10-12",
    ),
}  # fmt: skip
