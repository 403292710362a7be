"""
`make bench`: every server in one run, then one table of ratios.

Comes in: which servers, workloads and how many runs a median is taken of. Goes out: figures as they come, and at the
end each workload's figure beside the floor's, with the server's CPU per request; then the requests and bytes of a
sync, step by step, the memory that 10,000 packets take, what the gate takes for 10,000 cases, exchanges
beside uploads of photos, the phone app's times in a real Chromium, and the office's pages with a million visits behind
them. Walls vary up to twofold between runs on a shared machine: compare the ratios of one run, and CPU before walls.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import structlog

from tests.benchmark import files, gate, memory, office, phone, servers, steps
from tests.benchmark.adapters.base import Adapter
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.benchmark.adapters.floor import FloorAdapter
from tests.benchmark.workloads import WORKLOADS, Figures, measure
from tests.postgres import DURABLE, start_cluster

THREADS = 4  # of a worker: as many as the floor's


@contextmanager
def floor(workers: int, folder: Path) -> Iterator[Adapter]:
    """Serve the floor."""
    with servers.floor(workers, folder) as address:
        yield FloorAdapter(address)


@contextmanager
def on_sqlite(
    folder: Path, with_sealed: bool = False, reconcile_every_ms: int = 0, workers: int = 2
) -> Iterator[FairvisitAdapter]:
    """Serve Fairvisit on a fresh SQLite file."""
    url = f"sqlite:///{folder / 'fairvisit.db'}"
    with servers.fairvisit(url, folder, workers, THREADS, reconcile_every_ms=reconcile_every_ms) as address:
        adapter = FairvisitAdapter(address, url, with_sealed)
        yield adapter
        adapter.close()


@contextmanager
def on_postgresql(folder: Path, workers: int = 2) -> Iterator[Adapter]:
    """Serve Fairvisit on a fresh PostgreSQL with durable commits; its CPU time counts too."""
    cluster = start_cluster(os.getpid(), DURABLE)
    cluster.create("bench")
    url = cluster.url("bench")
    with servers.fairvisit(url, folder, workers, THREADS, [cluster.pid]) as address:
        adapter = FairvisitAdapter(address, url)
        yield adapter
        adapter.close()
    cluster.drop("bench")


Contender = Callable[[Path], AbstractContextManager[Adapter]]
CONTENDERS: dict[str, Contender] = {
    "floor 1x4": partial(floor, 1),
    "floor 2x4": partial(floor, 2),
    "sqlite 2x4": on_sqlite,
    "sqlite 1x4": partial(on_sqlite, workers=1),
    "sealed 2x4": partial(on_sqlite, with_sealed=True),
    "folding 2x4": partial(on_sqlite, reconcile_every_ms=500),
    "postgresql 2x4": on_postgresql,
}
USUAL = ["floor 2x4", "sqlite 2x4", "postgresql 2x4"]
# What is looked at on Fairvisit alone, on SQLite.
ALONE: dict[str, Callable[[FairvisitAdapter, Path], Figures]] = {
    "steps": steps.measure,
    "memory": memory.measure,
    "gate": gate.measure,
    "files": files.measure,
    "phone": phone.measure,
}
OFFICE = "office"  # a million visits in this process, on both databases
CHOICES = [*WORKLOADS, *ALONE, OFFICE]
# The figure that is compared, and whether more is better.
COMPARED = {"W1": ("records_per_s", True), "W2": ("per_s", True), "W3": ("events_per_s", True)}
COMPARED |= {"W4": ("events_per_s", True), "W5": ("wall_s", False)}


def table(results: dict[str, Figures], yardstick: str) -> str:
    """Write each workload's main figure for every server, its share of the yardstick's, and its CPU."""
    lines = [f"{'workload':<15}{'figure':<15}" + "".join(f"{name:>34}" for name in results)]
    for key in {key: None for figures in results.values() for key in figures}:
        figure, more_is_better = COMPARED[key.split()[0]]
        line = f"{key:<15}{figure:<15}"
        for figures in results.values():
            if key not in figures:
                line += " " * 34
                continue
            row, floor = figures[key], results[yardstick][key.removesuffix(" gzip")]
            share = row[figure] / floor[figure] if more_is_better else floor[figure] / row[figure]
            line += f"{row[figure]:>14,.4g}{share:>8.0%}{row['cpu_ms']:>9.3g} ms"
        lines.append(line)
    return "\n".join(lines)


def compare(names: Sequence[str], workloads: Sequence[str], runs: int) -> dict[str, Figures]:
    """Run the workloads against each server in turn, and print the table."""
    results: dict[str, Figures] = {}
    for name in names:
        print(name, flush=True)
        with tempfile.TemporaryDirectory(prefix="fv-bench-") as folder, CONTENDERS[name](Path(folder)) as adapter:
            results[name] = measure(adapter, workloads, runs)
    print(f"\nEach server: figure, share of {names[0]}, server CPU a request\n")
    print(table(results, names[0]))
    return results


def measure_office() -> dict[str, Figures]:
    """Time the office's pages on both databases."""
    results = {}
    for name in ("sqlite", "postgresql"):
        print(f"{OFFICE} on {name}: p50, p95", flush=True)
        with tempfile.TemporaryDirectory(prefix="fv-bench-") as folder:
            if name == "sqlite":
                results[f"{OFFICE} {name}"] = office.measure(f"sqlite:///{folder}/office.db", Path(folder))
                continue
            cluster = start_cluster(os.getpid(), DURABLE)
            cluster.create("office")
            results[f"{OFFICE} {name}"] = office.measure(cluster.url("office"), Path(folder))
            cluster.drop("office")
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.run", description=__doc__)
    parser.add_argument("--servers", nargs="+", default=USUAL, choices=list(CONTENDERS))
    parser.add_argument("--only", nargs="+", default=CHOICES, choices=CHOICES, help="W3 holds W4")
    parser.add_argument("--runs", type=int, default=3, help="runs that a median is taken of")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    workloads = [name for name in asked.only if name in WORKLOADS]
    results = compare(asked.servers, workloads, asked.runs) if workloads else {}
    for name in (each for each in ALONE if each in asked.only):
        with tempfile.TemporaryDirectory(prefix="fv-bench-") as folder, on_sqlite(Path(folder)) as adapter:
            results[name] = ALONE[name](adapter, Path(folder))
    if OFFICE in asked.only:
        results |= measure_office()
    if asked.out:
        asked.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
