"""
What this device holds and how it stands, as read-only pictures: for the command, the rehearsal and the tests.

Comes in: the store and the clocks' reading. Goes out: packets with what may be done now, and the whole state of
sending. "Received" is said only of what has a stored receipt (E7).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from agent_sync import rules, store_feed, store_files, store_outbox, store_visits
from agent_sync.clock import Reading
from agent_sync.recording import past_visits
from agent_sync.remembering import last_seen
from agent_sync.store import Store
from schemas.vocabulary import Act, ItemType


@dataclass(frozen=True, slots=True)
class PacketView:
    """
    One packet as the agent may see it now.

    `open` is its open part, empty once its time here has ended; `is_sealed` whether it has a sealed part; `remarks`
    say why a visit may not start now, `warnings` what is to be known before one starts; `ways` how its sealed part can
    be opened, and `asks` by which two facts; `plan` the day, the place in its order and the time the office planned.
    """

    case_id: str
    rev: int
    role: str
    open: dict[str, Any]
    is_sealed: bool
    is_readable: bool
    holds: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    asks: tuple[dict[str, Any], ...] = ()
    plan: tuple[str, int, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the view as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Status:
    """
    How a device stands. Counts are of events unless they say otherwise.

    `stage` is `remembering`'s, or `locked` while packets stay shut since the clock was set back.
    """

    stage: str
    pull_stage: str
    device_id: str
    agent: dict[str, Any]
    chain_id: str
    packets: int
    unsent: int
    unsent_visits: int
    received: int
    lost: int
    parked: list[dict[str, Any]] = field(default_factory=list)
    files_waiting: int = 0
    holds: list[dict[str, Any]] = field(default_factory=list)
    open_visits: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    last_contact: str = ""
    clock_off_ms: int = 0
    failures: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give the status as plain values."""
        return asdict(self)


def view_packets(store: Store, now: Reading) -> list[PacketView]:
    """Give every packet of this agent, shredded ones included: what is planned first, in its order."""
    now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, last_seen(store))
    views = []
    halted = store_feed.holds_by_case(store, now_ms)
    is_locked = bool(store.get("clock_locked"))
    visited = {visit["case_id"] for visit in store_visits.open_visits(store)} if is_locked else set()
    for row in store_feed.read_objects(store, ItemType.PACKET):
        body = row["body"] or {}
        if is_locked:
            # As under a packet that was withdrawn: an open visit keeps its limits and texts, and nothing else (F3).
            kept = {name: body["open"][name] for name in ("limits", "texts") if name in body.get("open", {})}
            body = {"open": kept} if row["id"] in visited else {}
        opened = body.get("open", {})
        limits = opened.get("limits", {})
        wraps = body.get("sealed", {}).get("wraps", ())
        holds = tuple(hold["reason"] for hold in halted.get(row["id"], ()))
        case = rules.CaseNow(
            bool(body),
            "" if body else "its time here ended",
            limits,
            holds,
            len(opened.get("crew", ())) or 1,
            past_visits(store, row["id"], limits),
            is_locked,
        )
        verdict = rules.may_record("visit_started", {}, 0, rules.VisitSoFar(), case, now_ms, 1)
        views.append(
            PacketView(
                row["id"],
                row["rev"],
                body.get("role", ""),
                opened,
                "sealed" in body,
                bool(body) and not is_locked,
                holds,
                tuple(verdict.blocks),
                tuple(verdict.warnings),
                tuple(wrap["kind"] for wrap in wraps),
                next((tuple(wrap["asks"]) for wrap in wraps if "asks" in wrap), ()),
                rules.plan_of(opened, now_ms),
            )
        )
    return sorted(views, key=lambda view: (view.plan is None, view.plan or ()))


def view_status(store: Store, now: Reading) -> Status:
    """Give how this device stands."""
    seen = last_seen(store)
    now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, seen)
    chain = store_outbox.current_chain(store)
    unsent_visits = store.value(
        "SELECT count(DISTINCT e.case_id || e.visit_id) FROM link l JOIN event e ON e.n = l.event_n"
        " WHERE l.status IS NULL AND l.state = 'waiting' AND e.visit_id IS NOT NULL"
    )
    case_ids = [row["id"] for row in store.rows("SELECT id FROM object WHERE type = 'packet' ORDER BY id")]
    halted = store_feed.holds_by_case(store, now_ms)
    holds = [{**hold, "case_id": case_id} for case_id in case_ids for hold in halted.get(case_id, ())]
    stage = store.get("stage", "new")
    decisions = [row for row in store_feed.read_objects(store, ItemType.DECISION) if row["body"]]
    return Status(
        stage="locked" if stage == "enrolled" and store.get("clock_locked") else stage,
        pull_stage=store.get("pull_stage", "first"),
        device_id=store.get("device_id", ""),
        agent=store.get("agent", {}),
        chain_id=chain.chain_id if chain else "",
        packets=len(store_feed.packets_held(store)),
        unsent=store_outbox.count_waiting(store),
        unsent_visits=int(unsent_visits),
        received=int(store.value("SELECT count(DISTINCT event_n) FROM link WHERE status IS NOT NULL")),
        lost=int(store.value("SELECT count(*) FROM event WHERE state = 'lost'")),
        parked=read_parked(store),
        files_waiting=len(store_files.files_kept(store)),
        holds=holds,
        open_visits=store_visits.open_visits(store),
        questions=[
            {"decision_id": row["id"], **row["body"]} for row in decisions if row["body"].get("act") == Act.RETURNED
        ],
        notices=[row["body"] for row in store_feed.read_objects(store, ItemType.NOTICE) if row["body"]],
        last_contact=(store.get("last_contact") or {}).get("server_time", ""),
        clock_off_ms=now.wall_ms - now_ms,
        failures=store.get("failures", 0),
    )


def read_parked(store: Store) -> list[dict[str, Any]]:
    """Give the events the server set aside for a person, with the reason, and what became of them since."""
    rows = store.rows(
        "SELECT DISTINCT e.id, e.kind, e.case_id, e.visit_id, l.problem, e.replayed"
        " FROM link l JOIN event e ON e.n = l.event_n"
        " WHERE coalesce(l.first, l.status) = 'parked' ORDER BY e.n"
    )
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
