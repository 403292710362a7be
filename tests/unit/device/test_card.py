"""The credential card: a code signed by this device, anew each time, with or without a network."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from agent_sync import Device
from agent_sync.cli_card import draw_qr
from agent_sync.remembering import identity
from schemas.card import RENEW_S, Card, read_card
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, a_device, joined, start
from tests.unit.device.fake_server import FakeServer, an_id
from tests.unit.device.test_cli import Terminal, bridge
from tests.unit.device.test_transport import serving


def read(device: Device, address: str) -> Card:
    """Read the code in an address with the device's public key."""
    [code] = parse_qs(urlsplit(address).query)["c"]
    return read_card(code, identity(device.store)[0].public_key())


def test_the_card_says_who_and_when_and_which_visit_is_open(tmp_path: Path) -> None:
    """Before and after a visit it names no case."""
    server, device, _ = joined(tmp_path)
    server.faults.append("cut-before")  # whoever asked the network now would fail
    cases = [read(device, device.card()).case_id]
    visit_id = str(start(device).visit_id)
    cases.append(read(device, device.card()).case_id)
    device.record("visit_ended", CASE, visit_id, {"reason": "completed"})
    found = read(device, device.card())

    assert [None, CASE, None] == [*cases, found.case_id]
    now = device.clock.read()
    assert (an_id(1), now.wall, now.mono_ms, now.boot) == (found.agent_id, found.wall, found.mono_ms, found.boot)


def test_a_later_code_is_another_one(tmp_path: Path) -> None:
    """Half a minute on, the time it was made is signed anew: a picture of the last one tells its age."""
    _, device, clock = joined(tmp_path)
    first = read(device, device.card())
    clock.advance(RENEW_S * 1000)

    assert RENEW_S * 1000 == read(device, device.card()).mono_ms - first.mono_ms


@pytest.mark.parametrize(("told", "expected"), [("https://visits.example/", "https://visits.example/verify"),
                                                ("", "http://server/verify")])  # fmt: skip
def test_the_address_is_the_public_pages(tmp_path: Path, told: str, expected: str) -> None:
    """Enrolment tells where they are; a server that does not say has them itself."""
    device = a_device(tmp_path, FakeServer(public_url=told))

    assert expected == device.card().partition("?")[0]


def test_a_device_that_is_not_enrolled_has_no_card(tmp_path: Path) -> None:
    """It says so."""
    with pytest.raises(FieldError, match="not enrolled"):
        a_device(tmp_path, FakeServer(), enrolled=False).card()


def test_once_shows_one_code_and_its_address(tmp_path: Path) -> None:
    """The QR is drawn in the terminal; the address below it reads as that code."""
    server = FakeServer()
    with serving(lambda request: bridge(server, request)) as url:
        terminal = Terminal(tmp_path, server, url)
        terminal.said("enrol", "CODE-1", "--server", url)
    said = terminal.said("card", "--once")
    address = said.splitlines()[-1]

    assert address.startswith(f"{url}/verify?c=")
    assert draw_qr(address).strip() in said
    with Device(tmp_path / "device.db") as device:
        assert an_id(1) == read(device, address).agent_id
