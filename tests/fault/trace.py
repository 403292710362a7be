"""
A real cellular link, played: a relay that lets bytes through as a recording of a network did, second by second.

Each direction lets through what its recording has for that second, all connections together; what nobody used of a
second is gone with it, and a second of nothing is an outage. Nothing is cut: bytes wait, as they do on the air. After
its end the recording begins again. Before `play`, bytes pass freely.
"""

from __future__ import annotations

import asyncio
import csv
import time
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from tests.fault.proxy import Relay

SLOWEST = Path(__file__).parent / "traces" / "verizon_evdo_driving.csv"
PACKET = 1500
OUTAGE_MS = 1000  # between two packets


class Link:
    """One direction: bytes for each second of the recording, and which of its seconds belong to an outage."""

    def __init__(self, bytes_per_second: Sequence[int], outages: Collection[int] = ()) -> None:
        if not any(bytes_per_second):
            raise ValueError("a link that lets nothing through")
        self.seconds = bytes_per_second
        self.outages = {at for at, size in enumerate(bytes_per_second) if not size} | set(outages)
        self.until = [0, *accumulate(bytes_per_second)]  # bytes let through by the end of each second
        self.free_at = 0.0

    def arrives(self, at_s: float, size: int) -> float:
        """Say at which second the last of *size* bytes is through, the first being sent at *at_s*."""
        rounds, within = divmod(at_s, len(self.seconds))
        second = int(within)
        reached = self.until[second] + (within - second) * self.seconds[second] + size
        more, reached = divmod(reached, self.until[-1])
        after = bisect_left(self.until, reached)
        if after == 0:  # the last byte of a round
            return (rounds + more) * len(self.seconds)
        share = (reached - self.until[after - 1]) / self.seconds[after - 1]
        return (rounds + more) * len(self.seconds) + after - 1 + share

    def send(self, at_s: float, size: int) -> float:
        """Send *size* bytes at *at_s*, after what was sent before; say when they are through."""
        self.free_at = self.arrives(max(at_s, self.free_at), size)
        return self.free_at

    def calm_starts(self, calm_s: int, count: int) -> list[int]:
        """Give *count* seconds, evenly spread, after each of which there is no outage for *calm_s* seconds."""
        found = [at for at in range(len(self.seconds) - calm_s) if self.outages.isdisjoint(range(at, at + calm_s))]
        return [found[round(place * (len(found) - 1) / (count - 1))] for place in range(count)]


@dataclass(frozen=True)
class Trace:
    """Both directions of a recording."""

    down: Link
    up: Link


def read_trace(path: Path = SLOWEST) -> Trace:
    """Read a recording: second, packets of 1,500 bytes each way, and the longest wait for one on its way down."""
    with path.open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    if any(int(later["second"]) - int(earlier["second"]) != 1 for earlier, later in pairwise(rows)):
        raise ValueError(f"{path} leaves seconds out")
    down, up = ([int(row[way]) * PACKET for row in rows] for way in ("down", "up"))
    return Trace(Link(down, [at for at, row in enumerate(rows) if int(row["down_gap_ms"]) > OUTAGE_MS]), Link(up))


class PlayedLink(Relay):
    """Relays bytes to *upstream* at the speed of a recording."""

    def __init__(self, upstream: tuple[str, int], trace: Trace) -> None:
        super().__init__(upstream)
        self.trace = trace
        self.passed = {"down": 0, "up": 0}
        self._offset_s: float | None = None
        self._open: set[asyncio.Task[None] | None] = set()

    def play(self, second: float | None) -> None:
        """Play the recording from this second on; None lets everything through at once."""
        self.trace.down.free_at = self.trace.up.free_at = second or 0.0
        self._offset_s = None if second is None else second - time.monotonic()

    def cut(self) -> None:
        """Cut every connection there is, as a phone that comes into another network does."""
        self._loop.call_soon_threadsafe(lambda: [each.cancel() for each in self._open if each])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers, task = [writer], asyncio.current_task()
        self._open.add(task)
        try:
            further_reader, further_writer = await asyncio.open_connection(*self.upstream)
            writers.append(further_writer)
            await asyncio.gather(self._pass(reader, further_writer, "up"), self._pass(further_reader, writer, "down"))
        except OSError:
            return  # the server is gone
        except asyncio.CancelledError:
            for each in writers:
                each.transport.abort()  # cut, or stopped: what still waits for its second is not sent any more
        finally:
            self._open.discard(task)
            for each in writers:
                each.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        link: Link = getattr(self.trace, way)
        with suppress(OSError):
            while chunk := await reader.read(PACKET):
                if self._offset_s is not None:
                    through_s = link.send(time.monotonic() + self._offset_s, len(chunk))
                    await asyncio.sleep(through_s - self._offset_s - time.monotonic())
                writer.write(chunk)
                self.passed[way] += len(chunk)
                await writer.drain()
        with suppress(OSError):
            writer.write_eof()  # the other way goes on


@contextmanager
def played(upstream: tuple[str, int], trace: Trace | None = None) -> Iterator[PlayedLink]:
    """Run a relay before *upstream*; the slowest recording there is, unless another is given."""
    link = PlayedLink(upstream, trace or read_trace())
    link.start()
    try:
        yield link
    finally:
        link.stop()
