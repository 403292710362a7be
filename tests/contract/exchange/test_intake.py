"""What the push half promises: every event gets its receipt, by place first, then content."""

from __future__ import annotations

import json

import orjson
import pytest
from sqlalchemy import func, select

from schemas import canonical, signing
from server.services.keys import signing_key
from server.storage import tables
from tests.office import Office, Phone, statuses


@pytest.fixture
def phone(office: Office) -> Phone:
    """A phone whose agent holds one case."""
    phone = Phone.enrolled(office)
    office.assign(office.add_case("R1"), phone.agent_id)
    return phone


def case_of(office: Office) -> str:
    """Give the one case there is."""
    return str(office.rows(select(tables.case.c.id))[0].id)


def test_a_batch_gets_a_receipt_for_each_event(office: Office, phone: Phone) -> None:
    """E7: every submitted event is named once in the receipts, and only after it is stored."""
    case_id, visit_id = case_of(office), office.site.new_id()
    for _ in range(3):
        phone.step(case_id, visit_id)

    answer = phone.exchange()

    assert ["accepted"] * 4 == statuses(answer)
    assert [entry["id"] for entry in phone.log] == [receipt["id"] for receipt in answer["push"]["receipts"]]
    assert 5 == answer["push"]["next_seq"]
    stored = office.rows(select(tables.event.c.content).order_by(tables.event.c.pos))
    assert [entry["content"].encode() for entry in phone.log] == [bytes(row.content) for row in stored]


def test_a_replayed_batch_changes_nothing(office: Office, phone: Phone) -> None:
    """X2: the same request again gives duplicate receipts with the original received_at."""
    phone.step(case_of(office), office.site.new_id())
    first = phone.exchange()
    office.clock.advance(minutes=5)

    again = phone.exchange(phone.log)

    assert ["duplicate", "duplicate"] == statuses(again)
    assert ["accepted", "accepted"] == [receipt["first"] for receipt in again["push"]["receipts"]]
    times = [[receipt["received_at"] for receipt in answer["push"]["receipts"]] for answer in (first, again)]
    assert times[0] == times[1]
    assert 2 == office.rows(select(func.count()).select_from(tables.event))[0][0]
    assert 2 == office.rows(select(func.count()).select_from(tables.link))[0][0]


def test_what_lies_beyond_a_gap_is_not_taken(office: Office, phone: Phone) -> None:
    """E4: seq beyond next is not taken; next_seq tells where to resume."""
    phone.exchange()
    for _ in range(3):
        phone.step(case_of(office), office.site.new_id())

    answer = phone.exchange(phone.log[2:])

    assert [] == statuses(answer)
    assert 2 == answer["push"]["next_seq"]
    assert ["accepted"] * 3 == statuses(phone.exchange(phone.log[1:]))


def test_other_bytes_at_a_stored_place_are_a_fork(office: Office, phone: Phone) -> None:
    """E4: a stored place with another id or digest answers chain-forked with from_seq, and takes nothing."""
    phone.step(case_of(office), office.site.new_id())
    phone.exchange()
    twin = dict(phone.log[1], id=office.site.new_id())

    answer = phone.exchange([phone.log[0], twin])

    assert ("urn:fairvisit:problem:chain-forked", 2) == (
        answer["push"]["problem"]["type"], answer["push"]["problem"]["from_seq"],
    )
    assert ["duplicate"] == statuses(answer)


def test_another_history_before_the_next_place_is_a_fork(office: Office, phone: Phone) -> None:
    """E4: at the next place the computed prev must be the chain's head, else chain-forked."""
    phone.exchange()
    entry = phone.step(case_of(office), office.site.new_id())

    answer = phone.exchange([entry], prev="ab" * 32)

    assert 2 == answer["push"]["problem"]["from_seq"]
    assert [] == statuses(answer)
    assert ["accepted"] == statuses(phone.exchange([entry]))


