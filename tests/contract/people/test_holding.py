"""Holds reach every device that has an affected case, stay with the cases as they move, and go when lifted (E9)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from schemas.errors import FieldError
from schemas.packet import HoldSchema
from server.services.assigning import assign, close_cases, unassign
from server.services.holding import confirm_hold, expire_holds, lift_hold, place_hold
from server.storage import tables
from server.storage.feed import publish
from tests.contract.people.office import DAY_MS, START_MS, Office

HOLD = "01900000-0000-7000-8000-00000000000a"


def place(office: Office, case_id: str, hold_id: str = HOLD, **values: Any) -> int:
    """Place and publish a hold; give how many changes that were."""
    settings = {"scope": "case", "reason": "illness", "source": "device", "agent_id": office.agents["a1"]} | values

    def job(connection: Any) -> int:
        changes = place_hold(
            connection, office.site, hold_id=hold_id, case_id=case_id, now_ms=office.clock.ms, **settings
        )
        publish(connection, changes)
        return len(changes)

    return office.site.store.write(job)


def lift(office: Office, hold_id: str = HOLD) -> int:
    """Lift a hold; give how many agents are told."""
    return lift_hold(office.site, hold_id, "boss", "all clear")


def halted(office: Office, agent: str) -> dict[str, list[str]]:
    """Give the cases that each live hold halts for an agent."""
    items = office.live(agent, "hold")
    for item in items.values():
        assert {} == HoldSchema().validate(item["body"])
    return {key: item["body"]["case_ids"] for key, item in items.items()}


def test_a_hold_on_a_case_reaches_its_crew_only(office: Office) -> None:
    """E9: everyone who has the case is told, nobody else."""
    held, other = office.add_cases(2)
    assign(office.site, [held], "a1", ["a2"])
    assign(office.site, [other], "a3")

    assert 2 == place(office, held)
    assert [{HOLD: [held]}, {HOLD: [held]}, {}] == [halted(office, agent) for agent in ("a1", "a2", "a3")]
    office.check_heads()


def test_a_hold_on_a_person_halts_all_their_cases(office: Office) -> None:
    """E9: each agent is told of their own cases of the person, and of no other agent's."""
    first, second, third = sorted(office.add_cases(3, persons=1))
    [stranger] = office.add_cases(1, prefix="S")
    assign(office.site, [first, second, stranger], "a1")
    assign(office.site, [third], "a2")
    place(office, third, scope="person")

    assert [{HOLD: [first, second]}, {HOLD: [third]}, {}] == [halted(office, agent) for agent in ("a1", "a2", "a3")]


def test_the_same_hold_again_changes_nothing(office: Office) -> None:
    """A hold that comes twice is placed once."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")

    assert [1, 0] == [place(office, case_id) for _ in range(2)]
    assert 1 == len(office.rows(tables.hold))


def test_a_provisional_hold_acts_until_a_person_decides(office: Office) -> None:
    """E9: provisional, a hold is told like any; the event taken later, or a person, makes it firm."""
    first, second = office.add_cases(2)
    assign(office.site, [first, second], "a1")
    other = HOLD.replace("a", "b")
    place(office, first, is_provisional=True)
    place(office, second, other, is_provisional=True)

    assert {HOLD, other} == set(halted(office, "a1"))
    place(office, first)
    confirm_hold(office.site, other, "boss", "seen the doctor's note")
    assert [False, False] == [row.is_provisional for row in office.rows(tables.hold)]
    place(office, first, is_provisional=True)
    assert [False, False] == [row.is_provisional for row in office.rows(tables.hold)]


def test_two_agents_holds_with_one_id_are_both_in_force(office: Office) -> None:
    """Ids are unique only in their agent: a second hold with a taken id gets another, the same each time."""
    first, second = office.add_cases(2)
    assign(office.site, [first], "a1")
    assign(office.site, [second], "a2")
    place(office, first)
    for _ in range(2):
        place(office, second, agent_id=office.agents["a2"])

    assert {HOLD: [first]} == halted(office, "a1")
    assert [[second]] == list(halted(office, "a2").values())
    assert 2 == len(office.rows(tables.hold))


def test_a_hold_on_an_unknown_case_is_none(office: Office) -> None:
    """A hold on a case that is not there places nothing."""
    assert 0 == place(office, office.site.new_id())
    assert [] == office.rows(tables.hold)


@pytest.mark.parametrize(("until", "expected"), [
    ("2026-09-30", "2026-10-01T00:00:00.000Z"),
    ("2026-09-01", None),
    ("soon", None),
    (None, None),
])  # fmt: skip
def test_a_hold_lasts_to_the_end_of_its_day(office: Office, until: str | None, expected: str | None) -> None:
    """A day to come is kept to its end; one that is over, or is none, leaves the hold until it is lifted."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    place(office, case_id, until=until)

    assert expected == office.live("a1", "hold")[HOLD]["body"].get("until")
    [row] = office.rows(tables.hold)
    assert (row.until_ms or START_MS + 14 * DAY_MS) == row.review_ms


