"""
What a recording says of itself: when it began and how long it is, as far as its format tells.

Comes in: an open file, however large; only headers are read. Both ends ask the file before they ask a person (T4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

MOST_PARTS = 1000  # of a file; what is built to be walked forever is not
SINCE_1904_S = 2_082_844_800  # MP4 counts its seconds from 1904
LAST_MS = 4_102_444_800_000  # 2100: beyond, and before 1970, a recorder's clock says nothing
MOST_LENGTH_MS = 31 * 86_400_000


class FileTimes(NamedTuple):
    """When a recording began (ms since the epoch) and how long it is (ms); None where the file does not say."""

    began_ms: int | None = None
    length_ms: int | None = None

    def complete(self, starts_ms: int | None, ends_ms: int | None) -> tuple[int | None, int | None]:
        """
        Give from when until when it ran: what a person says, and what the file says of the rest.

        >>> FileTimes(1_000, 500).complete(None, None), FileTimes(1_000, 500).complete(3_000, None)
        ((1000, 1500), (3000, 3500))
        >>> FileTimes(None, 500).complete(None, 900), FileTimes(None, 500).complete(None, None)
        ((400, 900), (None, None))
        """
        if starts_ms is None and ends_ms is not None and self.length_ms is not None:
            starts_ms = ends_ms - self.length_ms
        starts_ms = self.began_ms if starts_ms is None else starts_ms
        if ends_ms is None and starts_ms is not None and self.length_ms is not None:
            ends_ms = starts_ms + self.length_ms
        return starts_ms, ends_ms


def read_times(file: IO[bytes]) -> FileTimes:
    """Read what a file says of its times: MP4 when it was made and how long it is, WAV how long; others nothing."""
    file.seek(0)
    head = file.read(12)
    end = file.seek(0, 2)
    try:
        if head[4:8] == b"ftyp":
            return _read_mp4(file, end)
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            return _read_wav(file, end)
    except struct.error:  # cut off in a header
        pass
    return FileTimes()


def _read_mp4(file: IO[bytes], end: int) -> FileTimes:
    """Read the movie header (ISO 14496-12): made when, in seconds from 1904, and length in its own time scale."""
    for kind, start, stop in _boxes(file, 0, end):
        for inner, at, _ in _boxes(file, start, stop) if kind == b"moov" else ():
            if inner == b"mvhd":
                file.seek(at)
                form = ">4xQ8xIQ" if file.read(1) == b"\1" else ">4xI4xII"
                file.seek(at)
                made_s, scale, length = struct.unpack(form, file.read(struct.calcsize(form)))
                began_ms, length_ms = (made_s - SINCE_1904_S) * 1000, length * 1000 // max(1, scale)
                return FileTimes(
                    began_ms if 0 < began_ms < LAST_MS else None, length_ms if 0 < length_ms < MOST_LENGTH_MS else None
                )
    return FileTimes()


def _boxes(file: IO[bytes], start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Give (kind, from where, until where) of each box of a stretch of an MP4."""
    for _ in range(MOST_PARTS):
        if start >= stop:
            return
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,), head = struct.unpack(">Q", file.read(8)), 16
        end = stop if size == 0 else min(stop, start + size)
        yield kind, start + head, end
        start = end


def _read_wav(file: IO[bytes], end: int) -> FileTimes:
    """Read how many bytes of sound there are, and how many make a second."""
    at, rate = 12, 0
    for _ in range(MOST_PARTS):
        if at >= end:
            break
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8))
        if kind == b"fmt ":
            (rate,) = struct.unpack("<8xI", file.read(12))
        if kind == b"data":
            return FileTimes(None, min(size, end - at - 8) * 1000 // rate if rate else None)
        at += 8 + size + size % 2
    return FileTimes()
