"""What is counted for Prometheus: phases and counts, never values of persons; all workers of a server together."""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name; `fairvisit serve` sets it for its workers

EXCHANGE_SECONDS = Histogram(
    "fairvisit_exchange_seconds",
    "Time to answer an exchange",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
PROBLEMS = Counter("fairvisit_problems_total", "Problems answered, by code", ["code"])
STORED = Gauge("fairvisit_rows", "Rows stored, by kind", ["kind"], multiprocess_mode="mostrecent")


def write_metrics() -> bytes:
    """Give the counts of every worker as Prometheus reads them."""
    registry = REGISTRY
    if SHARED_FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
