"""
Reviewing: the state of a visit, as a fold over what happened to it, through one transition table.

Comes in: what was received and decided, each with its server time. Goes out: the state, and which acts it permits.
A visit that changed after a decision re-opens (E8): nothing decided is overwritten, it is decided again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.vocabulary import Act, EventKind
from server.domain.folding import Part, SeenEvent, Visit


class State(StrEnum):
    """Where a visit stands."""

    OPEN = "open"
    ABANDONED = "abandoned"
    AWAITING_FILES = "awaiting_files"
    AWAITING_REVIEW = "awaiting_review"
    RETURNED = "returned"
    ANSWERED = "answered"
    APPROVED = "approved"
    REJECTED = "rejected"


class Happening(StrEnum):
    """What can happen to a visit: observed, or (the last four) done by a reviewer."""

    NEWS = "news"
    ENDED = "ended"
    FILES_MISSING = "files_missing"
    WENT_SILENT = "went_silent"
    ANSWERED = "answered"
    APPROVE = "approved"
    RETURN = "returned"
    REJECT = "rejected"
    AMEND = "amended"


ACTS = frozenset({Happening.APPROVE, Happening.RETURN, Happening.REJECT, Happening.AMEND})
_DECIDED = {
    Happening.APPROVE: State.APPROVED,
    Happening.AMEND: State.APPROVED,
    Happening.RETURN: State.RETURNED,
    Happening.REJECT: State.REJECTED,
}
_REOPENED = {
    Happening.NEWS: State.AWAITING_REVIEW,
    Happening.ENDED: State.AWAITING_REVIEW,
    Happening.ANSWERED: State.AWAITING_REVIEW,
}
# An observation that is not listed changes nothing; an act that is not listed is refused.
TRANSITIONS: dict[State, dict[Happening, State]] = {
    State.OPEN: {Happening.ENDED: State.AWAITING_REVIEW, Happening.WENT_SILENT: State.ABANDONED},
    State.ABANDONED: {
        Happening.NEWS: State.OPEN,
        Happening.ENDED: State.AWAITING_REVIEW,
        Happening.ANSWERED: State.ANSWERED,
        Happening.RETURN: State.RETURNED,
        Happening.REJECT: State.REJECTED,
        Happening.AMEND: State.APPROVED,
    },
    State.AWAITING_FILES: {Happening.RETURN: State.RETURNED, Happening.REJECT: State.REJECTED},
    State.AWAITING_REVIEW: {Happening.FILES_MISSING: State.AWAITING_FILES, **_DECIDED},
    State.RETURNED: {Happening.ANSWERED: State.ANSWERED, **_DECIDED},
    State.ANSWERED: dict(_DECIDED),
    State.APPROVED: {Happening.RETURN: State.RETURNED, Happening.REJECT: State.REJECTED, **_REOPENED},
    State.REJECTED: {Happening.RETURN: State.RETURNED, Happening.APPROVE: State.APPROVED, **_REOPENED},
}


def apply(state: State, happening: Happening) -> State | None:
    """
    Give the state after *happening*; None for an act that this state does not permit.

    >>> apply(State.OPEN, Happening.APPROVE) is None
    True
    >>> apply(State.APPROVED, Happening.NEWS)
    <State.AWAITING_REVIEW: 'awaiting_review'>
    """
    after = TRANSITIONS[state].get(happening)
    if after is None:
        return None if happening in ACTS else state
    return after


def permitted_acts(state: State) -> list[Act]:
    """Give what a reviewer may do with a visit in *state*."""
    return [act for act in Act if apply(state, Happening(act.value)) is not None]


@dataclass(frozen=True, slots=True)
class Decided:
    """A reviewer's decision as far as the state cares."""

    id: str
    act: Act
    at_ms: int


def fold_state(visit: Visit, decisions: Sequence[Decided], now_ms: int, abandon_ms: int, *, lacks_files: bool) -> State:
    """
    Fold what happened to *visit* into its state.

    Observations count when the server received them, decisions when they were made. The lead's check-out ends a
    visit, a companion's only says that they left; *abandon_ms* after its last event a visit that never ended counts
    as abandoned.
    """
    happened: list[tuple[int, int, Happening]] = [
        (event.received_ms, 0, _observe(event, visit.lead)) for event in visit.events
    ]
    happened += [(decision.at_ms, 1, Happening(decision.act.value)) for decision in decisions]
    state = State.OPEN
    for _, _, happening in sorted(happened):
        state = apply(state, happening) or state
    if visit.ended is None and visit.events and now_ms - visit.events[-1].bound.estimate_ms > abandon_ms:
        state = apply(state, Happening.WENT_SILENT) or state
    if lacks_files:
        state = apply(state, Happening.FILES_MISSING) or state
    return state


def _observe(event: SeenEvent, lead: Part | None) -> Happening:
    if event.kind == EventKind.VISIT_ENDED and lead is not None and event.agent_id == lead.agent_id:
        return Happening.ENDED
    return Happening.ANSWERED if event.kind == EventKind.QUESTION_ANSWERED else Happening.NEWS
