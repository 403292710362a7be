"""
What a release promised stays as it is: its vectors and its database dump are frozen by hash.

`python -m tests.contract.freeze VERSION` writes the hashes of a release, once. `test_released.py` holds that no
frozen file changes or goes, and that every version with a date in CHANGELOG.md is frozen.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
RELEASED = Path("schemas", "vectors", "RELEASED.json")
CHANGELOG = "CHANGELOG.md"
DATED = re.compile(r"^## \[?v?(\d+\.\d+\.\d+)\]?\s+[-–—]\s+\d{4}-\d{2}-\d{2}", re.MULTILINE)
Releases = dict[str, dict[str, str]]


def read_releases(root: Path) -> Releases:
    """Give what is frozen: version to path to SHA-256."""
    releases: Releases = json.loads((root / RELEASED).read_text(encoding="utf-8"))["releases"]
    return releases


def hash_file(path: Path) -> str:
    """Give the SHA-256 of a file; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def promised_files(root: Path, version: str) -> list[Path]:
    """Give the files that a release promises: every file of vectors, and the dump of its database."""
    vectors = [path for path in (root / RELEASED).parent.glob("*.json") if path.name != RELEASED.name]
    return sorted([*vectors, *(root / "tests" / "released").glob(f"{version}.*")])


def freeze(root: Path, version: str) -> None:
    """Write the hashes of *version*. Refuses a version that is frozen already, or that has no dump."""
    releases = read_releases(root)
    files = promised_files(root, version)
    if version in releases:
        raise SystemExit(
            f"{version} is frozen already. What it promised is never written again; release another version."
        )
    if not any(path.parent.name == "released" for path in files):
        raise SystemExit(f"There is no tests/released/{version}.*: put a dump of that version's database there first.")
    releases[version] = {path.relative_to(root).as_posix(): hash_file(path) for path in files}
    said = json.loads((root / RELEASED).read_text(encoding="utf-8")) | {"releases": releases}
    (root / RELEASED).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def broken_promises(root: Path, releases: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Name each frozen file that was changed or removed, with its version."""
    return [
        f"{version}: {path}"
        for version, files in releases.items()
        for path, sha256 in files.items()
        if hash_file(root / path) != sha256
    ]


def unfrozen(root: Path, releases: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Name each version that CHANGELOG.md gives a date and that is not frozen."""
    dated = DATED.findall((root / CHANGELOG).read_text(encoding="utf-8"))
    return [version for version in dated if version not in releases]


if __name__ == "__main__":
    freeze(ROOT, sys.argv[1])
