"""Devices in the office: a code that really enrols, who is silent, and withdrawing that asks twice."""

from __future__ import annotations

import re

from schemas import signing
from server.storage import tables
from tests.contract.office.desk import Desk
from tests.contract.office.visits import carrier


def test_a_code_from_the_page_enrols_a_device(desk: Desk) -> None:
    """The code on the page is the one a device types; the picture holds the same."""
    office = desk.office
    office.add_agent("a1")
    browser = desk.sign_in("dispatcher")
    browser.get("/devices")

    page = browser.post("/devices/enrol", 200, agent="a1", replaces="").text
    code = re.search(r'<p class="code"><code>([^<]+)</code>', page)
    assert code is not None
    key = signing.new_private_key()
    jwk = signing.public_jwk(key.public_key())
    jkt = signing.thumbprint(jwk)
    proof = signing.sign({"typ": "enrol", "code": code[1], "jkt": jkt}, key, jkt)
    body = {"code": code[1], "jwk": jwk, "device": {"kind": "phone", "model": "m", "app": "0"}, "proof": proof}
    answer = office.client.post("/sync/v1/enrol", json=body)

    assert 201 == answer.status_code
    assert "data:image/svg+xml" in page
    assert "phone, m" in browser.get("/devices")


def test_withdrawing_asks_for_the_agents_code(desk: Desk) -> None:
    """Without it nothing changes; with it the device may only send."""
    office = desk.office
    phone = carrier(office)
    browser = desk.sign_in("admin")
    browser.get(f"/devices/{phone.device_id}")

    def state() -> str:
        [row] = office.rows(tables.device.select())
        return str(row.state)

    browser.follow(f"/devices/{phone.device_id}/revoke", sure="a2")
    before = state()
    page = browser.follow(f"/devices/{phone.device_id}/revoke", sure="a1")

    assert ("active", "upload_only") == (before, state())
    assert "may only send" in page


def test_silent_devices_are_listed_apart(desk: Desk) -> None:
    """After two days without contact."""
    phone = carrier(desk.office)
    early = desk.sign_in("dispatcher").get("/devices?only=silent")
    desk.office.clock.advance(days=3)
    late = desk.open("dispatcher").get("/devices?only=silent")

    assert [False, True] == [phone.device_id in page for page in (early, late)]
