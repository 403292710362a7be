"""A device is let in by a code and its own key, once, and told apart from every other (A1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from schemas.errors import FieldError
from schemas.exchange import AwaitingApprovalSchema, EnrolAnswerSchema
from server.domain.nonces import is_nonce_good
from server.services.enrolling import EnrolResult, approve, enrol_device, issue_code, refuse
from server.services.people import AgentEntry, put_agents
from server.services.revoking import revoke_device, withdraw_device
from server.storage import tables
from tests.contract.people.office import DAY_MS, MINUTE_MS, START_MS, Key, Office, opened_office

INVALID = "enrolment-code-invalid"


def refusal(office: Office, request: dict[str, Any]) -> str:
    """Give the code of the error that a request is refused with."""
    with pytest.raises(FieldError) as caught:
        enrol_device(office.site, request)
    return caught.value.code


def enrol(office: Office, agent: str, key: Key) -> EnrolResult:
    """Let a device in."""
    return enrol_device(office.site, key.request(issue_code(office.site, agent)))


def test_a_code_lets_one_device_in(office: Office) -> None:
    """A1: a code presented with a key makes a device, and the answer is what the wire's schema says."""
    result = enrol(office, "a1", Key())

    assert (201, {}) == (result.status, EnrolAnswerSchema().validate(dict(result.answer)))
    assert "a1" == result.answer["agent"]["code"]
    [device] = office.rows(tables.device)
    assert (office.agents["a1"], "active", START_MS) == (device.agent_id, device.state, device.seen_ms)
    assert is_nonce_good([office.site.nonce_secret], device.id, result.answer["nonce"], START_MS)


def test_a_code_is_stored_as_a_hash_only(office: Office) -> None:
    """What is stored of a code does not hold its letters."""
    code = issue_code(office.site, "a1")

    assert code.replace("-", "") not in repr(office.rows(tables.enrol_code))


def test_the_same_code_with_the_same_key_gives_the_same_answer_for_a_day(office: Office) -> None:
    """A1: a repeat within 24 hours gives the same answer, and nothing after that."""
    key = Key()
    request = key.request(issue_code(office.site, "a1"))
    first = enrol_device(office.site, request)
    office.clock.move(DAY_MS - 1)
    second = enrol_device(office.site, request)

    assert {**first.answer, "nonce": ""} == {**second.answer, "nonce": ""}
    assert 1 == len(office.rows(tables.device))
    office.clock.move(1)
    assert refusal(office, request) == INVALID


def test_a_repeat_does_not_bring_a_withdrawn_device_back(office: Office) -> None:
    """A1: a repeat changes nothing: a device that was withdrawn meanwhile stays withdrawn."""
    key = Key()
    request = key.request(issue_code(office.site, "a1"))
    device_id = enrol_device(office.site, request).device_id
    revoke_device(office.site, device_id, "office")
    enrol_device(office.site, request)

    assert ["upload_only"] == [row.state for row in office.rows(tables.device)]


def test_a_code_is_typed_as_people_type(office: Office) -> None:
    """A code counts in small letters, with spaces or without dashes."""
    code = issue_code(office.site, "a1").lower().replace("-", " ")

    assert enrol_device(office.site, Key().request(code)).status == 201


def test_a_used_code_is_of_no_use_to_another_key(office: Office) -> None:
    """A1: a code that one key presented is refused to every other."""
    code = issue_code(office.site, "a1")
    enrol_device(office.site, Key().request(code))

    assert INVALID == refusal(office, Key().request(code))


def test_a_code_ends_after_a_quarter_of_an_hour(office: Office) -> None:
    """A1: a code is good for 15 minutes."""
    early, late = issue_code(office.site, "a1"), issue_code(office.site, "a1")
    office.clock.move(15 * MINUTE_MS - 1)
    enrol_device(office.site, Key().request(early))
    office.clock.move(1)

    assert INVALID == refusal(office, Key().request(late))


def test_a_wrong_code_is_refused(office: Office) -> None:
    """A1: a code nobody issued is refused."""
    assert INVALID == refusal(office, Key().request("2222-2222-2222"))


