"""Done-when 5 of conduct, with real processes: what lies on a device before identity, and what opens it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from server.services.asking import prepare_pairs
from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.storage import tables
from tests.contract.conduct.test_holds_for_real import Town, town  # noqa: F401 - a fixture
from tests.processes import DeviceProcess

LENDER, REFERENCE, AMOUNT, OPTION = "Zebra Savings Bank", "LN-77812", "9876.54", "Three parts from June"
PORTFOLIO = f"""Loan No,Name,Language,Phone,Address,Amount,Options,Date of birth,Last two digits of ID
{REFERENCE},Ana Example,en,,1 Sample St,{AMOUNT},{OPTION},1974-03-09,71
"""
SECRETS = (LENDER, "Zebra", REFERENCE, AMOUNT, "987654", OPTION, "1974-03-09")


def held(store: Path) -> bytes:
    """Give every byte beside a device's database, its log included, and every value in its columns."""
    found = b"".join(path.read_bytes() for path in sorted(store.parent.rglob("*")) if path.is_file())
    with sqlite3.connect(store) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names]  # our own schema's names
    connection.close()
    return found + repr(rows).encode()


def test_nothing_sealed_is_on_a_device_before_identity(town: Town) -> None:  # noqa: F811
    """Lender, amount, reference, options: in no byte of the store, before, after three wrong tries, after opening."""
    office = town.office
    path = town.folder / "portfolio.csv"
    path.write_text(PORTFOLIO, "utf-8")
    assert 1 == import_portfolio(office.site, FileOrder(path, lender=LENDER, currency="USD")).counts["new"]
    [case] = office.rows(tables.case.select())
    office.add_agent("a1")
    assign(office.site, [case.id], "a1")
    assert 1 == prepare_pairs(office.site, 5)
    store = town.folder / "a1" / "device.db"
    town.devices["a1"] = DeviceProcess(store, town.url)
    town.ask("a1", "enrol", code=issue_code(office.site, "a1", by="test"), server=town.url)
    town.exchange("a1")
    [packet] = town.ask("a1", "packets")["packets"]
    door = {"case_id": case.id}
    door["visit_id"] = town.ask("a1", "record", kind="visit_started", body={"fixes": []}, **door)["visit_id"]

    def secrets_held() -> list[str]:
        everything = held(store)
        assert b"Ana Example" in everything
        return [secret for secret in SECRETS if secret.encode() in everything]

    assert [] == secrets_held()
    wrong = [town.ask("a1", "check_identity", method="two_facts", answers=["1970", "00"], **door) for _ in range(3)]
    refused = town.devices["a1"].ask("check_identity", method="two_facts", answers=["1974", "71"], **door)
    assert [False] * 3 == [answer["fits"] for answer in wrong]
    assert refused is not None
    assert "tried 3 times" in refused["error"]["detail"]
    sealed = town.devices["a1"].ask("open_sealed", method="document_seen", **door)
    assert sealed is not None
    assert not sealed["ok"]
    assert [] == secrets_held()

    town.ask("a1", "record", kind="visit_ended", body={"reason": "completed"}, **door)
    door["visit_id"] = town.ask("a1", "record", kind="visit_started", body={"fixes": []}, case_id=case.id)["visit_id"]
    asks = {ask["fact"]: ask["choices"] for ask in packet["asks"]}
    assert ("1974" in asks["birth_year"], "71" in asks["document_end"]) == (True, True)
    assert town.ask("a1", "check_identity", method="two_facts", answers=["1974", "71"], **door)["fits"]
    content = town.ask("a1", "open_sealed", method="two_facts", answers=["1974", "71"], **door)["content"]
    assert (LENDER, REFERENCE, 987_654, [OPTION]) == tuple(
        content[name] for name in ("lender", "reference", "amount", "options")
    )
    assert [] == secrets_held()
