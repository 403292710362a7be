"""
The director: plays a scenario act by act on real devices, a real network and a real server, and moves the clock.

Comes in: a scenario and an open stage. Goes out: what happened, as counts, and which id each visit got. One act after
the other: simulated time passes as fast as the machine allows, and a seed always gives the same two days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from schemas.errors import FieldError
from schemas.ids import make_id
from schemas.vocabulary import EventKind, Identity, IdentityMethod
from server.demo.acting import Act, write_wall
from server.demo.balancing import DayBalance, settle
from server.demo.devices import DeviceDiedError, StagedDevice
from server.demo.network import Network, Weather
from server.demo.office import Office
from server.demo.persons import Persons
from server.demo.photographs import draw_door
from server.demo.plot import OFFICE, PERSON
from server.demo.rogue import RoguePhone
from server.demo.scenario import Scenario
from server.demo.stage import Stage
from server.services.verifying import verify_site

MINUTE_MS = 60_000
AGAIN_MS = 10  # after a crash: the app is opened again; before any other phone speaks, whose time would not fit


@dataclass
class Happened:
    """What happened while playing: counts, the visits' ids, and what went otherwise than written."""

    counts: Counter[str] = field(default_factory=Counter)
    visit_ids: dict[str, str] = field(default_factory=dict)  # visit key -> id
    surprises: list[str] = field(default_factory=list)


