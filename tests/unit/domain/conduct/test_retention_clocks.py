"""Retention clocks: the strictest rule keeps, a hold keeps longer, and only a rule whose text was seen erases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from server.domain.conduct import judging
from server.domain.conduct.retention import RECORDS, CaseRecords, Clock, RecordClass, concerning, say_keep, wind
from server.domain.conduct.rules import Rulebook, read_rulebook
from server.services.rulebooks import load_shipped, shipped_names

ZONE = "Asia/Shanghai"


def at(text: str) -> int:
    """Give ms of a UTC time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


ENDED = CaseRecords(at("2020-03-10T10:00"), at("2020-03-01T10:00"), dict.fromkeys(RecordClass, 1))


def book(*rules: dict[str, Any], kind: str = "jurisdiction", confidence: str = "primary") -> Rulebook:
    """Make a rulebook of retention rules, which are R-1, R-2 and so on."""
    words = {"en": "It is kept.", "zh": "予以保存。"}
    text = {
        "rulebook": "TEST", "version": "1", "kind": kind, "zone": ZONE, "title": "T", "sources": {"s": {"law": "L"}},
        "rules": [
            {
                "id": f"R-{number}", "type": "retention", "params": params, "check": ["review"], "severity": "record",
                "on_unknown": "warn", "source": ["s"], "confidence": confidence, "status": "in_force",
                "agent": words, "person": words,
            }
            for number, params in enumerate(rules, start=1)
        ],
    }  # fmt: skip
    return read_rulebook("t", "", text, judging.read_params)


def clock(record: RecordClass, *books: Rulebook, known: CaseRecords = ENDED) -> Clock:
    """Wind the clock of one class."""
    [found] = [each for each in wind(books, known, ZONE) if each.record is record]
    return found


EVENTS = RecordClass.EVENTS
LEAST = {"record": ["collection_process"], "least": "P5Y"}
NEEDED = {"record": ["personal_information"], "most": "shortest_necessary"}


def test_china_keeps_five_years_and_erases_the_day_after() -> None:
    """CN: five years from the end of the case, the latest the rule can mean; then what is not needed any more goes."""
    found = clock(EVENTS, load_shipped("CN"))

    assert (date(2025, 3, 10), date(2025, 3, 11), "CN-RET-004") == (found.until, found.erase_from, found.erase_by)
    assert found.is_kept(date(2025, 3, 10))
    assert not found.is_due(date(2025, 3, 10))
    assert found.is_due(date(2025, 3, 11))


def test_america_keeps_three_years_from_the_last_activity() -> None:
    """US: from the last activity, whatever day the case ended; no rule of it wants anything erased."""
    found = clock(EVENTS, load_shipped("US"))

    assert (date(2023, 3, 1), None) == (found.until, found.erase_from)
    assert not found.is_due(date(2099, 1, 1))


def test_the_strictest_of_stacked_rulebooks_keeps() -> None:
    """CN and US together: the later day counts."""
    assert date(2025, 3, 10) == clock(EVENTS, load_shipped("US"), load_shipped("CN")).until


def test_a_rule_from_memory_keeps_complaints() -> None:
    """UK: three years, known from memory only; nothing else of the case is kept by it."""
    assert date(2023, 3, 10) == clock(RecordClass.COMPLAINTS, load_shipped("UK")).until
    assert () == clock(EVENTS, load_shipped("UK")).keeps


@pytest.mark.parametrize(
    ("kind", "confidence", "is_due"),
    [
        ("jurisdiction", "primary", True),
        ("jurisdiction", "secondary", True),
        ("jurisdiction", "partial", False),
        ("jurisdiction", "memory", False),
        ("draft", "primary", False),
    ],
)
def test_only_a_rule_whose_text_was_seen_erases(kind: str, confidence: str, is_due: bool) -> None:
    """What is known in part or from memory, and a draft, never is the ground for erasing."""
    found = clock(EVENTS, book(NEEDED, kind=kind, confidence=confidence))

    assert is_due == found.is_due(date(2030, 1, 1))


def test_the_end_of_the_longest_time_is_a_period_where_the_rule_names_one() -> None:
    """A house that keeps at most a year erases after a year, not before."""
    found = clock(EVENTS, book({"record": ["personal_data"], "most": "P1Y"}))

    assert (date(2021, 3, 11), False, True) == (
        found.erase_from, found.is_due(date(2021, 3, 10)), found.is_due(date(2021, 3, 11))
    )  # fmt: skip


def test_what_must_be_kept_is_not_erased_by_a_shorter_longest_time() -> None:
    """A year at most against five years at least: five years."""
    found = clock(EVENTS, book({"record": ["personal_data"], "most": "P1Y"}, LEAST))

    assert (date(2025, 3, 10), date(2025, 3, 11), "R-1") == (found.until, found.erase_from, found.erase_by)


@pytest.mark.parametrize(
    ("change", "rule_id"),
    [
        ({"closed_ms": None}, "CASE-OPEN"),
        ({"is_on_legal_hold": True}, "LEGAL-HOLD"),
        ({"has_open_complaint": True}, "COMPLAINT-OPEN"),
    ],
)
def test_what_has_no_end_keeps(change: dict[str, Any], rule_id: str) -> None:
    """An open case, a legal hold, an open complaint: nothing is due, however long ago it was."""
    found = clock(EVENTS, book(NEEDED), known=replace(ENDED, **change))

    assert rule_id in [each.rule_id for each in found.keeps]
    assert (None, True, None) == (found.until, found.is_endless, found.erase_from)
    assert found.is_kept(date(2099, 1, 1))
    assert not found.is_due(date(2099, 1, 1))


def test_without_a_rule_nothing_is_kept_and_nothing_is_due() -> None:
    """No rule in force says anything: whoever is asked to erase may, nobody has to."""
    found = clock(EVENTS)

    assert ((), None) == (found.keeps, found.erase_from)


def test_a_word_nobody_explained_keeps_everything_and_erases_nothing() -> None:
    """A house's own word for its records: doubt keeps."""
    assert date(2025, 3, 10) == clock(EVENTS, book({"record": ["our_papers"], "least": "P5Y"})).until
    assert clock(EVENTS, book({"record": ["our_papers"], "most": "P1Y"})).erase_from is None


@pytest.mark.parametrize("name", shipped_names())
def test_every_word_for_records_in_a_shipped_rulebook_is_explained(name: str) -> None:
    """No rulebook that is shipped leaves it to doubt which records it means."""
    words = {
        word
        for record in RecordClass
        for _, rule in concerning([load_shipped(name)], record)
        for word in rule.params.record
    }
    assert set() == words - set(RECORDS)


def test_only_classes_with_records_have_a_clock() -> None:
    """Nothing is told of what a case does not have."""
    known = replace(ENDED, counts={RecordClass.FILES: 0, RecordClass.CONTACTS: 2})

    assert [(RecordClass.CONTACTS, 2)] == [(each.record, each.count) for each in wind([book(LEAST)], known, ZONE)]


def test_a_day_is_the_zone_s() -> None:
    """Eleven in the evening UTC is the next day in Shanghai."""
    known = replace(ENDED, closed_ms=at("2020-03-10T23:00"))

    assert date(2025, 3, 11) == clock(EVENTS, book(LEAST), known=known).until


def test_the_person_is_told_until_when() -> None:
    """The rule's own sentence, with the day, in both languages."""
    [keep] = clock(EVENTS, book(LEAST)).keeps

    assert "It is kept. Kept until Monday 10 March 2025." == say_keep(keep)
    assert "予以保存。（保存至 2025 年 3 月 10 日）" == say_keep(keep, "zh-Hans")
