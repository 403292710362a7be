"""What a build takes of the phone app: what was built last and nothing else, or a loud word that there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("agent_sync/__init__.py", "server/__init__.py", "schemas/__init__.py", "agent_sync/pwa/src/main.tsx")
BUILT = ("agent_sync/pwa/dist/index.html", "agent_sync/pwa/dist/assets/index-new.js")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout whose build folder still holds an app of before."""
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in (*SOURCES, "lib/agent_sync/pwa/dist/assets/index-old.js"):
        write(tmp_path / name)
    return tmp_path


def write(path: Path) -> None:
    """Make a file of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def build(checkout: Path) -> tuple[set[str], str]:
    """Build as a wheel does; give the files of the app that are taken, and what is said."""
    command = [sys.executable, "setup.py", "--quiet", "build_py", "--build-lib", "lib"]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120, check=True)
    taken = {f"{path.relative_to(checkout / 'lib')}" for path in (checkout / "lib/agent_sync").rglob("pwa/**/*.*")}
    return taken, run.stdout + run.stderr


def test_the_app_that_was_built_last_is_taken_and_no_source(checkout: Path) -> None:
    """Files have hashes in their names: those of before would stay for ever."""
    for name in BUILT:
        write(checkout / name)
    taken, said = build(checkout)

    assert set(BUILT) == taken
    assert "PHONE APP" not in said


def test_a_build_without_the_app_says_so_loudly(checkout: Path) -> None:
    """Whoever reads the end of the output knows what is missing and how to get it."""
    taken, said = build(checkout)

    assert set() == taken
    assert "THE PHONE APP IS NOT IN THIS WHEEL" in said
    assert "make pwa" in said