def test_a_chain_begins_with_chain_opened(office: Office, phone: Phone) -> None:
    """E1: every chain's seq 1 is chain_opened; another first event is parked."""
    phone.chain_id, phone.seq, phone.head, phone.log = office.site.new_id(), 0, canonical.ZERO_HASH, []
    phone.step(case_of(office), office.site.new_id())

    assert ["parked:invalid"] == statuses(phone.exchange())


def test_the_stored_hashes_are_the_chain_of_the_device(office: Office, phone: Phone) -> None:
    """E1: the server computes each hash from prev, seq, id and digest, as the device does."""
    for _ in range(4):
        phone.step(case_of(office), office.site.new_id())
    phone.exchange()

    rows = office.rows(select(tables.link.c.seq, tables.link.c.hash).order_by(tables.link.c.seq))
    assert {seq: hash_ for seq, hash_ in phone.hashes.items() if seq} == {row.seq: row.hash for row in rows}


def test_an_id_used_twice_keeps_both_contents(office: Office, phone: Phone) -> None:
    """E4: id known, digest differs: id_reuse, both contents kept, and again without a third copy."""
    first = phone.step(case_of(office), office.site.new_id())
    members = orjson.loads(first["content"]) | {"salt": "7b" * 16}
    phone.append(first["id"], canonical.encode(members).decode())
    phone.append(first["id"], canonical.encode(members).decode())

    assert ["accepted", "accepted", "id_reuse", "id_reuse"] == statuses(phone.exchange())
    kept = office.rows(select(tables.event.c.digest).where(tables.event.c.id == first["id"]))
    assert 2 == len(kept)


def test_a_known_event_on_a_new_chain_is_a_duplicate(office: Office, phone: Phone) -> None:
    """E5: a taken event occupies its seq, duplicates included; it carries the first receipt's time."""
    entry = phone.step(case_of(office), office.site.new_id())
    sent = phone.exchange()["push"]["receipts"][1]
    office.clock.advance(hours=1)
    phone.open_chain("forked", previous=phone.chain_id, after_seq=2)
    phone.append(entry["id"], entry["content"])

    answer = phone.exchange()

    assert ["accepted", "duplicate"] == statuses(answer)
    assert (sent["received_at"], "accepted") == (
        answer["push"]["receipts"][1]["received_at"], answer["push"]["receipts"][1]["first"],
    )
    assert 3 == answer["push"]["next_seq"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "unreadable"),
        ('{"b":1,"a":2}', "unreadable"),
        ('{"a":1.5}', "unreadable"),
        ("{" + '"a":{' * 40 + "}" * 41, "unreadable"),
        ("a\ud800b", "unreadable"),
        ('{"id":"other"}', "id-mismatch"),
    ],
    ids=["no JSON", "not canonical", "a float", "too deep", "a lone surrogate", "another id inside"],
)
def test_content_that_cannot_be_read_is_parked_and_does_not_block(
    office: Office, phone: Phone, text: str, reason: str
) -> None:
    """E5: unreadable content and a differing inner id are parked with the reason; what follows is taken."""
    phone.append(office.site.new_id(), text)
    phone.step(case_of(office), office.site.new_id())
    body = {"clock": phone.clock_body(), "push": {"chain_id": phone.chain_id, "events": phone.log, "prev": "0" * 64}}
    answer = phone.request(body=json.dumps(body).encode()).json

    assert ["accepted", f"parked:{reason}", "accepted"] == statuses(answer)
    stored = office.rows(select(tables.event.c.content).where(tables.event.c.status == "parked"))
    assert text.encode("utf-8", "surrogatepass") == bytes(stored[0].content)


def test_unknown_kinds_schemas_and_fields_are_parked(office: Office, phone: Phone) -> None:
    """E5: unknown kind or schema, and fields that cannot be right, are parked and acknowledged."""
    phone.record("danced", {})
    phone.record("step_done", {}, schema=2)
    phone.record("step_done", {"step": "sung"}, case_id=case_of(office), visit_id=office.site.new_id(), packet_rev=1)

    assert ["accepted", "parked:unknown-kind", "parked:unknown-schema", "parked:invalid"] == statuses(phone.exchange())


