"""A geocoder of each kind on 127.0.0.1: answers from a table in the real geocoders' JSON, and counts its questions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson


@dataclass
class FakeGeocoder:
    """What it knows, what it was asked, and which status it answers with."""

    answers: dict[str, Any] = field(default_factory=dict)  # by address, the whole JSON
    nothing: Any = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    fails_after: int | None = None
    url: str = ""

    def answer(self, address: str) -> tuple[int, bytes]:
        """Give status and body."""
        self.asked.append(address)
        if self.fails_after is not None and len(self.asked) > self.fails_after:
            return 503, b"{}"
        return self.status, orjson.dumps(self.answers.get(address, self.nothing))


@contextmanager
def running(fake: FakeGeocoder) -> Iterator[FakeGeocoder]:
    """Serve *fake* on a free port."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            (address,) = next(asked[name] for name in ("q", "text", "address") if name in asked)
            status, body = fake.answer(address)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def nominatim(lat: float, lon: float, **raw: Any) -> list[dict[str, Any]]:
    """Give Nominatim's answer."""
    return [{"lat": str(lat), "lon": str(lon), "display_name": "x", **raw}]


def features(lat: float, lon: float, **properties: Any) -> dict[str, Any]:
    """Give Photon's or Pelias' answer."""
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"features": [{"type": "Feature", "geometry": geometry, "properties": {"name": "x", **properties}}]}


def baidu(lat: float, lon: float, **raw: Any) -> dict[str, Any]:
    """Give Baidu's answer."""
    return {"status": 0, "result": {"location": {"lat": lat, "lng": lon}, **raw}}
