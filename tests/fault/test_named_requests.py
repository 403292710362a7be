"""The field's known failures of requests, each by its name: written by hand, against a real site on each database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from schemas import canonical
from server.domain import intake
from server.services import replaying
from server.services.reconciling import reconcile
from server.storage import tables, visit_tables
from tests.fault.world import FIX
from tests.office import Office, Phone, opened_office, statuses

VISIT = "01539c1b-1000-7000-8000-000000000001"
STEP = {"step": "card_shown", "text_version": "1", "response": "given"}
RACES = 12


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office with an empty town, on each database."""
    with opened_office(database_url, tmp_path / "folder") as opened:
        yield opened


def one_case(office: Office, *phones: Phone) -> str:
    """Give a new case, assigned to the phones' one agent."""
    case_id = office.add_case("R1")
    office.assign(case_id, phones[0].agent_id)
    return case_id


def with_own_client(phone: Phone) -> Phone:
    """Let a phone be used in a thread of its own."""
    phone.office = copy(phone.office)
    phone.office.client = phone.office.app.test_client()
    return phone


def at_once(*acts: Callable[[], None]) -> None:
    """Do acts in threads that begin together."""
    ready = threading.Barrier(len(acts))

    def begin_with(act: Callable[[], None]) -> None:
        ready.wait(30)
        act()

    threads = [threading.Thread(target=begin_with, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def told(answer: dict[str, Any]) -> tuple[list[str], int]:
    """Give an answer's statuses and where the chain goes on."""
    return statuses(answer), answer["push"]["next_seq"]


def test_two_phones_of_one_agent_racing_with_one_id_give_one_event(office: Office) -> None:
    """E4: the same id sent at the same moment on two chains is accepted once and a duplicate once, never twice new."""
    first = Phone.enrolled(office)
    second = Phone.enrolled(office, agent_id=first.agent_id)
    case_id = one_case(office, first)
    phones = [with_own_client(first), with_own_client(second)]
    for phone in phones:
        phone.exchange(pull=False)
    for _ in range(RACES):
        content = first.content("step_done", STEP, case_id=case_id, visit_id=VISIT, packet_rev=1)
        text, answers = canonical.encode(content).decode(), []

        def race(phone: Phone, text: str = text, event_id: str = content["id"], answers: list[Any] = answers) -> None:
            answers.append(phone.exchange([phone.append(event_id, text)], pull=False))

        at_once(*(lambda phone=phone, race=race: race(phone) for phone in phones))
        assert ["accepted", "duplicate"] == sorted(status for answer in answers for status in statuses(answer))

    rows = office.rows(select(tables.event.c.id).where(tables.event.c.case_id == case_id))
    assert RACES == len(rows) == len({row.id for row in rows})


def test_a_tenfold_storm_of_one_request_is_taken_once(office: Office) -> None:
    """X2: ten copies of one batch at the same moment: one takes it, nine are told what the first was told."""
    phone = Phone.enrolled(office)
    case_id = one_case(office, phone)
    for _ in range(5):
        phone.step(case_id, VISIT)
    answers: list[dict[str, Any]] = []
    twins = [with_own_client(copy(phone)) for _ in range(10)]
    at_once(*(lambda twin=twin: answers.append(twin.exchange(pull=False)) for twin in twins))

    told = [statuses(answer) for answer in answers]
    assert [["accepted"] * 6] + [["duplicate"] * 6] * 9 == sorted(told)
    times = {tuple(each["received_at"] for each in answer["push"]["receipts"]) for answer in answers}
    assert 1 == len(times)
    assert 6 == len(office.rows(select(tables.event.c.id))) == len(office.rows(select(tables.link.c.seq)))


def test_an_id_reused_with_other_bytes_keeps_both_and_tells_a_person(office: Office) -> None:
    """E4: a second content under a known id replaces nothing: both are readable, and reconciliation says so."""
    phone = Phone.enrolled(office)
    case_id = one_case(office, phone)
    phone.record("visit_started", {"fixes": [FIX]}, case_id=case_id, visit_id=VISIT, packet_rev=1)
    first = phone.step(case_id, VISIT)
    content = phone.content("step_done", STEP | {"response": "refused"}, case_id=case_id, visit_id=VISIT, packet_rev=1)
    second = phone.append(first["id"], canonical.encode(content | {"id": first["id"]}).decode())
    answer = phone.exchange()
    reconcile(office.site)

    assert ["accepted", "accepted", "accepted", "id_reuse"] == statuses(answer)
    rows = office.rows(select(tables.event.c.content).where(tables.event.c.id == first["id"]))
    assert {first["content"].encode(), second["content"].encode()} == {bytes(row.content) for row in rows}
    assert "id_reused" in {row.code for row in office.rows(select(visit_tables.finding.c.code))}


def test_three_events_out_of_order_across_a_lost_connection_keep_their_places(office: Office) -> None:
    """E4, X2: the third comes first, the answer to the first is lost, the second comes twice: each at its own place."""
    phone = Phone.enrolled(office)
    case_id = one_case(office, phone)
    phone.exchange()
    entries = [phone.step(case_id, VISIT) for _ in range(3)]

    assert ([], 2) == told(phone.exchange([entries[2]]))
    phone.exchange([entries[0]])  # its answer is lost on the way
    assert ([], 3) == told(phone.exchange([entries[2]]))
    assert (["accepted"], 4) == told(phone.exchange([entries[1]]))
    assert (["duplicate", "duplicate", "accepted"], 5) == told(phone.exchange(entries))
    assert (["duplicate"], 5) == told(phone.exchange([entries[1]]))
    joined = tables.link.join(tables.event, tables.event.c.pos == tables.link.c.event_pos)
    rows = office.rows(select(tables.event.c.id).select_from(joined).order_by(tables.link.c.seq))
    assert [entry["id"] for entry in phone.log] == [row.id for row in rows]


def test_events_of_removed_and_future_schemas_wait_and_stop_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E5, E8: schemas 0 and 2 are parked, what follows is accepted; a server that knows 2 judges that one again."""
    phone = Phone.enrolled(office)
    case_id = one_case(office, phone)
    members = {"case_id": case_id, "visit_id": VISIT, "packet_rev": 1}
    phone.record("step_done", STEP, **members, schema=0)
    newer = phone.record("step_done", STEP, **members, schema=2)
    phone.step(case_id, VISIT)
    assert ["accepted", "parked:unknown-schema", "parked:unknown-schema", "accepted"] == statuses(phone.exchange())
    assert 0 == replaying.judge_parked(office.site)
    monkeypatch.setattr(intake, "EVENT_SCHEMA", 2)
    monkeypatch.setattr(replaying, "event_check", lambda kind: lambda content: content["schema"] == 2)
    assert 1 == replaying.judge_parked(office.site)

    items = phone.exchange([])["pull"]["items"]
    assert [(newer["id"], "accepted")] == [
        (each["body"]["event_id"], each["body"]["status"]) for each in items if each["type"] == "replay"
    ]
    rows = office.rows(select(tables.event.c.status).order_by(tables.event.c.pos))
    assert ["accepted", "parked", "accepted", "accepted"] == [row.status for row in rows]


def test_a_lone_surrogate_in_front_is_parked_as_it_came(office: Office) -> None:
    """E0, E5: text that no Unicode has parks its own event, bytes kept; those behind it are accepted."""
    phone = Phone.enrolled(office)
    case_id = one_case(office, phone)
    content = phone.content("step_done", STEP | {"note": "half \ud83d here"}, case_id=case_id, visit_id=VISIT)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    bad = phone.append(content["id"], text)
    phone.step(case_id, VISIT)
    request = {"clock": phone.clock_body(), "push": {"chain_id": phone.chain_id, "events": phone.log}}
    answer = phone.request(body=json.dumps(request).encode())

    assert ["accepted", "parked:unreadable", "accepted"] == statuses(answer.json)
    row = office.rows(select(tables.event).where(tables.event.c.id == bad["id"]))[0]
    assert text.encode("utf-8", "surrogatepass") == bytes(row.content)
