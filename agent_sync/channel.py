"""
Signed requests over a transport, and answers read back as values or as the errors they were.

Comes in: method, target, a JSON value. Goes out: the answer's JSON, or `FieldError`. Proof of the device (A2), the
nonce, gzip, the `Fairvisit: 1` header and problem+json live here.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from agent_sync.transport import Transport, WireAnswer
from schemas import signing
from schemas.errors import FieldError, error_of

ENROL, EXCHANGE, MANIFEST, FETCH, FILES = (
    f"/sync/v1/{name}" for name in ("enrol", "exchange", "manifest", "fetch", "files")
)
LEAST_GZIP = 300
MOST_NONCE = 24


@dataclass
class Traffic:
    """What went over the wire, in counts: requests, and bytes of bodies as sent."""

    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


@dataclass
class Channel:
    """The way to one server as one device. `nonce` is the last the server gave; every answer may bring a new one."""

    transport: Transport
    key: signing.PrivateKey
    device_id: str = ""
    nonce: str = ""
    traffic: Traffic = field(default_factory=Traffic)

    def ask(self, method: str, target: str, value: Any = None) -> dict[str, Any]:
        """
        Send a signed request and give the answer's JSON. A stale nonce is mended and the request repeated once (A2).

        Raises the problem the server answered, or `FieldError("no-network")`.
        """
        try:
            return self._ask_once(method, target, value)
        except FieldError as error:
            if error.code != "use-nonce":
                raise
        return self._ask_once(method, target, value)

    def _ask_once(self, method: str, target: str, value: Any) -> dict[str, Any]:
        headers, body = pack(value, may_gzip=target == EXCHANGE)
        headers["Authorization"] = f"Device {self.prove(method, target, body)}"
        return read_json(self.send(method, target, headers, body))

    def prove(self, method: str, target: str, body: bytes) -> str:
        """Sign one request: its method, its target as sent, and its body's bytes as sent (A2)."""
        claim = {
            "typ": "request",
            "nonce": self.nonce,
            "method": method,
            "path": target,
            "body_sha256": hashlib.sha256(body).hexdigest(),
        }
        return signing.sign(claim, self.key, self.device_id)

    def ask_unsigned(self, target: str, value: Any) -> dict[str, Any]:
        """Send the one request that has no device yet: enrolment."""
        headers, body = pack(value)
        return read_json(self.send("POST", target, headers, body))

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Send bytes as they are; raise the problem answered, or `no-network` where something else answered."""
        self.traffic.requests += 1
        self.traffic.bytes_up += len(body)
        answer = self.transport.send(method, target, headers, body)
        self.traffic.bytes_down += answer.size
        if answer.headers.get("fairvisit") != "1":
            detail = (
                f"Something else than the server answered ({answer.status}): a login page of the network, or a proxy."
            )
            raise FieldError("no-network", detail=detail, was_answered=True)
        nonce = answer.headers.get("fairvisit-nonce", "")
        if 0 < len(nonce) <= MOST_NONCE:
            self.nonce = nonce
        if answer.status >= 400:
            raise read_problem(answer)
        return answer


def pack(value: Any, *, may_gzip: bool = False) -> tuple[dict[str, str], bytes]:
    """Give headers and body bytes of a JSON value; gzipped where the address takes that and it pays. None: no body."""
    if value is None:
        return {}, b""
    body = orjson.dumps(value)
    headers = {"Content-Type": "application/json"}
    if may_gzip and len(body) >= LEAST_GZIP:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 6, mtime=0)
    return headers, body


def read_json(answer: WireAnswer) -> dict[str, Any]:
    """Read an answer's JSON object; one that cannot be read was cut short on its way: no network."""
    try:
        value = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise FieldError("no-network", detail="The server's answer came cut short.", was_answered=True)
    return value


def read_problem(answer: WireAnswer) -> FieldError:
    """Read a problem back as the error it was, with `Retry-After` as `retry_after_s`."""
    try:
        problem = read_json(answer)
    except FieldError:
        problem = {"title": f"The server answered {answer.status}."}
    error = error_of(problem)
    wait = answer.headers.get("retry-after", "")
    if wait.isascii() and wait.isdigit():
        error.extra["retry_after_s"] = min(int(wait), 86_400)
    error.extra["was_answered"] = True
    return error
