"""
The devices on stage: each one a real `agent_sync` program in a process of its own, told what to do by JSON lines.

The server never imports the device: what is known here is only how a rehearsal is spoken to.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import PROBLEMS, FieldError
from server.demo.phones import Phone

PROGRAM = ("-m", "agent_sync.rehearsal")
SALT = b'"salt":"'
SIDE_FILES = ("-wal", "-shm", ".key", ".lock")


class DeviceDiedError(RuntimeError):
    """The program ended without an answer."""


class StagedDevice:
    """One agent's device: started, told, crashed, started again. Its store outlives its program."""

    def __init__(self, code: str, folder: Path, phone: Phone, url: str) -> None:
        self.code = code
        self.phone = phone
        self.url = url
        self.store = folder / f"{code}.db"
        self.crashes = 0
        self._program: subprocess.Popen[bytes] | None = None

    def start(self, kill_at: int = 0) -> None:
        """Start the program; with *kill_at* it dies at that write."""
        environ = {**os.environ, "AGENT_SYNC_KILL_AT": str(kill_at)} if kill_at else None
        self._program = subprocess.Popen(
            [sys.executable, *PROGRAM, str(self.store), "--server", self.url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ,
            start_new_session=True,  # Ctrl+C is for the director; a device ends when nobody speaks to it any more
        )  # fmt: skip

    def tell(self, at_ms: int, do: str, **line: Any) -> dict[str, Any]:
        """
        Let the device do something at a moment of true time; give its answer.

        Raises the `FieldError` it answers, or `DeviceDiedError` if it dies over it.
        """
        if self._program is None:
            self.start()
        assert self._program is not None
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        try:
            self._program.stdin.write(orjson.dumps({"do": do, "clock": self.phone.read(at_ms), **line}) + b"\n")
            self._program.stdin.flush()
            text = self._program.stdout.readline()
        except BrokenPipeError:
            text = b""
        if not text:
            self._bury()
            raise DeviceDiedError(self.code)
        answer: dict[str, Any] = orjson.loads(text)
        if not answer.pop("ok"):
            raise _read_error(answer["error"])
        return answer

    def crash(self, at_ms: int) -> None:
        """Let the program die at once, and start it anew on the same store."""
        try:
            self.tell(at_ms, "crash")
        except DeviceDiedError:
            self.start()

    def _bury(self) -> None:
        program, self._program = self._program, None
        assert program is not None
        program.communicate(timeout=10)
        self.crashes += 1

    def stop(self) -> None:
        """End the program in good order."""
        program, self._program = self._program, None
        if program is None:
            return
        program.communicate(orjson.dumps({"do": "stop"}) + b"\n", timeout=20)

    @property
    def _copy(self) -> Path:
        return self.store.with_name(f"{self.code}.copy.db")

    def copy_store(self) -> None:
        """Copy the store as a phone's backup would, with the program stopped."""
        self.stop()
        _copy_files(self.store, self._copy)

    def restore_store(self) -> None:
        """Put the copy back in the place of the store."""
        self.stop()
        for suffix in ("", *SIDE_FILES):
            self.store.with_name(self.store.name + suffix).unlink(missing_ok=True)
        _copy_files(self._copy, self.store)

    def damage_newest(self) -> None:
        """Let one letter of the newest record rot on the disk."""
        self.stop()
        with closing(sqlite3.connect(self.store)) as store:
            number, content = store.execute("SELECT n, content FROM event ORDER BY n DESC LIMIT 1").fetchone()
            at = content.index(SALT) + len(SALT)
            rotten = content[:at] + (b"0" if content[at : at + 1] != b"0" else b"1") + content[at + 1 :]
            store.execute("UPDATE event SET content = ? WHERE n = ?", (rotten, number))
            store.commit()


def _copy_files(source: Path, target: Path) -> None:
    for suffix in ("", *SIDE_FILES):
        found = source.with_name(source.name + suffix)
        if found.exists():
            shutil.copy2(found, target.with_name(target.name + suffix))


def _read_error(told: Mapping[str, Any]) -> FieldError:
    code = told["code"] if told["code"] in PROBLEMS else "internal"
    return FieldError(code, told.get("fields"), detail=str(told["detail"]))
