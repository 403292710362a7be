"""The rehearsal: a device driven by JSON lines."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent_sync.rehearsal import Rehearsal, play
from schemas import canonical
from tests.unit.device.builders import CASE, packet_body
from tests.unit.device.fake_server import START_MS, FakeServer
from tests.unit.device.test_cli import bridge
from tests.unit.device.test_transport import serving

CLOCK = {"wall_ms": START_MS, "offset_min": -420, "mono_ms": 77, "boot": "phone-1"}


@pytest.fixture
def office() -> Iterator[tuple[FakeServer, str]]:
    """Give a fake server with one packet, behind a socket."""
    server = FakeServer()
    server.put("packet", CASE, packet_body())
    with serving(lambda request: bridge(server, request)) as url:
        yield server, url


def rehearse(store: Path, *lines: dict[str, Any] | str) -> list[dict[str, Any]]:
    """Play lines; give the answers."""
    out = io.StringIO()
    play(
        Rehearsal(str(store), None),
        [line if isinstance(line, str) else orjson.dumps(line).decode() for line in lines],
        out,
    )
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


class TestLines:
    """Command by command."""

    def test_a_day_is_played_by_lines_alone(self, tmp_path: Path, office: tuple[FakeServer, str]) -> None:
        """Enrol, exchange, record, exchange, statement: each with the clock it is told."""
        server, url = office
        answers = rehearse(
            tmp_path / "r.db",
            {"do": "enrol", "code": "CODE-1", "server": url, "clock": CLOCK},
            {"do": "exchange"},
            {"do": "packets"},
            {
                "do": "record",
                "kind": "visit_started",
                "case_id": CASE,
                "body": {"fixes": []},
                "clock": CLOCK | {"mono_ms": 99},
            },
            {"do": "exchange"},
            {"do": "status"},
            {"do": "statement", "day": "2026-05-28"},
        )

        assert [True] * 7 == [answer["ok"] for answer in answers]
        assert CASE == answers[2]["packets"][0]["case_id"]
        assert 1 == answers[4]["report"]["counts"]["accepted"]
        assert 0 == answers[5]["status"]["unsent"]
        content = canonical.read(server.contents[answers[3]["event_id"]] or b"")
        assert {"wall": "2026-05-28T13:26:40.000-07:00", "mono_ms": 99, "boot": "phone-1"} == content["at"]
        assert 3 == answers[6]["statement"].count(".") + 1

    def test_what_is_refused_is_an_answer(self, tmp_path: Path) -> None:
        """Errors come as code and detail; the program goes on."""
        answers = rehearse(
            tmp_path / "r.db",
            {"do": "record", "kind": "visit_started", "case_id": CASE},
            "no json",
            {"do": "sing"},
            {"do": "record"},
            {"do": "status"},
        )

        assert ["not-enrolled", "malformed", "malformed", "malformed"] == [
            answer["error"]["code"] for answer in answers[:4]
        ]
        assert answers[4]["ok"]

    def test_stop_ends_it(self, tmp_path: Path) -> None:
        """What follows is not read."""
        assert [] == rehearse(tmp_path / "r.db", {"do": "stop"}, {"do": "status"})


class TestProgram:
    """As a real program."""

    def test_a_crash_is_a_crash_and_what_was_saved_is_there(
        self, tmp_path: Path, office: tuple[FakeServer, str]
    ) -> None:
        """Exit status 137 at once; the next program on the store finds every answered record."""
        _, url = office
        lines = [
            {"do": "enrol", "code": "CODE-1", "server": url, "clock": CLOCK},
            {"do": "exchange"},
            {"do": "record", "kind": "visit_started", "case_id": CASE, "body": {"fixes": []}},
            {"do": "crash"},
            {"do": "status"},
        ]
        typed = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        command = [sys.executable, "-m", "agent_sync.rehearsal", str(tmp_path / "r.db")]
        ended = subprocess.run(command, input=typed, capture_output=True, check=False)
        (status,) = rehearse(tmp_path / "r.db", {"do": "status", "clock": CLOCK})

        assert (137, 3) == (ended.returncode, len(ended.stdout.splitlines()))
        assert 1 == status["status"]["unsent"]

    def test_the_kill_seam_kills_at_the_named_write(self, tmp_path: Path) -> None:
        """AGENT_SYNC_KILL_AT=1: dead at the first boundary, before the first COMMIT."""
        command = [sys.executable, "-m", "agent_sync.rehearsal", str(tmp_path / "r.db")]
        ended = subprocess.run(
            command, input=b'{"do": "status"}\n', capture_output=True, check=False, env={"AGENT_SYNC_KILL_AT": "1"}
        )

        assert (-9, b"") == (ended.returncode, ended.stdout)
