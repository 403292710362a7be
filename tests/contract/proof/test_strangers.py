"""What a device may send that is nothing the server knows: a stranger to it, never a failure of it."""

from __future__ import annotations

import pytest

from schemas import canonical, signing
from server.services.reconciling import reconcile
from tests.contract.proof.conftest import Town
from tests.office import statuses


def test_a_proof_by_a_key_that_has_no_id_is_unauthenticated(town: Town) -> None:
    """A2: whoever signs as `not-an-id` is an unknown device."""
    town.phone.device_id = "not-an-id"

    answer = town.phone.request(body={"clock": town.phone.clock_body(), "push": {"chain_id": town.phone.chain_id}})

    assert (401, "unauthenticated") == (answer.status_code, answer.json["type"].rpartition(":")[2])


def test_a_visit_qr_by_a_key_that_has_no_id_hangs_no_queue(town: Town) -> None:
    """E11: a QR that no device can have signed is no lead's; its event is judged like any other and taken."""
    other = town.office.add_case("R2")
    qr = signing.sign({"typ": "visit", "case_id": other}, town.phone.key, "not-an-id")
    ids = {"case_id": other, "visit_id": town.office.site.new_id(), "packet_rev": 1}
    town.phone.record("crew_joined", {"qr": qr, "no_fix_reason": "unavailable"}, **ids)

    assert "parked:not-assigned" == statuses(town.phone.exchange())[-1]


@pytest.mark.parametrize("text", ["no text that can be read", '{"id":"%s","kind":"chain_opened"}'])
def test_a_chain_whose_opening_cannot_be_taken_is_reconciled(town: Town, text: str) -> None:
    """E5: a first event that is parked, whatever it holds, keeps nobody from folding what follows in its chain."""
    town.phone.open_chain("forked", previous=town.phone.chain_id, after_seq=4)
    opened = town.phone.log[0]
    town.phone.seq, town.phone.head, town.phone.log = 0, canonical.ZERO_HASH, []
    town.phone.append(opened["id"], text.replace("%s", opened["id"]))
    town.record_visit(1)

    assert ["parked", "accepted"] == [each.partition(":")[0] for each in statuses(town.phone.exchange())]
    assert 1 == reconcile(town.office.site)["folded"]
