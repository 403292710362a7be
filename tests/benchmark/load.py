"""
A small closed-loop HTTP load generator: one thread, epoll, raw sockets.

Comes in: *scripts*, generators that yield `(label, request_bytes)` and are sent back the `Response`. One connection
runs one script at a time and takes the next when it is done: a stateless hammer and a device's whole session are the
same thing. Goes out: a `Result`. Bounded by the scripts themselves and by a time limit; costs about 40 µs of CPU an
exchange (`python -m tests.benchmark.load` shows it), so figures near 8,000 a second are the generator's own.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

from tests.benchmark.http11 import Parser, Response, request
from tests.benchmark.watching import cpu_seconds

Address = tuple[str, int]
Script = Generator[tuple[str, bytes], Response, None]

# Root pids of the server under load; its CPU time is read before and after each run.
WATCHED: list[int] = []


@dataclass
class Result:
    """What one run showed, by label: latencies in seconds, statuses, bytes each way."""

    wall: float = 0.0
    client_cpu: float = 0.0
    server_cpu: float = 0.0
    timed_out: bool = False
    latency: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    status: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    received: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def count(self, label: str | None = None) -> int:
        """Give the number of exchanges."""
        return sum(len(times) for name, times in self.latency.items() if label in (None, name))

    def rate(self) -> float:
        """Give exchanges a second."""
        return self.count() / self.wall

    def quantile(self, share: float, label: str | None = None) -> float:
        """Give the latency, in seconds, below which *share* of the exchanges lie."""
        times = sorted(each for name, all_ in self.latency.items() if label in (None, name) for each in all_)
        return times[min(len(times) - 1, int(len(times) * share))]


class Connection:
    """One keep-alive connection and the script it is running."""

    __slots__ = ("began", "label", "out", "parser", "script", "sock")

    def __init__(self, address: Address, script: Script | None = None) -> None:
        self.sock = socket.create_connection(address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.parser = Parser()
        self.script = script
        self.label = ""
        self.out = b""
        self.began = 0.0


class Load:
    """One run over a fixed number of connections."""

    def __init__(self, address: Address, scripts: Iterable[Script], expect: set[int] | None) -> None:
        self.address = address
        self.scripts: Iterator[Script] = iter(scripts)
        self.expect = expect
        self.result = Result()
        self.poll = select.epoll()
        self.live: dict[int, Connection] = {}

    def run(self, connections: int, time_limit: float) -> Result:
        """Run until no script is left or the time, in seconds, is up."""
        server_before, cpu_before, began = cpu_seconds(WATCHED), time.process_time(), time.perf_counter()
        try:
            for _ in range(connections):
                self._open(Connection(self.address), None)
            while self.live:
                if time.perf_counter() > began + time_limit:
                    self.result.timed_out = True
                    break
                for fd, what in self.poll.poll(1.0):
                    self._turn(self.live[fd], fd, what)
        finally:
            self.result.wall = time.perf_counter() - began
            self.result.client_cpu = time.process_time() - cpu_before
            self.result.server_cpu = cpu_seconds(WATCHED) - server_before
            for connection in self.live.values():
                connection.sock.close()
            self.poll.close()
        return self.result

    def _open(self, connection: Connection, answer: Response | None) -> None:
        fd = connection.sock.fileno()
        self.live[fd] = connection
        self.poll.register(fd, select.EPOLLIN)
        if not self._advance(connection, answer):
            self._close(fd)

    def _close(self, fd: int) -> None:
        self.poll.unregister(fd)
        self.live.pop(fd).sock.close()

    def _turn(self, connection: Connection, fd: int, what: int) -> None:
        if what & select.EPOLLOUT and connection.out:
            self.poll.modify(fd, select.EPOLLIN)
            self._write(connection)
        if not what & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            return
        try:
            piece = connection.sock.recv(1 << 18)
        except BlockingIOError:
            return
        if not piece:
            raise ConnectionError(f"the server closed the connection during {connection.label}")
        answer = connection.parser.feed(piece)
        if answer is not None:
            self._note(connection, answer)
            if b"\r\nconnection: close" in answer.head.lower():  # no keep-alive: reconnect, at the server's own cost
                self._close(fd)
                self._open(Connection(self.address, connection.script), answer)
            elif not self._advance(connection, answer):
                self._close(fd)

    def _note(self, connection: Connection, answer: Response) -> None:
        label = connection.label
        self.result.latency[label].append(time.perf_counter() - connection.began)
        self.result.status[label, answer.status] += 1
        self.result.received[label] += answer.wire
        if self.expect and answer.status not in self.expect:
            raise RuntimeError(f"{label}: {answer.status} {answer.body[:300]!r}")

    def _write(self, connection: Connection) -> None:
        try:
            sent = connection.sock.send(connection.out)
        except BlockingIOError:
            sent = 0
        connection.out = connection.out[sent:]
        if connection.out:
            self.poll.modify(connection.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _advance(self, connection: Connection, answer: Response | None) -> bool:
        """Send the connection's next request; False when no work is left."""
        while True:
            if connection.script is None:
                connection.script, answer = next(self.scripts, None), None
                if connection.script is None:
                    return False
            try:
                step = next(connection.script) if answer is None else connection.script.send(answer)
            except StopIteration:
                connection.script = None
                continue
            connection.label, connection.out = step
            self.result.sent[connection.label] += len(connection.out)
            connection.began = time.perf_counter()
            self._write(connection)
            return True


def run(
    address: Address,
    connections: int,
    scripts: Iterable[Script],
    time_limit: float = 30.0,
    expect: set[int] | None = None,
) -> Result:
    """Run scripts over keep-alive connections until none is left or time is up; a status not expected raises."""
    return Load(address, scripts, expect).run(connections, time_limit)


def repeat(label: str, asked: bytes, times: int) -> Script:
    """Send the same request *times* times."""
    for _ in range(times):
        yield label, asked


def one_by_one(label: str, requests: Iterable[bytes]) -> Script:
    """Send each request once."""
    for asked in requests:
        yield label, asked


def keep(label: str, requests: Iterable[bytes], into: list[bytes]) -> Script:
    """Send each request once and keep the bodies, to be looked at after the run."""
    for asked in requests:
        answer = yield label, asked
        into.append(answer.body)


def _answer_for_ever(server: socket.socket) -> None:
    """Be the cheapest server there is, in a process of its own."""
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    poll = select.epoll()
    poll.register(server.fileno(), select.EPOLLIN)
    sockets: dict[int, socket.socket] = {}
    while True:
        for fd, _ in poll.poll():
            if fd == server.fileno():
                accepted, _ = server.accept()
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets[accepted.fileno()] = accepted
                poll.register(accepted.fileno(), select.EPOLLIN)
            elif sockets[fd].recv(65536):
                sockets[fd].send(reply)
            else:
                poll.unregister(fd)
                sockets.pop(fd).close()


def main() -> None:
    """Print how many exchanges a second the generator itself can do."""
    server = socket.create_server(("127.0.0.1", 0))
    pid = os.fork()
    if pid == 0:
        _answer_for_ever(server)
    try:
        asked = request("GET", "/")
        for connections in (1, 16):
            scripts = [repeat("any", asked, 40_000 // connections) for _ in range(connections)]
            result = run(server.getsockname(), connections, scripts, 10)
            cost = result.client_cpu / result.count() * 1e6
            print(f"{connections:>2} connections: {result.rate():.0f} exchanges/s, {cost:.0f} us of client CPU each")
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
