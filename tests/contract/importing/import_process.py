"""`fairvisit import` as a process of its own: started, killed, waited for, its peak memory read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# The process tells its own peak: `ru_maxrss` begins with that of whoever started it.
PEAK = "peak resident kB:"
TELL = f"print({PEAK!r}, next(line for line in open('/proc/self/status') if 'VmHWM' in line).split()[1])"
PROGRAM = f"import atexit; atexit.register(lambda: {TELL}); from server.cli.main import main; main()"
COMMAND = [sys.executable, "-c", PROGRAM, "import"]


def start_import(path: Path, url: str, rejects: Path) -> subprocess.Popen[bytes]:
    """Start importing *path* into the database at *url*."""
    environ = {**os.environ, "FAIRVISIT_DATABASE_URL": url, "FAIRVISIT_FOLDER": str(rejects.parent)}
    environ["FAIRVISIT_PHONE_REGION"] = "CN"
    options = [str(path), "--lender", "Bank", "--currency", "CNY", "--rejects", str(rejects)]
    return subprocess.Popen([*COMMAND, *options], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(running: subprocess.Popen[bytes]) -> tuple[int, str, float]:
    """Wait for the end; give exit code, what was said, and peak memory in MB (0 if it was killed)."""
    assert running.stdout is not None
    with running.stdout as out:
        said = out.read().decode()
    said, _, peak = said.partition(PEAK)
    return running.wait(), said, int(peak or 0) / 1024
