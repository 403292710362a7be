"""A receiver of webhooks on loopback: it keeps what it is sent and answers as it is told to."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from server.domain.webhooks import KINDS
from server.services import webhooks
from server.services.delivering import Sender
from tests.contract.office.desk import Desk
from tests.office import Office


# What README tells receivers to do; every message that a receiver of these tests is sent goes through it.
def is_from_fairvisit(header: str, body: bytes, secret: str, now_s: float = 0, most_s: int = 300) -> bool:
    """Say whether a message is Fairvisit's, and fresh: *header* is its Fairvisit-Signature, *body* its raw bytes."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    signed = parts["t"].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    is_fresh = abs((now_s or time.time()) - int(parts["t"])) <= most_s
    return hmac.compare_digest(expected, parts["v1"]) and is_fresh


@dataclass
class Got:
    """One message as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Give its members."""
        read: dict[str, Any] = json.loads(self.body)
        return read


@dataclass
class Receiver:
    """Answers 200 unless told otherwise: *answers* holds (status, headers), one for each post, the last one stays."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(200, {})])
    holds: threading.Event = field(default_factory=threading.Event)  # while clear, no post is answered
    drips: bool = False  # the answer's head comes byte by byte, without an end
    floods: int = 0  # bytes of the answer's body
    flooded: int = 0  # bytes that somebody took of it

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Take a post and answer it."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.got.append(Got(request.path, dict(request.headers), body))
        self.holds.wait(20)
        if self.drips:
            self._drip(request.connection)
            return
        status, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(self.floods))
        request.end_headers()
        while self.flooded < self.floods:
            self.flooded += request.connection.send(bytes(65_536))

    def _drip(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)


class Listener(ThreadingHTTPServer):
    """A server that says nothing of connections that were cut: the tests cut them."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving(wrap: Any = None) -> Iterator[Receiver]:
    """Listen on loopback until the block ends; *wrap* puts something around the listening socket."""
    receiver = Receiver()
    receiver.holds.set()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                receiver.answer(self)
            except OSError:  # whoever posted has gone
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = Listener(("127.0.0.1", 0), Taker)
    if wrap is not None:
        server.socket = wrap(server.socket)
    receiver.url = f"{'http' if wrap is None else 'https'}://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    receiver.holds.set()
    server.shutdown()
    server.server_close()
    thread.join()


def hook(desk: Desk, url: str, *kinds: str, agency_id: str = "") -> str:
    """Have an address told of these kinds, or of all; give the webhook's id."""
    viewer = viewer_of(desk.office)
    return webhooks.add_webhook(desk.office.site, viewer, url, kinds or [each.value for each in KINDS], agency_id)


def viewer_of(office: Office) -> Any:
    """Give somebody who may keep webhooks."""
    from server.domain.roles import Role, Viewer

    return Viewer(office.site.new_id(), "ada", frozenset({Role.ADMIN}))


def send_all(office: Office) -> None:
    """Send what is due now, as the worker would, until nothing is under way."""
    sender = Sender(office.site)
    while sender.work(0.05):
        pass
