"""
Recording: from what an agent did to a durable event at the end of the chain.

Comes in: kind, body, the clocks' reading, random bytes. Goes out: the event's id, once it is on the disk; a person is
told "saved" only then (E7). Content, place in the chain and the chain's new head are one transaction (E2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from agent_sync import rules, rules_door, store_feed, store_files, store_outbox, store_visits
from agent_sync.clock import Reading
from agent_sync.remembering import last_seen, quota_of
from agent_sync.rules_limits import PastVisit
from agent_sync.store import Store
from agent_sync.store_files import FileCopy
from agent_sync.store_outbox import Written
from schemas import canonical
from schemas.errors import FieldError
from schemas.event import EVENT_SCHEMAS, VISIT_BOUND
from schemas.ids import make_id
from schemas.vocabulary import DEVICE_KINDS, EVENT_SCHEMA, NOBODY_MET, EventKind, ItemType, OpeningReason

Noise = Callable[[int], bytes]
BLOCK_CODES = {"withdrawn": "withdrawn", "too-large": "too-large"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be recorded."""

    kind: str
    body: Mapping[str, Any]
    case_id: str | None = None
    visit_id: str | None = None
    files: Sequence[FileCopy] = ()

    def with_files(self, files: Sequence[FileCopy]) -> Draft:
        """Give the same with these files."""
        return replace(self, files=files)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that is saved on this device: its id and place, and what was to be warned about."""

    event_id: str
    chain_id: str
    seq: int
    case_id: str | None
    visit_id: str | None
    warnings: tuple[str, ...] = ()
    files: tuple[FileCopy, ...] = ()


def write_event(draft: Draft, now: Reading, noise: Noise, packet_rev: int | None = None) -> Written:
    """
    Write an event's canonical content, with a new id and salt.

    Raises `FieldError("invalid")` where the body is not what its kind takes: path -> sentences.
    """
    if draft.kind not in EVENT_SCHEMAS:
        raise FieldError("invalid", {"kind": [f"'{draft.kind}' is not a kind of event: see schemas/vocabulary.py"]})
    content: dict[str, Any] = {
        "id": make_id(now.wall_ms, noise(10)),
        "kind": str(draft.kind),
        "schema": EVENT_SCHEMA,
        "at": now.to_at(),
        "body": canonical.clean_value(draft.body),
        "salt": noise(16).hex(),
    }
    if draft.files:
        content["files"] = [copy.to_wire() for copy in draft.files]
    optional = {"case_id": draft.case_id, "visit_id": draft.visit_id, "packet_rev": packet_rev}
    content |= {name: value for name, value in optional.items() if value is not None}
    text = canonical.encode(content)
    messages = EVENT_SCHEMAS[EventKind(draft.kind)]().validate(content)
    if messages:
        raise FieldError("invalid", say_fields(messages))
    return Written(content["id"], content["kind"], text, content["at"]["wall"], draft.case_id, draft.visit_id)


def say_fields(messages: Any, path: str = "") -> dict[str, list[str]]:
    """
    Give marshmallow's nested messages as path -> sentences.

    >>> say_fields({"body": {"fixes": {0: {"lat_e7": ["Missing data for required field."]}}}})
    {'body.fixes.0.lat_e7': ['Missing data for required field.']}
    """
    if not isinstance(messages, dict):
        return {path or ".": [str(sentence) for sentence in messages]}
    said: dict[str, list[str]] = {}
    for key, child in messages.items():
        said |= say_fields(child, f"{path}.{key}" if path else str(key))
    return said


def record_event(store: Store, draft: Draft, now: Reading, noise: Noise) -> Recorded:
    """
    Record what an agent did; return once it is durable.

    Raises `FieldError`: `invalid` (fields), or `conflict`, `withdrawn`, `too-large` where a rule blocks it. Nothing is
    saved then.
    """
    if draft.kind in DEVICE_KINDS:
        raise FieldError("invalid", {"kind": [f"'{draft.kind}' is recorded by the device itself"]})
    if draft.kind == EventKind.VISIT_STARTED and draft.visit_id is None:
        draft = replace(draft, visit_id=make_id(now.wall_ms, noise(10)))
    with store.transaction():
        if store_outbox.current_chain(store) is None or store.get("stage") in {"wiping", "wiped"}:
            raise FieldError(
                "not-enrolled", detail="This device is not enrolled. Enter a code with `agent-sync enrol CODE`."
            )
        rev = packet_rev(store, draft)
        written = write_event(draft, now, noise, rev)
        now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, last_seen(store))
        verdict = judge_draft(store, draft, len(written.content), now_ms, quota_of(store).max_event_bytes)
        refuse(verdict)
        if draft.kind == EventKind.VISIT_STARTED and verdict.codes:
            told = {**draft.body, "warned": verdict.codes}  # the office sees what was said, and gone on against
            draft = replace(draft, body=told)
            written = write_event(draft, now, noise, rev)
        chain_id, seq = store_outbox.append_event(store, written)
        _follow(store, written, draft, rev or 0, now_ms)
    return Recorded(
        written.id, chain_id, seq, draft.case_id, draft.visit_id, tuple(verdict.warnings), tuple(draft.files)
    )


def refuse(verdict: rules.Verdict) -> None:
    """Raise what a verdict blocks, with the rule's code; nothing where it allows."""
    if not verdict.is_allowed:
        first = next(remark.code for remark in verdict.remarks if remark.level == "block")
        raise FieldError(BLOCK_CODES.get(first, "conflict"), detail=" ".join(verdict.blocks), rule=first)


def judge_now(store: Store, draft: Draft, size: int, now: Reading) -> rules.Verdict:
    """Say what speaks against recording *draft* at this reading of the clocks."""
    now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, last_seen(store))
    return judge_draft(store, draft, size, now_ms, quota_of(store).max_event_bytes)


