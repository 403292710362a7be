"""
What waits for what on PostgreSQL: each race between the office's acts and holds, in its one bad order.

The first of two jobs stands still before its commit; the second begins; the first goes on. Without the lock that the
test is about, the second would not see the first, and one of them would be lost. (SQLite has one writer.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.domain.merging import fold_value
from server.domain.roles import Role, Viewer
from server.domain.webhooks import Kind
from server.services import assigning, crew_days, reviewing, webhooks
from server.services.assigning import assign, unassign
from server.services.holding import place_hold
from server.services.packing import bump_and_repack
from server.services.telling import Happened, tell
from server.storage import case_rows, contact_rows, feed, tables, webhook_rows
from server.storage.board_tables import plan_stop
from server.storage.webhook_tables import delivery, webhook
from tests.contract.people.office import Office, opened_office
from tests.postgres import Cluster

HOLD = "01900000-0000-7000-8000-00000000000a"
Pausing = Callable[[Callable[[], None]], None]
A_WHILE_S = 0.4  # long enough for the second job to reach the lock, or to pass where none is


@pytest.fixture
def office(cluster: Cluster) -> Iterator[Office]:
    """An office on PostgreSQL."""
    name = "t_locks"
    cluster.create(name, "fairvisit_template")
    with opened_office(cluster.url(name)) as opened:
        opened.add_agents("a1", "a2", "a3")
        yield opened
    cluster.drop(name)


def place(office: Office, case_id: str, scope: str, pause: Callable[[], None]) -> None:
    """Place a hold; *pause* is called after its rows are written and before its commit."""

    def job(connection: Any) -> None:
        settings = {"reason": "illness", "source": "office", "now_ms": office.clock.ms}
        changes = place_hold(connection, office.site, hold_id=HOLD, case_id=case_id, scope=scope, **settings)
        pause()
        feed.publish(connection, changes)

    office.site.store.write(job)


def overlap(first: Pausing, between: Callable[[], None], second: Callable[[], None]) -> None:
    """Run *first* until it pauses, then *between*, then *second* beside it; let *first* go on after a while."""
    paused, go = threading.Event(), threading.Event()

    def pause() -> None:
        if not paused.is_set():
            paused.set()
            go.wait(10)

    threads = [threading.Thread(target=first, args=(pause,)), threading.Thread(target=second)]
    threads[0].start()
    assert paused.wait(10)
    between()
    threads[1].start()
    threads[1].join(A_WHILE_S)
    go.set()
    for thread in threads:
        thread.join()


def add_to_person(office: Office, case_id: str) -> str:
    """Add another case of the same person."""
    new_id = office.site.new_id()

    def job(connection: Any) -> None:
        row = connection.execute(select(tables.case).where(tables.case.c.id == case_id)).one()
        connection.execute(insert(tables.case), {**row._mapping, "id": new_id, "reference": "later"})

    office.site.store.write(job)
    return new_id


def pausing_assign(office: Office, monkeypatch: pytest.MonkeyPatch, case_id: str, code: str) -> Pausing:
    """Give an assignment that pauses before it publishes."""

    def run(pause: Callable[[], None]) -> None:
        def publish(connection: Any, changes: Any) -> None:
            pause()
            feed.publish(connection, changes)

        monkeypatch.setattr(assigning, "publish", publish)
        assign(office.site, [case_id], code)

    return run


def test_a_case_assigned_while_its_person_is_held_takes_the_hold(office: Office) -> None:
    """E9: a case that came after the hold looked, and is assigned before it commits, is halted all the same."""
    [case_id] = office.add_cases(1)
    later: list[str] = []
    overlap(
        lambda pause: place(office, case_id, "person", pause),
        lambda: later.append(add_to_person(office, case_id)),
        lambda: assign(office.site, later, "a1"),
    )

    assert later == office.live("a1", "hold")[HOLD]["body"]["case_ids"]


def test_a_person_held_while_a_case_is_assigned_reaches_the_new_agent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E9: a hold placed beside an assignment that has not committed yet waits for it, and reaches its agent."""
    [case_id] = office.add_cases(1)
    later = add_to_person(office, case_id)
    overlap(
        pausing_assign(office, monkeypatch, later, "a1"),
        lambda: None,
        lambda: place(office, case_id, "person", lambda: None),
    )

    assert [later] == office.live("a1", "hold")[HOLD]["body"]["case_ids"]


