"""
Memory at 10,000 packets: the peak of the server's workers and of a real device's process while it pulls them.

Each peak stands beside a floor of the same run: the peak of the same processes before the pull, when they are little
more than the interpreter with its imports.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.benchmark import load
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.benchmark.watching import peak_bytes
from tests.benchmark.workloads import Figures
from tests.contract.importing.import_process import PEAK, TELL

PACKETS = 10_000
MB = 1024 * 1024
# The device tells its peak once everything is imported, and again at its end.
PROGRAM = f"import atexit; from agent_sync.cli import main; {TELL}; atexit.register(lambda: {TELL}); main()"


def measure(adapter: FairvisitAdapter, folder: Path) -> Figures:
    """Let one device pull everything, and print both peaks."""
    scope = adapter.office.add_scope("memory", PACKETS)
    store = folder / "device.db"
    _run_device(store, "enrol", adapter.office.code_for(scope), "--server", adapter.url)
    before = peak_bytes(load.WATCHED)
    said = _run_device(store, "exchange", "--json")
    after = peak_bytes(load.WATCHED)
    if f'"items_put":{PACKETS},' not in said:
        raise RuntimeError(f"the device did not get {PACKETS} packets: {said}")
    if after < before:  # a peak never falls
        raise RuntimeError("a process of the server ended during the pull")
    device_before, device_after = (int(kilobytes) * 1024 for kilobytes in re.findall(rf"{PEAK} (\d+)", said))

    print(f"\nMemory at {PACKETS:,} packets of 2 kB, in MB\n  {'':<24}{'floor':>10}{'peak':>10}{'ratio':>10}")
    figures: Figures = {}
    peaks = {"server's largest worker": (before, after), "device": (device_before, device_after)}
    for name, (floor, peak) in peaks.items():
        figures[name] = {"floor_mb": floor / MB, "peak_mb": peak / MB, "ratio": peak / floor}
        print(f"  {name:<24}{floor / MB:>10.1f}{peak / MB:>10.1f}{peak / floor:>10.2f}", flush=True)
    return figures


def _run_device(store: Path, *arguments: str) -> str:
    """Run `agent-sync` as a process of its own; give what it said, its two peaks among it."""
    command = [sys.executable, "-c", PROGRAM, "--store", str(store), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout
