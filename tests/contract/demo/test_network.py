"""The demo's network does to requests what its weather says, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from server.demo.network import Network, Weather


class Behind(BaseHTTPRequestHandler):
    """A server that remembers what reached it."""

    protocol_version = "HTTP/1.1"
    reached: list[tuple[str, str, bytes, str]]

    def do_POST(self) -> None:
        """Answer with what came."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.reached.append((self.command, self.path, body, self.headers.get("Authorization", "")))
        self.send_response(200)
        self.send_header("Fairvisit", "1")
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"done")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def behind() -> Iterator[tuple[Network, list[tuple[str, str, bytes, str]]]]:
    """A network with a server behind it, and what reached that."""
    Behind.reached = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    with Network(server.server_address[1], timeout_s=5) as network:
        yield network, Behind.reached
    server.shutdown()
    server.server_close()
    thread.join()


def post(network: Network, path: str = "/sync/v1/exchange") -> requests.Response:
    """Send a request as a device does."""
    return requests.post(network.url + path, data=b"body", headers={"Authorization": "Device x"}, timeout=5)


def test_good_weather_passes_everything(behind: tuple[Network, list[Any]]) -> None:
    """Target, headers and body arrive as sent, and so does the answer."""
    network, reached = behind
    answer = post(network, "/sync/v1/exchange?a=%C3%A9")

    assert [("POST", "/sync/v1/exchange?a=%C3%A9", b"body", "Device x")] == reached
    assert (200, "1", b"done") == (answer.status_code, answer.headers["Fairvisit"], answer.content)


@pytest.mark.parametrize("weather", [Weather.DEAD, Weather.REQUEST_LOST])
def test_nothing_arrives_where_the_request_is_lost(behind: tuple[Network, list[Any]], weather: Weather) -> None:
    """The connection breaks and the server has heard nothing."""
    network, reached = behind
    network.weather = weather

    with pytest.raises(requests.ConnectionError):
        post(network)
    assert [] == reached


def test_a_lost_answer_was_done_all_the_same(behind: tuple[Network, list[Any]]) -> None:
    """The server has done it, and the device hears nothing."""
    network, reached = behind
    network.weather = Weather.ANSWER_LOST

    with pytest.raises(requests.ConnectionError):
        post(network)
    assert 1 == len(reached)


def test_a_portal_answers_without_the_servers_mark(behind: tuple[Network, list[Any]]) -> None:
    """A captive portal answers 200 without `Fairvisit`, and the server hears nothing."""
    network, reached = behind
    network.weather = Weather.PORTAL
    answer = post(network)

    assert (200, False) == (answer.status_code, "Fairvisit" in answer.headers)
    assert [] == reached


def test_without_files_events_still_pass(behind: tuple[Network, list[Any]]) -> None:
    """Where no files pass, the exchange does."""
    network, reached = behind
    network.weather = Weather.NO_FILES

    with pytest.raises(requests.ConnectionError):
        post(network, "/sync/v1/files")
    assert b"done" == post(network).content
    assert 1 == len(reached)
    assert (2, 1) == (network.requests, network.broken)
