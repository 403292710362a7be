"""Cases change hands in one transaction: the packet leaves one scope as it appears in another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from schemas.errors import FieldError
from server.domain.assigning import Order
from server.services import assigning
from server.services.assigning import (
    AssignReport,
    assign,
    assign_orders,
    close_cases,
    unassign,
)
from server.services.holding import place_hold
from server.services.leases import expire_leases, extend_lease
from server.services.people import AgentEntry, put_agents
from server.storage import case_rows, feed, tables
from tests.contract.people.office import DAY_MS, Office, codes_of, counted


def crew(office: Office, case_id: str) -> dict[str, str]:
    """Give who has a case now, and as what."""
    codes = {agent_id: code for code, agent_id in office.agents.items()}
    rows = [row for row in office.rows(tables.assignment) if row.case_id == case_id and row.until_ms is None]
    return {codes[row.agent_id]: row.role for row in rows}


def told(office: Office, agent: str) -> dict[str, str]:
    """Give what an agent's scope says of packets: put, or the reason they went."""
    return {key: item.get("reason", "put") for key, item in office.items(agent).items()}


def test_an_assignment_reaches_the_whole_crew(office: Office) -> None:
    """Lead and companions have the case, and a packet each."""
    [case_id] = office.add_cases(1)
    report = assign(office.site, [case_id], "a1", ["a2", "a3"], by="boss")

    assert AssignReport(assigned=1) == report
    assert {"a1": "lead", "a2": "companion", "a3": "companion"} == crew(office, case_id)
    assert [{case_id}] * 3 == [set(office.live(agent)) for agent in ("a1", "a2", "a3")]
    assert {"boss"} == {row.by for row in office.rows(tables.assignment)}
    assert {office.agents["a1"]} == {row.lead_agent_id for row in office.rows(tables.assignment)}


def test_the_same_assignment_again_changes_nothing(office: Office) -> None:
    """An order carried out twice leaves rows, revision and feed as they were."""
    cases = office.add_cases(3)
    assign(office.site, cases, "a1", ["a2"])
    before = [office.rows(table) for table in (tables.assignment, tables.case, tables.feed, tables.scope)]

    assert AssignReport(unchanged=3) == assign(office.site, cases, "a1", ["a2"])
    assert before == [office.rows(table) for table in (tables.assignment, tables.case, tables.feed, tables.scope)]


def test_a_moved_case_leaves_one_scope_and_enters_the_other(office: Office) -> None:
    """F3: the old lead's packet becomes a removal with its reason, at a new seq; the new lead gets a new revision."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1", ["a2"])
    [old] = [row for row in office.rows(tables.feed) if row.scope_id == office.agents["a1"]]
    report = assign(office.site, [case_id], "a3", ["a2"])

    assert AssignReport(moved=1) == report
    assert {"a3": "lead", "a2": "companion"} == crew(office, case_id)
    assert ["unassigned", "put", "put"] == [told(office, agent)[case_id] for agent in ("a1", "a2", "a3")]
    [new] = [row for row in office.rows(tables.feed) if row.scope_id == office.agents["a1"]]
    assert (old.seq + 1, old.rev + 1) == (new.seq, new.rev)
    assert {"a2", "a3"} == codes_of(office.live("a2")[case_id]["body"]["open"]["crew"])
    office.check_heads()


def test_a_lead_who_becomes_a_companion_loses_the_sealed_part(office: Office) -> None:
    """A crew that changes parts gets its packets as the new parts allow, without a removal between."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1", ["a2"])
    assign(office.site, [case_id], "a2", ["a1"])

    assert {"a1": "companion", "a2": "lead"} == crew(office, case_id)
    assert "sealed" not in office.live("a1")[case_id]["body"]
    assert "sealed" in office.live("a2")[case_id]["body"]
    office.check_heads()


def test_to_and_fro_within_one_millisecond_keeps_the_history(office: Office) -> None:
    """A case that comes back to an agent at once has a row for each time."""
    [case_id] = office.add_cases(1)
    for agent in ("a1", "a2", "a1", "a2", "a1"):
        assign(office.site, [case_id], agent)

    rows = [row for row in office.rows(tables.assignment) if row.agent_id == office.agents["a1"]]
    assert 3 == len(rows)
    assert 1 == len([row for row in rows if row.until_ms is None])
    assert {"a1": "lead"} == crew(office, case_id)


def test_orders_that_cannot_be_carried_out_are_told_apart(office: Office) -> None:
    """A closed case, an unknown one, and a crew with one agent twice are refused; the rest is assigned."""
    good, closed, double = office.add_cases(3)
    close_cases(office.site, [closed], "paid")
    unknown = office.site.new_id()
    orders = [Order(good, "a1"), Order(closed, "a1"), Order(double, "a1", ("a1",)), Order(unknown, "a1")]
    report = assign_orders(office.site, orders)

    assert 1 == report.assigned
    refused = dict(report.refused)
    assert {closed, double, unknown} == set(refused)
    assert "paid" in refused[closed]
    assert "twice" in refused[double]
    assert "no such case" in refused[unknown]


def test_nobody_unknown_or_inactive_is_assigned(office: Office) -> None:
    """An unknown or inactive agent stops the whole order before anything is written."""
    cases = office.add_cases(2)
    put_agents(office.site, [AgentEntry("a3", "Agent a3", "North", "City", status="inactive")])

    with pytest.raises(FieldError, match="a9"):
        assign_orders(office.site, [Order(cases[0], "a1"), Order(cases[1], "a9")])
    with pytest.raises(FieldError, match="Not active"):
        assign_orders(office.site, [Order(cases[0], "a1"), Order(cases[1], "a1", ("a3",))])
    assert [] == office.rows(tables.assignment)


