"""
A little world for campaigns: an office, three agents with phones, a bad network, and a plain oracle beside them.

Real services on a real database, real `agent_sync` devices on real stores; only the wire between them is a function
call that fails by seed. `World.oracle` remembers what was durably recorded and when it truly was. `settle` calms
everything and lets all sides talk; `check` then holds every invariant of PROTOCOL section 5.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agent_sync.clock import Reading, SettableClock
from agent_sync.device import Device
from agent_sync.transport import WireAnswer
from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.domain.reviewing import State, permitted_acts
from server.services import assigning, keeping
from server.services.enrolling import issue_code
from server.services.erasing import erase_events
from server.services.holding import place_hold
from server.services.keys import rotate_key
from server.services.packing import bump_and_repack
from server.services.reconciling import reconcile
from server.services.reviewing import Said, decide_visit
from server.storage import feed, tables, visit_tables
from tests.fault.proxy import PORTAL, STATUSES, Fault, Faults
from tests.office import Office

AGENTS = ("a1", "a2", "a3")
YEARS_MS = 365 * 86_400_000
FIX = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 120, "datum": "wgs84", "mock": False}
# How often each act is drawn.
WEIGHTS: dict[str, float] = {
    "record": 30, "exchange": 22, "hold": 3, "pass_time": 12, "restart_phone": 3, "clone_phone": 1, "deliver_late": 3,
    "reassign": 4, "close_case": 1, "renew_case": 3, "place_office_hold": 1, "review": 2, "erase": 1, "rotate": 0.3,
    "back_up": 1, "restore": 0.5, "restore_behind_copies": 0.5,
}  # fmt: skip
OF_A_PHONE = frozenset({"record", "exchange", "hold", "restart_phone", "clone_phone", "restore_behind_copies"})
SCRIPT: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("visit_started", {"fixes": [FIX]}),
    ("step_done", {"step": "card_shown", "text_version": "1", "response": "given"}),
    ("identity_checked", {"identity": "confirmed", "method": "document_seen"}),
    ("sealed_part_opened", {"method": "document_seen"}),
    ("contact_proposed", {"changes": [{"field": "phone", "new": "+14155550101"}]}),
    ("outcome_noted", {"contact_result": "person", "disposition": "cannot_decide"}),
    ("visit_ended", {"reason": "completed", "fixes": [FIX]}),
)


@dataclass
class Wire:
    """The way to the server: the office's application, called with faults."""

    world: World
    faults: Faults

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Carry one request, or fail as the seed says."""
        fault = self.faults.draw(len(body))
        self.faults.log.append((f"{method} {target}", fault.value))
        if fault in (Fault.CUT_BEFORE, Fault.CUT_DURING):
            raise FieldError("no-network")
        if fault is Fault.PROXY_413:
            return WireAnswer(413, {"content-type": "text/html"}, b"<h1>Too large</h1>")
        if fault in STATUSES:
            return WireAnswer(STATUSES[fault], {"content-type": "text/html"}, b"<h1>Bad gateway</h1>")
        if fault is Fault.CAPTIVE_PORTAL:
            return WireAnswer(200, {"content-type": "text/html"}, PORTAL)
        request = (method, target, dict(headers), body)
        if fault is Fault.REPEATED:
            self.carry(*request)
        if fault is Fault.REPEATED_LATER:
            self.world.late_requests.append(request)
        answer = self.carry(*request)
        if fault in (Fault.ANSWER_LOST, Fault.ANSWER_CUT):
            raise FieldError("no-network")
        return answer

    def carry(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Carry one request without faults."""
        sent = {**headers, "Accept-Encoding": "identity"}
        answer = self.world.office.client.open(target, method=method, data=body, headers=sent)
        names = {name.lower(): value for name, value in answer.headers.items()}
        return WireAnswer(answer.status_code, names, answer.data, len(answer.data))


@dataclass
class Phone:
    """A device in the world: its store, its clocks, and how far its visits have come."""

    world: World
    agent: str
    path: Path
    faults: Faults
    clock: SettableClock
    visits: dict[str, tuple[str, int]] = field(default_factory=dict)  # case -> (visit, next place in SCRIPT)
    device: Device = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start the program on its store."""
        self.world.starts += 1
        noise = random.Random(f"{self.world.seed}/{self.world.starts}")
        self.device = Device(
            self.path,
            "http://office.test",
            clock=self.clock,
            transport=Wire(self.world, self.faults),
            noise=noise.randbytes,
        )

    def restart(self, boot: str) -> None:
        """Switch the phone off and on: a new boot, its counter near zero."""
        self.device.close()
        now = self.clock.reading
        self.clock.reading = Reading(now.wall_ms, now.offset_min, 1000, boot, now.mono)
        self.open()


@dataclass(frozen=True)
class Fact:
    """One durably recorded event as the oracle knows it."""

    agent_id: str
    content: bytes
    at_ms: int
    case_id: str | None
    visit_id: str | None


class World:
    """Everything there is in one campaign."""

    def __init__(self, url: str, folder: Path, seed: int, share: float = 0.35) -> None:
        self.seed, self.folder, self.share, self.url = seed, folder, share, url
        self.starts = 0
        self.backup: Path | None = None
        self.backed_up_decisions: list[str] = []
        self.is_restored, self.is_confirmed = False, True
        self.random = random.Random(seed)
        self.office = Office(url, folder / "office")
        self.late_requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.oracle: dict[str, Fact] = {}
        self.erased: dict[str, bytes] = {}
        self.decisions: list[str] = []
        self.trace: list[str] = []
        self.ids = {code: self.office.add_agent(code) for code in AGENTS}
        self.cases = [self.office.add_case(f"R{number}") for number in range(6)]
        self.phones: list[Phone] = []
        for number, case_id in enumerate(self.cases[:5]):
            lead = AGENTS[number % 3]
            companions = [AGENTS[(number + 1) % 3]] if number % 2 else []
            assigning.assign(self.office.site, [case_id], lead, companions, by="test")
        for code in AGENTS:
            self.add_phone(code)

    def close(self) -> None:
        """Close every store."""
        for phone in self.phones:
            phone.device.close()
        self.office.close()

    # -- phones

    def add_phone(self, agent: str) -> Phone:
        """Enrol a phone for an agent, over a calm network."""
        number = len(self.phones)
        wall_ms = self.office.clock() + self.random.choice([0, 0, 40_000, -5 * YEARS_MS, 9 * YEARS_MS])
        mono = self.random.choice(["boottime", "awake"])
        clock = SettableClock(Reading(wall_ms, -420, 1000 + number, f"boot-{number}-0", mono))
        faults = Faults(self.seed * 100 + number, self.share)
        phone = Phone(self, agent, self.folder / f"phone{number}" / "store.db", faults, clock)
        faults.is_calm = True
        phone.device.enrol(issue_code(self.office.site, agent, by="test"))
        faults.is_calm = False
        self.phones.append(phone)
        self.witness(phone)
        return phone

    def witness(self, phone: Phone) -> None:
        """Let the oracle read what the phone's store holds that it has not seen: all of it is durable."""
        rows = phone.device.store.rows("SELECT id, content, case_id, visit_id FROM event WHERE content IS NOT NULL")
        for row in rows:
            agent_id, now_ms = self.ids[phone.agent], self.office.clock()
            fact = Fact(agent_id, bytes(row["content"]), now_ms, row["case_id"], row["visit_id"])
            self.oracle.setdefault(row["id"], fact)

    def record(self, phone: Phone) -> None:
        """Take one more step of a visit, somewhere."""
        if not phone.visits or self.random.random() < 0.3:
            views = [view for view in phone.device.packets() if view.is_readable]
            held = [view.case_id for view in views if view.case_id not in phone.visits]
            if held:
                phone.visits[self.random.choice(sorted(held))] = ("", 0)
        if not phone.visits:
            return
        case_id = self.random.choice(sorted(phone.visits))
        visit_id, place = phone.visits[case_id]
        kind, body = SCRIPT[place]
        if kind == "contact_proposed":
            body = {"changes": [{"field": "phone", "new": f"+1415555{self.random.randrange(100, 200):04d}"}]}
        try:
            recorded = phone.device.record(kind, case_id, visit_id or None, body)
        except FieldError as error:  # withdrawn, no sealed part for a companion, …: the next step may do
            self.trace.append(f"record {kind}: {error.code}")
            if not visit_id:
                del phone.visits[case_id]
                return
            recorded = None
        if recorded is not None:
            visit_id = recorded.visit_id or visit_id
        phone.visits[case_id] = (visit_id, place + 1)
        if place + 1 == len(SCRIPT):
            del phone.visits[case_id]
        self.witness(phone)

    def hold(self, phone: Phone) -> None:
        """Place a hold at a door."""
        for case_id, (visit_id, _) in sorted(phone.visits.items()):
            if visit_id:
                body = {"reason": self.random.choice(["illness", "refusal"]), "scope": "case"}
                try:
                    phone.device.record("hold_placed", case_id, visit_id, body)
                except FieldError as error:
                    self.trace.append(f"hold: {error.code}")
                self.witness(phone)
                return

    def exchange(self, phone: Phone) -> None:
        """Exchange over the bad network."""
        try:
            report = phone.device.exchange()
            self.trace.append(f"exchange {phone.agent}: {report.to_json().get('error', 'ok')}")
        except FieldError as error:
            self.trace.append(f"exchange {phone.agent}: {error.code}")
        self.witness(phone)

    def pass_time(self) -> None:
        """Let seconds or hours pass; some phones sleep meanwhile, some clocks are set."""
        ms = self.random.choice([1_000, 30_000, 600_000, 5_000_000])
        self.office.clock.ms += ms
        for phone in self.phones:
            now = phone.clock.reading
            slept = now.mono == "awake" and self.random.random() < 0.4
            wall_ms = now.wall_ms + ms
            if self.random.random() < 0.1:
                wall_ms += self.random.choice([-10 * YEARS_MS, 10 * YEARS_MS, -3_600_000, 90_000])
            mono_ms = now.mono_ms + (0 if slept else ms)
            phone.clock.reading = Reading(wall_ms, now.offset_min, mono_ms, now.boot, now.mono)

    def restart_phone(self, phone: Phone) -> None:
        """Crash a phone and start it again."""
        phone.restart(f"{phone.clock.reading.boot}+")

    def clone_phone(self, phone: Phone) -> None:
        """Copy a phone's store; the twin goes on with the same key and chain."""
        if len(self.phones) >= 5:
            return
        phone.device.close()
        twin_path = self.folder / f"phone{len(self.phones)}" / "store.db"
        shutil.copytree(phone.path.parent, twin_path.parent)
        phone.open()
        now = phone.clock.reading
        clock = SettableClock(Reading(now.wall_ms, now.offset_min, 1000, f"twin-{len(self.phones)}", now.mono))
        faults = Faults(self.seed * 100 + len(self.phones), self.share)
        self.phones.append(Phone(self, phone.agent, twin_path, faults, clock, dict(phone.visits)))

    def deliver_late(self) -> None:
        """Let a request that a middlebox kept arrive once more."""
        if self.late_requests:
            request = self.late_requests.pop(self.random.randrange(len(self.late_requests)))
            Wire(self, Faults()).carry(*request)

    # -- the office

    def reassign(self) -> None:
        """Give a case to another agent."""
        case_id, agent = self.random.choice(self.cases), self.random.choice(AGENTS)
        try:
            assigning.assign(self.office.site, [case_id], agent, [], by="test")
        except FieldError as error:
            self.trace.append(f"reassign: {error.code}")

    def close_case(self) -> None:
        """Close a case for good."""
        if self.random.random() < 0.3:
            assigning.close_cases(self.office.site, [self.random.choice(self.cases)], by="test")

    def renew_case(self) -> None:
        """Change a case, so that its packet has a new revision."""
        chosen, site = [self.random.choice(self.cases)], self.office.site
        site.store.write(lambda connection: feed.publish(connection, bump_and_repack(connection, site, chosen)))

    def place_office_hold(self) -> None:
        """Place a hold from the office."""
        site, case_id = self.office.site, self.random.choice(self.cases)

        def job(connection: Any) -> None:
            changes = place_hold(
                connection,
                site,
                hold_id=site.new_id(),
                case_id=case_id,
                scope="case",
                reason="complaint",
                source="office",
                agent_id=None,
                is_provisional=False,
                until=None,
                now_ms=site.now(),
            )
            feed.publish(connection, changes)

        site.store.write(job)

    def review(self) -> None:
        """Reconcile, then decide on some visit."""
        site = self.office.site
        reconcile(site)
        rows = [row for row in self.office.rows(select(visit_tables.visit)) if row.state is not None]
        if rows:
            row = self.random.choice(sorted(rows, key=lambda each: each.visit_id))
            permitted = permitted_acts(State(row.state))
            if permitted:
                act = self.random.choice(permitted)
                amendment = {"disposition": "none"} if act is Act.AMENDED else None
                self.decisions.append(
                    decide_visit(site, row.case_id, row.visit_id, act, "test", Said("r", "q", amendment))
                )

    def erase(self) -> None:
        """Erase an event that the server holds."""
        rows = self.office.rows(
            select(tables.event.c.id, tables.event.c.content, tables.event.c.agent_id).where(
                tables.event.c.content.is_not(None), tables.event.c.kind == "step_done"
            )
        )
        if rows:
            row = self.random.choice(sorted(rows, key=lambda each: each.id))
            erase_events(self.office.site, [row.id], by="test", reason="asked for")
            self.erased[row.id] = bytes(row.content)

    def rotate(self) -> None:
        """Publish the server's next key, if none is waiting to begin."""
        try:
            rotate_key(self.office.site)
        except FieldError as error:
            self.trace.append(f"rotate: {error.code}")

    def back_up(self) -> None:
        """Back the office up."""
        self.backup = self.folder / "backup.zip"
        keeping.back_up(self.office.site, self.backup)
        self.backed_up_decisions = list(self.decisions)

    def restore(self) -> None:
        """Lose the office and put the last backup in place; a person confirms at once, or only at the end."""
        if self.backup is None or not self.url.startswith("sqlite"):
            return
        self.is_restored = True
        self.office.close()
        settings = self.office.site.settings
        keeping.put_back(settings, self.backup, self.office.clock(), self.random.randbytes(4), replace=True)
        self.office.start()
        keeping.settle_files(self.office.site)
        self.decisions = list(self.backed_up_decisions)
        self.backup = None
        self.is_confirmed = False
        if self.random.random() < 0.5:
            self.confirm()

    def restore_behind_copies(self, phone: Phone) -> None:
        """Lose what a phone sent since its copy was made; the copy speaks first, and took fewer steps."""
        self.exchange(phone)
        self.back_up()
        self.clone_phone(phone)
        for _ in range(3):
            self.record(phone)
        self.exchange(phone)
        self.restore()
        self.record(self.phones[-1])
        self.exchange(self.phones[-1])

    def confirm(self) -> None:
        """Confirm a restore."""
        if not self.is_confirmed:
            keeping.confirm_restore(self.office.site, "test", keeping.TO_CONFIRM)
            self.is_confirmed = True

    # -- running

    def run(self, steps: int, weights: Mapping[str, float] = WEIGHTS) -> None:
        """Let *steps* things happen, each drawn by its weight."""
        names = list(weights)
        for name in self.random.choices(names, [weights[each] for each in names], k=steps):
            act = getattr(self, name)
            act(self.random.choice(self.phones)) if name in OF_A_PHONE else act()

    def settle(self) -> None:
        """Calm the network and let all sides talk until nothing moves."""
        self.confirm()
        while self.late_requests:
            self.deliver_late()
        for phone in self.phones:
            phone.faults.is_calm = True
        for _ in range(12):
            self.office.clock.ms += 60_000
            for phone in self.phones:
                phone.clock.advance(60_000)
            for phone in self.phones:
                self.exchange(phone)
            reconcile(self.office.site)
            if all(phone.device.status().unsent == 0 for phone in self.phones):
                break
        for phone in self.phones:
            self.exchange(phone)
