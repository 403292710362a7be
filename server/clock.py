"""The server's only clock, and the ids made from it. A rehearsal sets the clock by a file; nothing else may."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from schemas.ids import make_id

Now = Callable[[], int]
NewId = Callable[[], str]


def system_now() -> int:
    """Give ms since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def file_now(path: Path) -> Now:
    """Give a clock that reads ms since the epoch from a file: the demo and the tests move time this way."""

    def now() -> int:
        return int(path.read_bytes())

    return now


def id_maker(now: Now) -> NewId:
    """Give a maker of UUIDv7 whose ids also rise within one millisecond of one process."""
    lock = threading.Lock()
    last = [0, 0]

    def new_id() -> str:
        ms = now()
        with lock:
            last[1] = (last[1] + 1) % 4096 if ms == last[0] else 0
            last[0] = ms
            count = last[1]
        noise = bytearray(os.urandom(10))
        noise[0], noise[1] = count >> 8, count & 0xFF
        return make_id(ms, bytes(noise))

    return new_id
