"""What a phone sealed before it was locked: its worker may carry it, and reads nothing of it or of the answer."""

from __future__ import annotations

import os
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from agent_sync.outbox_export import encrypt
from schemas import canonical
from server.services.keys import signing_key
from server.storage import tables
from tests.office import Office, Phone, statuses

PATH, FORM = "/sync/v1/sealed", "fairvisit-exchange-1"


@pytest.fixture
def phone(office: Office) -> Phone:
    """A phone whose agent holds one case, and which has recorded two steps."""
    phone = Phone.enrolled(office)
    case_id, visit_id = office.add_case("R1"), office.site.new_id()
    office.assign(case_id, phone.agent_id)
    for _ in range(2):
        phone.step(case_id, visit_id)
    return phone


def seal(office: Office, asked: Any, form: str = FORM) -> dict[str, Any]:
    """Encrypt *asked* for the office's key."""
    key, kid = signing_key(office.site)
    sealed: dict[str, Any] = orjson.loads(encrypt(canonical.encode(asked), kid, key.public_key(), os.urandom, form))
    return sealed


def asked_of(phone: Phone) -> dict[str, Any]:
    """Give the exchange's request with all that waits, as the phone would send it now."""
    push = {"chain_id": phone.chain_id, "prev": canonical.ZERO_HASH, "events": phone.log}
    return {"clock": phone.clock_body(), "push": push | {"checkpoint": phone.checkpoint()}}


def test_a_sealed_exchange_is_one_that_was_delayed(office: Office, phone: Phone) -> None:
    """X7: events, clock and checkpoint are kept as of an exchange; the answer tells nothing, the next one all."""
    sealed = seal(office, asked_of(phone))
    office.clock.advance(minutes=30)

    answer = phone.request(PATH, sealed)
    replay = phone.request(PATH, sealed)
    later = phone.exchange()

    assert [(200, {})] * 2 == [(each.status_code, each.json) for each in (answer, replay)]
    assert (["duplicate"] * 3, 4) == (statuses(later), later["push"]["next_seq"])
    assert {"accepted"} == {receipt["first"] for receipt in later["push"]["receipts"]}
    assert 3 == office.rows(select(func.count()).select_from(tables.event))[0][0]
    assert 3 == office.rows(select(tables.chain.c.checkpoint_seq))[0][0]
    assert 1 <= office.rows(select(func.count()).select_from(tables.clock_sample))[0][0]


@pytest.mark.parametrize("change", [{"kid": "another"}, {"format": "fairvisit-outbox-1"}, {"iv": "AAAA"}, {"epk": {}}])
def test_what_cannot_be_opened_is_refused(office: Office, phone: Phone, change: dict[str, Any]) -> None:
    """X7: another server's, another form's, or a damaged one changes nothing and is no fault of the server."""
    answer = phone.request(PATH, seal(office, asked_of(phone)) | change)

    assert 400 == answer.status_code
    assert 0 == office.rows(select(func.count()).select_from(tables.event))[0][0]


def test_what_is_inside_is_held_to_the_same_limits(office: Office, phone: Phone) -> None:
    """X7: sealed, a request is none the less one of just the members an exchange has."""
    answer = phone.request(PATH, seal(office, asked_of(phone) | {"also": 1}))

    assert (400, {"also": ["Unknown field."]}) == (answer.status_code, answer.json["errors"])


def test_who_did_not_record_it_cannot_send_it(office: Office, phone: Phone) -> None:
    """X7: carried by another device it lands in that device's own chains, as anything it sends; unsigned it is none."""
    sealed = seal(office, asked_of(phone))

    unsigned = office.client.post(PATH, json=sealed)

    assert 401 == unsigned.status_code
    assert 0 == office.rows(select(func.count()).select_from(tables.event))[0][0]
