"""The compiler gives what the golden vectors say: rules and facts to a packet's limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schemas.messages import parse_time
from server.domain.conduct.facts import AppointmentFacts, Contact, Facts, HoldFacts, Preference
from server.domain.conduct.limits import compile_limits
from server.domain.conduct.rules import Kind, OnUnknown, Rulebook, RuleType, Severity
from server.domain.packing import HOUSE
from tests.builders import read_vectors
from tests.contract.reading_vectors import vectors_of
from tests.unit.domain.conduct.when import a_rule

CASE, PERSON = "case-1", "person-1"


def moment(text: str) -> int:
    """Read a wall time of a scene, with or without seconds."""
    return parse_time(text if len(text) == 29 else f"{text[:16]}:00.000{text[16:]}")


def read_rulebook(told: dict[str, Any]) -> Rulebook:
    """Read a vector's rulebook."""
    rules = tuple(
        a_rule(
            RuleType(each["type"]), each["params"], OnUnknown(each["on_unknown"]),
            severity=Severity(each.get("severity", "block")),
        )
        for each in told["rules"]
    )  # fmt: skip
    return Rulebook("X", "1", Kind.HOUSE, told["zone"], "X", rules)


def read_facts(told: dict[str, Any]) -> Facts:
    """Read a vector's facts; what is absent is not known."""
    makers = {
        "now": lambda value: ("now_ms", parse_time(value)),
        "other_zones": lambda value: ("other_zones", tuple(value)),
        "rest_days": lambda value: ("rest_days", {
            name: {date.fromisoformat(day): rests for day, rests in days.items()} for name, days in value.items()
        }),
        "preferences": lambda value: ("preferences", tuple(
            Preference(**each | {"weekdays": tuple(each["weekdays"])}) for each in value
        )),
        "appointments": lambda value: ("appointments", tuple(
            AppointmentFacts("a", moment(each["starts"]), moment(each["ends"]), each["made_by"], each["is_confirmed"])
            for each in value
        )),
        "holds": lambda value: ("holds", tuple(
            HoldFacts("h", each["reason"], "case", moment(each["placed"]),
                      moment(each["until"]) if "until" in each else None, "office")
            for each in value
        )),
        "contacts": lambda value: ("contacts", tuple(
            Contact(case_id=CASE, person_id=PERSON, at_ms=moment(each.pop("at")), **each) for each in map(dict, value)
        )),
    }  # fmt: skip
    known = dict(makers[name](value) if name in makers else (name, value) for name, value in told.items())
    return Facts(case_id=CASE, person_id=PERSON, **known)


@vectors_of("compiled")
def test_compiled(vector: dict[str, Any]) -> None:
    """L1, L2: rules and facts compile into exactly the limits written by hand."""
    given = vector["given"]
    house = replace(HOUSE, longest_stay_ms=given["stay_min"] * 60_000)
    rulebooks = [read_rulebook(each) for each in given["rulebooks"]]
    limits = compile_limits(rulebooks, read_facts(given["facts"]), parse_time(given["until"]), house).to_wire()
    told = {name: limits.get(name) for name in {*limits, *vector["expected"]} - {"steps", "fence_dm"}}

    assert vector["expected"] == told | ({"steps": limits["steps"]} if "steps" in vector["expected"] else {})


@pytest.mark.parametrize(("name", "least"), [("limits", 150), ("compiled", 60)])
def test_there_are_enough(name: str, least: int) -> None:
    """At least 150 moments are compared, and at least 60 times something is compiled."""
    assert len(read_vectors(name)) >= least
