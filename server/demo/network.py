"""
The network between the devices and the server, as bad as it is told to be.

A small HTTP relay of our own on 127.0.0.1: the devices know only its address. The director sets the weather before a
device speaks; the server itself never knows.
"""

from __future__ import annotations

import threading
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
FILES = "/sync/v1/files"
PORTAL = b"<html><body>Welcome! Accept our terms to use this Wi-Fi.</body></html>"


class Weather(StrEnum):
    """What happens to the next requests."""

    GOOD = "good"
    DEAD = "dead"  # nothing gets through
    REQUEST_LOST = "request_lost"  # the connection breaks while the request is on its way
    ANSWER_LOST = "answer_lost"  # the server does it, and its answer never arrives
    PORTAL = "portal"  # a captive portal answers in the server's stead
    NO_FILES = "no_files"  # events pass, files do not


class Network:
    """A relay in a thread of its own; leave the `with` block to end it."""

    def __init__(self, port: int, timeout_s: float = 30) -> None:
        self.weather = Weather.GOOD
        self.requests = 0
        self.broken = 0
        network = self

        class Relay(_Relay):
            target = ("127.0.0.1", port, timeout_s)
            way = network

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address the devices are given."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """End the relay."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Relay(BaseHTTPRequestHandler):
    """One connection from a device."""

    protocol_version = "HTTP/1.1"
    target: tuple[str, int, float]
    way: Network

    def relay(self) -> None:
        """Pass one request on and its answer back, as far as the weather lets it."""
        weather = self.way.weather
        self.way.requests += 1
        if weather is Weather.NO_FILES:
            weather = Weather.DEAD if self.path.startswith(FILES) else Weather.GOOD
        if weather is not Weather.GOOD:
            self.way.broken += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if weather in {Weather.DEAD, Weather.REQUEST_LOST}:
            self._hang_up()
            return
        if weather is Weather.PORTAL:
            self._answer(200, {"Content-Type": "text/html"}, PORTAL)
            return
        try:
            status, headers, answer = self._ask(body)
        except (OSError, HTTPException):
            self._hang_up()
            return
        if weather is Weather.ANSWER_LOST:
            self._hang_up()
            return
        self._answer(status, headers, answer)

    do_GET = do_POST = do_HEAD = do_PATCH = do_DELETE = do_OPTIONS = relay  # noqa: N815 - http.server's own names

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        host, port, timeout_s = self.target
        connection = HTTPConnection(host, port, timeout=timeout_s)
        try:
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP_HEADERS}
            if body or self.command in {"POST", "PATCH"}:
                sent["Content-Length"] = str(len(body))
            connection.request(self.command, self.path, body or None, sent)
            response = connection.getresponse()
            answer = response.read()
            headers = {name: value for name, value in response.getheaders() if name.lower() not in HOP_HEADERS}
            return response.status, headers, answer
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the demo shows its own progress."""
