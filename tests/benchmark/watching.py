"""
What the processes of a server cost: CPU time and memory, read from /proc.

Comes in: the process ids of a server's roots. Goes out: seconds of CPU and bytes of memory of them and all their
descendants. On a shared machine CPU time is the steadier figure: compare it before wall times.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Give each process with the fields of its stat file that follow its name."""
    for place in PROC.iterdir():
        if place.name.isdigit():
            try:
                yield int(place.name), (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue


def family(roots: Iterable[int]) -> dict[int, list[str]]:
    """Give the roots and their descendants, each with its stat fields."""
    roots = set(roots)
    stats = dict(_stats())
    found = {}
    for pid, fields in stats.items():
        up = pid
        while up and up not in roots:
            up = int(stats[up][1]) if up in stats else 0
        if up:
            found[pid] = fields
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """Give the CPU time of the roots, their ended children's, and that of their living descendants."""
    roots = set(roots)
    if not roots:
        return 0.0
    ticks = 0
    for pid, fields in family(roots).items():
        ticks += int(fields[11]) + int(fields[12])
        if pid in roots:
            ticks += int(fields[13]) + int(fields[14])
    return ticks / TICK


def peak_bytes(roots: Iterable[int]) -> int:
    """Give the largest peak of resident memory among the roots and their descendants."""
    peaks = [0]
    for pid in family(roots):
        try:
            lines = (PROC / str(pid) / "status").read_text().splitlines()
        except OSError:
            continue
        peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return max(peaks)
