"""The yardstick of floor_server.py."""

from __future__ import annotations

import gzip
from typing import Any

import orjson

from tests.benchmark import gen
from tests.benchmark.adapters.base import Adapter, Pull

PAGE = 1000
SEED_PAGE = 500


class FloorAdapter(Adapter):
    """Plain GETs and POSTs; gzip on pulls."""

    def seed(self, scope: str, count: int) -> None:
        """Post the cases in pages."""
        cases = gen.cases(count, scope)
        for start in range(0, count, SEED_PAGE):
            self.call(self.request("POST", f"/seed/{scope}", gen.compact(cases[start : start + SEED_PAGE])))

    def pull(self, scope: str, sizes: list[int] | None, device: str = "") -> Pull:
        """Follow `next` until `more` is false."""
        since = 0
        while True:
            path = f"/pull?scope={scope}&since={since}&limit={PAGE}"
            answer = yield "pull", self.request("GET", path, Accept_Encoding="gzip")
            packed = answer.header("content-encoding") == "gzip"
            body = gzip.decompress(answer.body) if packed else answer.body
            if sizes is not None:
                sizes.append(len(orjson.loads(body)["cases"]))
            head = body[:60]
            since = int(head[8 : head.index(b",")])
            if b'"more":false' in head:
                return since

    def idle(self, scope: str, cursor: Any, device: str = "") -> bytes:
        """Ask for what is after the end."""
        return self.request("GET", f"/pull?scope={scope}&since={cursor}&limit=200", Accept_Encoding="gzip")

    def push(self, device: str, events: list[gen.Record]) -> bytes:
        """Post the events as they are."""
        return self.request("POST", "/push", gen.compact({"events": events}))

    def accepted(self, body: bytes) -> int:
        """Read the server's count."""
        return int(orjson.loads(body)["accepted"])
