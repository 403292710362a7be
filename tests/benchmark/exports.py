"""
Memory of an export: a process of its own writes every visit of the database, and tells its peak before and after.

The floor is the process's own peak before the export, when it is little more than the interpreter with its imports.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmark.workloads import Figures
from tests.contract.importing.import_process import PEAK, TELL

FORMATS = ("csv", "jsonl", "xlsx")
MB_KB = 1024
# The process tells its peak once everything is imported and open, and again at its end.
PROGRAM = f"""
import sys
from server.app import open_site
from server.domain.roles import Role, Viewer
from server.services.exporting import ask_export, work_export
from server.settings import Settings
site = open_site(Settings(database_url=sys.argv[1], folder=sys.argv[2]))
job_id = ask_export(site, Viewer(sys.argv[4], "bench", frozenset(Role)), "visits", sys.argv[3], "full")
{TELL}
assert work_export(site)
{TELL}
from server.storage.job_rows import find_job
with site.store.read() as connection:
    row = find_job(connection, "export", job_id)
print(row.state, row.rows)
"""


def measure(url: str, folder: Path, account_id: str, visits: int) -> Figures:
    """Write every visit in each form for an account; print seconds and both peaks."""
    figures: Figures = {}
    for form in FORMATS:
        began = time.perf_counter()
        said = _run(url, str(folder), form, account_id)
        took = time.perf_counter() - began
        if f"done {visits}" not in said:
            raise RuntimeError(f"the export did not hold {visits} visits: {said}")
        floor, peak = (int(kilobytes) / MB_KB for kilobytes in re.findall(rf"{PEAK} (\d+)", said))
        name = f"export, {form}"
        figures[name] = {"s": took, "floor_mb": floor, "peak_mb": peak, "ratio": peak / floor}
        print(f"  {name:<24}{took:>9.0f} s {floor:>8.0f} MB before{peak:>7.0f} MB at most", flush=True)
    return figures


def _run(*arguments: str) -> str:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=1800).stdout
