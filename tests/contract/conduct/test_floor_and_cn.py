"""The house's floor and the Chinese rulebook: who does all that is right is let through, who does not is told why.

One test puts one thing right after another, as an office would, and sees exactly its rules go out of the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from server.domain.conduct.judging import can_be_vouched_for
from server.domain.conduct.recounting import load
from server.domain.conduct.rules import Check
from server.domain.conduct.verdicts import Verdict
from server.services import assigning, gating, vouching
from server.services.rulebooks import load_shipped, rulebooks_in_force
from server.storage import conduct_rows
from server.storage.portfolio_tables import import_run
from tests.contract.conduct.conftest import Desk
from tests.contract.people.office import opened_office

LOG = "Loan No,Call ID,Call time,Channel,Result,Number,Content\n"
TRIED = "".join(f"R0,C{day},2026-09-0{day} 10:00,call,no answer,+8613800138000,\n" for day in (1, 3, 5))
OFFER = "R0,C6,2026-09-06 10:00,sms,sent,+8613800138000,hardship offer\n"
NOTICE = "R0,C8,2026-09-08 10:00,sms,sent,+8613800138000,{}\n"
TITLES = "Agent,Agency,Kind,Name,Lender,Hours,From,Valid until\n"
OF_AGENT = (
    "{0},,training,law,,8,2026-01-01,2027-01-01\n{0},,training,communication,,8,2026-01-01,2027-01-01\n"
    "{0},,training,personal information,,8,2026-01-01,2027-01-01\n"
)
CARDS = "{0},,card,photo ID card,,,,\n{0},,card,verification QR,,,,\n{0},,letter,,Bank,,2026-01-01,2026-12-31\n"
OF_AGENCY = (
    ",North,contract,,Bank,,2026-01-01,2026-12-31\n,North,listing,,Bank,,2026-01-01,2026-12-31\n"
    ",North,standing,agency,,,2026-01-01,\n,North,record check,clean,,,2026-01-01,\n"
)
UNTIL = date(2026, 12, 31)
ONE = {"FLOOR-CREW-001", "CN-CREW-001"}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """An office in Shanghai under FLOOR and CN, with one case of Bank and two agents; nothing else is known."""
    shanghai = {"phone_region": "CN", "zone": "Asia/Shanghai", "region": "CN", "rulebooks": "CN"}
    with opened_office(database_url, folder=str(tmp_path), **shanghai) as office:
        office.add_agents("a1", "a2")
        office.add_cases(1, lat_e7=312_300_000, lon_e7=1_214_700_000)
        yield Desk(office, tmp_path)


def in_the_way(desk: Desk, *companions: str) -> set[str]:
    """Try to hand the case out; give the rules that were in the way."""
    site = desk.office.site
    [case_id] = [row.id for row in desk.office.rows(conduct_rows.case)]
    report = assigning.assign(site, [case_id], "a1", companions)
    with site.store.read() as connection:
        kept = conduct_rows.read_judgement(connection, case_id)
    assert kept is not None
    verdicts = [load(Verdict, each) for each in kept.troubles]
    found = {verdict.rule_id for verdict in verdicts if verdict.blocks or verdict.warns}
    assert (kept.is_open, report.assigned) == (not found, int(not found))
    assert () == gating.recount(site, case_id).differences
    return found


def tell_ledger(desk: Desk) -> None:
    """Note that Bank's ledger came in, and that nothing was paid."""
    run = {"id": desk.office.site.new_id(), "kind": "ledger", "lender": "Bank", "file_name": "f"}
    run |= {"file_sha256": "0" * 64, "state": "finished", "line": 1, "counts": {}, "started_ms": 1, "updated_ms": 1}
    desk.office.site.store.write(lambda connection: connection.execute(import_run.insert().values(**run)) and None)


