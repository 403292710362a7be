"""The house keeps its own rules: laws between rooms, where time is read, sizes, names, what a device installs."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "server", "agent_sync")
PUBLIC_FACE = Path("agent_sync/__init__.py")
MOST_LINES = 500
BANNED_NAMES = {
    *("data", "info", "manager", "handler", "helper", "helpers", "util", "utils", "process", "misc", "temp", "tmp"),
    *("debtor", "user"),
}
# Written in parts, so that this page does not hold what it looks for.
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.~$}])/(wor[k]|far[m]|roo[t]|hom[e]/[a-z]+)/")
REGISTRY = re.compile(r"pypi\.or[g]|pythonhosted\.or[g]|registry\.npmj[s]|deb\.debian\.or[g]|index-ur[l]")

# One forbidden line for each contract of .importlinter: (file, line).
BREACHES = {
    "strangers": ("agent_sync/__init__.py", "import server"),
    "wire": ("schemas/canonical.py", "import sqlite3"),
    "plain-words": ("schemas/errors.py", "import marshmallow"),
    "pure": ("server/domain/clocks.py", "import time"),
    "server-layers": ("server/storage/feed.py", "import server.services.site"),
    "drivers-in-storage": ("server/services/site.py", "import sqlite3"),
    "one-backend-door": ("server/services/site.py", "import server.storage.sqlite"),
    "device-layers": ("agent_sync/rules.py", "import agent_sync.store"),
}
CLOCKS = ("datetime.datetime.now()", "datetime.datetime.utcnow()", "uuid.uuid4()", "uuid.uuid1()", "time.time()")
CLOCK_ROOMS = ("server/clock.py", "server/cli/serve.py", "server/demo/run.py", "agent_sync/cli.py")
CLOCK_ROOMS += ("agent_sync/device.py", "tests/unit/test_any.py")


def tracked(pattern: str) -> list[Path]:
    """Give the project's own files, committed or about to be, as paths from its root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [Path(name) for name in listed if (ROOT / name).is_file()]


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Give each Python file with its syntax tree."""
    for path in tracked("*.py"):
        yield path, ast.parse((ROOT / path).read_text(), str(path))


def contracts() -> list[str]:
    """Give the names of the contracts in .importlinter."""
    laws = configparser.ConfigParser()
    laws.read(ROOT / ".importlinter")
    return [section.rpartition(":")[2] for section in laws.sections() if ":contract:" in section]


class TestLaws:
    """The contracts between rooms."""

    def test_every_contract_has_a_breach_that_is_tried(self) -> None:
        """A law that was never seen to fail is no law."""
        assert sorted(contracts()) == sorted(BREACHES)

    @pytest.mark.parametrize("contract", BREACHES)
    def test_a_breach_is_caught(self, contract: str, tmp_path: Path) -> None:
        """One bad import line breaks its contract."""
        for package in PACKAGES:
            shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / ".importlinter", tmp_path)
        path, line = BREACHES[contract]
        with (tmp_path / path).open("a") as source:
            source.write(f"\n{line}\n")
        command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", "--contract", contract]
        linted = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

        assert "1 broken" in linted.stdout
        assert linted.returncode == 1

    def test_sql_is_written_in_storage_only(self) -> None:
        """Other rooms of the server hand a `Connection` on and take nothing else from SQLAlchemy."""
        found = [
            f"{path}:{node.lineno} {alias.name}"
            for path, tree in sources()
            if path.parts[0] == "server" and path.parts[1] != "storage"
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
            if f"{getattr(node, 'module', alias.name)}.".startswith("sqlalchemy.") and alias.name != "Connection"
        ]

        assert found == []

    def test_package_inits_hold_a_docstring_only(self) -> None:
        """An `__init__` that imports would smuggle modules past the contracts."""
        inits = [(path, tree) for path, tree in sources() if path.name == "__init__.py" and path != PUBLIC_FACE]
        loaded = [str(path) for path, tree in inits if len(tree.body) > 1 or ast.get_docstring(tree) is None]

        assert loaded == []


class TestClocks:
    """Where time is read and ids are made."""

    @pytest.mark.parametrize("call", CLOCKS)
    def test_a_rule_that_reads_a_clock_is_caught(self, call: str) -> None:
        """Ruff refuses clocks and random ids in a room that gets them handed in."""
        assert "TID251" in self.lint("server/domain/any.py", call)

    @pytest.mark.parametrize("room", CLOCK_ROOMS)
    def test_the_rooms_that_hand_time_in_may_read_it(self, room: str) -> None:
        """Server clock, commands, demo and the device's facade are the only places."""
        assert "TID251" not in self.lint(room, CLOCKS[0])

    @staticmethod
    def lint(path: str, call: str) -> str:
        """Give what ruff says of a file at *path* that makes this *call*."""
        text = f"import {call.partition('.')[0]}\n\nvalue = {call}\n"
        command = [Path(sys.executable).with_name("ruff"), "check", "--stdin-filename", path, "-"]
        return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False).stdout


class TestFiles:
    """Sizes, names and what may not be written down."""

    def test_no_python_file_is_over_the_limit(self) -> None:
        """A file of more than 500 lines is split."""
        lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in tracked("*.py")}

        assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}

    @pytest.mark.parametrize("forbidden", [MACHINE_PATH, REGISTRY], ids=["machine path", "registry"])
    def test_no_file_names_one_machine_or_registry(self, forbidden: re.Pattern[str]) -> None:
        """What is committed works anywhere: no path of one machine, no address of a registry."""
        found = []
        for path in tracked("*"):
            text = (ROOT / path).read_bytes().decode(errors="replace")
            found += [f"{path}: {line.strip()[:80]}" for line in text.splitlines() if forbidden.search(line)]

        assert found == []

    def test_no_name_is_an_empty_word(self) -> None:
        """Names say what a thing is in the field (DESIGN section 2)."""
        found = [f"{path}:{line} {name}" for path, tree in sources() for line, name in names_bound(path, tree)]

        assert [place for place in found if place.rpartition(" ")[2].lower() in BANNED_NAMES] == []

    def test_no_test_is_skipped_or_expected_to_fail(self) -> None:
        """A test runs and passes, or the build is red."""
        found = [
            f"{path}:{node.lineno} {node.attr}"
            for path, tree in sources()
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "xfail", "importorskip", "skipTest"}
        ]

        assert found == []


class TestDeviceInstall:
    """What `pip install .[device]` pulls."""

    def test_a_device_gets_neither_web_server_nor_sqlalchemy(self) -> None:
        """The device's requirements, followed to the end, hold nothing of the server's."""
        servers = {"flask", "flask-smorest", "werkzeug", "sqlalchemy", "alembic", "psycopg", "granian", "openpyxl"}

        assert closure("fairvisit", "device") & servers == set()

    def test_the_closure_sees_what_is_pulled_indirectly(self) -> None:
        """The same walk over the server's extra finds Flask's own requirements: it does follow."""
        assert {"flask", "sqlalchemy", "werkzeug", "markupsafe"} <= closure("fairvisit", "server")


def names_bound(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Give every name that a file gives to something: the module, classes, functions, arguments, variables."""
    yield 1, path.stem
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name


def closure(name: str, extra: str = "") -> set[str]:
    """Give the names of all distributions that installing *name* with *extra* needs, read from what is installed."""
    seen: set[tuple[str, str]] = set()
    waiting = [(name, extra)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in importlib.metadata.requires(name) or []:
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                own = wanted.name.lower().replace("_", "-")
                waiting += [(own, each) for each in ("", *wanted.extras)]
    return {name for name, _ in seen}
