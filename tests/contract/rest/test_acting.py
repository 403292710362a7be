"""What programs do: decide, halt, hand out, take back, export; once, within their rights, and noted."""

from __future__ import annotations

from typing import Any

import pytest

from server.services import exporting
from server.storage import api_token_rows, dispatch_rows, office_rows, office_tables, queue_rows, tables
from server.storage.token_tables import api_answer
from tests.contract.office.desk import Desk
from tests.contract.office.test_bulk import overridden
from tests.contract.office.visits import carrier, visit
from tests.contract.rest.program import Program, program
from tests.contract.rest.towns import build_towns
from tests.office import Office

NO_VISIT = "01900000-0000-7000-8000-000000000000"
KEY = {"headers": {"Idempotency-Key": "a key"}}


def acts(office: Office) -> list[str]:
    """Give every act since the tokens were made."""
    table = office_tables.office_act
    names = [row.act for row in office.rows(table.select().order_by(table.c.seq))]
    last = max(number for number, name in enumerate(names) if name == "made_token")
    return names[last + 1 :]


def live(office: Office) -> list[tuple[str, str]]:
    """Give (case, role) of every live assignment."""
    table = tables.assignment
    return sorted((row.case_id, row.role) for row in office.rows(table.select().where(table.c.until_ms.is_(None))))


def test_a_visit_is_decided_as_on_its_page(desk: Desk) -> None:
    """The decision stands with its words, the state follows, and it is noted once."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    caller = program(desk, "reviewer")
    told = caller.post(
        f"/visits/{visit_id}/decisions", {"act": "returned", "question": "Which door was it?", "reason": "place"}
    )
    story = caller.get(f"/visits/{visit_id}")

    assert {"visit_id": visit_id, "act": "returned", "id": story["decisions"][0]["id"]} == told
    assert ("returned", "Which door was it?", "reviewer") == (
        story["state"], story["decisions"][0]["question"], story["decisions"][0]["by"]
    )  # fmt: skip
    assert ["returned", "looked"] == acts(office)


def test_an_amendment_and_what_was_seen_are_kept(desk: Desk) -> None:
    """What was recorded stays beside what was put in its place."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    caller = program(desk, "reviewer")
    body = {"act": "amended", "amendment": {"contact_result": "moved"}, "saw": []}
    caller.post(f"/visits/{visit_id}/decisions", body | {"act": "approved"}, 422)
    caller.post(f"/visits/{visit_id}/decisions", body)
    [decision] = caller.get(f"/visits/{visit_id}")["decisions"]

    assert {"contact_result": {"before": "nobody", "after": "moved"}} == decision["amendment"]
    assert [] == decision["saw"]


def test_nobody_decides_on_a_visit_of_their_own(desk: Desk) -> None:
    """Whoever was there is refused, by a token as on the page."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    caller = program(desk, "reviewer")
    office.site.store.write(
        lambda connection: office_rows.change_user(connection, caller.account_id, agent_id=phone.agent_id)
    )
    told = caller.post(f"/visits/{visit_id}/decisions", {"act": "approved"}, 409)

    assert "You were at this visit yourself" in told["detail"]


def test_a_visit_that_somebody_has_open_is_theirs(desk: Desk) -> None:
    """A program does not decide what a person is looking at."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    desk.sign_in("supervisor").get(f"/visits/{visit_id}")
    caller = program(desk, "reviewer")
    told = caller.post(f"/visits/{visit_id}/decisions", {"act": "approved"}, 409)

    assert "Somebody else has this visit open" in told["detail"]
    office.clock.advance(minutes=11)
    caller.post(f"/visits/{visit_id}/decisions", {"act": "approved"})


def test_an_overridden_visit_waits_for_a_second_person(desk: Desk) -> None:
    """202 for the first of two, 409 for the same one again, 201 for the second."""
    office = desk.office
    visit_id = overridden(office)
    first, second = program(desk, "reviewer"), program(desk, "supervisor")
    told = first.post(f"/visits/{visit_id}/decisions", {"act": "approved"}, 202)
    first.post(f"/visits/{visit_id}/decisions", {"act": "approved"}, 409)
    done = second.post(f"/visits/{visit_id}/decisions", {"act": "approved"})

    assert told["id"] is None
    assert done["id"]
    assert "approved" == second.get(f"/visits/{visit_id}")["state"]