class Director:
    """Plays one scenario."""

    def __init__(self, scenario: Scenario, stage: Stage, office: Office, network: Network) -> None:
        self.scenario = scenario
        self.stage = stage
        self.office = office
        self.network = network
        self.happened = Happened()
        self.random = Random(f"director {scenario.portfolio.name} {scenario.seed}")
        self.devices = {
            code: StagedDevice(code, stage.devices, phone, network.url)
            for code, phone in scenario.phones.items()
            if code != scenario.rogue
        }
        self.rogue = RoguePhone(network.url, self.random)
        holder = next(iter(scenario.portfolio.people["tampered"]["lead"].values()))
        self.persons = Persons(stage.url, office, self.rogue, holder, self.happened.visit_ids)
        self._same_ids: dict[str, str] = {}
        self._mishaps: dict[str, Callable[[StagedDevice], object]] = {
            "reboot": StagedDevice.stop,
            "damage": StagedDevice.damage_newest,
            "copy_store": StagedDevice.copy_store,
            "restore_store": StagedDevice.restore_store,
        }
        self._office_acts: dict[str, Callable[[Act], object]] = {
            "assign": lambda act: self.office.give_to(act.reference, scenario.crews[act.args["crew"]]),
            "lend": lambda act: None,  # done when everything was assigned
            "expire": lambda act: self.office.end_leases(),
            "halt": lambda act: self.office.halt(act.reference, act.args["reason"]),
            "close": lambda act: self.office.close(act.reference),
            "correct": lambda act: self.office.correct(act.reference),
            "approve": lambda act: self.office.approve(act.reference, self.happened.visit_ids[act.args["visit"]]),
            "pay": lambda act: self.office.pay(act.args["payments"]),
        }

    def start_devices(self) -> None:
        """Start every device's program; they come up while the office does its own work."""
        for staged in self.devices.values():
            staged.start()

    def enrol_all(self, at_ms: int) -> int:
        """Enrol every device over HTTP with a code of the office's, and let it fetch its packets; give how many."""
        self.stage.set_clock(at_ms)
        for code, staged in self.devices.items():
            staged.tell(at_ms, "enrol", code=self.office.issue_code(code))
        self.rogue.enrol(self.office.issue_code(self.scenario.rogue), self._rogue_reading(at_ms))
        self.stage.set_clock(at_ms + MINUTE_MS)
        for staged in self.devices.values():
            report = staged.tell(at_ms + MINUTE_MS, "exchange")["report"]
            self.happened.counts["items fetched"] += report["counts"].get("items_put", 0)
        return len(self.devices) + 1

    def play(self, act: Act) -> None:
        """Play one act."""
        if act.who == OFFICE:
            self.stage.set_clock(act.at_ms)
            self._office_acts[act.do](act)
            self.happened.counts[f"office: {act.do}"] += 1
        elif act.who == PERSON:
            self.stage.set_clock(act.at_ms)
            self.persons.play(act, lambda: self._rogue_reading(act.at_ms))
        elif act.who == self.scenario.rogue:
            self._play_rogue(act)
        elif act.do == "record":
            self._record(act)
        elif act.do == "exchange":
            self._exchange(act)
        elif act.do == "crash":
            self.devices[act.who].crash(act.at_ms)
        else:
            self._mishaps[act.do](self.devices[act.who])

    def close(self) -> None:
        """End every device."""
        for staged in self.devices.values():
            staged.stop()

    def balance(self, at_ms: int) -> list[DayBalance]:
        """Hold every device's signed statement of every day against what the server holds."""
        site = self.office.site
        days = [f"{self.scenario.portfolio.days[0] - timedelta(days=1)}", *map(str, self.scenario.portfolio.days)]
        balances = []
        for code, staged in self.devices.items():
            for day in days:
                jws = staged.tell(at_ms, "statement", day=day)["statement"]
                balances.append(settle(site, code, day, jws))
        rogue = self.scenario.rogue
        for day in days:
            jws = self.rogue.state_day(day, self._rogue_reading(at_ms), self.office.agent_ids[rogue])
            balances.append(settle(site, rogue, day, jws))
        return balances

    def verify(self) -> list[str]:
        """Verify every device's whole history; give the codes of the agents whose history is not whole."""
        verdicts = verify_site(self.office.site)
        return sorted(verdict.agent_code for verdict in verdicts if not verdict.is_whole)

    # -- real devices

    def _record(self, act: Act) -> None:
        staged, line = self.devices[act.who], self._line_of(act)
        kill_at = act.args.get("kill_at", 0)
        if kill_at:
            self._record_dying(act, staged, line, kill_at)
            return
        try:
            answer = staged.tell(act.at_ms, **line)
        except FieldError as error:
            self.happened.surprises.append(f"{act.visit} {act.who} {act.args['kind']}: {error}")
            return
        self.happened.counts["events recorded"] += 1
        if act.args["kind"] == EventKind.VISIT_STARTED:
            self.happened.visit_ids[act.visit] = answer["visit_id"]

    def _record_dying(self, act: Act, staged: StagedDevice, line: Mapping[str, Any], kill_at: int) -> None:
        """Let the program die while it writes; the agent looks whether it was saved, and else does it again."""
        before = self._count_saved(staged, act.at_ms)
        staged.stop()
        staged.start(kill_at)
        try:
            staged.tell(act.at_ms, **line)
            self.happened.surprises.append(f"{act.visit}: the program outlived its death at write {kill_at}")
        except DeviceDiedError:
            staged.start()
            if self._count_saved(staged, act.at_ms) == before:
                staged.tell(act.at_ms, **line)
        self.happened.counts["events recorded"] += 1

    def _count_saved(self, staged: StagedDevice, at_ms: int) -> int:
        status = staged.tell(at_ms, "status")["status"]
        return int(status["unsent"] + status["received"] + status["lost"])

    def _line_of(self, act: Act) -> dict[str, Any]:
        """Give the line a device is told: the sealed part is really opened, identity really checked."""
        door = {"case_id": self.office.case_ids[act.reference]}
        kind, body = act.args["kind"], act.args["body"]
        if act.visit in self.happened.visit_ids:
            door["visit_id"] = self.happened.visit_ids[act.visit]
        method = IdentityMethod.DOCUMENT_SEEN.value
        if kind == EventKind.SEALED_PART_OPENED:
            return {"do": "open_sealed", "method": method, **door}
        if kind == EventKind.IDENTITY_CHECKED and body["identity"] == Identity.CONFIRMED:
            return {"do": "check_identity", "method": method, **door}
        line = {"do": "record", "kind": kind, "body": body, **door}
        if act.args.get("by_qr"):
            lead = self.devices[self.scenario.visits[act.visit].crew.lead]
            line["body"] = {**body, "qr": lead.tell(act.at_ms, "visit_qr", **door)["qr"]}
        if act.args.get("photo"):
            line["files"] = [{"path": str(self._take_photo(act)), "media_type": "image/jpeg", "role": "door"}]
        return line

    def _take_photo(self, act: Act) -> Path:
        """Give the photograph of this name; one that serves twice is the same to the last bit."""
        path = self.stage.folder / "photos" / f"{act.args['photo']}.jpg"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            draw_door(path, self.random)
        return path

    def _exchange(self, act: Act) -> None:
        self.stage.set_clock(act.at_ms)
        staged = self.devices[act.who]
        if kill_at := act.args.get("kill_at", 0):
            staged.stop()
            staged.start(kill_at)
        self.network.weather = act.args["weather"]
        try:
            report = staged.tell(act.at_ms, "exchange")["report"]
        except DeviceDiedError:
            staged.start()
            self.network.weather = Weather.GOOD
            self.stage.set_clock(act.at_ms + AGAIN_MS)
            report = staged.tell(act.at_ms + AGAIN_MS, "exchange")["report"]
        finally:
            self.network.weather = Weather.GOOD
        self._note(act, report)

    def _note(self, act: Act, report: Mapping[str, Any]) -> None:
        counts = self.happened.counts
        counts["exchanges"] += 1
        counts["exchanges that failed"] += not report["ok"]
        for name, count in report["counts"].items():
            counts[f"device: {name}"] += count
        if act.args["weather"] is Weather.GOOD and not report["ok"]:
            problems = [report.get("error"), *report["problems"]]
            codes = [each["code"] for each in problems if each is not None]
            if codes != ["chain-forked"]:
                self.happened.surprises.append(f"{act.who} exchange: {', '.join(codes)}")

    # -- the tampered phone

    def _rogue_reading(self, at_ms: int) -> dict[str, Any]:
        reading = self.scenario.phones[self.scenario.rogue].read(at_ms)
        return {**reading, "wall": write_wall(int(reading["wall_ms"]), self.scenario.portfolio.zone)}

    def _play_rogue(self, act: Act) -> None:
        reading = self._rogue_reading(act.at_ms)
        if act.do == "exchange":
            self.stage.set_clock(act.at_ms)
            if self.rogue.waiting or not act.args.get("forged"):
                self.rogue.exchange(reading, is_checkpoint_forged=bool(act.args.get("forged")))
            self.happened.counts["exchanges"] += 1
            return
        ids = self.happened.visit_ids
        visit_id = ids.setdefault(act.visit, make_id(act.at_ms, self.random.randbytes(10)))
        event_id = self.rogue.record(
            act.args["kind"],
            act.args["body"],
            reading,
            event_id=self._same_ids.get(act.visit, "") if act.args.get("same_id") else "",
            case_id=self.office.case_ids[act.reference],
            visit_id=visit_id,
            packet_rev=self.office.rev_of(act.reference),
        )
        if act.args["kind"] == EventKind.OUTCOME_NOTED:
            self._same_ids[act.visit] = event_id
        self.happened.counts["events recorded"] += 1
