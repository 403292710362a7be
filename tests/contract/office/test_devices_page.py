"""Devices in the office: a code that really enrols, who is silent, and withdrawing that asks twice."""

from __future__ import annotations

import re

from schemas import signing
from schemas.vocabulary import DirectiveKind
from server.services.revoking import revoke_device
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


def test_a_wipe_that_is_not_confirmed_says_so(desk: Desk) -> None:
    """D1: on the list and on its own page, with when its packets end by themselves; a confirmed one says so instead."""
    office = desk.office
    phone = carrier(office)
    phone.exchange()
    office.assign(office.add_case("R1"), phone.agent_id)
    office.set_device(phone.device_id, seen_ms=office.clock())
    directive_id = revoke_device(office.site, phone.device_id, "Dana", DirectiveKind.WIPE_NOW)
    browser = desk.sign_in("admin")
    address = f"/devices/{phone.device_id}"
    early, listed = browser.get(address), browser.get("/devices?only=withdrawn")
    office.clock.advance(days=8)
    late = desk.open("admin").get(address)
    office.set_device(phone.device_id, state="gone")
    ended = desk.open("admin").get(address)
    finished = tables.directive.update().where(tables.directive.c.id == directive_id)
    office.site.store.write(
        lambda connection: connection.execute(finished.values(done_ms=office.clock(), result="done")).rowcount
    )
    confirmed, after = desk.open("admin").get(address), desk.open("admin").get("/devices?only=withdrawn")

    assert [True, True, True, True, False, False] == [
        "wipe not confirmed" in page for page in (early, listed, late, ended, confirmed, after)
    ]
    assert "packets end by themselves, the last one at" in early
    assert "leases of all its packets are over" in late
    assert [False, True] == ["order cannot reach it any more" in page for page in (late, ended)]
