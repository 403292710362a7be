"""Judged briefly, thousands of cases get the very answers that each gets alone; nothing is shared that may differ."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from server.domain.conduct.briefly import judge_briefly
from server.domain.conduct.facts import (
    AgencyFacts,
    AgentFacts,
    AppointmentFacts,
    ComplaintFacts,
    Contact,
    Facts,
    HoldFacts,
    Interval,
    Notice,
    Preference,
)
from server.domain.conduct.hours import OPENINGS
from server.domain.conduct.judging import TYPES, judge
from server.domain.conduct.recounting import answers
from server.domain.conduct.rules import Check, Rulebook, RuleType
from server.domain.conduct.sharing import READS, reads_of
from server.domain.conduct.verdicts import Answer, Asked
from server.services.rulebooks import load_shipped, shipped_names

NOW, HOUR, DAY = 1_776_650_400_000, 3_600_000, 86_400_000  # 10:00 on a Monday of April 2026 in Shanghai
TODAY = date(2026, 4, 20)
BOOKS = [load_shipped(name) for name in shipped_names()]
RESTS = {name: {TODAY + timedelta(days=n): n % 7 == 6 for n in range(-3, 70)} for name in ("CN", "ID", "AU", "US")}
WORDS = ("found_lawful", "found_not_time_barred", "found_not_refused_by_court", "hardship_offer_sent", "due_cause")
GOOD = dict.fromkeys(("law", "communication", "personal_information"), TODAY + timedelta(days=90))
CREW = tuple(AgentFacts(code, GOOD, dict.fromkeys(GOOD, 40), GOOD, TODAY, {"Bank": TODAY}, ("qr",)) for code in "ab")
ATTESTED = {rule.id: TODAY + timedelta(days=len(rule.id) % 3 - 1) for book in BOOKS for rule in book.rules}
CHOICES: dict[str, tuple[Any, ...]] = {
    "interval": (*(Interval(NOW + hours * HOUR, NOW + (hours + 1) * HOUR) for hours in (0, 13, 24)), None),
    "place_zone": ("Asia/Shanghai", "Asia/Shanghai", "America/New_York", None),
    "other_zones": ((), ("Asia/Urumqi",)),
    "region": ("CN", "CN-XJ", "US", ""),
    "place_kind": ("home", "work", None),
    "rest_days": (RESTS, {}),
    "notices": ((), (Notice(NOW - 3 * DAY, "letter", ("purpose", "date", "assignment")),), None),
    "steps": (dict.fromkeys(WORDS, True), {"found_lawful": False}, None),
    "attested": (ATTESTED, {}, None),
    "crew": (CREW, CREW[:1], (), None),
    "agency": (AgencyFacts("N", TODAY, TODAY, True, "yes", False, "agency"), AgencyFacts("N", kind="staff"), None),
    "lender": ("Bank", ""),
    "has_recorder": (True, False, None),
    "is_disputed": (False, True, None),
    "is_represented": (False, True, None),
    "is_time_barred": (False, True, None),
    "is_transferred": (False, True, None),
    "holds": (
        (), (), (HoldFacts("h", "illness", "case", NOW - DAY, None, "office"),),
        (HoldFacts("h", "dispute", "case", NOW - DAY, NOW + 2 * HOUR, "office"),), None,
    ),
    "preferences": ((), (Preference("not_between", "12:00", "14:00"),), (Preference("not_at", value="work"),), None),
    "appointments": ((), (AppointmentFacts("p", NOW, NOW + 2 * HOUR, "person", True),), None),
    "complaints": ((), (ComplaintFacts("k", NOW - DAY, True),), None),
    "consents": (frozenset(), frozenset({"enter_home", "visit_work"}), None),
}


def make_cases(count: int, seed: int) -> Iterator[Facts]:
    """Make facts at random, many of them the very same objects, as those of a chunk of cases are."""
    chosen = random.Random(seed)
    for number in range(count):
        ids = {"case_id": chosen.choice(("", f"c{number}")), "person_id": chosen.choice(("", f"p{number}"))}
        log = tuple(
            Contact(
                f"k{place}", NOW - chosen.randrange(40 * 24) * HOUR, chosen.choice(("call", "message", "visit")),
                chosen.choice(("made", "attempt", "returned")), chosen.choice((ids["case_id"], "other")),
                ids["person_id"], chosen.choice(("", "1", "2")),
            )
            for place in range(chosen.randrange(7))
        )  # fmt: skip
        given = {name: chosen.choice(values) for name, values in CHOICES.items()}
        yield Facts(NOW, contacts=chosen.choice((log, log, log, None)), **ids, **given)


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_every_answer_is_that_of_a_case_judged_alone(book: Rulebook) -> None:
    """Of each rule the same answer in the same order, and of what does not pass the very same verdict."""
    books = [load_shipped("FLOOR"), book] if book.name != "FLOOR" else [book]
    seen = set()
    for facts in make_cases(300, seed=3):
        briefly, alone = judge_briefly(books, facts), judge(books, facts, Check.GATE)
        seen |= {(verdict.rule_id, verdict.answer) for verdict in alone}

        assert list(answers(alone).items()) == list(answers(briefly).items())
        assert [each for each in alone if each.answer is not Answer.PASS] == [
            each for each in briefly if each.answer is not Answer.PASS
        ]
    assert {Answer.PASS, Answer.FAIL, Answer.UNKNOWN} == {answer for _, answer in seen}


class Watched(Facts):
    """Facts that note what is looked at."""

    def __getattribute__(self, name: str) -> Any:
        """Note the name of a fact."""
        if not name.startswith("_"):
            SEEN.add(name)
        return super().__getattribute__(name)


SEEN: set[str] = set()


def test_no_rule_looks_at_a_fact_that_it_is_not_known_to_rest_on() -> None:
    """Whatever the facts, the code of each rule shipped reads what is said of it only; else answers mix up."""
    names = [each.name for each in fields(Facts)]
    for facts in make_cases(120, seed=7):
        watched = Watched(**{name: getattr(facts, name) for name in names})
        for book in BOOKS:
            for rule in book.rules:
                SEEN.clear()
                TYPES[rule.type][1](rule.params, watched, Asked(rule, book.zone, Check.GATE))
                assert SEEN <= reads_of(rule), rule.id
                if rule.type in OPENINGS:
                    SEEN.clear()
                    within = Interval(NOW, NOW + DAY)
                    OPENINGS[rule.type](rule.params, watched, Asked(rule, book.zone, Check.DOOR), within)
                    assert SEEN <= reads_of(rule), rule.id


def test_every_type_says_what_it_rests_on() -> None:
    """Each of the 31 types has its row, and each name in it is a fact."""
    assert set(RuleType) == set(READS)
    assert set().union(*READS.values()) <= {each.name for each in fields(Facts)}


def test_a_fact_that_differs_is_never_taken_for_another() -> None:
    """Lists that are equal or gone are not mixed up: an answer is known again by the very objects, which are kept."""
    books = [load_shipped("FLOOR")]
    base = next(iter(make_cases(1, seed=1)))
    for reason in ("bereavement", "danger") * 1000:
        facts = replace(base, holds=(HoldFacts("h", reason, "case", NOW - DAY, None, "office"),))
        found = answers(judge_briefly(books, facts))["FLOOR-STOP-001"]
        del facts  # and with it its list, whose place in memory the next one may take
        assert ("fail" if reason == "bereavement" else "pass") == found
