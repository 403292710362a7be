"""A lender's ledger taken in: payments are facts, added once."""

from __future__ import annotations

from sqlalchemy import insert

from server.services.assigning import assign
from server.storage import tables, visit_tables
from tests.contract.importing.conftest import Desk

TITLES = "Loan No,Receipt,Payment date,Amount\n"
PORTFOLIO = "Loan No,Name,Address,Amount\nL1,Ana Example,1 Sample St,100\nL2,Bo Example,2 Sample St,100\n"


def paid(desk: Desk) -> list[tuple[str, str, int]]:
    """Give (receipt, day, amount) of every payment."""
    return sorted((row.receipt, row.paid_on, row.amount) for row in desk.office.rows(tables.payment))


def test_a_ledger_is_added_once(desk: Desk) -> None:
    """The same ledger again adds nothing, in whatever order."""
    desk.take(PORTFOLIO)
    first = desk.pay(TITLES + "L1,S1,2024-03-01,10.50\nL2,S2,2024/3/2,20\n")
    again = desk.pay(TITLES + "L2,S2,2024-03-02,20.00\nL1,S1,45352,10.5\n")

    assert (2, 0) == (first.counts["new"], again.counts["new"])
    assert 2 == again.counts["unchanged"]
    assert [("S1", "2024-03-01", 1050), ("S2", "2024-03-02", 2000)] == paid(desk)


def test_a_payment_is_never_changed(desk: Desk) -> None:
    """A receipt that comes back with another amount is rejected; a reversal is a payment of its own."""
    desk.take(PORTFOLIO)
    desk.pay(TITLES + "L1,S1,2024-03-01,10\n")
    report = desk.pay(TITLES + "L1,S1,2024-03-01,11\nL1,S2,2024-03-05,-10\n")

    assert (1, 1) == (report.counts["new"], report.counts["rejected"])
    assert [("S1", "2024-03-01", 1000), ("S2", "2024-03-05", -1000)] == paid(desk)


def test_a_payment_without_a_case_or_in_another_currency_is_rejected(desk: Desk) -> None:
    """Unknown references and foreign currencies are rejected with the cure, the rest is taken."""
    desk.take(PORTFOLIO)
    rows = "L9,S1,2024-03-01,10,CNY\nL1,S2,2024-03-01,10,USD\nL1,S3,2024-03-01,10,CNY\n"
    report = desk.pay(TITLES.replace("\n", ",Currency\n") + rows)
    assert report.rejects_path is not None
    text = report.rejects_path.read_text("utf-8-sig")

    assert [("S3", "2024-03-01", 1000)] == paid(desk)
    assert "No case of this lender has this reference." in text
    assert "The payment is in USD, its case in CNY." in text


def test_a_ledger_without_receipts_is_still_idempotent(desk: Desk) -> None:
    """Two alike payments of a day are two; the same ledger again adds neither."""
    desk.take(PORTFOLIO)
    text = "Loan No,Payment date,Amount\nL1,2024-03-01,10\nL1,2024-03-01,10\nL1,2024-03-02,10\n"
    first, again = desk.pay(text), desk.pay(text)

    assert (3, 3) == (first.counts["new"], again.counts["unchanged"])
    assert 3 == len(paid(desk))


def test_a_payment_has_its_promises_looked_at_again(desk: Desk) -> None:
    """Visits of the case that ended in a promise are marked as having news; others are not."""
    desk.take(PORTFOLIO)
    promised, other = desk.office.site.new_id(), desk.office.site.new_id()
    row = {"case_id": desk.case("L1").id, "due": 0, "updated_ms": 1}
    visits = [
        row | {"visit_id": promised, "disposition": "promise"}, row | {"visit_id": other, "disposition": "refuses"}
    ]  # fmt: skip
    desk.office.site.store.write(lambda connection: connection.execute(insert(visit_tables.visit), visits))
    desk.pay(TITLES + "L1,S1,2024-03-01,10\n")

    assert {promised: 1, other: 0} == {row.visit_id: row.due for row in desk.office.rows(visit_tables.visit)}


def live(desk: Desk) -> dict[str, list[str]]:
    """Give the references of the cases that lie on each agent's device."""
    names = {row.id: row.reference for row in desk.office.rows(tables.case)}
    return {agent: sorted(names[each] for each in desk.office.live(agent)) for agent in ("a1", "a2")}


def test_what_is_paid_is_taken_back_from_every_crew(desk: Desk) -> None:
    """Without any rulebook: cases paid in whole are removed as paid; those paid in part, or another lender's, stay."""
    desk.take(PORTFOLIO)
    desk.take(PORTFOLIO.replace("L1", "M1").replace("L2", "M2"), lender="Other")
    cases = {row.reference: row for row in desk.office.rows(tables.case)}
    assign(desk.office.site, [each.id for each in cases.values()], "a1", ["a2"])

    day = "2026-09-30"
    report = desk.pay(TITLES + f"L1,S1,{day},60\nL1,S2,{day},40\nL2,S3,{day},99\n")

    assert 1 == report.counts["recalled"]
    assert {"a1": ["L2", "M1", "M2"], "a2": ["L2", "M1", "M2"]} == live(desk)
    ended = [row for row in desk.office.rows(tables.assignment) if row.until_ms is not None]
    assert {(cases["L1"].id, "paid")} == {(row.case_id, row.reason) for row in ended}
    assert "paid" == desk.office.items("a1")[cases["L1"].id]["reason"]
    assert "open" == desk.case("L1").status
    assert 0 == desk.pay(TITLES + f"L1,S1,{day},60\n").counts["recalled"]
    desk.office.check_heads()


def test_what_broke_off_before_the_recall_is_taken_back_by_the_next_run(desk: Desk) -> None:
    """The same ledger again takes back what a crew was given although it was paid."""
    desk.take(PORTFOLIO)
    ledger = TITLES + "L1,S1,2026-09-30,100\n"
    desk.pay(ledger)
    assign(desk.office.site, [desk.case("L1").id], "a1")

    assert 1 == desk.pay(ledger).counts["recalled"]
    assert {"a1": [], "a2": []} == live(desk)
