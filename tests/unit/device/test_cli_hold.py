"""One touch at the door: a hold acts on this device before anything else happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_sync import Device
from schemas.vocabulary import HoldReason
from tests.unit.device.builders import CASE, OTHER_CASE, packet_body
from tests.unit.device.fake_server import FakeServer
from tests.unit.device.test_cli import FAR_MS, Terminal, bridge
from tests.unit.device.test_transport import serving


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Give an enrolled command line with two packets and a visit under way at the first."""
    server = FakeServer()
    for case_id in (CASE, OTHER_CASE):
        server.put("packet", case_id, packet_body(FAR_MS))
    with serving(lambda request: bridge(server, request)) as url:
        opened = Terminal(tmp_path, server, url)
        opened.said("enrol", "CODE-1", "--server", url)
        opened.said("exchange")
        with Device(tmp_path / "device.db") as device:
            device.record("visit_started", CASE, None, {"fixes": []})
        yield opened


def starts(opened: Terminal, case_id: str) -> bool:
    """Say whether a visit may start at a case on this device."""
    with Device(opened.folder / "device.db") as device:
        return device.may_record("visit_started", case_id, None, {}).is_allowed


@pytest.mark.parametrize("reason", list(HoldReason))
def test_every_reason_acts_here_at_once(terminal: Terminal, reason: HoldReason) -> None:
    """No network is needed: the next visit to the case is stopped, one to another case is not."""
    said = terminal.said("hold", CASE[-8:], reason.value)

    assert ("is halted" in said, "Leave now" in said) == (True, True)
    assert ("other cases" in said) == (reason not in {"dispute", "wrong_person"})
    assert (False, True) == (starts(terminal, CASE), starts(terminal, OTHER_CASE))


def test_the_office_hears_reason_scope_and_note(terminal: Terminal) -> None:
    """The person is halted unless the reason concerns one case, or the agent says so."""
    for words in (["illness", "--note", "asked me to go"], ["dispute"], ["danger", "--case-only"]):
        terminal.said("hold", CASE[-8:], *words)
    terminal.said("exchange")

    assert [
        {"reason": "illness", "scope": "person", "note": "asked me to go"},
        {"reason": "dispute", "scope": "case"},
        {"reason": "danger", "scope": "case"},
    ] == terminal.bodies("hold_placed")


@pytest.mark.parametrize("visit", ["", "ffffffff", OTHER_CASE[-8:]])
def test_what_names_no_visit_halts_nothing(terminal: Terminal, visit: str) -> None:
    """Nobody guesses whom to leave in peace; the sentence says where to look."""
    result = terminal.run("hold", visit, "illness")

    assert (1, True) == (result.exit_code, "agent-sync status" in result.output)
    assert starts(terminal, CASE)


def test_a_visit_that_ended_can_still_be_halted(terminal: Terminal) -> None:
    """What was said at the door may be touched on the stairs."""
    with Device(terminal.folder / "device.db") as device:
        [visit] = device.status().open_visits
        device.record("visit_ended", CASE, visit["visit_id"], {"reason": "completed"})
    said = terminal.said("hold", visit["visit_id"], "refusal")

    assert "Leave now" not in said
    assert not starts(terminal, CASE)
