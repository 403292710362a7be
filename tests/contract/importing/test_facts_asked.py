"""Facts in a lender's file become a question at the door, and nothing that can be read."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import sealing
from schemas.packet import PacketSchema
from server.services.asking import prepare_pairs
from server.services.assigning import assign, close_cases
from server.storage import door_tables, tables
from tests.contract.importing.conftest import Desk

TITLES = "Loan No,Customer No,Name,Phone,Address,Amount,Date of birth,Last two digits of ID\n"
ROW = "L1,C1,Ana Example,13800130001,1 Sample St,1,1974-03-09,110101197403090071\n"


def packet(desk: Desk, reference: str = "L1") -> dict[str, Any]:
    """Give the packet of a case as its lead has it."""
    item: dict[str, Any] = desk.office.live("a1")[desk.case(reference).id]
    return item


def opens(item: dict[str, Any], *answers: str) -> bool:
    """Say whether two answers open the sealed part."""
    said = sealing.facts_secret(answers)
    return sealing.open_sealed(item["body"]["sealed"], item["id"], item["rev"], "two_facts", said) is not None


def asks(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what a packet asks."""
    return [ask for wrap in item["body"]["sealed"]["wraps"] for ask in wrap.get("asks", ())]


def test_two_facts_open_the_packet_and_are_kept_no_longer(desk: Desk) -> None:
    """The packet is written anew once the key is derived: it asks both facts, the answers open it, and are nowhere."""
    desk.take(TITLES + ROW)
    assign(desk.office.site, [desk.case("L1").id], "a1")
    before = packet(desk)
    assert 1 == prepare_pairs(desk.office.site, 5)
    after = packet(desk)

    assert ([], ["birth_year", "document_end"]) == (asks(before), [ask["fact"] for ask in asks(after)])
    assert before["rev"] + 1 == after["rev"]
    assert (True, False, False) == (opens(after, "1974", "71"), opens(after, "71", "1974"), opens(after, "1974", "70"))
    assert all(right in ask["choices"] for right, ask in zip(("1974", "71"), asks(after), strict=True))
    assert {} == PacketSchema().validate(after["body"])
    assert [] == desk.office.rows(door_tables.fact_told)
    assert 0 == prepare_pairs(desk.office.site, 5)
    kept = repr([desk.office.rows(table) for table in tables.metadata.sorted_tables])
    assert (True, False, False) == tuple(each in kept for each in ("Ana Example", "110101197403090071", "1974-03-09"))
    desk.office.check_heads()


def test_one_person_is_asked_the_same_in_each_case_and_each_revision(desk: Desk) -> None:
    """Comparing packets tells nothing: choices do not change unless the answer does."""
    desk.take(TITLES + ROW + ROW.replace("L1,", "L2,"))
    assign(desk.office.site, [desk.case(each).id for each in ("L1", "L2")], "a1")
    prepare_pairs(desk.office.site, 5)
    first = asks(packet(desk))
    desk.take(TITLES + ROW.replace(",1,1974", ",2,1974"))
    prepare_pairs(desk.office.site, 5)

    assert first == asks(packet(desk)) == asks(packet(desk, "L2"))
    assert opens(packet(desk), "1974", "71")


def test_corrected_facts_replace_the_question(desk: Desk) -> None:
    """What the lender now says opens the packet, what it said before does not; the other fact is asked as before."""
    desk.take(TITLES + ROW)
    assign(desk.office.site, [desk.case("L1").id], "a1")
    prepare_pairs(desk.office.site, 5)
    before = asks(packet(desk))
    desk.take(TITLES + ROW.replace("1974-03-09", "1975-03-09"))
    prepare_pairs(desk.office.site, 5)
    after = packet(desk)

    assert (True, False) == (opens(after, "1975", "71"), opens(after, "1974", "71"))
    assert (before[0] != asks(after)[0], before[1] == asks(after)[1]) == (True, True)


@pytest.mark.parametrize("cells", ["1974-03-09,", ",", "unknown,71"])
def test_fewer_than_two_facts_ask_nothing(desk: Desk, cells: str) -> None:
    """The row is taken, the packet opens by code or document only."""
    report = desk.take(TITLES + ROW.replace("1974-03-09,110101197403090071", cells))
    assign(desk.office.site, [desk.case("L1").id], "a1")
    prepare_pairs(desk.office.site, 5)

    assert (1, []) == (report.counts["new"], asks(packet(desk)))
    assert [] == desk.office.rows(door_tables.fact_pair)


def test_cases_in_somebody_s_hands_come_first(desk: Desk) -> None:
    """Deriving is slow: whoever is to be visited is asked before whoever is not."""
    desk.take(TITLES + "".join(ROW.replace("L1,C1", f"L{n},C{n}") for n in range(1, 5)))
    assign(desk.office.site, [desk.case("L4").id], "a1")
    prepare_pairs(desk.office.site, 1)

    assert [desk.case("L4").id] == [row.case_id for row in desk.office.rows(door_tables.fact_pair)]


def test_a_closed_case_is_asked_nothing_any_more(desk: Desk) -> None:
    """What waited and what was derived goes with the case's work."""
    desk.take(TITLES + ROW + ROW.replace("L1,C1", "L2,C2"))
    prepare_pairs(desk.office.site, 1)
    close_cases(desk.office.site, [desk.case(each).id for each in ("L1", "L2")])

    assert ([], []) == (desk.office.rows(door_tables.fact_told), desk.office.rows(door_tables.fact_pair))
