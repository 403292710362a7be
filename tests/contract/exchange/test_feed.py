"""What the feed promises: pages from a cursor give exactly the live set, and damage is found and mended."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import canonical
from server.storage import feed
from server.storage.tables import SHARED_SCOPE
from tests.office import Office, Phone

Live = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture
def phone(office: Office) -> Phone:
    """A phone of an agent without cases."""
    return Phone.enrolled(office)


def pull_all(phone: Phone, live: Live, page_bytes: int = 2_000_000) -> dict[str, Any]:
    """Apply pages until there are no more; give the last answer."""
    for _ in range(1000):
        body = {
            "clock": phone.clock_body(),
            "push": {"chain_id": phone.chain_id},
            "pull": {"page_bytes": page_bytes} | ({"cursor": phone.cursor} if phone.cursor else {}),
        }
        answer: dict[str, Any] = phone.request(body=body).json
        for item in answer["pull"].get("items", []):
            live.pop((item["type"], item["id"]), None)
            if item["op"] == "put":
                live[item["type"], item["id"]] = item
        phone.cursor = answer["pull"].get("cursor", phone.cursor)
        if not answer["pull"]["more"]:
            return answer
    raise AssertionError("the feed never ends")


def head_of(live: Live) -> dict[str, int]:
    """Count and sum a device's own live set."""
    weights = [canonical.item_weight(i["type"], i["id"], i["rev"], i["sha256"]) for i in live.values()]
    return {"count": len(live), "sum": canonical.sum_weights(weights)}


def test_pages_give_the_live_set_and_its_checksum(office: Office, phone: Phone) -> None:
    """F1: applying pages until more is false gives exactly the live set; F4: count and sum say the same."""
    ids = [office.site.new_id() for _ in range(40)]
    office.publish(*[feed.Change(phone.agent_id, "packet", each, 1, {"n": each}) for each in ids])
    office.publish(feed.Change(SHARED_SCOPE, "notice", office.site.new_id(), 1, {"text": "to all"}))
    office.publish(feed.Change(phone.agent_id, "packet", ids[3], 2, {"n": "again"}))
    office.publish(feed.Change(phone.agent_id, "packet", ids[5], 3, reason="closed"))
    live: Live = {}

    answer = pull_all(phone, live, page_bytes=700)

    assert 40 == len(live)
    assert answer["pull"]["head"] == head_of(live)
    assert {canonical.digest(canonical.encode(item["body"])) for item in live.values()} == {
        item["sha256"] for item in live.values()
    }


def test_a_page_holds_one_item_even_above_its_bytes(office: Office, phone: Phone) -> None:
    """F2: a page holds at least one item, even above page_bytes; the end is more: false, never a short page."""
    for _ in range(3):
        office.publish(feed.Change(phone.agent_id, "notice", office.site.new_id(), 1, {"text": "x" * 5000}))
    body = {"clock": phone.clock_body(), "push": {"chain_id": phone.chain_id}, "pull": {"page_bytes": 1}}

    pull = phone.request(body=body).json["pull"]

    assert (1, True) == (len(pull["items"]), pull["more"])


def test_a_page_from_the_same_cursor_is_never_an_older_one(office: Office, phone: Phone) -> None:
    """F2: asking twice from one cursor gives the same page, or a newer one; applying it twice changes nothing."""
    object_id = office.site.new_id()
    office.publish(feed.Change(phone.agent_id, "notice", object_id, 1, {"text": "one"}))
    live: Live = {}
    pull_all(phone, live)
    once = dict(live)
    phone.cursor = None
    office.publish(feed.Change(phone.agent_id, "notice", object_id, 2, {"text": "two"}))

    pull_all(phone, live)

    assert [1, 2] == [once["notice", object_id]["rev"], live["notice", object_id]["rev"]]


def test_removed_items_come_with_their_reason(office: Office, phone: Phone) -> None:
    """F3: unassigned, closed, expired or revoked objects come as del with the reason."""
    object_id = office.site.new_id()
    office.publish(feed.Change(phone.agent_id, "packet", object_id, 1, {"n": 1}))
    phone.exchange()
    office.publish(feed.Change(phone.agent_id, "packet", object_id, 2, reason="unassigned"))

    items = phone.exchange([])["pull"]["items"]

    assert [{"op": "del", "type": "packet", "id": object_id, "rev": 2, "reason": "unassigned"}] == items


