"""Whatever is done to a signed chain is found, and nothing is found where nothing was done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import canonical, signing
from server.domain.signed_heads import Keys
from server.domain.verifying import (
    ChainVerdict,
    FaultKind,
    StoredChain,
    StoredEvent,
    StoredPlace,
    find_loose_end,
    verify_chain,
)

CHAIN, DEVICE = "01900000-0000-7000-8000-00000000000c", "01900000-0000-7000-8000-00000000000d"
DEVICE_KEY, SERVER_KEY = signing.new_private_key(), signing.new_private_key()
KEYS = Keys(DEVICE, DEVICE_KEY.public_key(), {"server": SERVER_KEY.public_key()})


def event_id(number: int) -> str:
    """Give an id."""
    return f"01900000-0000-7000-8000-{number:012d}"


def write_places(contents: list[bytes], ids: list[str] | None = None) -> list[StoredPlace]:
    """Chain contents as a device does."""
    head, places = canonical.ZERO_HASH, []
    for seq, content in enumerate(contents, start=1):
        own = ids[seq - 1] if ids else event_id(seq)
        digest = canonical.digest(content)
        head = canonical.link_hash(CHAIN, seq, head, own, digest)
        places.append(StoredPlace(seq, own, digest, head, seq, StoredEvent(seq, content, "unreadable")))
    return places


def store_chain(places: list[StoredPlace], *, signed: bool = True) -> StoredChain:
    """Store a chain's head, signed by both sides."""
    last = places[-1]
    checkpoint = {"typ": "checkpoint", "chain_id": CHAIN, "seq": last.seq, "hash": last.hash}
    taken = {"typ": "countersignature", "device_id": DEVICE, "chain_id": CHAIN, "through": last.seq, "at": "now"}
    return StoredChain(
        CHAIN,
        last.seq + 1,
        last.hash,
        checkpoint=signing.sign(checkpoint, DEVICE_KEY, DEVICE) if signed else None,
        countersignature=signing.sign(taken | {"head_hash": last.hash}, SERVER_KEY, "server") if signed else None,
    )


CONTENTS = [f'{{"n":{number}}}'.encode() for number in range(1, 7)]
PLACES = write_places(CONTENTS)
STORED = store_chain(PLACES)


def verify(places: list[StoredPlace], chain: StoredChain = STORED) -> ChainVerdict:
    """Verify places against a chain."""
    return verify_chain(chain, places, KEYS)


def test_an_untouched_chain_is_whole() -> None:
    """E3: both signatures cover the chain to its end."""
    verdict = verify(PLACES)

    assert (None, 6, 6, 6) == (
        verdict.fault, verdict.places, verdict.signed_through, verdict.countersigned_through,
    )  # fmt: skip


def test_an_unsigned_chain_is_whole_and_covered_by_nobody() -> None:
    """E3: a chain without checkpoint still holds together; the verdict says that no signature covers it."""
    verdict = verify(PLACES, store_chain(PLACES, signed=False))

    assert (None, 0, 0) == (verdict.fault, verdict.signed_through, verdict.countersigned_through)


@given(at=st.integers(1, 6))
def test_any_deleted_place_is_named(at: int) -> None:
    """E3: deleting any place names just that place."""
    verdict = verify([place for place in PLACES if place.seq != at])

    assert verdict.fault is not None
    assert (FaultKind.PLACE_MISSING, at) == (verdict.fault.kind, verdict.fault.seq)


@given(order=st.permutations(range(6)))
def test_any_other_order_is_found_at_the_first_moved_place(order: list[int]) -> None:
    """E3: places in any other order, renumbered, are found at the first that moved; the right order is whole."""
    moved = [replace(PLACES[at], seq=seq) for seq, at in enumerate(order, start=1)]

    verdict = verify(moved)

    first = next((seq for seq, at in enumerate(order, start=1) if at != seq - 1), None)
    assert first == (verdict.fault.seq if verdict.fault else None)


@given(at=st.integers(0, 5), member=st.sampled_from(["event_id", "digest", "hash"]), content=st.binary(max_size=8))
def test_any_edit_of_a_place_is_named(at: int, member: str, content: bytes) -> None:
    """E3: a changed id, digest, hash or content is found at its place."""
    place = PLACES[at]
    assert place.event is not None
    value = event_id(99) if member == "event_id" else "a" * 64
    edited = replace(place, **{member: value})
    blurred = replace(place, event=replace(place.event, content=content + b"!"))

    for changed, kind in ((edited, FaultKind.LINK_CHANGED), (blurred, FaultKind.CONTENT_CHANGED)):
        fault = verify([*PLACES[:at], changed, *PLACES[at + 1 :]]).fault
        assert fault is not None
        assert (kind, at + 1) == (fault.kind, fault.seq)


@given(
    contents=st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=8).filter(lambda chosen: chosen != CONTENTS),
)
def test_any_rewritten_chain_fails_the_devices_signature(contents: list[bytes]) -> None:
    """E3: a chain rewritten in full, hashes and head and all, is still not the one the device signed."""
    forged = write_places(contents)
    head = replace(STORED, next_seq=len(forged) + 1, head_hash=forged[-1].hash)

    fault = verify(forged, head).fault

    assert fault is not None
    assert FaultKind.CHECKPOINT_BAD == fault.kind


