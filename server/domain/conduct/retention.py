"""
Retention: until when each class of records has to be kept, by the strictest rule in force, and when it has to go.

Comes in: rulebooks, and what is known of one case. Goes out: for each class of records what keeps it, until which day,
and from which day on which rule wants it erased. Doubt keeps: what a word may mean counts from the latest moment it can
mean, a rule known from memory keeps as well as any other, but never is the ground for erasing, nor is a draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from server.domain.conduct.after import Retention
from server.domain.conduct.periods import Period, local_time
from server.domain.conduct.rules import Kind, Rule, Rulebook
from server.domain.conduct.wording import say_day, say_period, say_words


class RecordClass(StrEnum):
    """What is kept of a case, by what it is."""

    EVENTS = "events"  # what devices recorded
    FILES = "files"  # recordings and pictures that events name
    VISITS = "visits"  # what the office made of them: findings, decisions
    CONTACTS = "contacts"
    NOTICES = "notices"
    COMPLAINTS = "complaints"
    JUDGEMENTS = "judgements"  # what the gate and the review answered, with all they knew
    PERSONS = "persons"  # who it is, how they are reached, what they asked for


ALL = frozenset(RecordClass)
# What a rulebook calls records -> the classes it means. A word that is not here means all of them: so it is kept.
RECORDS: dict[str, frozenset[RecordClass]] = {
    "collection_process": ALL,
    "evidence_of_compliance_or_not": ALL,
    "personal_information": ALL,
    "personal_data": ALL,
    "collection_recordings_credit_card": frozenset({RecordClass.FILES}),
    "recordings_and_photos": frozenset({RecordClass.FILES}),  # a house's own word
    "call_recording": frozenset({RecordClass.FILES}),  # calls are recorded elsewhere; what we hold is kept as long
    "complaint": frozenset({RecordClass.COMPLAINTS}),
    "pia_report": frozenset(),  # papers of the house, of no case
    "processing_log": frozenset(),
}
# What a rulebook counts from -> whether it is the last activity alone; any other word may also mean the case's end.
FROM_ACTIVITY = frozenset({"last_collection_activity", "call_date"})
START = "from the end of the case (the rule names no start)"
CASE_OPEN = "CASE-OPEN"
LEGAL_HOLD = "LEGAL-HOLD"
OPEN_COMPLAINT = "COMPLAINT-OPEN"
OPEN = {
    CASE_OPEN: {
        "en": "This is not finished yet: it is kept until it is.", "zh": "此事尚未办结，办结之前须予保存。",
    },
    LEGAL_HOLD: {
        "en": "This is needed for a legal matter: it is kept until somebody has released it.",
        "zh": "因法律事务需要保存，解除之前不予删除。",
    },
    OPEN_COMPLAINT: {
        "en": "A complaint is not answered yet: this is kept until it is.", "zh": "投诉尚未答复，答复之前须予保存。",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseRecords:
    """What is known of one case: whether and when it ended, its last activity, how many records there are of what."""

    closed_ms: int | None  # none while it is open
    last_ms: int  # of the last activity
    counts: Mapping[RecordClass, int] = field(default_factory=dict)
    is_on_legal_hold: bool = False
    has_open_complaint: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """One thing that keeps a class of records: a rule until a day, or what has no end that is known yet."""

    rule_id: str
    until: date | None
    says: Mapping[str, str]  # to the person, by language


@dataclass(frozen=True, slots=True)
class Clock:
    """A class of records: what keeps it, and from which day on which rule wants it erased; None: none does."""

    record: RecordClass
    count: int
    keeps: tuple[Keep, ...]
    erase_from: date | None = None
    erase_by: str = ""

    @property
    def until(self) -> date | None:
        """The last day it has to be kept; None where nothing keeps it, or something without an end."""
        return None if self.is_endless else max((each.until for each in self.keeps if each.until), default=None)

    @property
    def is_endless(self) -> bool:
        """Whether something keeps it of which no end is known."""
        return any(each.until is None for each in self.keeps)

    def is_kept(self, today: date) -> bool:
        """Say whether anything keeps it today."""
        return any(each.until is None or each.until >= today for each in self.keeps)

    def is_due(self, today: date) -> bool:
        """Say whether it has to be erased by now."""
        return self.erase_from is not None and self.erase_from <= today and not self.is_kept(today)


def wind(rulebooks: Sequence[Rulebook], known: CaseRecords, zone: str) -> list[Clock]:
    """Give the clock of each class of which the case holds any record; days are those of *zone*."""
    return [_clock(rulebooks, known, zone, record) for record in RecordClass if known.counts.get(record)]


def _clock(rulebooks: Sequence[Rulebook], known: CaseRecords, zone: str, record: RecordClass) -> Clock:
    keeps = [Keep(name, None, OPEN[name]) for name, holds in _endless(known) if holds]
    if known.closed_ms is None:  # nothing has begun to count
        return Clock(record, known.counts[record], tuple(keeps))
    wanted: list[tuple[date, str]] = []
    for book, rule in concerning(rulebooks, record):
        params: Retention = rule.params
        starts_ms = _start(params, known)
        if params.least is not None:
            until = local_time(params.least.after(starts_ms, zone), zone).date()
            keeps.append(Keep(rule.id, until, rule.says_person))
        if params.most and may_erase(book, rule):
            most = _read_most(params.most)
            over_ms = known.closed_ms if most is None else most.after(starts_ms, zone)
            wanted.append((local_time(over_ms, zone).date() + timedelta(days=1), rule.id))
    if not wanted or any(each.until is None for each in keeps):
        return Clock(record, known.counts[record], tuple(keeps))
    first, rule_id = min(wanted)
    kept = [each.until + timedelta(days=1) for each in keeps if each.until is not None]
    return Clock(record, known.counts[record], tuple(keeps), max([first, *kept]), rule_id)


def _endless(known: CaseRecords) -> Iterator[tuple[str, bool]]:
    yield CASE_OPEN, known.closed_ms is None
    yield LEGAL_HOLD, known.is_on_legal_hold
    yield OPEN_COMPLAINT, known.has_open_complaint


def _start(params: Retention, known: CaseRecords) -> int:
    if params.counted_from in FROM_ACTIVITY or known.closed_ms is None:
        return known.last_ms
    return max(known.closed_ms, known.last_ms)


def _read_most(text: str) -> Period | None:
    """Read the longest time something may be kept; None for words: no longer than it is needed."""
    try:
        return Period.read(text)
    except ValueError:
        return None


def concerning(rulebooks: Sequence[Rulebook], record: RecordClass) -> Iterator[tuple[Rulebook, Rule]]:
    """Give the retention rules about a class of records, with their rulebooks."""
    for book in rulebooks:
        for rule in book.rules:
            if isinstance(rule.params, Retention) and _means(rule.params, record):
                yield book, rule


def _means(params: Retention, record: RecordClass) -> bool:
    """Say whether a rule means a class; a word nobody explained means every class to keep, and none to erase."""
    unexplained = ALL if params.least is not None else frozenset()
    return any(record in RECORDS.get(word, unexplained) for word in params.record)


def may_erase(book: Rulebook, rule: Rule) -> bool:
    """Say whether a rule is ground enough to erase: its text was seen, and it is in force."""
    return rule.is_verified and book.kind is not Kind.DRAFT


def say_rule(rule: Rule) -> str:
    """
    Say what a retention rule asks for, in words.

    Kept and erased are two halves, and one of them may be missing.
    """
    params: Retention = rule.params
    since = f" from {say_words([params.counted_from])}" if params.counted_from else f" {START}"
    parts = [
        f"kept at least {say_period(params.least)}{since}" if params.least else "",
        f"kept at most: {_say_most(params.most)}" if params.most else "",
        f"erased: {say_words([params.erase])}" if params.erase else "",
    ]
    return "; ".join(part for part in parts if part)


def _say_most(text: str) -> str:
    period = _read_most(text)
    return say_words([text]) if period is None else say_period(period)


def say_keep(keep: Keep, language: str = "en") -> str:
    """Say to the person what keeps a record, and until which day."""
    said = keep.says.get("zh" if language.startswith("zh") else "en", keep.says["en"])
    if keep.until is None:
        return said
    if language.startswith("zh"):
        return f"{said}（保存至 {keep.until.year} 年 {keep.until.month} 月 {keep.until.day} 日）"
    return f"{said} Kept until {say_day(keep.until)}."
