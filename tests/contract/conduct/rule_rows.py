"""
Rows: what single rules answer over facts written by hand, read from `fixtures/rows/*.yaml`; and mutants of rules.

A file names a rulebook, a zone and the facts that all its rows share; a rule may name its own rulebook and zone. A row
says at which check, which facts differ, the answer, and perhaps the limit in words and when time cures it. Times are
local, in the file's zone:

- interval: "2026-05-11 09:00/09:30"; a list of them makes a row each
- contacts: ["2026-05-01 10:00 call made", "2026-05-01 10:00 visit attempt case=c2 number=n1"]
- holds: ["bereavement 2026-05-01 10:00", "dispute 2026-05-01 10:00 until 2026-05-12 09:00"]
- any other fact as `facts.py` has it, a fact of ms as a local time; ~ takes away a fact that all rows share
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from server.domain.conduct.facts import Facts
from server.domain.conduct.judging import TYPES
from server.domain.conduct.periods import Period
from server.domain.conduct.recounting import load
from server.domain.conduct.rules import Check, Rule, RuleType
from server.domain.conduct.verdicts import Asked
from server.services.rulebooks import load_shipped
from tests.unit.domain.conduct.when import a_rule

FOLDER = Path(__file__).parent / "fixtures" / "rows"
COMPLETE = ("FLOOR", "CN", "US", "US-MA", "UK", "IN")
DRAFTS = ("PH", "ID", "KR", "JP", "AU", "VN", "EU")
MEMBERS = {"as", "is", "limit", "cure", *Check}


@dataclass(frozen=True)
class Row:
    """One rule asked over one set of facts, and what it answers."""

    name: str
    rule: Rule
    zone: str
    check: Check
    facts: Facts
    expected: Mapping[str, Any]

    def says(self, rule: Rule) -> dict[str, Any]:
        """Ask *rule*, this row's or a mutant of it; give what the row has an expectation of."""
        found = TYPES[rule.type][1](rule.params, self.facts, Asked(rule, self.zone, self.check))
        said = {"is": found.answer.value, "limit": found.limit, "cure": found.cure_ms}
        return {name: said[name] for name in self.expected}


@lru_cache
def read_rows(name: str) -> tuple[Row, ...]:
    """Read one file of rows."""
    told = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    rows: list[Row] = []
    for each in told["rules"]:
        scope = {**told, **each}
        if "rulebook" in scope:
            book = load_shipped(scope["rulebook"])
            found = book.rule(each["rule"])
            assert found is not None, each["rule"]
            rule, zone = found, book.zone
        else:
            rule, zone = a_rule(RuleType(each["type"]), each["params"], id=each["type"]), "place"
        rows += [one for row in each["rows"] for one in _read_row(row, rule, zone, scope)]
    return tuple(rows)


def _read_row(row: Mapping[str, Any], rule: Rule, zone: str, told: Mapping[str, Any]) -> Iterator[Row]:
    assert set(row) <= MEMBERS, row
    [check] = [each for each in Check if each.value in row]
    assert check in rule.checks, f"{rule.id} is not checked at the {check}"
    given = {name: value for name, value in {**told["facts"], **(row[check] or {})}.items() if value is not None}
    expected = {name: row[name] for name in ("is", "limit") if name in row}
    if "cure" in row:
        expected["cure"] = row["cure"] and to_ms(row["cure"], told["zone"])
    intervals = given.get("interval")
    for interval in intervals if isinstance(intervals, list) else [intervals]:
        facts = given if interval is None else given | {"interval": interval}
        many = f", {interval}" if isinstance(intervals, list) else ""
        name = f"{rule.id} {check}: {row['as']}{many}"
        yield Row(name, rule, zone, check, load(Facts, _read_facts(facts, told["zone"])), expected)