@pytest.mark.parametrize("claims", [{"code": "2222-2222-2222"}, {"jkt": "other"}, {"typ": "request"}])
def test_the_proof_must_be_over_this_code_and_this_key(office: Office, claims: dict[str, str]) -> None:
    """A1: a proof over anything else is refused, and uses nothing up."""
    code = issue_code(office.site, "a1")

    assert INVALID == refusal(office, Key().request(code, claims))
    assert enrol_device(office.site, Key().request(code)).status == 201


def test_a_proof_by_another_key_is_refused(office: Office) -> None:
    """A1: the proof shows that the device holds the private key; one by another key does not."""
    code = issue_code(office.site, "a1")
    request = Key().request(code) | {"jwk": Key().jwk}

    assert INVALID == refusal(office, request)


def test_every_refusal_looks_alike(office: Office) -> None:
    """Whatever is wrong with a code, the answer's sentence is the same."""
    used = issue_code(office.site, "a1")
    enrol_device(office.site, Key().request(used))
    said = set()
    for request in (Key().request(used), Key().request("2222-2222-2222"), Key().request(used, {"typ": "x"})):
        with pytest.raises(FieldError) as caught:
            enrol_device(office.site, request)
        said.add((caught.value.code, caught.value.detail, str(caught.value.extra)))

    assert 1 == len(said)


def test_a_key_known_under_another_agent_is_refused(office: Office) -> None:
    """A1: a key belongs to one agent for good."""
    key = Key()
    enrol(office, "a1", key)

    assert INVALID == refusal(office, key.request(issue_code(office.site, "a2")))


def test_a_known_key_with_a_new_code_is_the_same_device_again(office: Office) -> None:
    """A1: re-authentication keeps the device id, and counts as contact."""
    key = Key()
    first = enrol(office, "a1", key)
    office.clock.move(20 * DAY_MS)
    second = enrol(office, "a1", key)

    assert first.device_id == second.device_id
    assert [START_MS + 20 * DAY_MS] == [row.seen_ms for row in office.rows(tables.device)]


def test_a_new_code_lets_a_device_pull_again_unless_it_is_gone(office: Office) -> None:
    """A4: a new code of its agent lets an upload-only device in again; a device that is gone stays gone."""
    key = Key()
    device_id = enrol(office, "a1", key).device_id
    revoke_device(office.site, device_id, "office")
    enrol(office, "a1", key)

    assert ["active"] == [row.state for row in office.rows(tables.device)]
    revoke_device(office.site, device_id, "office")
    withdraw_device(office.site, device_id, "office")
    assert refusal(office, key.request(issue_code(office.site, "a1"))) == INVALID


def test_after_a_restore_a_known_key_makes_its_device_anew(office: Office) -> None:
    """A1: a key whose device the backup does not hold is let in as a new device by a new code."""
    office.restore()
    office.clock.move(1)

    assert enrol(office, "a1", Key()).status == 201


def test_after_a_restore_unused_codes_are_void(office: Office) -> None:
    """F5: a code issued before the restore, and not used, lets nobody in."""
    code = issue_code(office.site, "a1")
    office.clock.move(1)
    office.restore()

    assert INVALID == refusal(office, Key().request(code))


def test_a_replaced_device_may_only_send(office: Office) -> None:
    """A1: the code may name the device it replaces, which is then withdrawn."""
    old = enrol(office, "a1", Key()).device_id
    new = enrol_device(office.site, Key().request(issue_code(office.site, "a1", replaces=old))).device_id

    assert {old: "upload_only", new: "active"} == {row.id: row.state for row in office.rows(tables.device)}


def test_a_device_of_another_agent_is_not_replaced(office: Office) -> None:
    """A code can only name a device of its own agent."""
    other = enrol(office, "a2", Key()).device_id

    with pytest.raises(FieldError, match="not-found"):
        issue_code(office.site, "a1", replaces=other)


def test_an_agent_who_is_not_active_enrols_nothing(office: Office) -> None:
    """Neither a new code nor one issued before lets a device of an inactive agent in."""
    code = issue_code(office.site, "a1")
    put_agents(office.site, [AgentEntry("a1", "Agent a1", "North", "City", status="inactive")])

    with pytest.raises(FieldError, match="conflict"):
        issue_code(office.site, "a1")
    assert INVALID == refusal(office, Key().request(code))