def test_all_that_is_right_takes_its_rules_out_of_the_way(desk: Desk) -> None:
    """Nothing known: everything that could forbid is named. Each thing put right lifts its rules and no other."""
    site = desk.office.site
    books = rulebooks_in_force(site)
    vouched = {r.id for book in books for r in book.rules if can_be_vouched_for(r) and Check.GATE in r.checks}
    recorded = {"CN-PI-003", "CN-AUTO-001"}  # asks for no more than a record: unknown, it stops nobody
    lawful = {"FLOOR-LAW-001"}
    contacts = {"FLOOR-FREQ-001", "FLOOR-FREQ-002", "FLOOR-STEP-001", "FLOOR-NOTICE-001", "CN-FREQ-001", "CN-FREQ-002"}
    agency = {"CN-LAW-001", "CN-LAW-002"}
    papers = {"FLOOR-CRED-001", "CN-CRED-001", "CN-TRAIN-001"}
    left = {"GATE-PAID", "CN-ASSIGN-001", *lawful, *contacts, *agency, *papers, *(vouched - recorded)}

    assert left | ONE == in_the_way(desk)
    assert left == in_the_way(desk, "a2")

    tell_ledger(desk)
    left -= {"GATE-PAID"}
    assert left == in_the_way(desk, "a2")

    desk.log(LOG + TRIED)
    left -= contacts - {"FLOOR-STEP-001", "FLOOR-NOTICE-001"}
    assert left == in_the_way(desk, "a2")

    desk.log(LOG + OFFER)
    left -= {"FLOOR-STEP-001"}
    assert left == in_the_way(desk, "a2")

    notice = load_shipped("FLOOR").rule("FLOOR-NOTICE-001")
    assert notice is not None
    desk.log(LOG + NOTICE.format("; ".join(notice.params.content)))
    left -= {"FLOOR-NOTICE-001"}
    assert left == in_the_way(desk, "a2")

    checked = dict.fromkeys(("found_lawful", "found_not_time_barred", "found_not_refused_by_court"), True)
    vouching.state_words(site, "Bank", checked, "Ms Wu", "the portfolio was checked", UNTIL)
    left -= lawful
    assert left == in_the_way(desk, "a2")

    vouching.state_words(site, "Bank", {"debt_transferred": False}, "Ms Wu", "lent by Bank itself", UNTIL)
    left -= {"CN-ASSIGN-001"}
    assert left == in_the_way(desk, "a2")

    desk.file(TITLES + OF_AGENCY)
    left -= agency
    assert left == in_the_way(desk, "a2")

    desk.file(TITLES + "".join((OF_AGENT + CARDS).format(code) for code in ("a1", "a2")))
    left -= papers
    assert left == in_the_way(desk, "a2")

    for rule_id in sorted(left):
        vouching.attest_rule(site, rule_id, "Dana", "agreements seen", UNTIL)
    assert set() == in_the_way(desk, "a2")


def test_what_a_lender_says_of_one_case_counts_before_what_it_says_of_all(desk: Desk) -> None:
    """A debt too old is not visited though all the others are not; a later word of all does not undo it."""
    site = desk.office.site
    [case_id] = [row.id for row in desk.office.rows(conduct_rows.case)]
    checked = dict.fromkeys(("found_lawful", "found_not_time_barred", "found_not_refused_by_court"), True)
    vouching.state_words(site, "Bank", {"found_not_time_barred": False}, "Ms Wu", "of 2019", UNTIL, case_id)
    desk.office.clock.move(1)
    vouching.state_words(site, "Bank", checked, "Ms Wu", "checked", UNTIL)

    assert "FLOOR-LAW-001" in in_the_way(desk, "a2")
    refused = next(row for row in gating_troubles(desk, case_id) if row.rule_id == "FLOOR-LAW-001")
    assert ("fail", "once this was done: found not time barred") == (refused.answer, refused.cure)


def test_a_word_is_good_until_its_last_day(desk: Desk) -> None:
    """After the last day it is not known any more, and the refusal says what is missing."""
    site = desk.office.site
    [case_id] = [row.id for row in desk.office.rows(conduct_rows.case)]
    checked = dict.fromkeys(("found_lawful", "found_not_time_barred", "found_not_refused_by_court"), True)
    vouching.state_words(site, "Bank", checked, "Ms Wu", "checked", date(2026, 9, 22))
    assert "FLOOR-LAW-001" not in in_the_way(desk, "a2")
    desk.office.clock.move(2 * 86_400_000)

    assert "FLOOR-LAW-001" in in_the_way(desk, "a2")
    refused = next(row for row in gating_troubles(desk, case_id) if row.rule_id == "FLOOR-LAW-001")
    assert ("unknown", tuple(checked)) == (refused.answer, refused.missing)


def gating_troubles(desk: Desk, case_id: str) -> list[Verdict]:
    """Give what did not pass when the case was last judged."""
    with desk.office.site.store.read() as connection:
        kept = conduct_rows.read_judgement(connection, case_id)
    assert kept is not None
    return [load(Verdict, each) for each in kept.troubles]
