"""
The five workloads, run against one server through its adapter.

W1 first pull, W2 idle exchange, W3 push, W4 replay of the same pushes, W5 a herd of devices on Monday morning. The
adapter knows the server's wire; this page knows the counts. All loops are bounded in count and in time, figures are
medians. Goes out: figures by workload, as `{"W1 1000": {"records_per_s": …}}`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

from tests.benchmark import gen, load
from tests.benchmark.adapters.base import Adapter

Figures = dict[str, dict[str, float]]
W1_SIZES = (1000, 10_000)
IDLE_S = 3.0
IDLE_AT_MOST = 100_000
HERD = 500
TERRITORIES = 25
HERD_CASES = 200
HERD_CONNECTIONS = 16
MS = 1e3


def median(values: Iterable[float]) -> float:
    """Give the median as a float."""
    return float(statistics.median(values))


def one_pull(adapter: Adapter, scope: str, sizes: list[int] | None = None) -> load.Script:
    """Pull a scope from nothing; leave its cursor with the adapter."""
    adapter.cursors[scope] = yield from adapter.pull(scope, sizes)


def first_pull(adapter: Adapter, runs: int, sizes: Iterable[int] = W1_SIZES) -> Figures:
    """W1. The time is from each request to its last byte, summed: the client's own parsing is left out."""
    figures: Figures = {}
    expect = set(adapter.ok)
    for size in sizes:
        scope = f"w1x{size}"
        adapter.seed(scope, size)
        for encoding in adapter.encodings:
            adapter.encoding = encoding
            load.run(adapter.address, 1, [one_pull(adapter, scope)], 120, expect)  # warms up
            counted: list[int] = []
            results = [
                load.run(adapter.address, 1, [one_pull(adapter, scope, counted)], 120, expect) for _ in range(runs)
            ]
            if sum(counted) != size * runs:
                raise RuntimeError(f"pulled {sum(counted)} records in {runs} runs instead of {size} each")
            wall = median(sum(result.latency["pull"]) for result in results)
            figures[f"W1 {size}" if encoding == adapter.encodings[0] else f"W1 {size} {encoding}"] = {
                "records_per_s": size / wall,
                "bytes_per_record": median(sum(result.received.values()) for result in results) / size,
                "requests": median(result.count() for result in results),
                "cpu_ms": median(result.server_cpu / result.count() * MS for result in results),
            }
        adapter.encoding = adapter.encodings[0]
    return figures


def idle(adapter: Adapter, runs: int) -> Figures:
    """W2: a device that has nothing to say and gets nothing new, as fast as it can ask."""
    figures: Figures = {}
    expect = set(adapter.ok)
    scope = f"w2x{W1_SIZES[0]}"
    adapter.seed(scope, W1_SIZES[0])
    load.run(adapter.address, 1, [one_pull(adapter, scope)], 120, expect)
    asked = adapter.idle(scope, adapter.cursors[scope])
    for connections in (1, 16):
        results = [
            load.run(
                adapter.address,
                connections,
                [load.repeat("idle", asked, IDLE_AT_MOST) for _ in range(connections)],
                IDLE_S,
                expect,
            )
            for _ in range(runs)
        ]
        last = results[-1]
        figures[f"W2 c{connections}"] = {
            "per_s": median(result.rate() for result in results),
            "p50_ms": median(result.quantile(0.5) * MS for result in results),
            "p99_ms": median(result.quantile(0.99) * MS for result in results),
            "answer_bytes": last.received["idle"] / last.count(),
            "cpu_ms": median(result.server_cpu / result.count() * MS for result in results),
        }
    return figures