def test_a_case_never_in_scope_is_parked_and_a_withdrawn_one_flagged(office: Office, phone: Phone) -> None:
    """E5: a case never in this agent's scope is parked; one reassigned, closed or expired is accepted with a flag."""
    phone.step(office.add_case("R2"), office.site.new_id())
    for reference, reason in (("R3", "unassigned"), ("R4", "closed"), ("R5", "expired")):
        case_id = office.add_case(reference)
        office.assign(case_id, phone.agent_id)
        office.end_assignment(case_id, phone.agent_id, reason)
        phone.step(case_id, office.site.new_id())

    receipts = phone.exchange()["push"]["receipts"][1:]

    assert ["parked", "accepted", "accepted", "accepted"] == [each["status"] for each in receipts]
    assert [None, ["reassigned"], ["closed"], ["expired"]] == [each.get("flags") for each in receipts]


def test_a_lease_that_ended_flags_the_work(office: Office, phone: Phone) -> None:
    """E5: late work on an expired packet is never dropped; it is accepted with a flag."""
    office.clock.advance(days=8)
    phone.step(case_of(office), office.site.new_id())

    assert ["expired"] == phone.exchange()["push"]["receipts"][1]["flags"]


def test_one_bad_event_of_many_is_parked_alone(office: Office, phone: Phone) -> None:
    """E7: with k bad events of n, n - k are accepted and k parked."""
    case_id, visit_id = case_of(office), office.site.new_id()
    for number in range(20):
        if number % 5 == 2:
            phone.append(office.site.new_id(), "poison")
        else:
            phone.step(case_id, visit_id)

    found = statuses(phone.exchange())

    assert (17, 4) == (found.count("accepted"), found.count("parked:unreadable"))


def test_a_revoked_device_is_heard_and_parked(office: Office, phone: Phone) -> None:
    """A4: upload_only takes and parks events and pulls nothing; gone is answered 401, after a good signature."""
    office.set_device(phone.device_id, state="upload_only")
    phone.step(case_of(office), office.site.new_id())
    answer = phone.exchange()

    assert ["parked:device-revoked"] * 2 == statuses(answer)
    assert "urn:fairvisit:problem:upload-only" == answer["pull"]["problem"]["type"]

    office.set_device(phone.device_id, state="gone")
    refused = phone.request(body={"clock": phone.clock_body(), "push": {"chain_id": phone.chain_id}})
    assert (401, "urn:fairvisit:problem:gone") == (refused.status_code, refused.json["type"])


def test_the_countersignature_is_over_the_head(office: Office, phone: Phone) -> None:
    """E3: the server countersigns chain, seq and hash of what it took."""
    phone.step(case_of(office), office.site.new_id())
    answer = phone.exchange()

    key, _ = signing_key(office.site)
    signed = signing.verify(answer["push"]["countersignature"], key.public_key(), "countersignature")
    assert (phone.device_id, phone.chain_id, 2, phone.head) == (
        signed["device_id"], signed["chain_id"], signed["through"], signed["head_hash"],
    )


def test_a_bad_checkpoint_flags_its_events_and_a_good_one_covers_them(office: Office, phone: Phone) -> None:
    """E3: a bad checkpoint flags its events and parks none; a later good one covers them; one ahead is ignored."""
    phone.step(case_of(office), office.site.new_id())
    bad = phone.exchange(checkpoint=phone.checkpoint(2, "ab" * 32))
    assert [["checkpoint_bad"]] * 2 == [each.get("flags") for each in bad["push"]["receipts"]]
    assert 1 == office.rows(select(tables.chain.c.bad_from_seq))[0].bad_from_seq

    entry = phone.step(case_of(office), office.site.new_id())
    ahead = phone.exchange([entry], checkpoint=phone.checkpoint(90, "ab" * 32))
    assert [None] == [each.get("flags") for each in ahead["push"]["receipts"]]

    entry = phone.step(case_of(office), office.site.new_id())
    phone.exchange([entry], checkpoint=phone.checkpoint())
    assert (None, 4) == tuple(office.rows(select(tables.chain.c.bad_from_seq, tables.chain.c.checkpoint_seq))[0])


