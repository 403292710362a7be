"""
Small files written durably: whole or not at all, readable by their owner only.

What the store and the vault beside it have in common; who counts boundaries of writes stands between the two halves.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_part(path: Path, content: bytes) -> Path:
    """Write what is to stand at *path* beside it, down to the disk; give where."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    return part


def settle(part: Path, path: Path) -> None:
    """Move a finished file to its place, durably."""
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
