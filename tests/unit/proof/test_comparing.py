"""Every way in which a device's and the server's account of a day can differ has its name."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.comparing import SENTENCES, UNEXPLAINED, DifferenceKind, compare_statements, is_balanced
from server.domain.statements import StatedChain, StatedPlace, find_gaps, read_day, read_files, state_day

DAY = "2016-04-07"
STATES = ("accepted", "parked", "id_reuse", "unsent", "lost", "erased_unsent")


def device(*events: list[Any], chains: list[dict[str, Any]] | None = None, **counts: int) -> dict[str, Any]:
    """A device's statement that lists these events: [id, digest, chain_id, seq, state]."""
    counted = {state: sum(entry[4] == state for entry in events) for state in STATES}
    return {
        "recorded": len(events), "events": list(events), "chains": chains or [{"chain_id": "c", "next_seq": 10}],
        **counted, **counts,
    }  # fmt: skip


def server(*events: list[Any], chains: list[dict[str, Any]] | None = None, **members: Any) -> dict[str, Any]:
    """A server's statement that lists these events: [id, digest, chain_id, seq, state, marks]."""
    return {
        "events": [[*entry, []] if len(entry) == 5 else entry for entry in events], "set_aside": [],
        "files": {"missing": []}, "chains": chains or [{"chain_id": "c", "next_seq": 10}], **members,
    }  # fmt: skip


def entry(number: int, state: str = "accepted", *marks: str, chain: str = "c", digest: str = "d") -> list[Any]:
    """One event as either side lists it."""
    listed: list[Any] = [f"e{number}", digest, chain, number, state]
    return [*listed, list(marks)] if marks else listed


def later(reason: str, after_seq: int = 0) -> list[dict[str, Any]]:
    """The server's chains, with one opened after `c`."""
    return [
        {"chain_id": "c", "next_seq": 10},
        {"chain_id": "n", "next_seq": 3, "previous": "c", "after_seq": after_seq, "reason": reason},
    ]


BOTH = [{"chain_id": "c", "next_seq": 10}, {"chain_id": "n", "next_seq": 2}]
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "in_outbox": (device(entry(1, "unsent")), server()),
    "later": (device(chains=[{"chain_id": "c", "next_seq": 1}]), server(entry(1))),
    "receipt_pending": (device(entry(1, "unsent")), server(entry(1))),
    "exported": (device(entry(1, "unsent")), server(entry(1, "parked", "imported"))),
    "lost": (device(entry(1, "lost")), server()),
    "erased": (device(entry(1, "erased_unsent")), server()),
    "withheld": (device(entry(1, "parked")), server(entry(1, "parked", "withheld"))),
    "judged_again": (device(entry(1, "parked")), server(entry(1, "parked", "judged_again"))),
    "id_reuse": (device(entry(1, "id_reuse")), server(entry(1, "id_reuse"))),
    "restored": (device(entry(9)), server(restored_at="then", chains=[{"chain_id": "c", "next_seq": 9}])),
    "wiped": (device(chains=BOTH), server(entry(1), chains=later("wiped"))),
    "forgotten": (device(chains=BOTH), server(entry(5), chains=later("forked", 4))),
    "files_missing": (device(entry(1)), server(entry(1), files={"missing": ["f"]})),
    "parked": (device(entry(1, "parked")), server(entry(1, "parked"), set_aside=[{"reason": "invalid", "count": 1}])),
    "missing": (device(entry(1)), server()),
    "unknown_to_device": (device(), server(entry(1))),
    "content_differs": (device(entry(1)), server(entry(1, digest="other"))),
    "state_differs": (device(entry(1)), server(entry(1, "parked"))),
    "count_differs": (device(entry(1), accepted=2), server(entry(1))),
}


@pytest.mark.parametrize("kind", DifferenceKind)
def test_each_difference_has_its_name_and_no_other(kind: DifferenceKind) -> None:
    """A minimal pair of statements for each kind gives that kind alone, explained or not."""
    found = compare_statements(*CASES[kind.value])

    assert [kind] == [each.kind for each in found]
    assert (kind not in UNEXPLAINED) == is_balanced(found)
    assert found[0].sentence.startswith("1 ")


NEAREST: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "received before its end: not later": (
        device(chains=[{"chain_id": "c", "next_seq": 2}]), server(entry(1)), "unknown_to_device"),
    "before the fork: not forgotten": (
        device(chains=BOTH), server(entry(4), chains=later("forked", 4)), "unknown_to_device"),
    "on the wiped device's new chain: not wiped": (
        device(chains=BOTH), server(entry(1, chain="n"), chains=later("wiped")), "unknown_to_device"),
    "below the restored end: not restored": (
        device(entry(8)), server(restored_at="then", chains=[{"chain_id": "c", "next_seq": 9}]), "missing"),
    "never restored: not restored": (
        device(entry(9)), server(chains=[{"chain_id": "c", "next_seq": 9}]), "missing"),
    "a chain that follows nothing known: not later": (
        device(), server(entry(1, chain="x"), chains=[{"chain_id": "x", "next_seq": 2}]), "unknown_to_device"),
    "a chain opened after the statement: later": (
        device(), server(entry(1, chain="n"), chains=later("unreadable")), "later"),
}  # fmt: skip


@pytest.mark.parametrize("case", NEAREST)
def test_an_explanation_does_not_reach_further_than_its_cause(case: str) -> None:
    """Next to each explanation lies a case that it must not explain away."""
    told, own, kind = NEAREST[case]

    assert [kind] == [each.kind.value for each in compare_statements(told, own)]


