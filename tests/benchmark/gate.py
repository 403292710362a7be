"""
The gate: 10,000 cases judged against the house's floor and the Chinese rulebook on one core, nothing read or written.

Beside it stands a bare loop of the same run over the same rules and cases, which calls a function that does nothing,
and what assigning takes on top: finding the first lawful visit and compiling the packet's limits. Then the same of
2,000 cases with what has to be read of them, and with every answer kept.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from server.domain.conduct.briefly import judge_briefly
from server.domain.conduct.facts import (
    AgencyFacts,
    AgentFacts,
    AppointmentFacts,
    Contact,
    Facts,
    HoldFacts,
    Interval,
    Preference,
)
from server.domain.conduct.gate import judge_gate
from server.domain.conduct.judging import can_be_vouched_for, judge
from server.domain.conduct.rules import Check, Rulebook
from server.domain.conduct.verdicts import Asked
from server.services.rulebooks import load_shipped
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.benchmark.gate_tables import measure_tables
from tests.benchmark.workloads import Figures

CASES = 10_000
BOOKS = ("FLOOR", "CN")
MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
NOW_MS = 1_776_650_400_000  # 10:00 on a Monday of April 2026 in Shanghai
TODAY = date(2026, 4, 20)
RESTS = {TODAY + timedelta(days=days): (TODAY + timedelta(days=days)).isoweekday() > 5 for days in range(-3, 100)}
SAID = dict.fromkeys(
    ("found_lawful", "found_not_time_barred", "found_not_refused_by_court", "hardship_offer_sent"), True
)  # fmt: skip
CALENDARS = {"CN": RESTS}  # one for all cases of a region, as they are gathered
CHANNELS = ("call", "message", "visit", "letter", "app")


def make_facts(count: int, books: Sequence[Rulebook]) -> Iterator[Facts]:
    """Make what is known of cases: logs of up to eight contacts, crews with papers; some holds and wishes."""
    chosen = random.Random(1)
    papers = dict.fromkeys(("CN-NIFA", "visit_conduct"), TODAY + timedelta(days=200))
    crew = tuple(
        AgentFacts(
            f"a{place}", certificates=papers, training_hours={"visit_conduct": 40}, letters={"Bank": max(RESTS)},
            training_until=papers, background_checked_on=TODAY - timedelta(days=30), cards=("photo_id_card",),
        )
        for place in range(2)
    )  # fmt: skip
    agency = AgencyFacts("North", TODAY + timedelta(days=300), TODAY - timedelta(days=50), True, "yes", False, "agency")
    attested = {
        rule.id: TODAY + timedelta(days=90) for book in books for rule in book.rules if can_be_vouched_for(rule)
    }
    for number in range(count):
        case_id = f"case-{number}"
        starts_ms = NOW_MS + chosen.randrange(7 * 96) * 15 * MINUTE_MS
        contacts = tuple(
            Contact(
                f"{number}/{place}", NOW_MS - chosen.randrange(40 * 1440) * MINUTE_MS, chosen.choice(CHANNELS),
                chosen.choice(("made", "attempt")), case_id, f"person-{number}", content=("purpose", "date"),
            )
            for place in range(chosen.randrange(9))
        )  # fmt: skip
        held = (HoldFacts(f"h{number}", "illness", "case", NOW_MS - DAY_MS, None, "office"),)
        wish = (Preference("not_between", "12:00", "14:00", given_ms=NOW_MS - DAY_MS),)
        visit = AppointmentFacts(f"p{number}", starts_ms, starts_ms + 90 * MINUTE_MS, "person", True)
        yield Facts(
            now_ms=NOW_MS, case_id=case_id, person_id=f"person-{number}", lender="Bank",
            interval=Interval(starts_ms, starts_ms + 60 * MINUTE_MS), place_zone="Asia/Shanghai", region="CN",
            rest_days=CALENDARS, contacts=contacts, notices=(), attested=attested, crew=crew, agency=agency,
            steps=SAID, is_transferred=False, is_time_barred=False, complaints=(), consents=frozenset(),
            is_paid=False, is_disputed=False, is_represented=False, holds=held if chosen.random() < 0.05 else (),
            preferences=wish if chosen.random() < 0.1 else (), appointments=(visit,) if chosen.random() < 0.1 else (),
        )  # fmt: skip


def nothing(params: object, facts: Facts, asked: Asked) -> None:
    """Do nothing."""


def loop_barely(books: Sequence[Rulebook], cases: Sequence[Facts]) -> int:
    """Call a function that does nothing for each rule of the gate and each case; give how often."""
    rules = [(rule, Asked(rule, book.zone, Check.GATE)) for book in books for rule in book.rules]
    asked = [(rule.params, each) for rule, each in rules if Check.GATE in rule.checks]
    count = 0
    for facts in cases:
        for params, each in asked:
            nothing(params, facts, each)
            count += 1
    return count


def judge_all(books: Sequence[Rulebook], cases: Sequence[Facts]) -> int:
    """Judge each case as the gate does; give how many verdicts that are."""
    return sum(len(judge_briefly(books, facts)) for facts in cases)


def judge_fully(books: Sequence[Rulebook], cases: Sequence[Facts]) -> int:
    """Judge each case as whoever asks why does, with every fact used; give how many verdicts that are."""
    return sum(len(judge(books, facts, Check.GATE)) for facts in cases)


def assign_all(books: Sequence[Rulebook], cases: Sequence[Facts]) -> int:
    """Do for each case what the gate does when it is assigned for a week; give how many verdicts that are."""
    return sum(len(judge_gate(books, facts, NOW_MS + 7 * DAY_MS).verdicts) for facts in cases)


def measure(_adapter: FairvisitAdapter, folder: Path) -> Figures:
    """Judge, loop barely, and print both with their ratio, answer for answer; seconds of this process's CPU."""
    books = [load_shipped(name) for name in BOOKS]
    cases = list(make_facts(CASES, books))
    figures: Figures = {}

    def clock(name: str, of: Callable[[Sequence[Rulebook], Sequence[Facts]], int]) -> None:
        began = time.process_time()
        answers = of(books, cases)
        figures[name] = {"cpu_s": time.process_time() - began, "answers": answers}

    clock("a loop that does nothing", loop_barely)
    clock("judged", judge_all)
    clock("judged, with all facts used told", judge_fully)
    clock("judged, with its limits compiled", assign_all)
    bare_s, bare_answers = (figures["a loop that does nothing"][name] for name in ("cpu_s", "answers"))
    if figures["judged"]["answers"] != bare_answers:
        raise RuntimeError("the loop did not call for as many rules as were judged")
    figures |= measure_tables(folder)
    print(f"\nThe gate: {CASES:,} cases against {' and '.join(BOOKS)}, on one core")
    print(f"  {'':<38}{'answers':>12}{'CPU s':>10}{'ratio':>10}")
    for name, row in figures.items():
        row["ratio"] = row["cpu_s"] / row["answers"] / (bare_s / bare_answers)
        print(f"  {name:<38}{row['answers']:>12,}{row['cpu_s']:>10.2f}{row['ratio']:>10.1f}", flush=True)
    return figures
