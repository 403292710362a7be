"""What one round trip promises: proof of the device, two halves that fail apart, limits while reading."""

from __future__ import annotations

import gzip

import orjson
import pytest
from sqlalchemy import select

from schemas import signing
from schemas.exchange import ExchangeAnswerSchema
from schemas.messages import Quota
from server.storage import feed, tables
from tests.office import Office, Phone, statuses

IDLE = "/sync/v1/exchange"


@pytest.fixture
def phone(office: Office) -> Phone:
    """A phone whose agent holds one case."""
    phone = Phone.enrolled(office)
    office.assign(office.add_case("R1"), phone.agent_id)
    return phone


def idle_body(phone: Phone) -> dict[str, object]:
    """Give the body of an exchange without events."""
    return {"clock": phone.clock_body(), "push": {"chain_id": phone.chain_id}, "pull": {}}


def problem_of(answer: object) -> str:
    """Give the code of a problem answer."""
    return str(answer.json["type"]).removeprefix("urn:fairvisit:problem:")  # type: ignore[attr-defined]


class TestProof:
    """A2: every request is signed by the device's key over a stateless nonce."""

    @pytest.mark.parametrize(
        "signed",
        [{"path": "/sync/v1/fetch"}, {"method": "GET"}, {"body_sha256": "0" * 64}, {"typ": "checkpoint"}],
        ids=["another path", "another method", "another body", "another typ"],
    )
    def test_a_signature_is_for_one_request_only(self, phone: Phone, signed: dict[str, str]) -> None:
        """A2: a signature over another method, path, body or typ is unauthenticated."""
        answer = phone.request(body=idle_body(phone), signed=signed)

        assert (401, "unauthenticated") == (answer.status_code, problem_of(answer))
        assert "1" == answer.headers["Fairvisit"]

    def test_unknown_devices_and_bad_signatures_look_alike(self, office: Office, phone: Phone) -> None:
        """A2: an unknown device and a bad signature get the very same answer, without a nonce."""
        stranger = Phone(office, "", "", device_id=office.site.new_id(), nonce=phone.nonce)
        forged = Phone(office, "", "", device_id=phone.device_id, nonce=phone.nonce)
        unsigned = office.client.post(IDLE, data=b"{}")

        answers = [stranger.request(body={}), forged.request(body={}), unsigned]

        assert 1 == len({(answer.status_code, answer.data) for answer in answers})
        assert not any("Fairvisit-Nonce" in answer.headers for answer in answers)

    def test_an_old_nonce_is_answered_with_a_fresh_one(self, office: Office, phone: Phone) -> None:
        """A2: a nonce is reusable for 24 hours; later use-nonce comes with a fresh one, after a valid signature."""
        first = phone.nonce
        office.clock.advance(hours=23, minutes=59)
        assert 200 == phone.request(body=idle_body(phone), signed={"nonce": first}).status_code
        office.clock.advance(days=2)

        refused = phone.request(body=idle_body(phone), signed={"nonce": first})

        assert (401, "use-nonce") == (refused.status_code, problem_of(refused))
        assert 200 == phone.request(body=idle_body(phone)).status_code
        assert len(refused.headers["Fairvisit-Nonce"]) <= 24

    def test_nothing_depends_on_the_devices_clock(self, phone: Phone) -> None:
        """A3: a device ten years off exchanges like any other."""
        body = idle_body(phone)
        body["clock"] = {**phone.clock_body(), "wall": "2006-04-07T10:00:00.000+08:00"}

        assert 200 == phone.request(body=body).status_code

    def test_fourteen_silent_days_lock_the_pull_half(self, office: Office, phone: Phone) -> None:
        """A4: after 14 days without contact pull answers reauth-required and goes on doing so; push stays open."""
        office.clock.advance(days=15)
        first = phone.exchange()
        second = phone.exchange()

        assert ["accepted"] == statuses(first)
        for answer in (first, second):
            assert "urn:fairvisit:problem:reauth-required" == answer["pull"]["problem"]["type"]