def test_every_kind_has_its_sentence() -> None:
    """No difference is found without a sentence; parked ones say their reason instead."""
    assert set(DifferenceKind) - {DifferenceKind.PARKED} == set(SENTENCES)


def place(seq: int, day: str | None = DAY, **members: Any) -> StatedPlace:
    """A place as it is stated."""
    given = {"status": "accepted", "first": None, "problem": None, "now": "accepted", "fallback_day": "2016-12-31"}
    return StatedPlace(seq, f"e{seq}", f"d{seq}", day=day, **given | members)


def state(*places: StatedPlace, day: str = DAY, **options: Any) -> dict[str, Any]:
    """State one chain's day."""
    chain = StatedChain("c", len(places) + 1, "h", places)
    return state_day("dev", "agent", day, "now", [chain], options.pop("files", {}), **options)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([DAY, None, "2016-04-08"], ["e1", "e2"]),
        ([None, DAY, "2016-04-08"], ["e1", "e2"]),
        (["2016-04-06", None, None, DAY], ["e4"]),
        ([None, None], []),
    ],
)
def test_what_has_no_date_counts_on_the_day_of_its_neighbours(days: list[str | None], expected: list[str]) -> None:
    """An event without readable content belongs to the day before it in its chain, else after, else of receipt."""
    stated = state(*[place(seq, day) for seq, day in enumerate(days, start=1)])

    assert expected == [event[0] for event in stated["events"]]


def test_what_has_no_date_counts_where_its_device_counts_it() -> None:
    """The device knows the date of what it sent without content."""
    places = [place(1), place(2, None), place(3, None)]

    assert ["e1", "e3"] == [event[0] for event in state(*places, named={"e3", "e9"})["events"]]


def test_without_any_date_the_day_of_receipt_counts() -> None:
    """A chain in which nothing can be read is stated on the day it came."""
    assert 2 == state(place(1, None), place(2, None), day="2016-12-31")["received"]


def test_each_event_is_counted_once_and_repeats_apart() -> None:
    """Received = accepted + parked + id_reuse; a repeat on another chain is a duplicate, not an event."""
    old = StatedChain("c", 4, "h", [
        place(1), place(2, status="parked", problem="invalid", now="parked"), place(3, status="id_reuse"),
    ])  # fmt: skip
    repeat = StatedPlace(1, "e1", "d1", "duplicate", "accepted", None, "accepted", DAY, DAY)
    stated = state_day("dev", "agent", DAY, "now", [old, StatedChain("n", 2, "h", [repeat])], {})

    assert (3, 1, 1, 1, 1) == tuple(
        stated[name] for name in ("received", "accepted", "parked", "id_reuse", "duplicates")
    )
    assert [(3, 0), (0, 1)] == [(chain["received"], chain["duplicates"]) for chain in stated["chains"]]
    assert [{"reason": "invalid", "count": 1}] == stated["reasons"] == stated["set_aside"]


@pytest.mark.parametrize("settled", [{"now": "accepted"}, {"is_withheld": True}, {"is_erased": True}])
def test_what_needs_no_person_any_more_is_not_set_aside(settled: dict[str, Any]) -> None:
    """E8: it counts as parked by its receipt, yet what was accepted since, is to come or is gone waits for nobody."""
    stated = state(place(1, **{"status": "parked", "problem": "withheld", "now": "parked"} | settled))

    assert (1, []) == (stated["parked"], stated["set_aside"])
    assert [{"reason": "withheld", "count": 1}] == stated["reasons"]


def test_a_repeat_of_what_was_accepted_since_is_said_to_be_judged_again() -> None:
    """E5, E8: a repeat is what the event was the first time, so that it waits for nobody either."""
    stated = state(place(1, status="duplicate", first="parked", problem="invalid", now="accepted"))
    [[*_, said, marks]] = stated["events"]

    assert ("parked", ["judged_again"], []) == (said, marks, stated["set_aside"])


def test_files_are_missing_until_verified() -> None:
    """T1: named, verified and missing files of the day's events, each hash once."""
    stated = state(place(1, files=("a", "b")), place(2, files=("b", "c")), files={"a": "verified", "b": "wanted"})

    assert {"named": 3, "verified": 1, "missing": ["b", "c"]} == stated["files"]


def test_gaps_are_what_was_declared_lost_and_what_nobody_explains() -> None:
    """E6: lost places that turned up are no gap; places below `after_seq` that never came are unknown."""
    first = StatedChain("c", 3, "h", [place(1), place(2)])
    second = StatedChain("n", 1, "h", [], "c", 9, "restored", [[2, 4], [8, 2**52]])

    gaps = [(gap["chain_id"], gap["from_seq"], gap["to_seq"], gap["why"]) for gap in find_gaps([first, second])]

    assert [("c", 3, 4, "lost"), ("c", 8, 2**52, "lost"), ("c", 5, 7, "unknown")] == gaps


@pytest.mark.parametrize(
    ("content", "day"),
    [
        (None, None),
        (b"", None),
        (b'{"wall":"yesterday"}', None),
        (b'{"at":{"boot":"\\"wall\\":\\"1999-01-01T","wall":"2016-04-07T10:00:00.000+08:00"}}', DAY),
    ],
)
def test_the_day_is_the_wall_date_as_written(content: bytes | None, day: str | None) -> None:
    """The date is read as the device wrote it; a quoted look-alike inside a text is not it."""
    assert day == read_day(content)


@pytest.mark.parametrize("content", [None, b"{}", b'{"files"', b'{"files":3}', b'{"files":[{"size":1}]}'])
def test_content_without_readable_files_names_none(content: bytes | None) -> None:
    """Whatever a parked content holds, reading its files does not fail."""
    assert () == read_files(content)