def judge_draft(store: Store, draft: Draft, size: int, now_ms: int, max_event_bytes: int) -> rules.Verdict:
    """Say what speaks against recording *draft* now: what cannot be true, the case's limits, the order at the door."""
    visit = view_visit(store, draft.case_id, draft.visit_id)
    case = view_case(store, draft.case_id, draft.visit_id, now_ms)
    if draft.kind == EventKind.VISIT_STARTED and store.get("clock_locked"):
        case = replace(case, is_locked=True)
    verdict = rules.may_record(draft.kind, draft.body, size, visit, case, now_ms, max_event_bytes)
    media = {copy.media_type.partition("/")[0] for copy in draft.files}
    return rules.Verdict((*verdict.remarks, *rules_door.check_door(draft.kind, draft.body, visit, case, media)))


def _follow(store: Store, written: Written, draft: Draft, rev: int, now_ms: int) -> None:
    """Do what an event means to this device itself: a visit begins or ends, a hold acts, files are kept."""
    store_files.name_files(store, written.id, draft.files)
    if draft.case_id is None or draft.visit_id is None:
        return
    if draft.kind in rules.OPENING_KINDS:
        store_visits.start_visit(store, draft.case_id, draft.visit_id, rev, now_ms)
    elif draft.kind == EventKind.VISIT_ENDED:
        store_visits.end_visit(store, draft.case_id, draft.visit_id)
    elif draft.kind == EventKind.HOLD_PLACED:
        store_feed.add_own_hold(store, written.id, draft.case_id, draft.body["reason"], draft.body.get("until"))


def packet_rev(store: Store, draft: Draft) -> int | None:
    """Give the packet revision an event was recorded under; 0 where the packet was never here."""
    if draft.kind in DEVICE_KINDS or draft.case_id is None:
        return None
    rev = store.value("SELECT rev FROM object WHERE type = 'packet' AND id = ?", [draft.case_id])
    if rev is None and draft.visit_id is not None:
        rev = store.value(
            "SELECT packet_rev FROM visit WHERE case_id = ? AND visit_id = ?", [draft.case_id, draft.visit_id]
        )
    if rev is None:
        return 0 if draft.kind in VISIT_BOUND else None
    return int(rev)


def view_visit(store: Store, case_id: str | None, visit_id: str | None) -> rules.VisitSoFar:
    """Give a visit as the rules see it."""
    if case_id is None or visit_id is None:
        return rules.VisitSoFar()
    rows = store_outbox.visit_events(store, case_id, visit_id)
    events = tuple((row["kind"], orjson.loads(row["content"])["body"] if row["content"] else {}) for row in rows)
    row = store_visits.read_visit(store, case_id, visit_id)
    return rules.VisitSoFar(events, row["started_ms"] if row else None)


def view_case(store: Store, case_id: str | None, visit_id: str | None, now_ms: int) -> rules.CaseNow:
    """Give a case as the rules see it: from its packet, or from what remains of it under an open visit."""
    if case_id is None:
        return rules.CaseNow()
    holds = tuple(hold["reason"] for hold in store_feed.live_holds(store, case_id, now_ms))
    body = store_feed.read_body(store, ItemType.PACKET, case_id)
    if body is not None:
        opened = body.get("open", {})
        limits, crew = opened.get("limits", {}), len(opened.get("crew", ())) or 1
        return rules.CaseNow(True, "", limits, holds, crew, past_visits(store, case_id, limits))
    visit = store_visits.read_visit(store, case_id, visit_id) if visit_id else None
    limits = (visit["remains"] or {}).get("limits") if visit else None
    is_shredded = store.value("SELECT 1 FROM object WHERE type = 'packet' AND id = ?", [case_id]) is not None
    gone = (visit["withdrawn"] if visit else None) or ("its time on this device ended" if is_shredded else "")
    return rules.CaseNow(False, gone or "", limits, holds)


def past_visits(store: Store, case_id: str, limits: Mapping[str, Any]) -> tuple[PastVisit, ...]:
    """Give the visits of a case that were started here, where its limits count them."""
    if not limits.get("counts"):
        return ()
    found = []
    for visit_id, started_ms in store_visits.visits_of(store, case_id):
        bodies = [body for kind, body in view_visit(store, case_id, visit_id).events if kind == EventKind.OUTCOME_NOTED]
        is_empty = bool(bodies) and all(body.get("contact_result") in NOBODY_MET for body in bodies)
        found.append(PastVisit(visit_id, started_ms, is_empty))
    return tuple(found)


def open_new_chain(
    store: Store,
    now: Reading,
    noise: Noise,
    reason: OpeningReason,
    previous: str | None = None,
    after_seq: int = 0,
    lost: Sequence[Sequence[int]] = (),
) -> str:
    """Open a new chain inside the caller's transaction, move what waits onto it (E6), give its id."""
    body: dict[str, Any] = {"reason": reason.value, "lost": [list(span) for span in lost]}
    if previous is not None:
        body |= {"previous": previous, "after_seq": after_seq}
    chain_id = make_id(now.wall_ms, noise(10))
    opened = write_event(Draft(EventKind.CHAIN_OPENED, body), now, noise)
    store_outbox.open_chain(store, chain_id, previous, opened)
    return chain_id


def note_directive_done(store: Store, directive_id: str, result: str, now: Reading, noise: Noise) -> str:
    """Append `directive_done` inside the caller's transaction (D1); give its event id."""
    body = {"directive_id": directive_id, "result": result}
    written = write_event(Draft(EventKind.DIRECTIVE_DONE, body), now, noise)
    store_outbox.append_event(store, written)
    return written.id
