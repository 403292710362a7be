"""
The push half of an exchange on the device: what goes up, and what the answer means for the outbox and its chains.

Comes in: the store and the server's answer. Goes out: the request's `push` member, stored receipts, and, after a fork
or a loss, a new chain (E2, E3, E6, E7, E10, X3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from agent_sync import recording, rules_sending, store_archive, store_outbox
from agent_sync.clock import request_clock
from agent_sync.remembering import keep_pace, last_contact, pace_of, quota_of
from agent_sync.store_outbox import Waiting
from agent_sync.talk import Request, Talk
from schemas import canonical, signing
from schemas.errors import FieldError, error_of
from schemas.messages import Quota, Receipt
from schemas.vocabulary import OpeningReason, ReceiptStatus


def read_outbox(talk: Talk) -> None:
    """Choose the chain and its waiting places; what no longer is what was recorded is declared lost first (E2)."""
    store, most = talk.store, quota_of(talk.store).max_events
    # Each turn either finds nothing broken, or moves what is readable to a new chain, where it is not looked at twice.
    while True:
        chain = store_outbox.current_chain(store)
        assert chain is not None
        talk.chain_id = store_outbox.chain_to_send(store) or chain.chain_id
        waiting = store_outbox.read_waiting(store, talk.chain_id, most)
        if not find_broken(
            store_outbox.hash_before(store, talk.chain_id, waiting[0].seq) if waiting else "", talk.chain_id, waiting
        ):
            talk.waiting = tuple(waiting)
            return
        every = store_outbox.read_waiting(store, talk.chain_id)
        before = store_outbox.hash_before(store, talk.chain_id, every[0].seq)
        broken = find_broken(before, talk.chain_id, every)
        is_pruned = all(place.state == "pruned" for place in broken)
        reason = OpeningReason.RESTORED if is_pruned else OpeningReason.UNREADABLE
        open_after(talk, talk.chain_id, every[0].seq - 1, reason, broken)


def find_broken(prev: str, chain_id: str, waiting: Iterable[Waiting]) -> list[Waiting]:
    """Give the places whose content or hash is not what was recorded; an erased event needs no content (E2, E12)."""
    broken = []
    for place in waiting:
        link = canonical.link_hash(chain_id, place.seq, prev, place.event_id, place.digest)
        is_whole = place.content is not None and canonical.digest(place.content) == place.digest
        if link != place.hash or not (is_whole or place.state == "erased"):
            broken.append(place)
        prev = place.hash
    return broken


def open_after(
    talk: Talk,
    previous: str,
    after_seq: int,
    reason: OpeningReason,
    broken: Sequence[Waiting] = (),
    void: Sequence[int] = (),
) -> None:
    """Open a new chain after *previous*: receipts in *void* dropped, *broken* declared lost, the rest moved (E6)."""
    store = talk.store
    with store.transaction():
        store_archive.drop_receipts(store, previous, void)
        lost = store_outbox.declare_lost(store, previous, [place.event_n for place in broken])
        spans = rules_sending.join_ranges(lost)
        recording.open_new_chain(store, talk.now(), talk.noise, reason, previous, after_seq, spans)
    talk.did("chains_opened")
    if broken:
        talk.did("lost", len(broken), is_progress=False)
        talk.report.note(
            f"{len(broken)} records can no longer be read. The office is told; what is left is kept for export."
        )


def build_request(talk: Talk) -> None:
    """Build the request and note, durably, its number and what it sends."""
    store = talk.store
    sizes = [0 if place.state == "erased" or place.is_withheld else place.size for place in talk.waiting]
    talk.plan = rules_sending.plan_push(
        pace_of(store), [place.event_id for place in talk.waiting], sizes, quota_of(store)
    )
    events = talk.waiting[: talk.plan.count]
    withheld = tuple(events[at].seq for at in talk.plan.withheld)
    push: dict[str, Any] = {"chain_id": talk.chain_id}
    if events:
        last = events[-1]
        push["prev"] = store_outbox.hash_before(store, talk.chain_id, events[0].seq)
        push["events"] = [write_entry(place, is_withheld=place.seq in withheld) for place in events]
        claim = {"typ": "checkpoint", "chain_id": talk.chain_id, "seq": last.seq, "hash": last.hash}
        push["checkpoint"] = signing.sign(claim, talk.channel.key, talk.channel.device_id)
    value: dict[str, Any] = {"clock": request_clock(talk.now(), last_contact(store)), "push": push}
    cursor = store.get("cursor")
    is_pulling = store.get("stage") != "wiping" and store.get("pull_stage") != "repairing"
    if is_pulling:
        value["pull"] = {"page_bytes": quota_of(store).page_bytes} | ({"cursor": cursor} if cursor else {})
    no = store.get("request_no", 0) + 1
    with store.transaction():
        store.put("request_no", no)
        store_outbox.mark_sent(store, talk.chain_id, [place.seq for place in events], withheld)
    talk.request = Request(no, talk.chain_id, events, withheld, cursor, is_pulling, value)


def write_entry(place: Waiting, *, is_withheld: bool) -> dict[str, Any]:
    """Write one entry of `push.events`: with its content, or withheld, or erased (X3, E12)."""
    entry: dict[str, Any] = {"id": place.event_id, "seq": place.seq}
    if place.state == "erased":
        return entry | {"digest": place.digest, "withheld": place.size, "erased": True}
    if is_withheld or place.is_withheld:
        return entry | {"digest": place.digest, "withheld": place.size}
    assert place.content is not None
    return entry | {"content": place.content.decode()}


def store_receipts(talk: Talk) -> None:
    """Keep the receipts of the answer, whatever else it says or fails in (X2); then set the pace."""
    request, push, store = talk.request, talk.answer.get("push", {}), talk.store
    assert request is not None
    receipts = list(read_receipts(push.get("receipts", ())))
    problem = error_of(push["problem"]) if "problem" in push else None
    sent = [place.event_id for place in request.events]
    with store.transaction():
        for receipt in receipts:
            if not store_archive.keep_receipt(store, request.chain_id, receipt, request.no):
                talk.did("receipts_foreign", is_progress=False)
                continue
            talk.did(str(receipt.status))
            if receipt.problem is not None:
                talk.did(f"parked: {receipt.problem}", is_progress=False)
        if problem is None or problem.code == "chain-forked":
            keep_pace(store, rules_sending.speed_up(pace_of(store), sent, quota_of(store).max_events))
        else:
            take_quota(talk, problem)
            keep_pace(store, rules_sending.slow_down(pace_of(store), sent, was_answered=True))
    talk.did("sent", len(request.events), is_progress=False)
    # After a fork the server signs what the twin sent, which is not here to compare with.
    if "countersignature" in push and (problem is None or problem.code != "chain-forked"):
        keep_countersignature(talk, str(push["countersignature"]))
    talk.files_wanted = [each for each in push.get("files_wanted", ()) if isinstance(each, Mapping)]
    if problem is not None and problem.code == "too-many-events":
        talk.did("batches_cut")
    elif problem is not None and problem.code != "chain-forked":
        talk.fail_part("push", problem)


def read_receipts(entries: Iterable[Mapping[str, Any]]) -> Iterable[Receipt]:
    """Read receipts; one that cannot be read is as good as none: its event is sent again."""
    for entry in entries:
        try:
            receipt = Receipt.from_wire(entry)
            ReceiptStatus(receipt.status)
        except (KeyError, TypeError, ValueError):
            continue
        yield receipt


def take_quota(talk: Talk, error: FieldError) -> None:
    """Adopt the quota that a refusal carries, inside a transaction."""
    told = error.extra.get("quota")
    if isinstance(told, Mapping):
        known = quota_of(talk.store).to_wire()
        talk.store.put(
            "quota", known | {name: told[name] for name in Quota.__slots__ if isinstance(told.get(name), int)}
        )


def keep_countersignature(talk: Talk, jws: str) -> None:
    """Keep the server's signature over the chain it took, if it is the server's and over what is stored here (E3)."""
    request = talk.request
    assert request is not None
    try:
        claim = verify_server(talk, jws, "countersignature")
        if claim.get("device_id") != talk.channel.device_id or claim.get("chain_id") != request.chain_id:
            raise FieldError("bad-signature", detail="The server's countersignature is for another device or chain.")
        through = int(claim["through"])
        own = store_outbox.hash_at(talk.store, request.chain_id, through)
        if own is None:
            talk.report.note(
                "The server holds more of this record chain than this store: the store was restored or copied."
            )
        elif own != claim.get("head_hash"):
            raise FieldError("bad-signature", detail="The server countersigned another record than this device holds.")
    except FieldError as error:
        talk.fail_part("countersignature", error)
        return
    except (KeyError, TypeError, ValueError):
        talk.fail_part("countersignature", FieldError("bad-signature", detail="The countersignature cannot be read."))
        return
    with talk.store.transaction():
        store_archive.keep_countersignature(talk.store, request.chain_id, through, jws)


def verify_server(talk: Talk, jws: str, typ: str) -> dict[str, Any]:
    """Give the payload of a JWS signed by a key of the server that this device trusts (A6)."""
    kid = signing.kid_of(jws)
    jwk = talk.store.value("SELECT jwk FROM server_key WHERE kid = ?", [kid])
    if jwk is None:
        raise FieldError("bad-signature", detail=f"Signed by a key this device does not know ({kid[:16]}).")
    return signing.verify(jws, signing.load_public(orjson.loads(jwk)), typ)
