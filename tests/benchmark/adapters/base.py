"""
What the workloads ask of a server: subclass `Adapter`.

Scopes are named sets of cases (a device's list); devices are named event logs. Scripts are those of `load`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from tests.benchmark import gen, load
from tests.benchmark.http11 import Response, request

# A script that also returns something, here the cursor it came to.
Pull = Generator[tuple[str, bytes], Response, Any]


class Adapter:
    """One server's wire protocol, as far as the workloads need it."""

    batch = 20  # events in one push request
    ok = frozenset({200, 201})
    encodings: tuple[str, ...] = ("gzip",)  # what pulls may be packed with; the first is what its own client asks for
    encoding = "gzip"

    def __init__(self, address: load.Address) -> None:
        self.address = address
        self.cursors: dict[str, Any] = {}

    def call(self, asked: bytes) -> Response:
        """Send one request on a connection of its own, for set-up."""
        got: list[Response] = []

        def script() -> load.Script:
            got.append((yield "call", asked))

        load.run(self.address, 1, [script()], 120, set(self.ok))
        return got[0]

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """Write a request to this server; underscores in header names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", "application/json")
        return request(method, path, f"{self.address[0]}:{self.address[1]}", body, named)

    def seed(self, scope: str, count: int) -> None:
        """Put *count* cases of about 2 kB into a scope, which has none yet."""
        raise NotImplementedError

    def make_device(self, device: str, scope: str) -> None:
        """Make a device that can push, working on a scope (seeded or not), if it takes more than a name."""

    def pull(self, scope: str, sizes: list[int] | None, device: str = "") -> Pull:
        """Pull a scope from nothing, yielding ("pull", request) page after page; return the cursor.

        The count of records of each page is added to *sizes* where it is given. *device* is who asks, where the
        server wants to know; else it is any of the scope's.
        """
        raise NotImplementedError

    def idle(self, scope: str, cursor: Any, device: str = "") -> bytes:
        """Write the request of a device that has nothing to say and gets nothing new."""
        raise NotImplementedError

    def push(self, device: str, events: list[gen.Record]) -> bytes:
        """Write the request that pushes one batch; its events are generated ones."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what the set-up held."""

    def accepted(self, body: bytes) -> int:
        """Give how many events an answer to a push confirms, a replay's too."""
        raise NotImplementedError