def test_another_agents_cursor_yields_only_a_problem(office: Office, phone: Phone) -> None:
    """F5: a cursor for another scope yields nothing but a problem."""
    other = Phone.enrolled(office, "a2")
    other.exchange()
    office.publish(feed.Change(phone.agent_id, "notice", office.site.new_id(), 1, {"text": "secret"}))
    phone.cursor = other.cursor

    pull = phone.exchange([])["pull"]

    assert ["problem"] == list(pull)
    assert "urn:fairvisit:problem:cursor-foreign" == pull["problem"]["type"]


def test_a_cursor_ahead_of_the_server_means_it_was_restored(office: Office, phone: Phone) -> None:
    """F5: a cursor of another epoch, or ahead of the head, is answered epoch-changed."""
    phone.exchange()
    epoch, mark, _, shared = str(phone.cursor).split(".")
    for cursor in (f"{epoch}.{mark}.99.{shared}", f"ffffffff.{mark}.0.0"):
        phone.cursor = cursor
        assert "urn:fairvisit:problem:epoch-changed" == phone.exchange([])["pull"]["problem"]["type"]


def test_the_manifest_and_fetch_mend_a_damaged_device(office: Office, phone: Phone) -> None:
    """F4, F6: the manifest's buckets name what is live, fetch brings it, and the cursor goes on from there."""
    office.publish(*[feed.Change(phone.agent_id, "packet", office.site.new_id(), 1, {"n": n}) for n in range(30)])
    office.publish(feed.Change(SHARED_SCOPE, "notice", office.site.new_id(), 1, {"text": "to all"}))
    manifest = phone.request("/sync/v1/manifest", method="GET").json
    members = []
    for number, (count, total) in enumerate(manifest["buckets"]):
        path = f"/sync/v1/manifest?bucket={number}"
        found = phone.request(path, method="GET").json["items"] if count else []
        assert (count, total) == (len(found), canonical.sum_weights(canonical.item_weight(*each) for each in found))
        members += found
    absent = office.site.new_id()

    fetched = phone.request("/sync/v1/fetch", body={"ids": [each[1] for each in members] + [absent]}).json

    live = {(item["type"], item["id"]): item for item in fetched["items"]}
    assert {"count": manifest["count"], "sum": manifest["sum"]} == head_of(live)
    assert [absent] == fetched["absent"]
    phone.cursor = manifest["cursor"]
    assert "items" not in phone.exchange([])["pull"]


def test_fetch_never_gives_what_is_in_another_scope(office: Office, phone: Phone) -> None:
    """F5: ids of another agent's scope are absent."""
    object_id = office.site.new_id()
    office.publish(feed.Change(office.add_agent("a9"), "packet", object_id, 1, {"n": 1}))

    assert [object_id] == phone.request("/sync/v1/fetch", body={"ids": [object_id]}).json["absent"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["own", "shared"]), st.integers(0, 5), st.sampled_from(["put", "del", "pull"])),
        max_size=30,
    )
)
def test_any_order_of_changes_and_pages_converges(office: Office, steps: list[tuple[str, int, str]]) -> None:
    """F1, F4: after any changes and pulls the device's set equals the server's, by count and by sum."""
    phone = Phone.enrolled(office, f"p{office.site.new_id()[-6:]}")
    live: Live = {}
    base = office.site.new_id()[:-1]
    for rev, (where, number, act) in enumerate(steps, start=1):
        scope = phone.agent_id if where == "own" else SHARED_SCOPE
        if act == "pull":
            pull_all(phone, live, page_bytes=150)
            continue
        body = {"rev": rev} if act == "put" else None
        digit = number if where == "own" else number + 8  # an object lives in one scope only
        office.publish(feed.Change(scope, "notice", f"{base}{digit:x}", rev, body, "done"))

    answer = pull_all(phone, live, page_bytes=150)

    assert answer["pull"]["head"] == head_of(live)
