"""`fairvisit holds`: what is in force is seen, confirmed and lifted."""

from __future__ import annotations

import json

import pytest

from server.services.assigning import assign
from server.storage import tables
from tests.contract.people.conftest import Run
from tests.contract.people.office import DAY_MS, START_MS, Office
from tests.contract.people.test_holding import HOLD, halted, place

OTHER = HOLD.replace("a", "b")


@pytest.fixture(autouse=True)
def holds(office: Office) -> None:
    """A provisional hold on a case, and one of the office on a person, to be looked at sooner."""
    first, second = office.add_cases(2)
    assign(office.site, [first, second], "a1")
    place(office, first, is_provisional=True)
    dana = {"source": "office", "agent_id": None, "owner": "Dana", "review_ms": START_MS + DAY_MS}
    place(office, second, OTHER, scope="person", reason="complaint", **dana)


def test_holds_are_listed_by_their_review(run: Run) -> None:
    """`holds list` shows source, scope, owner and review date of each, as a table and as JSON."""
    lines = run("holds", "list").stdout.splitlines()
    first, second = json.loads(run("holds", "list", "--json").stdout)

    assert [OTHER, HOLD] == [line.split()[0] for line in lines[1:]]
    assert "the person" in lines[1]
    assert "2026-09-22" in lines[1]
    assert "provisional" in lines[2]
    names = ("id", "source", "scope", "owner", "agent_code", "review_ms", "reference")
    assert (OTHER, "office", "person", "Dana", None, START_MS + DAY_MS, "R1") == tuple(first[name] for name in names)
    assert (HOLD, "device", "case", None, "a1") == tuple(second[name] for name in names[:5])


def test_a_hold_is_confirmed_and_lifted(run: Run, office: Office) -> None:
    """`holds confirm` gives it an owner; `holds lift` ends it on the devices; then the list is shorter."""
    confirmed = run("holds", "confirm", HOLD[-6:], "--by", "Dana", "--reason", "note seen").stdout
    lifted = run("holds", "lift", HOLD, "--by", "Rita", "--reason", "recovered").stdout

    assert f"Hold {HOLD} is firm; Dana answers for it." in confirmed
    assert f"Hold {HOLD} is lifted. Agents who hear of it at their next exchange: 1." in lifted
    assert [OTHER] == list(halted(office, "a1"))
    assert [OTHER] == [row["id"] for row in json.loads(run("holds", "list", "--json").stdout)]
    assert 1 == run("holds", "lift", HOLD, "--by", "Rita", "--reason", "again").exit_code


def test_nobody_lifts_their_own_hold(run: Run, office: Office) -> None:
    """`holds lift` by who placed it ends with a sentence, and changes nothing."""
    refused = run("holds", "lift", OTHER, "--by", "Dana", "--reason", "changed my mind")

    assert "Dana placed this hold; another person has to lift it." in str(refused.exception)
    assert [None, None] == [row.lifted_ms for row in office.rows(tables.hold)]


@pytest.mark.parametrize("command", ["confirm", "lift"])
def test_a_decision_without_name_or_reason_is_not_taken(run: Run, command: str) -> None:
    """Both --by and --reason are asked for; an ending that is short, or names none, is not guessed."""
    named = ("--by", "Rita", "--reason", "x")

    assert [2, 2] == [run("holds", command, HOLD, *some).exit_code for some in (named[:2], named[2:])]
    assert [1, 1] == [run("holds", command, text, *named).exit_code for text in ("0b", "ffff")]


@pytest.mark.parametrize(("scope", "told"), [("case", [["a1"]]), ("person", [["a1"], ["a2"]])])
def test_the_office_places_a_hold(run: Run, office: Office, scope: str, told: list[list[str]]) -> None:
    """`holds place` is firm, has an owner and an end, and reaches each device with a case it halts, and no other."""
    mine, other = sorted(office.add_cases(2, prefix="P", persons=1))
    assign(office.site, [mine], "a1")
    assign(office.site, [other], "a2")
    [reference] = [row.reference for row in office.rows(tables.case) if row.id == mine]
    before = {row.id for row in office.rows(tables.hold)}

    options = ("--scope", scope, "--by", "Dana", "--until", "2999-12-31")
    said = run("holds", "place", reference, "--reason", "bereavement", *options).stdout

    [placed] = [row for row in office.rows(tables.hold) if row.id not in before]
    assert f"Hold {placed.id} is placed. Agents who hear of it at their next exchange: {len(told)}." in said
    kept = (placed.reason, placed.source, placed.owner, placed.is_provisional)
    assert ("bereavement", "office", "Dana", False) == kept
    assert 32_503_680_000_000 == placed.until_ms
    assert told == [[agent] for agent in ("a1", "a2", "a3") if placed.id in halted(office, agent)]
    assert [1, 0] == [
        run("holds", "lift", placed.id, "--by", name, "--reason", "over").exit_code for name in ("Dana", "Rita")
    ]
    office.check_heads()


@pytest.mark.parametrize(
    ("reference", "changed", "sentence"),
    [
        ("R9", {}, "R9: is no case's reference"),
        ("R0", {"--by": " "}, "by: is empty"),
        ("R0", {"--until": "2016-04-01"}, "until: 2016-04-01 is over"),
        ("R0", {"--until": "soon"}, "--until: 'soon' is not a day"),
    ],
)
def test_a_hold_that_says_too_little_is_not_placed(
    run: Run, office: Office, reference: str, changed: dict[str, str], sentence: str
) -> None:
    """An unknown case, nobody who answers for it, an end that is over or is no day: nothing is placed."""
    options = {"--reason": "illness", "--scope": "case", "--by": "Dana"} | changed

    refused = run("holds", "place", reference, *(word for option in options.items() for word in option))

    assert sentence in str(refused.exception)
    assert 2 == len(office.rows(tables.hold))