def test_a_companion_by_qr_is_heard(office: Office, phone: Phone) -> None:
    """E11: an agent without the case joins a visit by the lead's signed QR, for this visit only."""
    case_id, visit_id = case_of(office), office.site.new_id()
    qr = signing.sign(
        {"typ": "visit", "visit_id": visit_id, "case_id": case_id, "device_id": phone.device_id}, phone.key,
        phone.device_id,
    )
    companion = Phone.enrolled(office, "a2")
    companion.record("crew_joined", {"qr": qr}, case_id=case_id, visit_id=visit_id, packet_rev=1)
    companion.step(case_id, visit_id)
    assert ["accepted"] * 3 == statuses(companion.exchange())

    later = companion.step(case_id, visit_id)
    assert ["accepted"] == statuses(companion.exchange([later]))

    other = office.site.new_id()
    forged = companion.record("crew_joined", {"qr": qr}, case_id=case_id, visit_id=other, packet_rev=1)
    assert ["parked:not-assigned"] == statuses(companion.exchange([forged]))


def test_withheld_content_is_wanted_as_a_file_and_judged_when_it_comes(office: Office, phone: Phone) -> None:
    """X3: a withheld event is parked, its digest wanted; verified, it is judged and answered by a replay item."""
    members = phone.content(
        "step_done", {"step": "card_shown", "text_version": "1", "response": "given"}, case_id=case_of(office),
        visit_id=office.site.new_id(), packet_rev=1,
    )
    text = canonical.encode(members).decode()
    phone.withhold(members["id"], text)
    answer = phone.exchange()
    assert ["accepted", "parked:withheld"] == statuses(answer)
    wanted = answer["push"]["files_wanted"][0]
    assert canonical.digest(text.encode()) == wanted["sha256"]

    headers = {
        "Authorization": f"Upload {wanted['token']}", "Tus-Resumable": "1.0.0", "Upload-Length": str(wanted["size"]),
        "Content-Type": "application/offset+octet-stream",
    }
    uploaded = office.client.post("/sync/v1/files", data=text.encode(), headers=headers)
    assert 201 == uploaded.status_code, uploaded.text

    items = {item["type"]: item for item in phone.exchange([])["pull"]["items"]}
    assert (members["id"], "accepted") == (items["replay"]["body"]["event_id"], items["replay"]["body"]["status"])
    assert "verified" == items["file_state"]["body"]["state"]
    columns = (tables.event.c.content, tables.event.c.status)
    stored = office.rows(select(*columns).where(tables.event.c.id == members["id"]))
    assert (text.encode(), "accepted") == (bytes(stored[0].content), stored[0].status)
    assert "files_wanted" not in phone.exchange([])["push"]


def test_a_chain_and_an_id_belong_to_their_device_and_agent(office: Office, phone: Phone) -> None:
    """E4: an id is looked up within its agent, a chain within its device key; both are unique there only."""
    entry = phone.step(case_of(office), office.site.new_id())
    phone.exchange()
    other = Phone.enrolled(office, "a2")
    office.assign(case_of(office), other.agent_id)
    other.chain_id = phone.chain_id
    other.seq, other.head, other.log, other.hashes = 0, canonical.ZERO_HASH, [], {0: canonical.ZERO_HASH}
    other.record("chain_opened", {"reason": "enrolled", "lost": []})
    other.append(entry["id"], entry["content"])

    assert ["accepted", "accepted"] == statuses(other.exchange())
