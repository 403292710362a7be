"""The real device program against the real server, in one process: its transport is the test client."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from agent_sync.clock import Reading, SettableClock
from agent_sync.device import Device
from agent_sync.report import Report
from agent_sync.transport import WireAnswer
from schemas.errors import FieldError
from server.services.enrolling import issue_code
from server.services.packing import bump_and_repack
from server.storage.feed import publish
from tests.office import START_MS, Office

DAY = "2016-04-07"
OFFSET_MIN = 480  # there it is late in the morning of that day


class Line:
    """A line to the office that can be cut, before the request arrives or after."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.is_cut = False
        self.loses_answers = False
        self.refuses_files = False

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Carry a request to the server in this process."""
        if self.is_cut or (self.refuses_files and "/files" in target):
            raise FieldError("no-network")
        answer = self.office.client.open(target, method=method, headers=dict(headers), data=body)
        if self.loses_answers:
            raise FieldError("no-network")
        names = {name.lower(): value for name, value in answer.headers.items()}
        return WireAnswer(answer.status_code, names, answer.data, len(answer.data))


class Field:
    """A device in the field, its clock and its line; the agent has one case."""

    def __init__(self, office: Office, folder: Path, code: str = "a1", pin: str | None = None) -> None:
        self.office = office
        self.agent_id = office.add_agent(code)
        self.case_id = office.add_case(f"R-{code}")
        office.assign(self.case_id, self.agent_id)
        office.site.store.write(self._pack)
        self.line = Line(office)
        self.clock = SettableClock(Reading(START_MS, OFFSET_MIN, 1_000, "boot-1"))
        path = folder / f"{code}.db"
        self.device = Device(path, "http://office.test", clock=self.clock, transport=self.line, pin=pin)
        self.device.enrol(issue_code(office.site, code, by="test"))
        self.id = str(self.device.store.get("device_id"))
        self.exchange()

    def _pack(self, connection: Connection) -> None:
        publish(connection, bump_and_repack(connection, self.office.site, [self.case_id]))

    def advance(self, ms: int) -> None:
        """Let time pass for both sides."""
        self.clock.advance(ms)
        self.office.clock.ms += ms

    def visit(self, steps: int = 2) -> list[str]:
        """Record a visit without its end; give the event ids."""
        started = self.device.record("visit_started", self.case_id, body={"no_fix_reason": "unavailable"})
        ids = [started.event_id]
        for _ in range(steps):
            self.advance(1_000)
            body = {"step": "card_shown", "text_version": "1", "response": "given"}
            ids.append(self.record("step_done", body, started.visit_id))
        return ids

    def record(self, kind: str, body: dict[str, Any], visit_id: str | None) -> str:
        """Record one event of a visit; give its id."""
        return self.device.record(kind, self.case_id, visit_id, body).event_id

    def exchange(self) -> Report:
        """Exchange once."""
        self.advance(1_000)
        return self.device.exchange()
