"""
How often one device, or one address, may ask: a token bucket for each, in this worker's memory (X5).

And how many uploads may come at a time: a client that stands still in the middle of one keeps a thread.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import FieldError

MOST_BUCKETS = 50_000
UPLOADS_AT_ONCE = 8  # in one worker; `serve` gives it as many threads more
UPLOADS_OF_ONE = 2  # device, of these: a stalled one and the next try


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
