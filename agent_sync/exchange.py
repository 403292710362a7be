"""
The exchange: the outbox up, the feed page down, in one round trip; repeated until both are level.

`STEPS` is the conversation, in order. Each step is a function of the `Talk`; whatever one has done is durable before
the next begins, so that being cut off between any two loses nothing and repeats nothing (section 5 of PROTOCOL.md).
"""

from __future__ import annotations

from collections.abc import Callable

from agent_sync import (
    chaining,
    directives,
    pulling,
    pushing,
    repair,
    rules_sending,
    store_archive,
    store_files,
    store_outbox,
    uploads,
)
from agent_sync.channel import EXCHANGE
from agent_sync.clock import LastContact
from agent_sync.remembering import keep_contact, keep_pace, last_contact, pace_of, trust_clock
from agent_sync.talk import Talk
from schemas.errors import FieldError
from schemas.messages import parse_time

MOST_ROUNDS = 10_000
DAY_MS = 86_400_000


def send(talk: Talk) -> None:
    """Send the request, and read from the answer what time it is at the server."""
    request = talk.request
    assert request is not None
    before = talk.now()
    answer = talk.channel.ask("POST", EXCHANGE, request.value)
    after = talk.now()
    try:
        talk.server_ms = parse_time(answer["server_time"])
        push = answer["push"]
    except (KeyError, TypeError, ValueError):
        raise FieldError("internal", detail="The server's answer cannot be read.", was_answered=True) from None
    if not isinstance(push, dict) or talk.server_ms <= 0:
        raise FieldError("internal", detail="The server's answer cannot be read.", was_answered=True)
    talk.answer = answer
    note_contact(talk, before.mono_ms if before.boot == after.boot else after.mono_ms)


def note_contact(talk: Talk, sent_mono_ms: int) -> None:
    """Remember when the server was last heard, the nonce it gave, and which request it answered (X2)."""
    request, store, now = talk.request, talk.store, talk.now()
    assert request is not None
    next_s = talk.answer.get("next_exchange_s")
    talk.report.next_ms = (next_s if isinstance(next_s, int) and next_s > 0 else 900) * 1000
    with store.transaction():
        talk.is_newest = request.no > store.get("answered_no", 0)
        store.put("nonce", talk.channel.nonce)
        store.put("failures", None)
        if store.get("stage") == "gone":
            store.put("stage", "enrolled")  # the office took it back: this device was answered again
        if talk.is_newest:
            store.put("answered_no", request.no)
            rtt = max(0, now.mono_ms - sent_mono_ms)
            trust_clock(store, now)
            keep_contact(store, LastContact(talk.answer["server_time"], talk.server_ms, now.mono_ms, rtt, now.boot))


def tidy(talk: Talk) -> None:
    """Let go of what is no longer needed: old archive, and copies of files that the server has verified."""
    last = last_contact(talk.store)
    if talk.has_more or last is None:
        return
    store_files.drop_copies(talk.store)
    if talk.report.counts["erased"] or talk.report.counts["items_removed"]:
        talk.store.forget_old_pages()
    before_ms = last.server_ms - talk.archive_days * DAY_MS
    due = "SELECT 1 FROM link l JOIN event e ON e.n = l.event_n WHERE l.received_ms < ? AND e.state = 'kept' LIMIT 1"
    if talk.store.value(due, [before_ms]) is not None:
        with talk.store.transaction():
            talk.did("pruned", store_archive.prune_archive(talk.store, before_ms), is_progress=False)


Step = Callable[[Talk], None]
STEPS: tuple[Step, ...] = (
    pulling.shred_ended,
    pushing.read_outbox,
    pushing.build_request,
    send,
    pushing.store_receipts,
    chaining.heed_push,
    pulling.apply_holds,
    pulling.apply_page,
    pulling.heed_pull,
    chaining.ask_chains,
    directives.take_directives,
    repair.repair,
    repair.refetch_shredded,
    uploads.upload_files,
    directives.carry_out_directives,
    tidy,
)


def converse(talk: Talk) -> None:
    """
    Exchange until outbox and feed are level or something fails; what happened is in `talk.report`.

    Failures of ordinary field life (no network, a refused half) are in the report, never raised.
    """
    for _ in range(MOST_ROUNDS):
        talk.begin_round()
        try:
            for step in STEPS:
                talk.report.enter(step.__name__)
                step(talk)
            talk.report.counts["rounds"] += 1
        except FieldError as error:
            note_failure(talk, error)
            break
        if not goes_on(talk):
            break
    if talk.report.problems and talk.report.error is None:
        note_waiting(talk, talk.report.problems[-1][1])
    traffic = talk.channel.traffic
    talk.report.counts |= {"requests": traffic.requests, "bytes_up": traffic.bytes_up, "bytes_down": traffic.bytes_down}


def goes_on(talk: Talk) -> bool:
    """Say whether another round is worth making: something is left to do, and this round moved something."""
    store = talk.store
    if store.get("stage") == "wiped" or not talk.progress:
        return talk.plan.is_probe and store.get("stage") != "wiped" and not talk.report.problems
    stuck = {part for part, _ in talk.report.problems}
    has_work = store_outbox.count_waiting(store) > 0 and "push" not in stuck
    has_feed = (talk.has_more or store.get("pull_stage") == "first") and "pull" not in stuck
    is_asked = store.value("SELECT 1 FROM directive WHERE state = 'pending'") is not None
    # After files went up the server says which are verified, and which it wants next.
    is_waiting = (is_asked or talk.has_sent_files) and "files" not in stuck
    return has_work or (store.get("stage") != "wiping" and (has_feed or is_waiting))


def note_failure(talk: Talk, error: FieldError) -> None:
    """Remember a failed exchange: back off, slow down if the push may be its cause, and say what is safe."""
    store, request = talk.store, talk.request
    talk.report.error = error
    with store.transaction():
        if request is not None and not talk.answer:
            pushing.take_quota(talk, error)
            sent = [place.event_id for place in request.events]
            was_answered = bool(error.extra.get("was_answered"))
            keep_pace(store, rules_sending.slow_down(pace_of(store), sent, was_answered=was_answered))
        if error.code == "gone" and store.get("stage") != "wiping":
            store.put("stage", "gone")
        store.put("nonce", talk.channel.nonce)
    if error.code == "gone":
        if store.get("stage") == "wiping":
            directives.end_wipe(store)
        else:
            pulling.purge_withdrawn(store)
        talk.report.note(
            "This device was withdrawn. Work still on it can be exported: `agent-sync export-outbox FILE`."
        )
    note_waiting(talk, error)


def note_waiting(talk: Talk, error: FieldError) -> None:
    """Say when to try again: full jitter, never sooner than the server asks (X4)."""
    store = talk.store
    failures = store.get("failures", 0) + 1
    with store.transaction():
        store.put("failures", failures)
    draw = int.from_bytes(talk.noise(6), "big") / 2**48
    wait = rules_sending.retry_after(failures, draw, int(error.extra.get("retry_after_s", 0)))
    is_plain_waiting = error.code in pulling.REASONS_TO_STOP
    talk.report.next_ms = max(talk.report.next_ms, wait) if is_plain_waiting else wait