def test_a_chain_that_went_on_after_its_signatures_is_whole() -> None:
    """E3: signatures cover a beginning; what follows is chained and not yet signed for."""
    longer = write_places([*CONTENTS, b"{}"])
    verdict = verify(longer, replace(STORED, next_seq=8, head_hash=longer[-1].hash))

    assert (None, 7, 6, 6) == (
        verdict.fault, verdict.places, verdict.signed_through, verdict.countersigned_through,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"next_seq": 9}, FaultKind.PLACE_MISSING),
        ({"next_seq": 6}, FaultKind.HEAD_CHANGED),
        ({"head_hash": "0" * 64}, FaultKind.HEAD_CHANGED),
        ({"bad_from_seq": 3}, FaultKind.CHECKPOINT_BAD),
        ({"checkpoint": "x.y.z"}, FaultKind.CHECKPOINT_BAD),
        ({"countersignature": "x.y.z"}, FaultKind.COUNTERSIGNATURE_BAD),
        ({"countersignature": STORED.checkpoint}, FaultKind.COUNTERSIGNATURE_BAD),
        ({"checkpoint": STORED.countersignature}, FaultKind.CHECKPOINT_BAD),
    ],
)
def test_a_changed_note_of_the_chain_is_found(changes: dict[str, object], kind: FaultKind) -> None:
    """E3: next place, head and signatures as noted are held against the places."""
    fault = verify(PLACES, replace(STORED, **changes)).fault

    assert fault is not None
    assert kind == fault.kind


def test_a_bad_checkpoint_under_which_nothing_was_taken_is_no_fault() -> None:
    """E3: a bad checkpoint flags its events; where it had none there is nothing to flag."""
    assert verify(PLACES, replace(STORED, bad_from_seq=7)).fault is None


@pytest.mark.parametrize("typ", ["checkpoint", "countersignature"])
def test_a_signature_of_another_chain_is_refused(typ: str) -> None:
    """E3: what was signed for another chain proves nothing of this one."""
    key, kid = (DEVICE_KEY, DEVICE) if typ == "checkpoint" else (SERVER_KEY, "server")
    claim = {"typ": typ, "chain_id": DEVICE, "seq": 6, "hash": PLACES[-1].hash, "device_id": DEVICE}
    jws = signing.sign(claim | {"through": 6, "head_hash": PLACES[-1].hash}, key, kid)

    fault = verify(PLACES, replace(STORED, **{typ: jws})).fault

    assert fault is not None
    assert fault.kind in {FaultKind.CHECKPOINT_BAD, FaultKind.COUNTERSIGNATURE_BAD}
    assert "of another chain" in fault.sentence


BLANK = StoredEvent(2, None, None)
MARK = {"by": "Dana", "at": "2016-04-07T00:00:00.000Z", "reason": "request"}


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (None, FaultKind.EVENT_MISSING),
        (replace(BLANK, pos=77), FaultKind.EVENT_MISSING),
        (BLANK, FaultKind.CONTENT_MISSING),
        (replace(BLANK, erased=MARK), FaultKind.ERASURE_UNRECORDED),
        (replace(BLANK, erased=MARK, is_erasure_recorded=True), None),
        (replace(BLANK, problem="erased"), None),
        (replace(BLANK, problem="withheld"), None),
    ],
)
def test_missing_content_needs_its_reason(event: StoredEvent | None, kind: FaultKind | None) -> None:
    """E12: content may be missing only where an erasure is recorded, or where its device has it still or erased it."""
    verdict = verify([PLACES[0], replace(PLACES[1], event=event), *PLACES[2:]])

    assert kind == (verdict.fault.kind if verdict.fault else None)


def test_what_was_erased_is_told_with_name_and_time() -> None:
    """E12: the verdict says by whom and when, and tells the device's own erasures apart."""
    by_office = replace(PLACES[1], event=replace(BLANK, erased=MARK, is_erasure_recorded=True))
    by_device = replace(PLACES[2], event=replace(BLANK, pos=3, problem="erased"))
    withheld = replace(PLACES[3], event=replace(BLANK, pos=4, problem="withheld"))

    verdict = verify([PLACES[0], by_office, by_device, withheld, *PLACES[4:]])

    assert [(2, "Dana", MARK["at"]), (3, "", "")] == [(each.seq, each.by, each.at) for each in verdict.erased]
    assert (4,) == verdict.withheld


def opened(body: dict[str, object]) -> tuple[StoredChain, list[StoredPlace]]:
    """A chain of one `chain_opened`, noted as its body says."""
    content = canonical.encode({"kind": "chain_opened", "body": body})
    (place,) = write_places([content])
    assert place.event is not None
    places = [replace(place, event=replace(place.event, problem=None))]
    chain = store_chain(places, signed=False)
    noted = {name: body.get(name) for name in ("previous", "after_seq", "lost")}
    return replace(chain, **noted), places


@pytest.mark.parametrize("member", [{"previous": DEVICE}, {"after_seq": 4}, {"lost": [[1, 2]]}])
def test_what_is_noted_of_a_chain_is_held_against_its_opening(member: dict[str, object]) -> None:
    """E6: previous, after_seq and lost as noted are those of the chain's first event."""
    chain, places = opened({"previous": CHAIN, "after_seq": 3, "lost": [[3, 3]]})
    assert verify(places, chain).fault is None

    fault = verify(places, replace(chain, **member)).fault

    assert fault is not None
    assert FaultKind.OPENING_CHANGED == fault.kind


@pytest.mark.parametrize(
    ("after_seq", "lost", "is_loose"),
    [(0, [], False), (3, [[1, 3]], False), (3, [[1, 1], [2, 2**52]], False), (3, [[2, 3]], True), (2**52, [], True)],
)
def test_a_previous_chain_nobody_knows_must_be_lost_in_full(
    after_seq: int, lost: list[list[int]], is_loose: bool
) -> None:
    """E6: however large the ranges a device declares, they are reckoned with at once."""
    chain = StoredChain(CHAIN, 2, "", previous=DEVICE, after_seq=after_seq, lost=lost)

    assert is_loose == (find_loose_end(chain, {CHAIN: chain}) is not None)
    assert find_loose_end(chain, {CHAIN: chain, DEVICE: chain}) is None