def test_bad_bodies_are_refused_before_anything_is_done(desk: Desk) -> None:
    """Not JSON, another kind, too large, packed, with members nobody knows, or with nothing but half a character."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    caller, path = program(desk, "reviewer"), f"/visits/{visit_id}/decisions"
    plain = {"content_type": "application/json"}

    def status(**more: Any) -> int:
        return caller.ask("POST", path, **more).status_code

    assert 400 == status(data=b"{", **plain)
    assert 400 == status(data=b"[]", **plain)
    assert 400 == status(json={"act": "approved", "colour": "red"})
    assert 400 == status(json={"act": "praised"})
    assert 400 == status(json={})
    assert 415 == status(data=b"act=approved", content_type="application/x-www-form-urlencoded")
    assert 415 == status(data=b"{}", headers={"Content-Encoding": "gzip"}, **plain)
    assert 413 == status(data=b'{"act":"approved","reason":"' + b"x" * 70_000 + b'"}', **plain)
    assert 405 == caller.ask("PUT", path, json={}).status_code
    assert [] == acts(office)


def test_half_a_character_is_read_as_one_that_is_not_known(desk: Desk) -> None:
    """A lone surrogate, which no text may hold, stands as U+FFFD, as on the wire of the phones."""
    office = desk.office
    phone, plain = carrier(office), {"content_type": "application/json"}
    visit_id = visit(office, phone, "R1")
    caller, sender = program(desk, "reviewer"), program(desk, "dispatcher")
    question = rb'{"act": "returned", "question": "Which \ud800 door?"}'
    asked = caller.ask("POST", f"/visits/{visit_id}/decisions", data=question, **plain)
    path = f"/cases/{office.add_case('R2')}/assignments"
    nobody = sender.ask("POST", path, data=rb'{"lead": "\ud800"}', **plain)

    assert 201 == asked.status_code
    assert ["Which \ufffd door?"] == [each["question"] for each in caller.get(f"/visits/{visit_id}")["decisions"]]
    assert (422, ["crew"]) == (nobody.status_code, list((nobody.json or {})["errors"]))


def holding(desk: Desk) -> tuple[Program, str, dict[str, Any]]:
    """Give a supervisor's program, and the address and body by which it halts a case."""
    ours, _ = build_towns(desk.office)
    caller = program(desk, "supervisor")
    return caller, f"/cases/{ours.parts['case_id']}/holds", {"reason": "illness", "scope": "case"}


def test_a_request_with_a_key_is_done_once(desk: Desk) -> None:
    """Sent again it is answered alike; the key opens nothing else, and another token has keys of its own."""
    office = desk.office
    caller, path, body = holding(desk)
    other = program(desk, "support")
    first, again = caller.post(path, body, **KEY), caller.post(path, body, **KEY)
    told = caller.post(path, body | {"scope": "person"}, 409, **KEY)
    theirs = other.post(path, body, **KEY)

    assert first == again
    assert "was sent with another request" in told["detail"]
    assert theirs["id"] != first["id"]
    assert ["placed_hold"] * 2 == acts(office)
    assert {first["id"], theirs["id"]} < {row.id for row in office.rows(tables.hold.select())}
    for key in ("", "k" * 201):
        caller.post(path, body, 400, headers={"Idempotency-Key": key})
    assert ["placed_hold"] * 2 == acts(office)


def test_a_refused_request_may_come_again_under_its_key(desk: Desk) -> None:
    """Mended or not: nothing was done, so nothing is kept. After a day a key is new, and no token's answer is left."""
    office = desk.office
    caller, path, body = holding(desk)
    program(desk, "support").post(path, body, **KEY)
    caller.post(path, body | {"until": "2016-01-01"}, 422, **KEY)
    first = caller.post(path, body, **KEY)
    office.clock.advance(hours=25)
    later = caller.post(path, body, **KEY)

    assert first["id"] != later["id"]
    assert 1 == len(office.rows(api_answer.select()))


def test_a_request_that_broke_midway_is_not_done_again(desk: Desk) -> None:
    """Nobody knows what came of it, and the answer says so."""
    office = desk.office
    caller, path, body = holding(desk)
    caller.post(path, body, **KEY)
    forgotten = api_answer.update().values(status=None, body=None)
    office.site.store.write(lambda connection: connection.execute(forgotten) and None)
    told = caller.post(path, body, 409, **KEY)

    assert "is not done, or broke" in told["detail"]


def test_a_case_is_handed_out_and_taken_back(desk: Desk) -> None:
    """What nobody has stands on the board; the crew that was named has it, until it is taken back."""
    office = desk.office
    office.add_agent("a1")
    office.add_agent("a2")
    case_id = office.add_case("R1")
    caller = program(desk, "dispatcher", agencies=[office.agency_id])
    [free] = caller.get("/dispatch/cases")["cases"]
    agents = caller.get("/dispatch/agents")["agents"]
    path = f"/cases/{case_id}/assignments"
    told = caller.post(path, {"lead": "a1", "companions": ["a2"]})
    held = live(office)
    again = caller.post(path, {"lead": "a1", "companions": ["a2"]})
    back = caller.ask("DELETE", path).json
    nobody = caller.ask("DELETE", path).json

    assert (case_id, None) == (free["id"], free["lead"])
    assert [("a1", 0), ("a2", 0)] == [(each["code"], each["open_cases"]) for each in agents]
    assert ("assigned", "unchanged") == (told["outcome"], again["outcome"])
    assert [(case_id, "companion"), (case_id, "lead")] == held
    assert [{"case_id": case_id, "was_assigned": each} for each in (True, False)] == [back, nobody]
    assert [] == live(office)


