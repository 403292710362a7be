"""
A bad network, by seed: an HTTP proxy on loopback that cuts, loses, repeats, delays, truncates and lies.

Each request draws one fault from a seeded stream; `Faults.script` replays a fixed list instead. What was done is kept
in `log`, so that a failing campaign can be told again. Own, on asyncio; it runs in a thread beside the test.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What can happen to one request."""

    NONE = "none"
    CUT_BEFORE = "cut_before"  # refused before a byte was read
    CUT_DURING = "cut_during"  # half of the request reached the server
    ANSWER_LOST = "answer_lost"  # the server did it; the device never hears
    ANSWER_CUT = "answer_cut"  # half of the answer arrives
    REPEATED = "repeated"  # the server gets the request twice, the device hears the second answer
    REPEATED_LATER = "repeated_later"  # the same request comes again after later ones
    DELAYED = "delayed"
    PROXY_413 = "proxy_413"
    STATUS_429 = "status_429"
    STATUS_500 = "status_500"
    STATUS_502 = "status_502"
    STATUS_503 = "status_503"
    CAPTIVE_PORTAL = "captive_portal"


STATUSES = {Fault.STATUS_429: 429, Fault.STATUS_500: 500, Fault.STATUS_502: 502, Fault.STATUS_503: 503}
PORTAL = b"<html><title>Welcome</title>Accept our terms to go online.</html>"


@dataclass
class Faults:
    """Which fault comes next: *share* of the requests get one, drawn by *seed*; or a fixed *script*, then none."""

    seed: int = 0
    share: float = 0.4
    script: Iterable[Fault] | None = None
    largest_body: int | None = None  # the proxy's own 413, whatever is drawn
    log: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._script: Iterator[Fault] | None = None if self.script is None else iter(self.script)
        self.is_calm = False

    def draw(self, size: int) -> Fault:
        """Give the fault of the next request, of *size* bytes."""
        if self.largest_body is not None and size > self.largest_body:
            return Fault.PROXY_413
        if self.is_calm:
            return Fault.NONE
        if self._script is not None:
            return next(self._script, Fault.NONE)
        if self._random.random() >= self.share:
            return Fault.NONE
        return self._random.choice([fault for fault in Fault if fault is not Fault.NONE])

    def delay_s(self) -> float:
        """Give how long a delayed request waits."""
        return self._random.uniform(0.005, 0.05)


class Relay:
    """Listens on loopback before *upstream* (host, port), in a thread of its own; what passes is its kind's affair."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    @property
    def url(self) -> str:
        """Where devices find it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Stop listening; what was to come later comes now or never."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class Proxy(Relay):
    """Forwards requests with faults; one upstream connection a request."""

    def __init__(self, upstream: tuple[str, int], faults: Faults) -> None:
        super().__init__(upstream)
        self.faults = faults
        self._later: set[asyncio.Task[None]] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_message(reader)) is not None:
                fault = self.faults.draw(len(request))
                self.faults.log.append((request.split(b" HTTP", 1)[0].decode("latin-1"), fault.value))
                answer = await self._suffer(fault, request)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if fault is Fault.ANSWER_CUT:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the device hung up, or the proxy is stopping
        finally:
            writer.close()

    async def _suffer(self, fault: Fault, request: bytes) -> bytes | None:
        """Give the bytes the device gets; None to cut the connection."""
        if fault is Fault.CUT_BEFORE:
            return None
        if fault is Fault.CUT_DURING:
            await self._send_half(request)
            return None
        if fault is Fault.PROXY_413:
            return _answer(413, b"<h1>Request Entity Too Large</h1>")
        if fault in STATUSES:
            return _answer(STATUSES[fault], b"<h1>Bad gateway</h1>")
        if fault is Fault.CAPTIVE_PORTAL:
            return _answer(200, PORTAL)
        if fault is Fault.DELAYED:
            await asyncio.sleep(self.faults.delay_s())
        if fault is Fault.REPEATED:
            await self._forward(request)
        if fault is Fault.REPEATED_LATER:
            task = self._loop.create_task(self._forward_later(request))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        answer = await self._forward(request)
        if fault is Fault.ANSWER_LOST:
            return None
        return answer[: len(answer) // 2] if fault is Fault.ANSWER_CUT else answer

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self.upstream)
        try:
            writer.write(request)
            await writer.drain()
            answer = await _read_message(reader, has_body=not request.startswith(b"HEAD "))
            if answer is None:
                raise ConnectionError("the server is gone")
            return answer
        finally:
            writer.close()

    async def _forward_later(self, request: bytes) -> None:
        await asyncio.sleep(self.faults.delay_s() * 4)
        try:
            await self._forward(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            return

    async def _send_half(self, request: bytes) -> None:
        _, writer = await asyncio.open_connection(*self.upstream)
        writer.write(request[: len(request) // 2])
        await writer.drain()
        writer.close()


async def _read_message(reader: asyncio.StreamReader, *, has_body: bool = True) -> bytes | None:
    """Read one HTTP/1.1 message with its body, if it has one; None at a clean end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    if not has_body:
        return head
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        return head + await _read_chunks(reader)
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        return head
    length = int(lower[at + 17 : lower.index(b"\r\n", at + 2)])
    return head + await reader.readexactly(length)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        chunk = await reader.readexactly(size + 2)
        parts += [line, chunk]
        if size == 0:
            return b"".join(parts)


def _answer(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} Proxy\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def faulty(upstream: tuple[str, int], faults: Faults) -> Iterator[Proxy]:
    """Run a proxy before *upstream*."""
    proxy = Proxy(upstream, faults)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