def test_a_lifted_hold_is_removed_everywhere(office: Office) -> None:
    """Lifting tells every device; lifting again changes nothing; lifting what is not there is an error."""
    cases = office.add_cases(2, persons=1)
    assign(office.site, cases[:1], "a1", ["a2"])
    assign(office.site, cases[1:], "a3")
    place(office, cases[0], scope="person")

    assert [3, 0] == [lift(office) for _ in range(2)]
    assert ["lifted"] * 3 == [office.items(agent, "hold")[HOLD]["reason"] for agent in ("a1", "a2", "a3")]
    office.check_heads()
    with pytest.raises(FieldError, match="no hold"):
        lift(office, HOLD.replace("a", "c"))


@pytest.mark.parametrize(("by", "settings"), [
    ("a1", {}),
    ("agent  A1", {}),
    ("Dana", {"source": "office", "agent_id": None, "owner": "dana"}),
])  # fmt: skip
def test_whoever_placed_a_hold_does_not_lift_it(office: Office, by: str, settings: dict[str, Any]) -> None:
    """An agent, by code or name, and a person of the office are refused their own hold; it stays in force."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    place(office, case_id, **settings)

    with pytest.raises(FieldError, match="another person has to lift it"):
        lift_hold(office.site, HOLD, by, "all clear")
    assert {HOLD: [case_id]} == halted(office, "a1")


def test_whoever_confirmed_a_hold_may_lift_it(office: Office) -> None:
    """The owner of a device's hold did not place it."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    place(office, case_id, is_provisional=True)
    confirm_hold(office.site, HOLD, "boss", "seen the doctor's note")

    assert 1 == lift(office)
    [row] = office.rows(tables.hold)
    assert ("boss", office.clock.ms, "seen the doctor's note") == (row.owner, row.confirmed_ms, row.confirm_reason)
    assert ("boss", office.clock.ms, "all clear") == (row.lifted_by, row.lifted_ms, row.lift_reason)


@pytest.mark.parametrize("decide", [confirm_hold, lift_hold])
def test_a_decision_needs_a_name_and_a_reason(office: Office, decide: Callable[..., object]) -> None:
    """A blank name or reason is refused, and both are named; an unknown hold is none."""
    with pytest.raises(FieldError) as refused:
        decide(office.site, HOLD, " ", "")

    assert ("invalid", ["by", "reason"]) == (refused.value.code, list(refused.value.fields))
    with pytest.raises(FieldError, match="no hold"):
        decide(office.site, HOLD, "boss", "x")


def test_only_a_provisional_hold_in_force_is_confirmed(office: Office) -> None:
    """What is firm or lifted has nothing to confirm, and keeps its owner."""
    firm, lifted = office.add_cases(2)
    other = HOLD.replace("a", "b")
    place(office, firm)
    place(office, lifted, other, is_provisional=True)
    lift(office, other)

    for hold_id, state in ((HOLD, "firm"), (other, "lifted")):
        with pytest.raises(FieldError, match=f"is {state} already"):
            confirm_hold(office.site, hold_id, "boss", "x")
    assert [None, None] == [row.owner for row in office.rows(tables.hold)]