def test_unassigned_cases_leave_every_device(office: Office) -> None:
    """F3: taken back, a case is removed from the whole crew; a second time there is nothing to take."""
    cases = office.add_cases(2)
    assign(office.site, cases, "a1", ["a2"])

    assert [2, 0] == [unassign(office.site, cases) for _ in range(2)]
    assert [{"unassigned"}] * 2 == [set(told(office, agent).values()) for agent in ("a1", "a2")]
    assert {} == crew(office, cases[0])
    office.check_heads()


@pytest.mark.parametrize("status", ["paid", "closed"])
def test_a_closed_case_goes_with_its_reason(office: Office, status: str) -> None:
    """F3: closing removes the packet, saying paid or closed."""
    held, free = office.add_cases(2)
    assign(office.site, [held], "a1")

    assert 1 == close_cases(office.site, [held, free], status)
    assert {held: status} == told(office, "a1")
    assert {(status, office.clock.ms)} == {(row.status, row.closed_ms) for row in office.rows(tables.case)}


def test_leases_expire_by_themselves(office: Office) -> None:
    """F3: at its lease's end a packet is removed as expired, not before, and not if it was extended."""
    short, long, extended = office.add_cases(3)
    assign(office.site, [short, extended], "a1", ["a2"], lease_days=1)
    assign(office.site, [long], "a1", lease_days=2)
    extend_lease(office.site, [extended], 2)
    office.clock.move(DAY_MS - 1)

    assert 0 == expire_leases(office.site)
    office.clock.move(1)
    assert 1 == expire_leases(office.site)
    assert {short: "expired", long: "put", extended: "put"} == told(office, "a1")
    assert {short: "expired", extended: "put"} == told(office, "a2")
    assert 0 == expire_leases(office.site)


def test_a_lease_extended_while_it_is_swept_keeps_its_crew(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """F3: an extension that comes between finding a lapsed lease and ending it wins."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1", lease_days=1)
    office.clock.move(DAY_MS)
    read_lapsed = case_rows.read_lapsed

    def read_then_extend(connection: Any, now_ms: int, most: int) -> list[str]:
        found = read_lapsed(connection, now_ms, most)
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(extend_lease, office.site, found, 1).result()
        return found

    monkeypatch.setattr(case_rows, "read_lapsed", read_then_extend)

    assert 0 == expire_leases(office.site)
    assert {case_id: "put"} == told(office, "a1")


def test_a_crew_that_is_not_all_active_keeps_nothing_longer(office: Office) -> None:
    """F3: the lease of a case whose agent has just left, but not yet lost it, stays; the reason names who it is."""
    kept, left = office.add_cases(2)
    assign(office.site, [kept], "a1")
    assign(office.site, [left], "a1", ["a2"])
    leaves = tables.agent.update().where(tables.agent.c.code == "a2").values(status="inactive")
    office.site.store.write(lambda connection: connection.execute(leaves) and None)
    report = extend_lease(office.site, [kept, left], 3)

    assert (1, [(left, "Not active: a2. Assign it to others.")]) == (report.extended, report.refused)


def test_an_expired_case_can_be_assigned_before_it_is_swept(office: Office) -> None:
    """A case whose lease ran out is given to the same agent again with a new lease."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1", lease_days=1)
    office.clock.move(DAY_MS)

    assert AssignReport(moved=1) == assign(office.site, [case_id], "a1", lease_days=1)
    assert 0 == expire_leases(office.site)
    assert {case_id: "put"} == told(office, "a1")


def test_a_failed_move_leaves_everything_where_it_was(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A move that fails while publishing changes neither rows nor feeds."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")

    def fail(connection: Any, changes: Any) -> None:
        feed.publish(connection, changes)
        raise RuntimeError("cut")

    monkeypatch.setattr(assigning, "publish", fail)
    with pytest.raises(RuntimeError, match="cut"):
        assign(office.site, [case_id], "a2")

    assert {"a1": "lead"} == crew(office, case_id)
    assert [{case_id}, set()] == [set(office.live(agent)) for agent in ("a1", "a2")]
    office.check_heads()


def test_statements_do_not_grow_with_the_cases(office: Office) -> None:
    """Assigning, moving and taking back run as many statements for 200 cases as for 4."""
    counts = []
    for number in (2, 4, 200):  # the first makes the scopes
        cases = office.add_cases(number, prefix=f"N{number}-", persons=max(1, number // 4))

        def hold(connection: Any, case_id: str = cases[0]) -> None:
            settings = {"scope": "person", "reason": "illness", "source": "office", "now_ms": office.clock.ms}
            place_hold(connection, office.site, hold_id=office.site.new_id(), case_id=case_id, **settings)

        office.site.store.write(hold)
        with counted(office) as statements:
            assign(office.site, cases, "a1", ["a2"])
            assign(office.site, cases, "a3", ["a2"])
            unassign(office.site, cases)
        counts.append(len(statements))

    assert counts[1] == counts[2]
    assert counts[2] < 100


def test_a_race_for_cases_leaves_each_with_one_crew(office: Office) -> None:
    """Agents that are given the same cases at once end with one lead a case, and feeds that say the same."""
    cases = office.add_cases(20)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: assign(office.site, cases[n % 3 :], f"a{n % 3 + 1}"), range(12)))

    leads = {case_id: list(crew(office, case_id)) for case_id in cases}
    assert {1} == {len(codes) for codes in leads.values()}
    for agent in ("a1", "a2", "a3"):
        assert {case_id for case_id, codes in leads.items() if codes == [agent]} == set(office.live(agent))
    office.check_heads()
