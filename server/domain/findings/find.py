"""
Finding: every rule, by the code it may give.

Comes in: one visit and everything around it. Goes out: its findings, in the order of the catalogue; the same context
gives the same findings. To add one, see `codes.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from server.domain.findings import (
    chains,
    clocks,
    conduct,
    crews,
    door,
    files,
    place,
    promises,
    recordings,
    records,
    said,
    standing,
    voice,
)
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context

Rule = Callable[[Context], list[Finding]]

RULES: dict[Code, Rule] = {
    Code.PLACE_OUTSIDE: place.find_place_outside,
    Code.PLACE_UNCERTAIN: place.find_place_uncertain,
    Code.FIXES_MISSING: place.find_fixes_missing,
    Code.FIX_MOCKED: place.find_fix_mocked,
    Code.FIX_REPEATED: place.find_fix_repeated,
    Code.IMPOSSIBLE_TRAVEL: place.find_impossible_travel,
    Code.CLOCK_OFF: clocks.find_clock_off,
    Code.CLOCK_STEPPED: clocks.find_clock_stepped,
    Code.CLOCK_FUTURE: clocks.find_clock_future,
    Code.CHAIN_LOST: chains.find_chain_lost,
    Code.CHAIN_FORKED: chains.find_chain_forked,
    Code.CHECKPOINT_BAD: chains.find_checkpoint_bad,
    Code.ID_REUSED: chains.find_id_reused,
    Code.SEALED_BEFORE_IDENTITY: door.find_sealed_before_identity,
    Code.OUTCOME_WITHOUT_CHECK_IN: door.find_outcome_without_check_in,
    Code.IMPOSSIBLE_OUTCOME: door.find_impossible_outcome,
    Code.NEVER_ENDED: door.find_never_ended,
    Code.TOO_SHORT: door.find_too_short,
    Code.AGENT_IN_TWO_VISITS: crews.find_agent_in_two_visits,
    Code.TWO_CREWS: crews.find_two_crews,
    Code.COMPANION_MISSING: crews.find_companion_missing,
    Code.COMPANION_LEFT_EARLY: crews.find_companion_left_early,
    Code.COMPANION_UNASSIGNED: crews.find_companion_unassigned,
    Code.AFTER_REASSIGNMENT: standing.find_after_reassignment,
    Code.AFTER_CLOSING: standing.find_after_closing,
    Code.AFTER_EXPIRY: standing.find_after_expiry,
    Code.STALE_PACKET: standing.find_stale_packet,
    Code.FILES_MISSING: files.find_files_missing,
    Code.PICTURE_REPEATED: files.find_picture_repeated,
    Code.PICTURE_OLDER: files.find_picture_older,
    Code.RECORDING_ABSENT: recordings.find_recording_absent,
    Code.RECORDING_UNNAMED: recordings.find_recording_unnamed,
    Code.RECORDING_LATE: recordings.find_recording_late,
    Code.RECORDING_SHORT: recordings.find_recording_short,
    Code.EVENTS_PARKED: records.find_events_parked,
    Code.LATE_EVENT: records.find_late_event,
    Code.PROMISE_KEPT: promises.find_promise_kept,
    Code.PROMISE_BROKEN: promises.find_promise_broken,
    Code.PROMISE_OPEN: promises.find_promise_open,
    Code.NOTE_FLAGGED: said.find_note_flagged,
    Code.RULE_BROKEN: conduct.find_rule_broken,
    Code.RULE_CHANGED: conduct.find_rule_changed,
    Code.NEAR_MISS: conduct.find_near_miss,
    Code.FEEDBACK_CONTRADICTS: voice.find_feedback_contradicts,
}


def find_all(context: Context) -> list[Finding]:
    """Give everything that the rules find in *context*, in the order of the catalogue."""
    return [finding for code in Code for finding in RULES[code](context)]
