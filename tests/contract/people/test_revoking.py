"""A device is withdrawn in two phases; what a wipe may destroy is known before it is ordered (A4, D1)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.vocabulary import DirectiveKind
from server.services.assigning import assign
from server.services.enrolling import enrol_device, issue_code
from server.services.keys import signing_key
from server.services.revoking import find_device, order_device, read_stake, revoke_device, withdraw_device
from server.storage import tables
from tests.contract.people.office import START_MS, Key, Office

CHAIN = "01900000-0000-7000-8000-00000000000c"


def enrol(office: Office, agent: str = "a1", *, chains: tuple[str, ...] = (CHAIN,)) -> str:
    """Let a device in that has sent ten events on each of *chains*; give its id."""
    device_id = enrol_device(office.site, Key().request(issue_code(office.site, agent))).device_id

    def job(connection: Any) -> None:
        for place, chain_id in enumerate(chains):
            row = {"device_id": device_id, "chain_id": chain_id, "next_seq": 11, "head_hash": "0" * 64}
            connection.execute(insert(tables.chain), row | {"opened_ms": START_MS + place})

    office.site.store.write(job)
    return device_id


def states(office: Office) -> list[str]:
    """Give the states of all devices."""
    return [row.state for row in office.rows(tables.device)]


def test_a_device_goes_in_two_phases(office: Office) -> None:
    """A4: upload_only first, gone after that; each step twice is once, and the first cannot be left out."""
    device_id = enrol(office)
    with pytest.raises(FieldError, match="revoke it first"):
        withdraw_device(office.site, device_id, "boss")
    for _ in range(2):
        revoke_device(office.site, device_id, "boss")
        assert ["upload_only"] == states(office)
    for _ in range(2):
        withdraw_device(office.site, device_id, "boss")
        assert ["gone"] == states(office)
    with pytest.raises(FieldError, match="gone already"):
        revoke_device(office.site, device_id, "boss")


def test_revoking_one_device_leaves_the_agents_feed_alone(office: Office) -> None:
    """A4: the feed is the agent's: what one device may no longer pull, another of theirs still may."""
    cases = office.add_cases(2)
    assign(office.site, cases, "a1")
    device_id = enrol(office)
    before = office.rows(tables.feed)
    revoke_device(office.site, device_id, "boss", DirectiveKind.WIPE_AFTER_UPLOAD)

    assert before == office.rows(tables.feed)


def test_a_directive_is_signed_for_the_newest_chain(office: Office) -> None:
    """D1: the directive is the server's signature over kind, device and the chain the device opened last."""
    newest = CHAIN.replace("c", "d")
    device_id = enrol(office, chains=(CHAIN, newest))
    issued = revoke_device(office.site, device_id, "boss", DirectiveKind.WIPE_NOW)
    [row] = office.rows(tables.directive)
    key, kid = signing_key(office.site)

    assert (issued, kid, "boss") == (row.id, signing.kid_of(row.jws), row.issued_by)
    assert signing.verify(row.jws, key.public_key(), "directive") == {
        "typ": "directive",
        "id": issued,
        "kind": "wipe_now",
        "device_id": device_id,
        "chain_id": newest,
        "issued_at": format_time(START_MS),
    }


def test_the_same_order_again_is_the_same_directive(office: Office) -> None:
    """An order given twice while the first waits is one directive; another kind is another."""
    device_id = enrol(office)
    ids = [order_device(office.site, device_id, DirectiveKind.UPLOAD_ALL, "boss") for _ in range(2)]

    assert 1 == len(set(ids))
    assert order_device(office.site, device_id, DirectiveKind.RESET_PACKETS, "boss") not in ids


def test_a_wipe_needs_a_chain_to_name(office: Office) -> None:
    """D1: a device that never sent anything has no chain a wipe could name: refused, and nothing changes."""
    device_id = enrol(office, chains=())

    with pytest.raises(FieldError, match="no chain"):
        revoke_device(office.site, device_id, "boss", DirectiveKind.WIPE_NOW)
    assert ["active"] == states(office)


def test_gone_waits_for_a_wipe_or_for_a_persons_order(office: Office) -> None:
    """D1: while a wipe is not confirmed, only an explicit order makes the device gone; other directives do not wait."""
    waiting, confirmed, other = enrol(office, "a1"), enrol(office, "a2"), enrol(office, "a3")
    revoke_device(office.site, waiting, "boss", DirectiveKind.WIPE_AFTER_UPLOAD)
    done = revoke_device(office.site, confirmed, "boss", DirectiveKind.WIPE_NOW)
    revoke_device(office.site, other, "boss")
    order_device(office.site, other, DirectiveKind.UPLOAD_ALL, "boss")
    finished = update(tables.directive).where(tables.directive.c.id == done).values(done_ms=START_MS, result="done")
    office.site.store.write(lambda connection: connection.execute(finished))

    with pytest.raises(FieldError, match="not confirmed"):
        withdraw_device(office.site, waiting, "boss")
    for device_id in (confirmed, other):
        withdraw_device(office.site, device_id, "boss")
    withdraw_device(office.site, waiting, "boss", anyway=True)
    assert ["gone"] * 3 == states(office)


def test_what_is_at_stake_is_told(office: Office) -> None:
    """A4: before a wipe one sees the last contact, what has come in, and which files are missing."""
    device_id = enrol(office, chains=(CHAIN, CHAIN.replace("c", "d")))
    file = {"device_id": device_id, "size": 5, "role": "photo", "agent_id": office.agents["a1"], "named_ms": START_MS}
    rows = [file | {"sha256": f"{n:064x}", "state": state} for n, state in enumerate(("wanted", "wanted", "verified"))]
    office.site.store.write(lambda connection: connection.execute(insert(tables.wanted_file), rows))
    office.clock.move(90_000)
    stake = read_stake(office.site, device_id)

    assert ("a1", START_MS, 90_000, 20, 2) == (
        stake.agent_code, stake.seen_ms, stake.silent_ms, stake.events, stake.files_missing,
    )  # fmt: skip


def test_a_device_is_named_by_its_id_or_the_end_of_it(office: Office) -> None:
    """The end of an id is enough where it is one device's; what names none or several is refused."""
    first, second = enrol(office, "a1"), enrol(office, "a2")

    assert [first, second] == [find_device(office.site, each) for each in (first, second[-12:])]
    for text in ("", first[-3:], "0" * 8):
        with pytest.raises(FieldError, match="names no device"):
            find_device(office.site, text)