def test_a_hold_ends_by_itself(office: Office) -> None:
    """A hold whose day is over is lifted as expired, not before."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1", lease_days=30)
    place(office, case_id, until="2026-09-30")
    office.clock.ms = round(datetime.fromisoformat("2026-09-30T23:59:59.999Z").timestamp() * 1000)

    assert 0 == expire_holds(office.site)
    office.clock.move(1)
    assert [1, 0] == [expire_holds(office.site) for _ in range(2)]
    assert "expired" == office.items("a1", "hold")[HOLD]["reason"]


def test_a_hold_goes_along_when_its_case_moves(office: Office) -> None:
    """A reassigned case takes its hold: put in the new scope, removed from the old one with the packet's reason."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    place(office, case_id)
    assign(office.site, [case_id], "a2")

    assert [{}, {HOLD: [case_id]}] == [halted(office, agent) for agent in ("a1", "a2")]
    assert "unassigned" == office.items("a1", "hold")[HOLD]["reason"]
    office.check_heads()


def test_a_hold_follows_which_of_the_persons_cases_an_agent_has(office: Office) -> None:
    """The list of halted cases grows and shrinks with the agent's cases, and the hold goes with the last of them."""
    first, second = sorted(office.add_cases(2, persons=1))
    assign(office.site, [first], "a1")
    place(office, first, scope="person")
    assign(office.site, [second], "a1")

    assert {HOLD: [first, second]} == halted(office, "a1")
    unassign(office.site, [first])
    assert {HOLD: [second]} == halted(office, "a1")
    close_cases(office.site, [second], "paid")
    assert {} == halted(office, "a1")
    assert "paid" == office.items("a1", "hold")[HOLD]["reason"]
    office.check_heads()


def test_agents_without_the_case_hear_nothing_of_its_hold(office: Office) -> None:
    """Moving one case tells nobody of holds on other cases: no scope gets a removal of what it never had."""
    held, free = office.add_cases(2)
    assign(office.site, [held], "a1")
    place(office, held)
    assign(office.site, [held], "a2")
    assign(office.site, [free], "a3")
    unassign(office.site, [held, free])

    assert {} == office.items("a3", "hold")


def test_a_hold_revision_never_repeats(office: Office) -> None:
    """F5: each time the hold's cases change its revision rises, after a restore from the time in seconds."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    place(office, case_id)
    revs = [office.live("a1", "hold")[HOLD]["rev"]]
    assign(office.site, [case_id], "a2")
    revs.append(office.live("a2", "hold")[HOLD]["rev"])
    office.restore()
    assign(office.site, [case_id], "a1")
    revs.append(office.live("a1", "hold")[HOLD]["rev"])

    assert [1, 2, START_MS // 1000] == revs


def test_a_hold_placed_while_the_case_moves_misses_nobody(office: Office) -> None:
    """However a hold and a move fall together, whoever has the case in the end has the hold, and nobody else."""
    cases = office.add_cases(2, persons=1)
    assign(office.site, cases, "a1")
    for n in range(15):
        hold_id = f"01900000-0000-7000-8000-{n:012x}"
        target = f"a{n % 2 + 2}"
        start = threading.Barrier(2)

        def move(code: str = target, start: threading.Barrier = start) -> None:
            start.wait()
            assign(office.site, cases[:1], code)

        mover = threading.Thread(target=move)
        mover.start()
        start.wait()
        place(office, cases[1], hold_id, scope="person")
        mover.join()

        assert [cases[1]] == halted(office, "a1")[hold_id]
        assert [cases[0]] == halted(office, target)[hold_id]
        other = {"a2": "a3", "a3": "a2"}[target]
        assert hold_id not in halted(office, other)
    office.check_heads()
