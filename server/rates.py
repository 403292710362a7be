"""
How often one device, or one address, may ask: a token bucket for each, in this worker's memory (X5).

And how many uploads may come at a time: a client that stands still in the middle of one keeps a thread. What they
then cost a processor and a disk is done in turns, so that exchanges stay quick beside them.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from schemas.errors import FieldError

MOST_BUCKETS = 50_000
UPLOADS_AT_ONCE = 8  # in one worker; `serve` gives it as many threads more
UPLOADS_OF_ONE = 2  # device, of these: a stalled one and the next try
TURN_S, REST_S = 0.5, 0.1


class RateLimit:
    """Lets *per_minute* requests a minute through for each who asks, in bursts of as many."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._buckets: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def spend(self, who: str, now_ms: int) -> None:
        """Take one token; raise rate-limited with the seconds until the next if there is none."""
        with self._lock:
            tokens, at = self._buckets.get(who, (float(self.per_minute), now_ms))
            tokens = min(float(self.per_minute), tokens + max(0, now_ms - at) * self.per_minute / 60_000)
            if tokens >= 1:
                self._buckets.pop(who, None)
                self._buckets[who] = (tokens - 1, now_ms)
                if len(self._buckets) > MOST_BUCKETS:
                    del self._buckets[next(iter(self._buckets))]  # whoever asked longest ago
                return
        raise FieldError("rate-limited", retry_after_s=max(1, round((1 - tokens) * 60 / self.per_minute)))


class Berths:
    """Room for a few uploads at a time, so that those who stand still keep back neither exchanges nor other devices."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, device_id: str) -> Iterator[None]:
        """Take a place until the block ends; raise `unavailable` at once where there is none."""
        with self._lock:
            if self._taken[device_id] >= UPLOADS_OF_ONE or self._taken.total() >= UPLOADS_AT_ONCE:
                detail = "The server takes other files just now. Try again in a moment."
                raise FieldError("unavailable", detail=detail, retry_after_s=2)
            self._taken[device_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[device_id] -= 1
                self._taken += Counter()  # forget those who hold none


class Turns:
    """
    Lets the uploads of this worker work one after another, each then resting: two thirds of the time are others'.

    Measured by `make bench ARGS="--only files"`. Whoever has waited for `TURN_S` goes ahead beside the one that works:
    a recording of a gigabyte keeps back no photo.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep, self._lock = clock, sleep, threading.Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn and hold it until the block has ended, and for twice that time, at most `REST_S`, beyond."""
        is_alone = self._lock.acquire(timeout=TURN_S)
        began = self._clock()
        try:
            yield
        finally:
            self._sleep(min(REST_S, 2 * (self._clock() - began)))
            if is_alone:
                self._lock.release()