def test_what_the_gate_refuses_is_not_handed_out(desk: Desk) -> None:
    """Each rule in the way is named; the case stays with nobody."""
    office = desk.office
    office.add_agent("a1")
    case_id = office.add_case("R1")
    office.settings = office.settings.__class__(**{**office.settings.__dict__, "house_rulebook": "", "rulebooks": "US"})
    office.site.store.close()
    office.start()
    caller = program(desk, "dispatcher")
    told = caller.post(f"/cases/{case_id}/assignments", {"lead": "a1"}, 409)

    assert "The gate does not let this case through to this crew." == told["detail"]
    assert told["errors"]
    assert [] == live(office)


def test_a_case_goes_to_no_crew_of_another_agency(desk: Desk) -> None:
    """Nor is a closed one handed out."""
    office = desk.office
    ours, theirs = build_towns(office)
    caller = program(desk, "dispatcher", agencies=[office.agency_id])
    path = f"/cases/{ours.parts['case_id']}/assignments"
    told = caller.post(path, {"lead": theirs.parts["lead"]}, 422)
    closed = tables.case.update().where(tables.case.c.id == ours.parts["case_id"]).values(status="closed")
    office.site.store.write(lambda connection: connection.execute(closed) and None)

    assert ["crew"] == list(told["errors"])
    assert "This case is not open." == caller.post(path, {"lead": "ours"}, 409)["detail"]


def test_a_case_that_is_gone_meanwhile_is_not_handed_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed after it was found open, before the gate was asked: said, not an error."""
    office = desk.office
    office.add_agent("a1")
    path, caller = f"/cases/{office.add_case('R1')}/assignments", program(desk, "dispatcher")
    found = iter([[object()], []])
    monkeypatch.setattr(dispatch_rows, "read_open", lambda *_: next(found))
    told = caller.post(path, {"lead": "a1"}, 409)

    assert "closed or handed out meanwhile" in told["detail"]


def test_an_export_is_asked_for_written_and_fetched(desk: Desk) -> None:
    """Whole, in parts, of the token's agencies only, and by nobody else."""
    office = desk.office
    ours, theirs = build_towns(office)
    caller, other = program(desk, "auditor", agencies=[office.agency_id]), program(desk, "supervisor")
    asked = caller.post("/exports", {"kind": "visits", "format": "jsonl", "profile": "full"}, 202)
    path = f"/exports/{asked['id']}"
    caller.get(f"{path}/file", 404)
    assert exporting.work_export(office.site)
    told = caller.get(path)
    whole = _fetch(caller, told["file"])
    part = _fetch(caller, told["file"], Range="bytes=2-5")

    assert ("waiting", None) == (asked["state"], asked["file"])
    assert ("done", 1, len(whole)) == (told["state"], told["rows"], told["size"])
    assert ours.parts["visit_id"].encode() in whole
    assert [] == [each for each in theirs.marks if each.encode() in whole]
    assert whole[2:6] == part
    assert 400 == caller.ask("GET", f"{path}/file", headers={"Range": "bytes=99999-"}).status_code
    other.get(path, 404)
    caller.post("/exports", {"kind": "audit", "format": "csv", "profile": "full"}, 422)
    assert ["asked_export", "downloaded", "downloaded", "downloaded"] == acts(office)


def _fetch(caller: Program, path: str, **headers: str) -> bytes:
    with caller.ask("GET", path.removeprefix("/api/v1"), headers=headers) as answer:
        assert answer.status_code == (206 if headers else 200)
        return answer.data


def test_what_nobody_foresaw_is_told_under_an_id(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 500 says what to do, quotes its id, and nothing of what broke."""
    caller = program(desk, "auditor")
    monkeypatch.delattr(queue_rows, "list_queue")
    told = caller.get("/visits", 500)

    assert "Look whether it was done before you ask again" in told["detail"]
    assert 36 == len(told["instance"])
    assert "list_queue" not in str(told)


def test_a_revoked_token_does_nothing_more(desk: Desk) -> None:
    """Also what was begun under its keys is not told any more."""
    office = desk.office
    caller, path, body = holding(desk)
    caller.post(path, body, **KEY)
    office.site.store.write(
        lambda connection: api_token_rows.revoke_tokens(connection, caller.account_id, office.clock())
    )

    caller.post(path, body, 401, **KEY)
    caller.post(f"/visits/{NO_VISIT}/decisions", {"act": "approved"}, 401)