def test_one_code_at_sixteen_keys_at_once_lets_one_in(office: Office) -> None:
    """Sixteen keys that present one code at the same moment get one device between them."""
    code = issue_code(office.site, "a1")
    requests = [Key().request(code) for _ in range(16)]

    def attempt(request: dict[str, Any]) -> int:
        try:
            return enrol_device(office.site, request).status
        except FieldError:
            return 403

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(attempt, requests))

    assert [201] + [403] * 15 == statuses
    assert 1 == len(office.rows(tables.device))


def test_one_key_with_codes_of_two_agents_at_once_is_let_in_once(office: Office) -> None:
    """A key presented under two agents at the same moment ends up under one of them."""
    for _ in range(8):
        key = Key()
        requests = [key.request(issue_code(office.site, agent)) for agent in ("a1", "a2")]

        def attempt(request: dict[str, Any]) -> int:
            try:
                return enrol_device(office.site, request).status
            except FieldError as error:
                return error.kind.status

        with ThreadPoolExecutor(2) as pool:
            assert [201, 403] == sorted(pool.map(attempt, requests))


class TestApproval:
    """Where a person approves each new device."""

    @pytest.fixture
    def office(self, database_url: str) -> Any:
        """An office that approves devices."""
        with opened_office(database_url, needs_approval=True) as opened:
            opened.add_agents("a1")
            yield opened

    def test_a_new_device_waits(self, office: Office) -> None:
        """A1: the answer is 202 until a person decides, however long that takes, and 201 for a day after."""
        request = Key().request(issue_code(office.site, "a1"))
        first = enrol_device(office.site, request)
        office.clock.move(3 * DAY_MS)

        assert (202, {}) == (first.status, AwaitingApprovalSchema().validate(dict(first.answer)))
        assert 202 == enrol_device(office.site, request).status
        approve(office.site, first.device_id, "boss")
        office.clock.move(DAY_MS - 1)
        assert enrol_device(office.site, request).status == 201
        office.clock.move(1)
        assert refusal(office, request) == INVALID

    def test_a_refused_device_leaves_no_row(self, office: Office) -> None:
        """A device that is turned away is forgotten, and its code stays refused."""
        request = Key().request(issue_code(office.site, "a1"))
        refuse(office.site, enrol_device(office.site, request).device_id, "boss")

        assert [] == office.rows(tables.device)
        assert refusal(office, request) == INVALID

    def test_a_known_device_does_not_wait_again(self, office: Office) -> None:
        """A1: re-authentication of a device that was approved needs no second approval."""
        key = Key()
        approve(office.site, enrol(office, "a1", key).device_id, "boss")

        assert 201 == enrol(office, "a1", key).status

    def test_a_second_code_does_not_jump_the_queue(self, office: Office) -> None:
        """A waiting device that presents another code still waits; one decision decides both codes."""
        key = Key()
        first, second = (key.request(issue_code(office.site, "a1")) for _ in range(2))
        device_id = enrol_device(office.site, first).device_id

        assert 202 == enrol_device(office.site, second).status
        approve(office.site, device_id, "boss")
        assert [201, 201] == [enrol_device(office.site, each).status for each in (first, second)]

    def test_only_a_waiting_device_is_approved(self, office: Office) -> None:
        """Approving twice is refused with a sentence."""
        device_id = enrol(office, "a1", Key()).device_id
        approve(office.site, device_id, "boss")

        with pytest.raises(FieldError, match="awaits no approval"):
            approve(office.site, device_id, "boss")

    def test_a_replaced_device_works_until_the_new_one_is_approved(self, office: Office) -> None:
        """A1: the old device keeps working while the one that replaces it waits."""
        old = enrol(office, "a1", Key()).device_id
        approve(office.site, old, "boss")
        new = enrol_device(office.site, Key().request(issue_code(office.site, "a1", replaces=old))).device_id

        assert {old: "active", new: "awaiting"} == {row.id: row.state for row in office.rows(tables.device)}
        approve(office.site, new, "boss")
        assert {old: "upload_only", new: "active"} == {row.id: row.state for row in office.rows(tables.device)}