def to_ms(text: str, zone: str) -> int:
    """Read a local time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def _read_facts(given: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """Give facts as `load` takes them."""
    readers = {"interval": _read_interval, "contacts": _read_contacts, "holds": _read_holds}
    return {
        name: readers[name](value, zone) if name in readers else _with_ms(value, zone, name)
        for name, value in given.items()
    }


def _read_interval(text: str, zone: str) -> dict[str, int]:
    starts, ends = text.split("/")
    return {"starts_ms": to_ms(starts, zone), "ends_ms": to_ms(ends if "-" in ends else starts[:11] + ends, zone)}


def _read_contacts(texts: list[str], zone: str) -> list[dict[str, Any]]:
    contacts = []
    for number, text in enumerate(texts):
        channel, result, *more = text[17:].split()
        of = {"case": "c", "person": "p", "number": ""} | dict(each.split("=") for each in more)
        ids = {"id": f"k{number}", "case_id": of["case"], "person_id": of["person"], "number": of["number"]}
        contacts.append({"at_ms": to_ms(text[:16], zone), "channel": channel, "result": result, **ids})
    return contacts


def _read_holds(texts: list[str], zone: str) -> list[dict[str, Any]]:
    holds = []
    for text in texts:
        reason, _, times = text.partition(" ")
        placed, _, until = times.partition(" until ")
        ends = to_ms(until, zone) if until else None
        times_ms = {"placed_ms": to_ms(placed, zone), "until_ms": ends}
        holds.append({"id": "h", "reason": reason, "scope": "case", "source": "office", **times_ms})
    return holds


def _with_ms(value: Any, zone: str, name: str = "") -> Any:
    """Read local times wherever a fact is one of ms, and days as texts."""
    if isinstance(value, str) and name.endswith("_ms"):
        return to_ms(value, zone)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _with_ms(member, zone, str(key)) for key, member in value.items()}
    return [_with_ms(each, zone) for each in value] if isinstance(value, list) else value


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Give the rule with each threshold moved by one unit, either way, named."""
    for each in fields(rule.params):
        for what, value in _moved(getattr(rule.params, each.name)):
            try:
                params = replace(rule.params, **{each.name: value})
            except ValueError:
                continue  # a value that no rulebook may hold is found when it is loaded
            yield f"{rule.id} {each.name} {what}", replace(rule, params=params)


def _moved(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield str(not value), not value
    elif isinstance(value, int):
        yield from ((f"{other}", other) for other in (value - 1, value + 1) if other >= 0)
    elif isinstance(value, time):
        for minutes in (-1, 1):
            other = time(*divmod((value.hour * 60 + value.minute + minutes) % 1440, 60))
            yield f"{other:%H:%M}", other
    elif isinstance(value, Period):
        yield from ((str(other), other) for other in _periods(value))
    elif isinstance(value, tuple) and value and all(isinstance(each, int) for each in value):
        yield from ((str(other), other) for other in _weekdays(value))
    elif isinstance(value, tuple):
        for place, word in enumerate(value):
            for other in _period_words(word):
                yield other, (*value[:place], other, *value[place + 1 :])


def _periods(value: Period) -> Iterator[Period]:
    """Move by a year, a month, a day or a minute: by what the period is a whole number of."""
    months = 12 if value.months and value.months % 12 == 0 else 1 if value.months else 0
    minutes = 0 if months else 1440 if value.minutes and value.minutes % 1440 == 0 else 1
    for sign in (-1, 1):
        other = Period(value.months + sign * months, value.minutes + sign * minutes)
        if other.months >= 0 and other.minutes >= 0:
            yield other


def _weekdays(value: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for day in range(1, 8):
        other = tuple(each for each in value if each != day) if day in value else tuple(sorted((*value, day)))
        if other:
            yield other


def _period_words(word: str) -> Iterator[str]:
    """Move a period that stands among words."""
    try:
        days = Period.read(word).minutes // 1440
    except ValueError:
        return
    yield from (f"P{days + 1}D", f"P{days - 1}D")


def thresholds() -> list[tuple[str, Rule, str]]:
    """Give (name, mutant, file of rows) of every threshold of every complete rulebook, and of the drafts' hours."""
    rules = [(book, rule) for book in COMPLETE for rule in load_shipped(book).rules]
    hours = [
        ("drafts", rule) for book in DRAFTS for rule in load_shipped(book).rules if rule.type is RuleType.CONTACT_WINDOW
    ]
    return [(name, mutant, file) for file, rule in [*rules, *hours] for name, mutant in mutants(rule)]
