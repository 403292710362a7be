"""How often one device, or one address, may ask: a token bucket for each, in this worker's memory (X5)."""

from __future__ import annotations

import threading

from schemas.errors import FieldError

MOST_BUCKETS = 50_000


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
