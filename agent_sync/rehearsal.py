"""
A device driven by JSON lines, for rehearsals: the demo's and the fault tests' devices are real programs like this one.

    python -m agent_sync.rehearsal STORE [--server URL]

Comes in, a line each: {"do": command, …}, with `clock` in any of them to set the clocks first. Goes out, a line each:
{"ok": true, …} or {"ok": false, "error": {code, detail, fields?}}. An answer is written after everything it speaks of
is durable. Without `clock` ever set, the system's clocks are used; once set, they stand still until set again.

    {"do": "clock", "clock": {"wall_ms", "offset_min", "mono_ms", "boot", "mono"?}}
    {"do": "enrol", "code", "server"?}        → {"enrolled", "device_id", "agent", "poll_s"}
    {"do": "packets"}                         → {"packets": [{case_id, rev, role, open, is_sealed, is_readable, holds,
                                                 remarks, ways, asks}]}
    {"do": "record", "kind", "case_id"?, "visit_id"?, "body"?, "files"?: [{path, media_type, role}]}
                                              → {"event_id", "chain_id", "seq", "case_id", "visit_id", "warnings"}
    {"do": "check_identity" | "open_sealed", "case_id", "visit_id", "method", "secret"? | "answers"?,
     "document_kind"?}
                                              → {"fits"} | {"content"}
    {"do": "visit_qr", "case_id", "visit_id"} → {"qr"}
    {"do": "exchange"}                        → {"report": {ok, counts, phases, notes, problems, next_ms, error?}}
    {"do": "statement", "day"}                → {"statement": JWS}
    {"do": "status"}                          → {"status": {…}}
    {"do": "export_outbox", "path"}           → {"events"}
    {"do": "crash"}                           dies at once, without an answer (exit status 137)
    {"do": "stop"}                            closes the store and ends
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, TextIO

import click
import orjson

from agent_sync.clock import Clock, Reading, SettableClock
from agent_sync.device import Device, SystemClock
from schemas.errors import FieldError

CRASHED = 137
DOOR = ("case_id", "visit_id", "method", "secret", "answers", "document_kind")


class StageClock:
    """The system's clocks until a rehearsal sets them; then the ones it set."""

    def __init__(self) -> None:
        self._clock: Clock = SystemClock()

    def read(self) -> Reading:
        """Give all clocks."""
        return self._clock.read()

    def set(self, told: Mapping[str, Any]) -> None:
        """Put all clocks where the rehearsal wants them."""
        self._clock = SettableClock(Reading(**told))


class Rehearsal:
    """One device and the clock it is told."""

    def __init__(self, store_path: str, server_url: str | None) -> None:
        self.clock = StageClock()
        self.device = Device(store_path, server_url, clock=self.clock)
        self.commands: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "clock": lambda line: {},
            "enrol": self.enrol,
            "packets": lambda line: {"packets": [view.to_json() for view in self.device.packets()]},
            "record": self.record,
            "check_identity": lambda line: {"fits": self.device.check_identity(**door(line))},
            "open_sealed": lambda line: {"content": self.device.open_sealed(**door(line))},
            "visit_qr": lambda line: {"qr": self.device.visit_qr(line["case_id"], line["visit_id"])},
            "exchange": lambda line: {"report": self.device.exchange().to_json()},
            "statement": lambda line: {"statement": self.device.statement(line["day"])},
            "status": lambda line: {"status": self.device.status().to_json()},
            "export_outbox": lambda line: {"events": self.device.export_outbox(line["path"])},
            "crash": lambda line: os._exit(CRASHED),
        }

    def answer(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a line says and give its answer."""
        try:
            if "clock" in line:
                self.clock.set(line["clock"])
            return {"ok": True, **self.commands[line["do"]](line)}
        except FieldError as error:
            told = {"code": error.code, "detail": error.detail}
            return {"ok": False, "error": told | ({"fields": error.fields} if error.fields else {})}
        except (KeyError, TypeError) as error:
            return {"ok": False, "error": {"code": "malformed", "detail": f"The line cannot be done: {error!r}"}}

    def enrol(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Present a code, at another server if the line names one."""
        if "server" in line:
            self.device.close()
            self.device = Device(self.device.store.path, line["server"], clock=self.clock)
        done = self.device.enrol(line["code"])
        return {"enrolled": done.is_enrolled, "device_id": done.device_id, "agent": done.agent, "poll_s": done.poll_s}

    def record(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Record one event."""
        recorded = self.device.record(
            line["kind"], line.get("case_id"), line.get("visit_id"), line.get("body"), line.get("files", ())
        )
        return asdict(recorded)


def door(line: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a check at the door is called with."""
    return {name: line[name] for name in DOOR if name in line}


def play(rehearsal: Rehearsal, lines: Iterable[str], out: TextIO) -> None:
    """Answer line after line until `stop` or the end."""
    for text in lines:
        try:
            line = orjson.loads(text)
        except orjson.JSONDecodeError:
            line = {}
        if isinstance(line, dict) and line.get("do") == "stop":
            break
        answer = rehearsal.answer(line if isinstance(line, dict) else {})
        out.write(orjson.dumps(answer).decode() + "\n")
        out.flush()
    rehearsal.device.close()


@click.command()
@click.argument("store")
@click.option("--server", help="The server's address, for enrolment.")
def main(store: str, server: str | None) -> None:
    """Drive a device by JSON lines on standard input."""
    play(Rehearsal(store, server), sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
