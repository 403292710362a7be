"""
Files beside exchanges: 500 devices send 3 photos each while others exchange as they do on any day.

The same exchanges at the same pace are timed without and with the uploads, in one run; uploads come from a process of
their own, as fast as the server takes them, each photo in one request of a tus client. Goes out: the exchange's p50 and
p95 both times, their ratio, and how fast the photos came.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from server.rates import UPLOADS_AT_ONCE
from server.services.filing import make_token
from server.settings import DAY_MS
from server.storage import intake_rows
from tests.benchmark import gen, load
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.benchmark.http11 import request
from tests.benchmark.workloads import Figures, one_pull
from tests.filing import FILES, OCTETS, sha256_of

DEVICES, PHOTOS, PHOTO_BYTES = 500, 3, 200_000
UPLOADERS = UPLOADS_AT_ONCE  # connections that the devices share, as behind a proxy that queues them
EXCHANGERS, EVERY_S = 16, 0.4  # connections, and how often each exchanges: every other time with events
QUIET_S = 20.0
MOST_S = 180.0
MS = 1e3


def measure(adapter: FairvisitAdapter, folder: Path) -> Figures:
    """Time the exchanges without and with the uploads, and print both."""
    names = [f"exchanger {number}" for number in range(EXCHANGERS)]
    for name in names:
        adapter.seed(name, 50)
        load.run(adapter.address, 1, [one_pull(adapter, name)], 60, {200})
    exchange(adapter, names, 3.0)  # warms up
    alone = exchange(adapter, names, QUIET_S)
    theirs, ours = multiprocessing.get_context("spawn").Pipe()
    devices = [want(adapter, number) for number in range(DEVICES)]
    sender = multiprocessing.get_context("spawn").Process(target=send, args=(adapter.address, devices, theirs))
    sender.start()
    ours.recv()  # it is ready
    ours.send("go")
    beside = exchange(adapter, names, MOST_S, lambda: ours.poll(0))
    wall, sent = ours.recv()
    sender.join()
    if sent != DEVICES * PHOTOS:
        raise RuntimeError(f"{sent} photos came instead of {DEVICES * PHOTOS}")
    figures: Figures = {"exchange alone": alone, "exchange beside uploads": beside}
    ratio = beside["p95_ms"] / alone["p95_ms"]
    figures["uploads"] = {"photos": sent, "per_s": sent / wall, "p95_ratio": ratio}
    print(f"\nExchanges beside {DEVICES} devices that send {PHOTOS} photos of {PHOTO_BYTES // 1000} kB each")
    for name, row in list(figures.items())[:2]:
        times = f"p50 {row['p50_ms']:>6.1f} ms   p95 {row['p95_ms']:>6.1f} ms"
        print(f"  {name:<26}{row['count']:>6.0f} exchanges   {times}")
    print(f"  p95 grows {ratio:.2f} times; {sent / wall:.0f} photos a second", flush=True)
    return figures


def want(adapter: FairvisitAdapter, number: int) -> list[tuple[str, bytes]]:
    """Let a device want its photos; give the token and the content's seed of each."""
    site = adapter.office.site
    scope = adapter.scopes[f"exchanger {number % EXCHANGERS}"]
    device_id, now_ms = site.new_id(), site.now()
    rows, photos = [], []
    for photo in range(PHOTOS):
        seed = f"{number} {photo}".encode()
        sha256 = sha256_of(content_of(seed))
        rows.append({
            "device_id": device_id, "sha256": sha256, "size": PHOTO_BYTES, "role": "door", "kind": "photo",
            "agent_id": scope.agent_id, "case_id": scope.case_ids[0], "visit_id": site.new_id(), "named_ms": now_ms,
            "state": "wanted",
        })  # fmt: skip
        photos.append((make_token(site, device_id, sha256, PHOTO_BYTES, now_ms + DAY_MS), seed))
    site.store.write(lambda connection: intake_rows.want_files(connection, rows))
    return photos


def content_of(seed: bytes) -> bytes:
    """Make a photo's bytes."""
    return b"\xff\xd8\xff" + random.Random(seed).randbytes(PHOTO_BYTES - 3)


def send(address: load.Address, devices: list[list[tuple[str, bytes]]], told: Connection) -> None:
    """Send all photos, in a process of its own."""

    def script(photos: list[tuple[str, bytes]]) -> load.Script:
        for token, seed in photos:  # one at a time, as devices do
            headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Upload {token}", "Content-Type": OCTETS}
            headers["Upload-Length"] = str(PHOTO_BYTES)
            yield "photo", request("POST", FILES, body=content_of(seed), headers=headers)

    told.send("ready")
    told.recv()
    result = load.run(address, UPLOADERS, [script(each) for each in devices], MOST_S, {201})
    told.send((result.wall, result.count("photo")))


def exchange(
    adapter: FairvisitAdapter, names: list[str], seconds: float, is_over: Callable[[], bool] = lambda: False
) -> dict[str, float]:
    """Let devices exchange at an even pace; give how many exchanges, and p50 and p95 in ms."""
    until = time.monotonic() + seconds
    results: list[load.Result] = []
    cursors = adapter.cursors

    def script(name: str) -> load.Script:
        turn, due = 0, time.monotonic()
        while time.monotonic() < until and not is_over():
            turn, due = turn + 1, due + EVERY_S
            [events] = gen.batches(1, name, salt=random.getrandbits(30))
            is_busy = turn % 2 == 1
            asked = adapter.push(f"reader of {name}", events[:3]) if is_busy else adapter.idle(name, cursors[name])
            time.sleep(max(0.0, due - time.monotonic()))
            yield "exchange", asked

    def run(name: str) -> None:
        results.append(load.run(adapter.address, 1, [script(name)], seconds + 30, {200}))

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = sorted(each for result in results for each in result.latency["exchange"])
    at = {share: times[int(len(times) * share)] * MS for share in (0.5, 0.95)}
    return {"count": len(times), "p50_ms": at[0.5], "p95_ms": at[0.95]}
