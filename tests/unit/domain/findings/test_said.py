"""What an agent wrote: every text is read, in both languages, as it stands now and as it stood before a correction."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import EventKind
from server.domain.conduct.notes import NoteCode, find_spans
from server.domain.findings.codes import Code, Finding
from server.domain.findings.find import find_all
from server.domain.findings.said import ABOUT, find_note_flagged
from tests.unit.domain.findings.builders import ANN, CLEAN, a_scene, an_event, with_body

THREAT, CASH = "我威胁了他。", "收了他两百元现金。"
DEMO = Path(__file__).parents[4] / "server" / "demo" / "data"


def flags(*events: Any, **around: Any) -> list[tuple[Any, ...]]:
    """Give (about, pattern, matched) of what is flagged in a visit with these events."""
    scene = a_scene({event.id: event for event in events}, **around)
    return [
        tuple(found.facts[name] for name in ("about", "pattern", "matched"))
        for found in find_all(scene)
        if found.code is Code.NOTE_FLAGGED
    ]


FLAGGED_THREAT = ("a threat", "zh_i_threatened", "我威胁了他")
FLAGGED_CASH = ("a payment to the agent", "zh_took_cash", "收了他两百元现金")


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        (EventKind.OUTCOME_NOTED, "note"), (EventKind.HOLD_PLACED, "note"), (EventKind.STEP_DONE, "note"),
        (EventKind.QUESTION_ANSWERED, "answer"), (EventKind.EVENT_CORRECTED, "reason"),
        (EventKind.APPOINTMENT_AGREED, "note"), (EventKind.RECORDING_CHANGED, "reason"),
    ],
)  # fmt: skip
def test_every_text_of_an_agent_is_read(kind: EventKind, member: str) -> None:
    """A note, an answer, a reason: whatever is written in free words."""
    body = {member: CASH, "step": "card_shown", "response": "given", "reason": CASH, "event_id": "none", "body": {}}
    found = find_note_flagged(a_scene({"ann_more": an_event("ann_more", 500, kind, body, seq=8)}))

    assert ["收了他两百元现金"] == [each.facts["matched"] for each in found]


def test_an_objection_to_a_finding_is_read() -> None:
    """What an agent writes against a finding stands with the finding, not with the visit's events."""
    assert [FLAGGED_CASH] == flags(contests={"finding-1": CASH})
    assert [] == flags(contests={"finding-1": "未收取现金。"})


def test_what_stood_before_a_correction_is_read_too() -> None:
    """Who corrects a note away is flagged for both: what was recorded stays recorded."""
    noted = with_body(CLEAN["ann_notes"], note=THREAT)
    body = {"event_id": "ann_notes", "reason": "wrong word", "body": {**CLEAN["ann_notes"].body, "note": CASH}}
    corrected = an_event("ann_corrects", 500, EventKind.EVENT_CORRECTED, body, seq=8)

    assert [FLAGGED_CASH, FLAGGED_THREAT] == sorted(flags(noted, corrected))


def test_who_stands_beside_the_visit_is_read_too() -> None:
    """An agent whom the lead did not let in recorded words about this door all the same."""
    noted = with_body(CLEAN["bo_joins"], fixes=[])
    beside = replace(noted, kind=EventKind.OUTCOME_NOTED.value, body={"note": THREAT})

    assert [FLAGGED_THREAT] == flags(beside, assigned=(ANN,))


def test_a_pattern_is_flagged_once_a_text() -> None:
    """The same words twice in one note are one finding, at the first of them; another pattern is another."""
    twice = with_body(CLEAN["ann_notes"], note=f"{CASH}{CASH}{THREAT}")

    assert [FLAGGED_THREAT, FLAGGED_CASH] == flags(twice)


def test_the_sentence_quotes_nothing() -> None:
    """Sentences travel and stay: the words themselves are in the facts, which an erasure blanks."""
    scene = a_scene({"ann_notes": with_body(CLEAN["ann_notes"], note=CASH)})
    [found] = [each for each in find_all(scene) if each.code is Code.NOTE_FLAGGED]

    assert (
        "What was written may speak of a payment to the agent: outcome noted, letters 1 to 8 (zh_took_cash)."
        == found.sentence
    )


def test_a_threat_to_the_agent_is_told_apart() -> None:
    """Whoever reads it sees whose safety it is about."""
    assert [("a threat to the agent", "zh_they_threatened", "他威胁我")] == flags(
        with_body(CLEAN["ann_notes"], note="他威胁我，我就走了。")
    )
    assert set(NoteCode) == set(ABOUT)


@pytest.mark.parametrize("text", [None, 7, ["x"], ""])
def test_what_is_no_text_is_passed_over(text: object) -> None:
    """A correction may put anything in a note's place: it breaks nothing."""
    assert [] == flags(replace(CLEAN["ann_notes"], body={**CLEAN["ann_notes"].body, "note": text}))


@pytest.mark.parametrize("name", ["sf", "zh"])
def test_the_notes_of_real_visits_raise_no_alarm(name: str) -> None:
    """Notes of real inspections, and those of the small Chinese portfolio: none is flagged."""
    with (DEMO / f"{name}_visits.csv").open(encoding="utf-8", newline="") as file:
        notes = [row["notes"] for row in csv.DictReader(file) if row["notes"]]
    alarms = [note for note in notes if find_spans(note)]

    assert len(notes) >= 40
    assert [] == alarms


def test_findings_come_in_one_order() -> None:
    """The same visit gives the same findings, however its events were heard."""
    scene = a_scene({"ann_notes": with_body(CLEAN["ann_notes"], note=f"{THREAT}{CASH}")})
    keys = [found.key for found in find_all(scene)]

    assert ["ann_notes/zh_i_threatened", "ann_notes/zh_took_cash"] == keys
    assert all(isinstance(found, Finding) for found in find_all(scene))
