"""Evidence and encrypted stores from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from agent_sync import Device, vault
from agent_sync.clock import parse_wall
from tests.recordings import an_mp4
from tests.unit.device.builders import CASE, packet_body
from tests.unit.device.fake_server import FakeServer
from tests.unit.device.test_cli import FAR_MS, Terminal, bridge
from tests.unit.device.test_transport import serving

PIN = "4711-0815"


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Give an enrolled command line with a PIN, one packet, and a visit under way."""
    monkeypatch.setitem(vault.COST, "memory_kib", 64)
    monkeypatch.setenv("AGENT_SYNC_PIN", PIN)
    server = FakeServer()
    server.put("packet", CASE, packet_body(FAR_MS, recording={"audio": "forbidden", "video": "duty"}))
    with serving(lambda request: bridge(server, request)) as url:
        opened = Terminal(tmp_path, server, url)
        opened.said("enrol", "CODE-1", "--server", url)
        opened.said("exchange")
        with Device(tmp_path / "device.db", pin=PIN) as device:
            device.record("visit_started", CASE, None, {"fixes": []})
        yield opened


def test_a_photo_a_signature_and_a_body_recorders_film_reach_the_server(terminal: Terminal, tmp_path: Path) -> None:
    """Each says that it is saved and that the original is the agent's; a metered exchange keeps them back."""
    Image.new("RGB", (64, 64)).save(tmp_path / "p.jpg")
    (tmp_path / "s.svg").write_text("<svg><path d='M0 0 L9 9'/></svg>")
    (tmp_path / "v.mp4").write_bytes(b"a film")
    at = ("--visit", CASE[-8:])
    assert "delete it" in terminal.said("photo", str(tmp_path / "p.jpg"), *at)
    terminal.said("signature", str(tmp_path / "s.svg"), *at)
    assert "Say that you record" in terminal.said(
        "recorder", "started", *at, "--source", "body recorder", "--serial", "B7"
    )
    terminal.said("attach", str(tmp_path / "v.mp4"), *at)

    assert "not metered" in terminal.said("exchange", "--metered")
    assert {} == terminal.server.uploads
    assert "3 files sent" in terminal.said("exchange")
    noted = {"source": "body recorder", "serial": "B7"}
    assert [{"state": "started", "medium": "video"} | noted] == terminal.bodies("recording_changed")
    assert [{}, {}, noted] == terminal.bodies("files_attached")
    assert b"a film" in [bytes(content) for _, _, content in terminal.server.uploads.values()]


def test_a_film_says_its_times_and_the_agent_may_put_them_right(terminal: Terminal, tmp_path: Path) -> None:
    """T4: what is recorded is shown, with what to do where it is wrong or lacks; attaching it again says it anew."""
    (tmp_path / "v.mp4").write_bytes(an_mp4(1_779_999_600, 750_000))
    (tmp_path / "w.mp4").write_bytes(b"a film")
    film, at = str(tmp_path / "v.mp4"), ("--visit", CASE[-8:])
    own = terminal.said("attach", film, *at)
    right = terminal.said("attach", film, *at, "--starts", "2026-05-29T05:00:00+00:00")
    silent = terminal.said("attach", str(tmp_path / "w.mp4"), *at)
    open_end = terminal.said("attach", str(tmp_path / "w.mp4"), *at, "--starts", "2026-05-29 05:00")
    terminal.said("exchange")
    named = [each["files"][0] for each in terminal.contents("files_attached")]

    assert "If not, attach it again with --starts." in own
    assert 750_000 == parse_wall(named[0]["ends"]) - parse_wall(named[0]["starts"])
    assert [1_779_999_600_000, 1_780_030_800_000] == [parse_wall(each["starts"]) for each in named[:2]]
    assert named[1]["starts"][:19].replace("T", " ") in right
    assert "It does not say when it began." in silent
    assert "when it ended is not known. If not, attach it again with --starts and --ends." in open_end
    assert 2 == len(terminal.server.uploads)


def test_a_forbidden_recording_is_refused_with_what_to_do(terminal: Terminal, tmp_path: Path) -> None:
    """The command ends with the sentence."""
    (tmp_path / "a.mp3").write_bytes(b"sound")
    result = terminal.run("attach", str(tmp_path / "a.mp3"), "--visit", CASE[-8:])
    assert 1 == result.exit_code
    assert "Recording audio is forbidden here" in result.output


def test_a_recorder_stopped_before_going_inside_starts_again_only_once_they_agree(terminal: Terminal) -> None:
    """The flag is the agreed reason, and of `stopped` alone; another medium may not begin either."""
    at = ("--visit", CASE[-8:])
    terminal.said("recorder", "started", *at)
    wrong = [
        terminal.run("recorder", *said, *at, "--entering-home")
        for said in (["paused"], ["stopped", "--reason", "rain"])
    ]
    terminal.said("recorder", "stopped", *at, "--entering-home")
    refused = terminal.run("recorder", "started", *at)
    with Device(terminal.folder / "device.db", pin=PIN) as device:
        [visit] = device.status().open_visits
        agreed = {"step": "recording_notice", "text_version": "1", "response": "given"}
        device.record("step_done", CASE, visit["visit_id"], agreed)
    terminal.said("recorder", "started", *at)
    terminal.said("exchange")

    assert [2, 2] == [each.exit_code for each in wrong]
    assert (1, True) == (refused.exit_code, "Ask before recording video there" in refused.output)
    video = {"medium": "video"}
    assert [
        {"state": "started"} | video,
        {"state": "stopped", "reason": "entering home"} | video,
        {"state": "started"} | video,
    ] == terminal.bodies("recording_changed")


def test_the_pin_is_asked_for_where_the_store_needs_it(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not shown while typed; a wrong one says how many tries are left."""
    monkeypatch.delenv("AGENT_SYNC_PIN")
    assert "1 packet on this device" in terminal.said("status", typed=f"{PIN}\n")
    wrong = terminal.run("status", typed="000000\n")
    assert (1, True) == (wrong.exit_code, "9 of 10 tries are left" in wrong.output)
    assert "000000" not in wrong.output


def test_a_new_store_is_encrypted_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --pin a new one is asked for twice; without it a store is plain, as ever."""
    monkeypatch.setitem(vault.COST, "memory_kib", 64)
    sealed, plain = (Terminal(tmp_path / name, FakeServer(), "") for name in ("sealed", "plain"))
    sealed.said("--pin", "status", typed=f"{PIN}\n{PIN}\n")
    plain.said("status")
    assert [True, False] == [vault.needs_pin(each.folder / "device.db") for each in (sealed, plain)]


def test_a_shut_store_says_why_its_packets_are_not_shown(terminal: Terminal) -> None:
    """After the clock was set back: in the list, at a packet, and in the status."""
    with Device(terminal.folder / "device.db", pin=PIN) as device, device.store.transaction():
        device.store.put("clock_locked", True)
    assert "the clock was set back" in terminal.said("packets")
    assert "clock was set back" in terminal.said("show", CASE[-8:])
    assert "Stage: locked" in terminal.said("status")
    assert "Balmy" not in terminal.said("packets") + terminal.said("show", CASE[-8:])
    terminal.said("exchange")
    assert "Balmy" in terminal.said("packets")