class TestHalves:
    """X1: a half that fails carries its own problem and the other half is served."""

    def test_a_failing_pull_leaves_the_push(self, phone: Phone) -> None:
        """X1: a cursor of no scope fails the pull half alone."""
        phone.cursor = "nonsense"
        answer = phone.exchange()

        assert ["accepted"] == statuses(answer)
        assert "urn:fairvisit:problem:cursor-foreign" == answer["pull"]["problem"]["type"]

    def test_a_failing_push_leaves_the_pull(self, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        """X1: whatever happens to the push half, the page is served; the problem names an id for the log."""

        def explode(*_: object) -> None:
            raise RuntimeError("disk full")

        monkeypatch.setattr("server.services.exchanging.receive_batch", explode)
        answer = phone.exchange()

        assert "urn:fairvisit:problem:internal" == answer["push"]["problem"]["type"]
        assert "instance" in answer["push"]["problem"]
        assert 1 == answer["push"]["next_seq"]
        assert 1 == len(answer["pull"]["items"])

    def test_without_a_pull_half_nothing_is_pulled(self, phone: Phone) -> None:
        """X1: a request without pull gets none."""
        assert "pull" not in phone.exchange(pull=False)

    def test_the_answer_keeps_its_schema(self, office: Office, phone: Phone) -> None:
        """X1: an answer with every part keeps the documented schema."""
        phone.record("contact_proposed", {"changes": [{"field": "phone", "new": "1"}]}, case_id=office.site.new_id())
        assert {} == ExchangeAnswerSchema().validate(phone.exchange())

    def test_one_trip_takes_events_up_and_brings_packets_down(self, office: Office, phone: Phone) -> None:
        """X1: push commits, then the page is read, in one request: what the batch caused is on the page."""
        case_id = office.rows(select(tables.case.c.id))[0].id
        body = {"reason": "illness", "scope": "case"}
        entry = phone.record("hold_placed", body, case_id=case_id, visit_id=office.site.new_id(), packet_rev=1)

        items = phone.exchange()["pull"]["items"]

        assert {"packet": case_id, "hold": entry["id"]} == {item["type"]: item["id"] for item in items}


class TestLimits:
    """X3, X5: quotas are enforced while reading, and what is over them is said with the quota."""

    def test_a_batch_over_its_count_is_refused_whole_with_the_quota(self, office: Office, phone: Phone) -> None:
        """X3: more than max_events fails the push half with the quota; nothing is taken."""
        for _ in range(200):
            phone.record("danced", {})

        answer = phone.exchange()

        assert "urn:fairvisit:problem:too-many-events" == answer["push"]["problem"]["type"]
        assert Quota().to_wire() == answer["push"]["problem"]["quota"]
        assert ["accepted"] + ["parked:unknown-kind"] * 199 == statuses(phone.exchange(phone.log[:200]))

    def test_a_lone_event_may_be_four_times_a_batch(self, office: Office, phone: Phone) -> None:
        """X3: max_bytes limits batches, max_event_bytes a lone event, max_inflated the request."""
        quota = Quota()
        assert quota.max_event_bytes >= 4 * quota.max_bytes
        assert quota.max_inflated >= 3 * quota.max_event_bytes
        big = "x" * (quota.max_bytes + 1)
        phone.append(office.site.new_id(), big)

        together = phone.exchange()
        assert "urn:fairvisit:problem:too-many-events" == together["push"]["problem"]["type"]
        phone.exchange(phone.log[:1])
        assert ["parked:unreadable"] == statuses(phone.exchange(phone.log[1:]))

    def test_a_bomb_is_refused_while_it_inflates(self, phone: Phone) -> None:
        """X5: a body that inflates beyond max_inflated is refused before it is whole."""
        answer = phone.request(body=b" " * (Quota().max_inflated + 1), zipped=True)

        assert (413, "too-large") == (answer.status_code, problem_of(answer))
        assert Quota().to_wire() == answer.json["quota"]

    def test_bodies_that_are_not_what_they_say_are_refused(self, phone: Phone) -> None:
        """X5: cut gzip, another encoding, no JSON and deep JSON each get their own problem."""
        cut = gzip.compress(orjson.dumps(idle_body(phone)))[:-4]
        found = [
            problem_of(phone.request(body=cut, headers={"Content-Encoding": "gzip"})),
            problem_of(phone.request(body=b"{}", headers={"Content-Encoding": "br"})),
            problem_of(phone.request(body=b"{")),
            problem_of(phone.request(body=b'{"push":' + b"[" * 100 + b"]" * 100 + b"}")),
            problem_of(phone.request(body={"clock": {}})),
        ]

        assert ["malformed", "unsupported-media-type", "malformed", "too-deep", "malformed"] == found

    def test_a_device_that_asks_too_often_is_told_when_to_come_back(self, database_url: str, tmp_path: object) -> None:
        """X5: the per-device rate is enforced, with Retry-After; another device is not touched by it."""
        from pathlib import Path

        from tests.office import opened_office

        with opened_office(database_url, Path(str(tmp_path)), requests_per_minute=3) as office:
            phone, other = Phone.enrolled(office), Phone.enrolled(office, "a2")
            codes = [phone.request(body=idle_body(phone)).status_code for _ in range(4)]
            refused = phone.request(body=idle_body(phone))
            assert [200, 200, 200, 429] == codes
            assert (429, "20") == (refused.status_code, refused.headers["Retry-After"])
            assert 200 == other.request(body=idle_body(other)).status_code
            office.clock.advance(seconds=20)
            assert 200 == phone.request(body=idle_body(phone)).status_code


class TestIdle:
    """X6: an idle answer is as small as it can be."""

    def test_an_idle_answer_is_under_two_hundred_bytes(self, phone: Phone) -> None:
        """X6: it holds server_time, next_exchange_s, next_seq, more and head, and nothing else."""
        phone.exchange()
        body = idle_body(phone) | {"pull": {"cursor": phone.cursor}}

        answer = phone.request(body=body)

        assert {"server_time", "next_exchange_s", "push", "pull"} == set(answer.json)
        assert ({"next_seq"}, {"more", "head"}) == (set(answer.json["push"]), set(answer.json["pull"]))
        assert len(answer.data) < 200

    def test_answers_are_compressed_as_the_asker_reads_them(self, office: Office, phone: Phone) -> None:
        """X6: zstd, else gzip, else as it is, and none under 300 bytes."""
        office.publish(feed.Change(phone.agent_id, "notice", office.site.new_id(), 1, {"text": "x" * 500}))
        found = [
            phone.request(body=idle_body(phone), headers={"Accept-Encoding": accepted}).headers.get("Content-Encoding")
            for accepted in ("zstd, gzip", "gzip", "identity")
        ]

        assert ["zstd", "gzip", None] == found


class TestHolds:
    """E9: a hold acts, whatever becomes of its event and however far the page has come."""

    def test_a_parked_hold_reaches_every_agent_of_the_case(self, office: Office, phone: Phone) -> None:
        """E9: a hold whose event is parked takes effect provisionally, on every device at its next exchange."""
        case_id = office.rows(select(tables.case.c.id))[0].id
        other = Phone.enrolled(office, "a2")
        office.assign(case_id, other.agent_id, role="companion", lead_agent_id=phone.agent_id)
        body = {"reason": "distress", "scope": "case", "newer_field": True}
        entry = phone.record("hold_placed", body, case_id=case_id, visit_id=office.site.new_id(), packet_rev=1)
        assert ["accepted", "parked:invalid"] == statuses(phone.exchange())

        for each in (phone, other):
            each.cursor = None
            holds = each.exchange([])["holds"]
            assert [(entry["id"], [case_id], "distress")] == [
                (hold["hold_id"], hold["case_ids"], hold["reason"]) for hold in holds
            ]

    def test_holds_come_whatever_the_page_says(self, office: Office, phone: Phone) -> None:
        """E9: behind 5,000 rows, or with a pull half that fails, the live holds are listed; once passed no longer."""
        case_id = office.rows(select(tables.case.c.id))[0].id
        office.publish(
            *[feed.Change(phone.agent_id, "notice", office.site.new_id(), 1, {"text": "n" * 900}) for _ in range(5000)]
        )
        body = {"reason": "illness", "scope": "case"}
        phone.record("hold_placed", body, case_id=case_id, visit_id=office.site.new_id(), packet_rev=1)
        phone.exchange(pull=False)

        first = phone.exchange([])
        assert first["pull"]["more"]
        assert ["illness"] == [hold["reason"] for hold in first["holds"]]

        cursor, phone.cursor = phone.cursor, "nonsense"
        assert ["illness"] == [hold["reason"] for hold in phone.exchange([])["holds"]]

        phone.cursor = cursor
        answer = first
        while answer["pull"]["more"]:
            answer = phone.exchange([])
        assert "holds" not in phone.exchange([])

    def test_a_hold_on_a_case_out_of_scope_halts_nothing(self, office: Office, phone: Phone) -> None:
        """E9: only a case that is or was in the agent's scope can be halted by that agent."""
        body = {"reason": "illness", "scope": "case"}
        phone.record("hold_placed", body, case_id=office.add_case("R9"), visit_id=office.site.new_id(), packet_rev=1)
        phone.exchange()

        assert [] == office.rows(select(tables.hold.c.id))


class TestDirectives:
    """D1: a directive is asked for until its chain acknowledges it."""

    def test_a_directive_is_listed_until_it_is_done(self, office: Office, phone: Phone) -> None:
        """D1: directives come with every answer until directive_done has been taken."""
        directive_id = office.site.new_id()
        jws = signing.sign({"typ": "directive", "id": directive_id}, signing.new_private_key(), "k")
        office.insert(
            tables.directive, id=directive_id, device_id=phone.device_id, chain_id=phone.chain_id, kind="upload_all",
            jws=jws, issued_ms=1, issued_by="test",
        )
        assert [jws] == phone.exchange()["directives"]

        entry = phone.record("directive_done", {"directive_id": directive_id, "result": "done"})
        assert "directives" not in phone.exchange([entry])
