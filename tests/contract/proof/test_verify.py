"""What `fairvisit verify` finds when rows are tampered with, and what it lets pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, update

from schemas import canonical, signing
from schemas.errors import FieldError
from server.domain.verifying import FaultKind
from server.services import keys
from server.services.erasing import erase_events
from server.services.verifying import DeviceVerdict, say_verdict, verify_device, verify_site
from server.storage.tables import chain, erasure, event, link, server_key
from tests.contract.proof.conftest import Town, tamper


def verify(town: Town) -> DeviceVerdict:
    """Verify the town's one phone."""
    return verify_device(town.office.site, town.phone.device_id)


def first_bad(town: Town) -> tuple[FaultKind, int, str | None]:
    """Give kind, place and event of the first fault."""
    fault = verify(town).faults[0]
    return fault.kind, fault.seq, fault.event_id


def forge(town: Town, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Rewrite the whole chain so that every hash in it is right again, as somebody with the database could."""
    store = town.office.site.store
    with store.read() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(link).order_by(link.c.seq))]
    changed = change(rows)
    head = canonical.ZERO_HASH
    for seq, row in enumerate(changed, start=1):
        head = canonical.link_hash(town.phone.chain_id, seq, head, row["event_id"], row["digest"])
        row |= {"seq": seq, "hash": head}

    def job(connection: Connection) -> None:
        connection.execute(delete(link))
        connection.execute(link.insert(), changed)
        connection.execute(update(chain).values(next_seq=len(changed) + 1, head_hash=head))

    store.write(job)


def test_an_untouched_history_is_whole_and_signed_on_both_sides(town: Town) -> None:
    """E3: a history nobody touched verifies, covered by the device's and the server's signature to its end."""
    verdict = verify(town)

    assert () == verdict.faults
    (only,) = verdict.chains
    assert (4, 4, 4) == (only.places, only.signed_through, only.countersigned_through)
    assert "whole" in say_verdict(verdict)[0]
    assert [verdict] == list(verify_site(town.office.site))


def test_an_edited_content_is_found_at_its_event(town: Town) -> None:
    """E3: one changed byte of a stored content names that event."""
    target = town.event_ids[2]
    tamper(town.office, update(event).where(event.c.id == target).values(content=b'{"other":1}'))

    assert (FaultKind.CONTENT_CHANGED, 3, target) == first_bad(town)
    assert target in " ".join(say_verdict(verify(town)))


def test_an_edited_content_with_its_digest_is_found_at_its_event(town: Town) -> None:
    """E3: whoever edits content, digest and link alike breaks the hash of that place."""
    target, other = town.event_ids[2], canonical.digest(b'{"other":1}')
    tamper(
        town.office,
        update(event).where(event.c.id == target).values(content=b'{"other":1}', digest=other),
        update(link).where(link.c.event_id == target).values(digest=other),
    )

    assert (FaultKind.LINK_CHANGED, 3, target) == first_bad(town)


def test_a_deleted_place_is_found(town: Town) -> None:
    """E3: a link that is gone is named by its place."""
    tamper(town.office, delete(link).where(link.c.seq == 2))

    assert (FaultKind.PLACE_MISSING, 2) == first_bad(town)[:2]


def test_a_deleted_last_place_is_found(town: Town) -> None:
    """E3: cutting the end off is found too, though what is left is consistent."""
    tamper(town.office, delete(link).where(link.c.seq == 4))

    assert (FaultKind.PLACE_MISSING, 4) == first_bad(town)[:2]


def test_a_deleted_event_is_found(town: Town) -> None:
    """E3: an event that is gone while its place stands is named."""
    tamper(town.office, delete(event).where(event.c.id == town.event_ids[1]))

    assert (FaultKind.EVENT_MISSING, 2, town.event_ids[1]) == first_bad(town)


def test_a_link_led_to_another_event_is_found(town: Town) -> None:
    """E3: a place that points at another row than the event it names is named."""
    with town.office.site.store.read() as connection:
        other = connection.execute(select(event.c.pos).where(event.c.id == town.event_ids[3])).scalar_one()
    tamper(town.office, update(link).where(link.c.seq == 2).values(event_pos=other))

    assert (FaultKind.EVENT_MISSING, 2, town.event_ids[1]) == first_bad(town)


def test_reordered_places_are_found(town: Town) -> None:
    """E3: two events that changed places are found at the first of them."""
    tamper(
        town.office,
        update(link).where(link.c.seq == 2).values(seq=99),
        update(link).where(link.c.seq == 3).values(seq=2),
        update(link).where(link.c.seq == 99).values(seq=3),
    )

    assert (FaultKind.LINK_CHANGED, 2, town.event_ids[2]) == first_bad(town)


@pytest.mark.parametrize("act", ["edit", "delete", "reorder"])
def test_a_forged_chain_does_not_match_the_devices_signature(town: Town, act: str) -> None:
    """E3: a chain rewritten with right hashes throughout is found by the checkpoint only the device can sign."""

    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if act == "delete":
            return rows[:3]
        if act == "reorder":
            return [rows[0], rows[2], rows[1], rows[3]]
        content = b'{"forged":1}'
        tamper(town.office, update(event).where(event.c.id == rows[1]["event_id"]).values(
            content=content, digest=canonical.digest(content)))
        rows[1]["digest"] = canonical.digest(content)
        return rows

    forge(town, change)

    assert (FaultKind.CHECKPOINT_BAD, 4) == first_bad(town)[:2]


def test_a_forged_chain_does_not_match_the_countersignature(town: Town) -> None:
    """E3: where the device's signature was thrown away too, the server's own over the head still tells."""
    forge(town, lambda rows: rows[:3])
    tamper(town.office, update(chain).values(checkpoint=None, checkpoint_seq=0))

    assert (FaultKind.COUNTERSIGNATURE_BAD, 4) == first_bad(town)[:2]


def test_countersignatures_by_retired_keys_still_verify(town: Town) -> None:
    """A6: a key that was retired, its private part gone, still proves what it signed; an unknown key proves nothing."""
    keys.rotate_key(town.office.site)
    town.office.clock.advance(days=15)
    keys.prepare_site(town.office.site)
    with town.office.site.store.read() as connection:
        retired = connection.execute(select(server_key.c.kid).where(server_key.c.private_pem.is_(None))).scalars().all()
    signed_by = signing.kid_of(str(town.office.rows(select(chain.c.countersignature))[0][0]))

    assert [signed_by] == list(retired)
    assert verify(town).is_whole
    tamper(town.office, delete(server_key).where(server_key.c.kid == signed_by))
    assert (FaultKind.COUNTERSIGNATURE_BAD, 4) == first_bad(town)[:2]


def test_a_changed_head_is_found(town: Town) -> None:
    """E3: a head that is not the hash of the last place is found."""
    tamper(town.office, update(chain).values(head_hash="1" * 64))

    assert FaultKind.HEAD_CHANGED == first_bad(town)[0]


def test_a_signature_by_another_key_is_found(town: Town) -> None:
    """E3: a checkpoint that this device did not sign is no checkpoint."""
    claim = {"typ": "checkpoint", "chain_id": town.phone.chain_id, "seq": 4, "hash": town.phone.head}
    forged = signing.sign(claim, signing.new_private_key(), town.phone.device_id)
    tamper(town.office, update(chain).values(checkpoint=forged))

    assert FaultKind.CHECKPOINT_BAD == first_bad(town)[0]


def test_a_bad_checkpoint_is_reported_until_a_good_one_covers_it(town: Town) -> None:
    """E3: events under a bad checkpoint are named from the first on; a later good one covers them."""
    town.record_visit(1)
    town.phone.exchange(checkpoint=town.phone.checkpoint(hash_="2" * 64))
    assert (FaultKind.CHECKPOINT_BAD, 5) == first_bad(town)[:2]

    town.record_visit(1)
    town.send()

    assert verify(town).is_whole


def test_a_device_that_rewrote_its_store_is_refused_and_the_old_history_stands(town: Town) -> None:
    """E3: deleting, editing or reordering on the device's side ends in a fork; what was taken stays as it was."""
    town.phone.exchange()
    edited = [dict(entry) for entry in town.phone.log]
    edited[2]["content"] = edited[2]["content"].replace(" 1", " 9")
    swapped = [edited[0], {**town.phone.log[2], "seq": 2}, {**town.phone.log[1], "seq": 3}]
    shorter = [edited[0], {**town.phone.log[2], "seq": 2}]
    before = town.office.rows(select(link).order_by(link.c.seq))

    for events, from_seq in ((edited, 3), (swapped, 2), (shorter, 2)):
        answer = town.phone.exchange(events)
        assert from_seq == answer["push"]["problem"]["from_seq"]

    assert before == town.office.rows(select(link).order_by(link.c.seq))
    assert verify(town).is_whole


def test_a_chain_that_follows_nothing_known_is_found(town: Town) -> None:
    """E6: `previous` must lead to a chain of this device, unless all of it is declared lost."""
    site = town.office.site
    town.phone.open_chain("forked", previous=site.new_id(), after_seq=3, lost=[[1, 2]])
    town.send()
    assert [FaultKind.PREVIOUS_UNKNOWN] == [fault.kind for fault in verify(town).faults]

    town.phone.open_chain("wiped", previous=site.new_id(), after_seq=2, lost=[[1, 2]])
    town.send()
    assert 1 == len(verify(town).faults)


def test_an_edited_note_of_what_is_lost_is_found(town: Town) -> None:
    """E6: what the server notes of a chain is held against the chain's own first event."""
    town.phone.open_chain("forked", previous=town.phone.chain_id, after_seq=4)
    town.send()
    assert verify(town).is_whole

    tamper(town.office, update(chain).where(chain.c.chain_id == town.phone.chain_id).values(lost=[[2, 3]]))

    assert (FaultKind.OPENING_CHANGED, 1, town.event_ids[0]) == first_bad(town)


def test_a_repeat_on_a_new_chain_is_checked_against_the_event_it_repeats(town: Town) -> None:
    """E5: a duplicate's place holds no event of its own, yet its event is looked for."""
    old, old_chain = town.phone.log[1], town.phone.chain_id
    town.phone.open_chain("forked", previous=old_chain, after_seq=1)
    town.phone.append(old["id"], old["content"])
    town.send()
    assert verify(town).is_whole

    tamper(town.office, delete(event).where(event.c.id == old["id"]))

    assert [FaultKind.EVENT_MISSING] * 2 == [fault.kind for fault in verify(town).faults]


def test_withheld_content_is_no_fault_and_is_named(town: Town) -> None:
    """X3: content that is still on the device is said to be so."""
    content = canonical.encode(town.phone.content("step_done", {})).decode()
    town.phone.withhold(town.office.site.new_id(), content)
    town.send()

    verdict = verify(town)

    assert verdict.is_whole
    assert (5,) == verdict.chains[0].withheld
    assert "places 5" in say_verdict(verdict)[-1]


def test_content_that_vanished_without_an_erasure_is_found(town: Town) -> None:
    """E12: only a recorded erasure explains missing content, whatever the event's row says."""
    target = event.c.id == town.event_ids[2]
    tamper(town.office, update(event).where(target).values(content=None))
    assert (FaultKind.CONTENT_MISSING, 3, town.event_ids[2]) == first_bad(town)

    tamper(town.office, update(event).where(target).values(erased={"by": "x", "at": "y", "reason": "z"}))
    assert (FaultKind.ERASURE_UNRECORDED, 3, town.event_ids[2]) == first_bad(town)


def test_a_history_verifies_after_erasure_and_says_who_erased_what(town: Town) -> None:
    """E12: verify passes after erasure and says what was erased, by whom, when, why."""
    erase_events(town.office.site, [town.event_ids[2]], "Dana Officer", "request of the person")

    verdict = verify(town)

    assert verdict.is_whole
    (erased,) = verdict.chains[0].erased
    assert (3, town.event_ids[2], "Dana Officer", "request of the person") == (
        erased.seq, erased.event_id, erased.by, erased.reason,
    )  # fmt: skip
    assert any("erased by Dana Officer on 2016-04-07" in line for line in say_verdict(verdict))
    tamper(town.office, delete(erasure))
    assert FaultKind.ERASURE_UNRECORDED == first_bad(town)[0]


def test_a_history_is_read_in_steps(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain longer than one step of reading is verified to its end."""
    monkeypatch.setattr("server.storage.proof_rows.STEP", 2)
    town.record_visit(4)
    town.send()

    assert 8 == verify(town).chains[0].places
    assert verify(town).is_whole


def test_an_unknown_device_is_said_to_be_unknown(town: Town) -> None:
    """A device nobody enrolled has no history to verify."""
    with pytest.raises(FieldError) as caught:
        verify_device(town.office.site, town.office.site.new_id())

    assert "not-found" == caught.value.code