def push_and_replay(adapter: Adapter, runs: int) -> Figures:
    """W3 and W4: batches of 20 new events, durable when acknowledged, then the same requests again."""
    figures: Figures = {}
    expect = set(adapter.ok)
    for connections in (1, 16):
        devices = [f"w3c{connections}d{index}" for index in range(connections)]
        for device in devices:
            adapter.make_device(device, device)
        # How many batches make about three seconds?
        probes = [[adapter.push(device, batch) for batch in gen.batches(8, device)] for device in devices]
        probe = load.run(adapter.address, connections, [load.one_by_one("push", each) for each in probes], 60, expect)
        count = max(5, min(200, int(probe.rate() * 3 / connections)))
        taken: dict[str, list[load.Result]] = {"W3": [], "W4": []}
        confirmed = dict.fromkeys(taken, 0)
        for salt in range(1, runs + 1):
            work = [
                [adapter.push(device, batch) for batch in gen.batches(count, device, salt=salt)] for device in devices
            ]
            for name, results in taken.items():
                bodies: list[bytes] = []
                scripts = [load.keep("push", each, bodies) for each in work]
                results.append(load.run(adapter.address, connections, scripts, 60, expect))
                confirmed[name] += sum(adapter.accepted(body) for body in bodies)
        for name, results in taken.items():
            sent = sum(result.count() for result in results)
            if confirmed[name] != sent * adapter.batch:
                raise RuntimeError(f"{name}: {confirmed[name]} of {sent * adapter.batch} events were confirmed")
            figures[f"{name} c{connections}"] = {
                "events_per_s": median(result.rate() * adapter.batch for result in results),
                "p50_ms": median(result.quantile(0.5) * MS for result in results),
                "p99_ms": median(result.quantile(0.99) * MS for result in results),
                "sent_bytes": results[0].sent["push"] / results[0].count(),
                "cpu_ms": median(result.server_cpu / result.count() * MS for result in results),
            }
    return figures


def herd(adapter: Adapter, runs: int) -> Figures:
    """W5: each of 500 devices pulls 200 new cases, pushes 20 events, asks again. 25 territories of 20 devices."""
    for territory in range(TERRITORIES):
        adapter.seed(f"territory{territory}", HERD_CASES)
    for index in range(HERD):
        adapter.make_device(f"w5d{index}", f"territory{index % TERRITORIES}")
    results = []
    for salt in range(runs):
        pushes = [
            adapter.push(f"w5d{index}", gen.batches(1, f"w5d{index}", adapter.batch, salt)[0]) for index in range(HERD)
        ]

        def session(index: int, pushed: bytes) -> load.Script:
            scope = f"territory{index % TERRITORIES}"
            cursor = yield from adapter.pull(scope, None, f"w5d{index}")
            yield "push", pushed
            yield "idle", adapter.idle(scope, cursor, f"w5d{index}")

        sessions = (session(index, pushed) for index, pushed in enumerate(pushes))
        results.append(load.run(adapter.address, HERD_CONNECTIONS, sessions, 180, set(adapter.ok)))
    if any(result.timed_out for result in results):
        raise RuntimeError("W5 did not end in time")
    return {
        "W5": {
            "wall_s": median(result.wall for result in results),
            "received_mb": sum(results[-1].received.values()) / 1e6,
            "sent_mb": sum(results[-1].sent.values()) / 1e6,
            "client_cpu_s": median(result.client_cpu for result in results),
            "cpu_ms": median(result.server_cpu / result.count() * MS for result in results),
            **{
                f"{label}_p99_ms": median(result.quantile(0.99, label) * MS for result in results)
                for label in results[-1].latency
            },
        }
    }


WORKLOADS: dict[str, Callable[[Adapter, int], Figures]] = {
    "W1": first_pull,
    "W2": idle,
    "W3": push_and_replay,
    "W5": herd,
}


def measure(adapter: Adapter, names: Iterable[str], runs: int) -> Figures:
    """Run the named workloads ("W3" holds W4) and print each figure as it comes."""
    figures: Figures = {}
    for name in names:
        began = time.perf_counter()
        for key, row in WORKLOADS[name](adapter, runs).items():
            figures[key] = row
            print(f"  {key:<9}", "  ".join(f"{field} {value:,.4g}" for field, value in row.items()), flush=True)
        print(f"  # {name} took {time.perf_counter() - began:.0f} s", flush=True)
    return figures
