"""
Where the server stands in our chains: void receipts return to the outbox, a fork opens a new chain (E6, E10).

Comes in: `next_seq` and `chain-forked` of an answer, or a restored server's silence. Goes out: links that wait again,
and chains opened at the exact place where the two histories part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_sync import rules_sending, store_archive, store_outbox
from agent_sync.channel import EXCHANGE
from agent_sync.clock import request_clock
from agent_sync.pushing import open_after
from agent_sync.remembering import last_contact
from agent_sync.talk import Talk
from schemas.errors import FieldError, error_of
from schemas.vocabulary import OpeningReason


def heed_push(talk: Talk) -> None:
    """Act on where the server says this chain stands."""
    request, push = talk.request, talk.answer.get("push", {})
    assert request is not None
    if not talk.is_newest:
        return
    next_seq = push.get("next_seq")
    if isinstance(next_seq, int):
        return_void(talk, request.chain_id, next_seq, request.no)
    problem = error_of(push["problem"]) if "problem" in push else None
    if problem is None or problem.code != "chain-forked" or not request.events:
        return
    told = problem.extra.get("from_seq")
    if not isinstance(told, int) or told < 1:
        told = request.events[0].seq
    part(talk, request.chain_id, find_parting(talk, request.chain_id, told), request.no)


def return_void(talk: Talk, chain_id: str, next_seq: int, request_no: int) -> None:
    """Return to the outbox what a restored server has forgotten (E10)."""
    receipts = store_archive.receipts_of(talk.store, chain_id, next_seq)
    void = rules_sending.void_receipts(receipts, next_seq, request_no)
    if void:
        with talk.store.transaction():
            store_archive.drop_receipts(talk.store, chain_id, void)
        talk.did("returned", len(void))
        talk.report.note(f"The server was restored: {len(void)} records are sent again from this device.")


def part(talk: Talk, chain_id: str, from_seq: int, request_no: int) -> None:
    """Open a new chain where ours and the server's history part (E6); what had receipts beyond is sent again."""
    receipts = store_archive.receipts_of(talk.store, chain_id, from_seq)
    void = rules_sending.void_receipts(receipts, from_seq, request_no)
    open_after(talk, chain_id, from_seq - 1, OpeningReason.FORKED, void=void)
    talk.report.note("This store was copied or restored. A new record chain was opened; nothing is lost by it.")


def find_parting(talk: Talk, chain_id: str, told: int) -> int:
    """
    Give the first place where the server holds another event than we do; *told* if all before it agree.

    A server that was restored may have taken a twin's events at places we hold receipts for. It compares only what
    it is sent, so the place it names may lie after the parting: the one before is asked about, then halves.
    """
    agreed, differs = 0, told
    place = told - 1
    while differs - agreed > 1:
        if agrees(talk, chain_id, place):
            agreed = place
        else:
            differs = place
        place = (agreed + differs) // 2
    return differs


def agrees(talk: Talk, chain_id: str, seq: int) -> bool:
    """Ask whether the server holds our event at a place it has taken: its digest says enough, no content travels."""
    row = talk.store.row(
        "SELECT e.id, e.digest, e.size FROM link l JOIN event e ON e.n = l.event_n WHERE l.chain_id = ? AND l.seq = ?",
        [chain_id, seq],
    )
    if row is None:
        return True  # a wipe left only the chain's head: there is nothing older to disagree about
    entry = {"id": row["id"], "seq": seq, "digest": row["digest"], "withheld": row["size"]}
    prev = store_outbox.hash_before(talk.store, chain_id, seq)
    push = ask(talk, {"chain_id": chain_id, "prev": prev, "events": [entry]})[0]
    if any(receipt.get("seq") == seq and receipt.get("id") == row["id"] for receipt in push.get("receipts", ())):
        return True
    problem = error_of(push["problem"]) if "problem" in push else FieldError("internal")
    if problem.code != "chain-forked":
        raise problem
    return False


def ask(talk: Talk, push: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Ask something of a chain, apart from outbox and page; give the push half's answer and the request's number."""
    store = talk.store
    no = store.get("request_no", 0) + 1
    with store.transaction():
        store.put("request_no", no)
    value = {"clock": request_clock(talk.now(), last_contact(store)), "push": push}
    answer = talk.channel.ask("POST", EXCHANGE, value).get("push", {})
    with store.transaction():
        store.put("answered_no", no)
    talk.did("questions", is_progress=False)
    if not isinstance(answer, dict):
        raise FieldError("internal", detail="The server's answer cannot be read.", was_answered=True)
    return answer, no


def note_chains_to_ask(talk: Talk) -> None:
    """Remember, inside a transaction, that every chain with receipts is to be asked where it stands (E10)."""
    chains = talk.store.rows("SELECT DISTINCT chain_id FROM link WHERE status IS NOT NULL ORDER BY chain_id")
    talk.store.put("chains_to_ask", [row["chain_id"] for row in chains])


def ask_chains(talk: Talk) -> None:
    """
    Ask where each remembered chain stands, by a push without events, and take back what is void (E10).

    Where the server stands as far as we do, the last place is compared too: it may be a twin's.
    """
    store = talk.store
    for chain_id in store.get("chains_to_ask", []):
        push, no = ask(talk, {"chain_id": chain_id})
        next_seq = push.get("next_seq")
        if isinstance(next_seq, int):
            return_void(talk, chain_id, next_seq, no)
            compare_last(talk, chain_id, next_seq, no)
        with store.transaction():
            left = [each for each in store.get("chains_to_ask", []) if each != chain_id]
            store.put("chains_to_ask", left or None)
        talk.did("chains_asked")


def compare_last(talk: Talk, chain_id: str, next_seq: int, request_no: int) -> None:
    """Compare the last place that both sides hold, and part from it if it is not ours."""
    own = talk.store.value("SELECT max(seq) FROM link WHERE chain_id = ? AND status IS NOT NULL", [chain_id])
    if own is None:
        return
    beyond = min(next_seq, int(own) + 1)
    from_seq = find_parting(talk, chain_id, beyond)
    if from_seq < beyond:
        part(talk, chain_id, from_seq, request_no)
