"""
The real device's traffic, weighed: requests, and bytes each way, headers and all.

Comes in: what a device sends and is answered. Goes out: counts since the scales were last set to nothing. TCP and TLS
are not in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from agent_sync import Device
from agent_sync.transport import HttpTransport, WireAnswer
from tests.benchmark.recording import STEPS

FIX = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 80, "datum": "wgs84", "mock": False}
VISIT_EVENTS = 9


class Scales:
    """The real network, weighed: first lines, headers and bodies of requests with a body, and of their answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.further = HttpTransport(url)
        self.set_to_nothing()

    def set_to_nothing(self) -> None:
        """Forget what was weighed."""
        self.trips = self.sent = self.received = 0

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Send and weigh."""
        head = {"Host": self.url.removeprefix("http://"), "Accept-Encoding": "zstd, gzip", "User-Agent": "agent-sync"}
        head |= {**headers, "Content-Length": str(len(body))}
        self.trips += 1
        self.sent += _weigh(f"{method} {target} HTTP/1.1", head) + len(body)
        answer = self.further.send(method, target, headers, body)
        first = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
        self.received += _weigh(first, answer.headers) + answer.size
        return answer


def _weigh(first: str, headers: Mapping[str, str]) -> int:
    return len(first) + 4 + sum(len(f"{name}: {value}\r\n") for name, value in headers.items())


def record_visit(device: Device, case_id: str, note: str, most: int = VISIT_EVENTS) -> None:
    """Record a visit of nine events, or the first of them."""
    said = {"text_version": "3", "response": "given", "note": note}
    events: list[tuple[str, dict[str, Any]]] = [
        ("visit_started", {"fixes": [FIX] * 3}),
        ("identity_checked", {"identity": "confirmed", "method": "document_seen"}),
        *(("step_done", {"step": step, **said}) for step in STEPS),
        ("outcome_noted", {"contact_result": "person", "disposition": "refuses", "note": note}),
        ("visit_ended", {"fixes": [FIX], "reason": "completed"}),
    ]
    visit_id = None
    for kind, body in events[:most]:
        visit_id = device.record(kind, case_id, visit_id, body).visit_id