def test_a_hold_on_a_case_waits_for_its_assignment(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """E9: the same for a hold on the case itself."""
    [case_id] = office.add_cases(1)
    overlap(
        pausing_assign(office, monkeypatch, case_id, "a1"),
        lambda: None,
        lambda: place(office, case_id, "case", lambda: None),
    )

    assert [case_id] == office.live("a1", "hold")[HOLD]["body"]["case_ids"]


def test_two_assignments_of_one_case_come_one_after_the_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given to two agents at once, a case ends with the second, and the first one's packet is removed."""
    [case_id] = office.add_cases(1)
    overlap(
        pausing_assign(office, monkeypatch, case_id, "a1"),
        lambda: None,
        lambda: assign(office.site, [case_id], "a2"),
    )
    live = [row.agent_id for row in office.rows(tables.assignment) if row.until_ms is None]

    assert [office.agents["a2"]] == live
    assert ["del", "put"] == [office.items(agent)[case_id]["op"] for agent in ("a1", "a2")]
    office.check_heads()


def test_a_case_taken_back_while_it_is_written_anew_stays_away(office: Office) -> None:
    """A removal waits for a packet that is being written, so the packet does not come back after it."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")

    def repack(pause: Callable[[], None]) -> None:
        def job(connection: Any) -> None:
            changes = bump_and_repack(connection, office.site, [case_id])
            pause()
            feed.publish(connection, changes)

        office.site.store.write(job)

    overlap(repack, lambda: None, lambda: unassign(office.site, [case_id]))

    assert "del" == office.items("a1")[case_id]["op"]


def test_a_webhook_that_is_removed_breaks_no_act_that_tells_it(office: Office) -> None:
    """Whoever removes it waits until what is being told is told, and takes that with it."""
    viewer, webhook_id = Viewer(office.site.new_id(), "ada", frozenset({Role.ADMIN})), office.site.new_id()
    row = {"url": "https://hooks.example/", "kinds": [Kind.CASE_CHANGED], "is_on": True, "made_by": "ada", "made_ms": 0}
    office.site.store.write(lambda connection: webhook_rows.add_webhook(connection, {"id": webhook_id, **row}))
    told: list[str] = []

    def act(pause: Callable[[], None]) -> None:
        def find() -> list[Happened]:
            pause()
            return [Happened("an object", "changed", "/office")]

        office.site.store.write(lambda connection: tell(connection, office.site, Kind.CASE_CHANGED, find))
        told.append("whole")

    overlap(act, lambda: None, lambda: webhooks.remove(office.site, viewer, webhook_id))

    assert ["whole"] == told
    with office.site.store.read() as connection:
        assert [] == [*connection.execute(select(delivery)), *connection.execute(select(webhook))]


def test_two_contacts_of_one_person_decided_at_once_are_both_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one decides of the phone is still there when the other has decided of the email."""
    [case_id] = office.add_cases(1)
    [case] = office.rows(tables.case)
    said = {"phone": "+14155550199", "email": "new@example.org"}
    events = {field: office.site.new_id() for field in said}
    common = {
        "agent_id": office.agents["a1"], "case_id": case_id, "person_id": case.person_id, "chain_number": 1, "seq": 1,
        "state": "clash", "made_ms": 0,
    }  # fmt: skip
    others = {"phone": "+14155550111", "email": "other@example.org"}
    rows = [
        {**common, "event_id": event_id, "device_id": office.site.new_id(), "field": field, "new": new}
        for field in said
        for event_id, new in ((events[field], said[field]), (office.site.new_id(), others[field]))
    ]
    office.site.store.write(lambda connection: contact_rows.add_proposals(connection, rows))

    def decide(field: str) -> None:
        reviewing.resolve_clash(office.site, events[field], field, "rita", accept=True)

    def first(pause: Callable[[], None]) -> None:
        def fold(*said: Any) -> str:
            pause()
            return fold_value(*said)

        monkeypatch.setattr(reviewing, "fold_value", fold)
        decide("phone")

    overlap(first, lambda: None, lambda: decide("email"))
    [person] = office.rows(tables.person)

    assert said.items() <= person.contacts.items()


def test_a_plan_that_is_sent_late_takes_no_case_out_of_the_next_crews_plan(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case goes to another crew while the first one's plan is being sent: it waits, and stands in its new plan."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    viewer = Viewer(office.site.new_id(), "dee", frozenset({Role.DISPATCHER}))
    day, truth = date(2026, 9, 25), case_rows.lock_cases

    def send(code: str) -> None:
        mark = crew_days.plan_crew_day(office.site, viewer, code, day).mark
        crew_days.send_plan(office.site, viewer, code, day, mark)

    def first(pause: Callable[[], None]) -> None:
        def lock(connection: Any, ids: Any) -> Any:
            pause()
            return truth(connection, ids)

        monkeypatch.setattr(case_rows, "lock_cases", lock)
        send("a1")

    def second() -> None:
        assign(office.site, [case_id], "a2")
        send("a2")

    overlap(first, lambda: None, second)

    assert [office.agents["a2"]] == [row.agent_id for row in office.rows(plan_stop)]
