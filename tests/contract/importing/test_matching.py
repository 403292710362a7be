"""Persons who may be one: what a human's decision does."""

from __future__ import annotations

import pytest

from schemas.errors import FieldError
from schemas.vocabulary import HoldScope
from server.services.assigning import assign
from server.services.following import merge_person
from server.services.holding import place_hold
from server.services.matching import decide_match, list_matches
from server.storage import portfolio_tables, tables
from server.storage.feed import publish
from tests.contract.importing.conftest import Desk

TITLES = "Loan No,Customer No,Name,Phone,Address,Amount\n"
ROWS = "L1,C1,Ana Example,13800130001,1 Sample St,1\nL2,C2,Ana Example,13800130001,9 Other St,2\n"


def decide(desk: Desk, *, is_same: bool) -> tuple[str, str]:
    """Import two rows that may be one person, and decide."""
    desk.take(TITLES + ROWS)
    (match,) = list_matches(desk.office.site)
    decide_match(desk.office.site, match.other_id, match.person_id, is_same=is_same, by="Rita")
    return match.person_id, match.other_id


def test_persons_found_the_same_are_one_from_then_on(desk: Desk) -> None:
    """Both cases hang on the person known first, also when the lender sends either row again or a new one."""
    keep, _ = decide(desk, is_same=True)
    report = desk.take(TITLES + ROWS.replace(",2\n", ",3\n") + "L3,C2,Ana Example,,9 Other St,4\n")

    assert {keep} == {row.person_id for row in desk.office.rows(tables.case)}
    assert (1, 1, 0) == (report.counts["new"], report.counts["changed"], report.counts["rejected"])
    assert [] == list_matches(desk.office.site)


def test_a_hold_on_the_one_halts_the_other_s_case(desk: Desk) -> None:
    """A hold on a person reaches, on joining, the agent who has the other's case."""
    desk.take(TITLES + ROWS)
    site = desk.office.site
    assign(site, [desk.case("L2").id], "a1")
    hold_id, case_id = site.new_id(), desk.case("L1").id

    def hold(connection: object) -> None:
        changes = place_hold(
            connection, site, hold_id=hold_id, case_id=case_id, scope=HoldScope.PERSON, reason="illness",  # type: ignore[arg-type]
            source="office", now_ms=site.now(),
        )  # fmt: skip
        publish(connection, changes)  # type: ignore[arg-type]

    site.store.write(hold)
    before = desk.office.live("a1", "hold")
    (match,) = list_matches(site)
    decide_match(site, match.person_id, match.other_id, is_same=True, by="Rita")
    (after,) = desk.office.live("a1", "hold").values()

    assert {} == before
    assert [desk.case("L2").id] == after["body"]["case_ids"]
    desk.office.check_heads()


def test_persons_found_different_are_not_listed_again(desk: Desk) -> None:
    """The decision is kept with who took it; the same rows, changed, do not bring the pair back."""
    decide(desk, is_same=False)
    desk.take(TITLES + ROWS.replace(",1\n", ",8\n"))
    (kept,) = desk.office.rows(portfolio_tables.probable_match)

    assert ("different", "Rita") == (kept.decision, kept.decided_by)
    assert [] == list_matches(desk.office.site)
    assert 2 == len({row.person_id for row in desk.office.rows(tables.case)})


def test_a_pair_is_decided_once(desk: Desk) -> None:
    """A second decision, or one on a pair that is not listed, is refused."""
    pair = decide(desk, is_same=False)
    with pytest.raises(FieldError) as caught:
        decide_match(desk.office.site, *pair, is_same=True, by="Otto")

    assert "not-found" == caught.value.code


def test_a_phone_the_lender_changed_is_merged_with_what_agents_proposed(desk: Desk) -> None:
    """A person with corrected contacts is merged anew when the lender's own change."""
    desk.take(TITLES + ROWS)
    person = desk.person_of("L1")

    def correct(connection: object) -> None:
        connection.execute(tables.person.update().values(merged={"phone": "+8613911111111"}))  # type: ignore[attr-defined]

    desk.office.site.store.write(correct)
    desk.take(TITLES + ROWS.replace("13800130001,1 S", "13800139999,1 S"))

    assert {"phone": "+8613800139999"} == desk.person_of("L1").merged
    assert [] == desk.office.site.store.write(lambda c: merge_person(c, desk.office.site, person.id))
