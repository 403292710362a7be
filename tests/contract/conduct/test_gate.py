"""The gate: nothing is handed out that a rulebook forbids, each refusal says why and when, and can be reproduced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.cli.main import fairvisit
from server.services import assigning, gating, holding, leases
from server.services.gating import Override
from server.services.holding import place_hold
from server.services.payments import recall_paid
from server.storage import conduct_rows, tables
from server.storage.feed import publish
from server.storage.portfolio_tables import import_run
from tests.office import START_MS, Office, opened_office

HOUSE = """
rulebook: HOUSE
version: "1"
kind: house
zone: Asia/Manila
title: A small house
sources: {product: {law: product policy, url: "", seen: ""}}
rules:
- id: HOUSE-CREW
  type: crew_size
  params: {least: 2, most: 2}
  check: [gate, door]
  severity: block
  on_unknown: block
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "Two go.", zh: "两人同行。"}
  person: {en: "Two come.", zh: "会有两人前来。"}
- id: HOUSE-HOURS
  type: contact_window
  params: {start: "09:00", end: "19:00"}
  check: [gate, door]
  severity: block
  on_unknown: block
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "From nine to seven.", zh: "九点至十九点。"}
  person: {en: "From nine to seven.", zh: "九点至十九点。"}
"""
WARNING = HOUSE.replace("severity: block", "severity: warn", 1)
DAY_MS = 86_400_000
TOLD_MS = 1_459_900_000_000


def open_with(url: str, folder: Path, house: str = HOUSE) -> Iterator[Office]:
    """Open an office under the Philippines' draft and a house's two rules; the lender's ledger is there, and empty."""
    path = folder / "house.yaml"
    path.write_text(house, "utf-8")
    with opened_office(url, folder, rulebooks="PH", house_rulebook=str(path), zone="Asia/Manila") as office:
        run = {"kind": "ledger", "lender": "lender", "file_name": "l.csv", "file_sha256": "0" * 64, "state": "finished"}
        run |= {"line": 0, "counts": {}, "started_ms": TOLD_MS, "updated_ms": TOLD_MS}
        office.insert(import_run, id=office.site.new_id(), **run)
        for code in ("a1", "a2"):
            office.add_agent(code)
        yield office


@pytest.fixture
def strict(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose house demands two agents."""
    yield from open_with(database_url, tmp_path)


@pytest.fixture
def lenient(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose house warns of fewer than two agents."""
    yield from open_with(database_url, tmp_path, WARNING)


def packets(office: Office) -> list[Any]:
    """Give the packets that lie in feeds."""
    rows = office.rows(tables.feed.select().where(tables.feed.c.type == "packet", tables.feed.c.op == "put"))
    return [orjson.loads(bytes(row.item))["body"] for row in rows]


def test_what_a_rule_forbids_is_not_handed_out(strict: Office) -> None:
    """The refusal names the rule and whose it is; nothing is assigned and no packet is made."""
    case_id = strict.add_case("R1")

    report = assigning.assign(strict.site, [case_id], "a1")

    [(refused, sentence)] = report.refused
    assert (0, case_id) == (report.assigned, refused)
    assert sentence.startswith("HOUSE-CREW (house): ")
    assert [] == strict.rows(tables.assignment.select())
    assert [] == packets(strict)


def test_what_keeps_every_rule_goes_out_with_its_limits(strict: Office) -> None:
    """Two agents may go; their packets say within which hours, and that two must come."""
    case_id = strict.add_case("R1")

    report = assigning.assign(strict.site, [case_id], "a1", ["a2"])

    assert (1, []) == (report.assigned, report.refused)
    for packet in packets(strict):
        limits = packet["open"]["limits"]
        assert 2 == limits["crew_min"]
        second = limits["intervals"][1]  # 09:00 to 18:30 in Manila, told in the place's zone
        assert ("T18:00:00.000-07:00", "T03:30:00.000-07:00") == (second["starts"][10:], second["ends"][10:])


def test_a_case_on_hold_or_paid_or_unknown_to_be_is_not_handed_out(strict: Office) -> None:
    """What needs no rulebook: a halt, a debt that is paid, a lender who never said."""
    held, paid = strict.add_case("R1"), strict.add_case("R2")
    site = strict.site

    def halt(connection: Any) -> None:
        ids = {"hold_id": site.new_id(), "case_id": held}
        said = {"scope": "case", "reason": "illness", "source": "office"}
        publish(connection, place_hold(connection, site, **ids, **said, now_ms=site.now()))

    site.store.write(halt)
    payment = {"lender": "lender", "receipt": "p1", "case_id": paid, "paid_on": "2016-04-07", "currency": "USD"}
    strict.insert(tables.payment, amount=120_000, digest="0" * 64, imported_ms=site.now(), **payment)

    report = assigning.assign(site, [held, paid], "a1", ["a2"])

    assert {held: "GATE-HOLD", paid: "GATE-PAID"} == {each: said.split()[0] for each, said in report.refused}

    strict.site.store.write(lambda connection: connection.execute(import_run.delete()) and None)
    report = assigning.assign(site, [strict.add_case("R3")], "a1", ["a2"])

    assert "GATE-PAID (house): something is still owed; not known: whether it is paid" in report.refused[0][1]


def test_only_a_warning_is_overridden_and_only_by_two(lenient: Office) -> None:
    """A second person and a reason let a warned case through, and both are kept; one person alone does not."""
    case_id = lenient.add_case("R1")
    alone, agreed = Override("Ann", "ann ", "why"), Override("Ann", "Bo", "the colleague waits there")

    with pytest.raises(FieldError, match="same person"):
        assigning.assign(lenient.site, [case_id], "a1", override=alone)
    assert 1 == len(assigning.assign(lenient.site, [case_id], "a1").refused)
    assert 1 == assigning.assign(lenient.site, [case_id], "a1", override=agreed).assigned

    with lenient.site.store.read() as connection:
        kept = conduct_rows.read_judgement(connection, case_id)
    assert kept is not None
    assert (True, {"by": "Ann", "second": "Bo", "reason": agreed.reason}) == (kept.is_open, kept.override)


def test_what_blocks_is_overridden_by_nobody(strict: Office) -> None:
    """Two persons and a reason change nothing where a rule blocks."""
    case_id = strict.add_case("R1")

    report = assigning.assign(strict.site, [case_id], "a1", override=Override("Ann", "Bo", "why"))

    assert (0, 1) == (report.assigned, len(report.refused))


def ends(office: Office) -> dict[str, set[int]]:
    """Give until when each case that somebody has may be held, in ms from the beginning."""
    found: dict[str, set[int]] = {}
    for row in office.rows(tables.assignment.select().where(tables.assignment.c.until_ms.is_(None))):
        found.setdefault(row.case_id, set()).add(row.lease_until_ms - START_MS)
    return found


def test_an_extended_lease_is_judged_again(strict: Office) -> None:
    """What may still be visited gets a longer lease and the hours of it; a case that came to be halted gets neither."""
    free, halted = strict.add_case("R1"), strict.add_case("R2")
    assigning.assign(strict.site, [free, halted], "a1", ["a2"], lease_days=2)
    holding.place_office_hold(strict.site, halted, HoldScope.CASE, HoldReason.ILLNESS, "Dana")
    strict.clock.advance(days=1)

    report = leases.extend_lease(strict.site, [free, halted], 5)

    [(refused, sentence)] = report.refused
    assert (1, halted) == (report.extended, refused)
    assert sentence.startswith("GATE-HOLD (house): ")
    assert {free: {6 * DAY_MS}, halted: {2 * DAY_MS}} == ends(strict)
    opened: list[dict[str, Any]] = [packet["open"] for packet in packets(strict)]
    # the lease in UTC beside the last hour to start in, told in the place's own zone
    last = {(each["lease_until"][:10], each["limits"]["intervals"][-1]["ends"][:16]) for each in opened}
    assert {("2016-04-13", "2016-04-12T20:03"), ("2016-04-09", "2016-04-08T20:03")} == last


def test_an_extension_is_judged_for_the_crew_that_has_the_case(lenient: Office) -> None:
    """Where the gate warns, an extension too needs two persons and a reason; it is the crew as it is that counts."""
    alone, two = lenient.add_case("R1"), lenient.add_case("R2")
    agreed = Override("Ann", "Bo", "the colleague waits there")
    assigning.assign(lenient.site, [alone], "a1", override=agreed)
    assigning.assign(lenient.site, [two], "a1", ["a2"])

    report = leases.extend_lease(lenient.site, [alone, two], 9)

    assert (1, [alone]) == (report.extended, [case_id for case_id, _ in report.refused])
    assert "HOUSE-CREW" in report.refused[0][1]
    assert 1 == leases.extend_lease(lenient.site, [alone], 9, override=agreed).extended
    assert {alone: {9 * DAY_MS}, two: {9 * DAY_MS}} == ends(lenient)


def test_what_is_paid_is_taken_back_under_rulebooks_too(strict: Office) -> None:
    """A case that the gate let through while something was owed is taken back as paid once nothing is."""
    case_id = strict.add_case("R1")
    assigning.assign(strict.site, [case_id], "a1", ["a2"])
    payment = {"lender": "lender", "receipt": "p1", "case_id": case_id, "paid_on": "2016-04-07", "currency": "USD"}
    strict.insert(tables.payment, amount=120_000, digest="0" * 64, imported_ms=strict.site.now(), **payment)

    assert [1, 0] == [recall_paid(strict.site, "lender") for _ in range(2)]
    assert ([], {}) == (packets(strict), ends(strict))


def test_the_office_reads_why_a_lease_was_not_extended(strict: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fairvisit assign … --extend` counts what was extended and says why the rest was not."""
    case_id = strict.add_case("R1")
    assigning.assign(strict.site, [case_id], "a1", ["a2"], lease_days=300)
    holding.place_office_hold(strict.site, case_id, HoldScope.PERSON, HoldReason.ILLNESS, "Dana")
    for name in ("database_url", "folder", "rulebooks", "house_rulebook", "zone"):
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(strict.site.settings, name))

    said = CliRunner().invoke(fairvisit, ["assign", "R1", "--extend"], catch_exceptions=False).output

    assert "Leases extended: 0." in said
    assert f"not {case_id}: GATE-HOLD (house)" in said


def test_every_kept_answer_is_reproduced(strict: Office) -> None:
    """Judged again over the kept facts each rule answers the same, later and after the world has changed."""
    case_ids = [strict.add_case(f"R{number}") for number in range(4)]
    assigning.assign(strict.site, case_ids[:2], "a1")
    assigning.assign(strict.site, case_ids[2:], "a1", ["a2"])
    strict.clock.advance(days=40)
    strict.add_case("R9")

    recounts = [gating.recount(strict.site, case_id) for case_id in case_ids]

    assert [False, False, True, True] == [each.row.is_open for each in recounts]
    assert [((), ())] * 4 == [(each.changed_books, each.differences) for each in recounts]


def test_a_changed_rulebook_is_named_with_what_it_changes(strict: Office) -> None:
    """The digest tells that the house's file is another one, and the answer that differs stands beside the kept one."""
    case_id = strict.add_case("R1")
    assigning.assign(strict.site, [case_id], "a1")
    path = Path(strict.site.settings.house_rulebook)
    path.write_text(HOUSE.replace("least: 2", "least: 1"), "utf-8")

    again = gating.recount(strict.site, case_id)

    assert (("HOUSE",), (("HOUSE-CREW", "fail", "pass"),)) == (again.changed_books, again.differences)


def test_without_a_jurisdiction_nothing_is_judged(database_url: str, tmp_path: Path) -> None:
    """Assigning goes on as before, and asking says so."""
    with opened_office(database_url, tmp_path) as office:
        office.add_agent("a1")
        case_id = office.add_case("R1")

        assert 1 == assigning.assign(office.site, [case_id], "a1").assigned
        with pytest.raises(FieldError, match="never judged"):
            gating.recount(office.site, case_id)


def test_the_office_reads_what_is_refused_and_why(strict: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fairvisit gate list` and `gate explain` name rule, limit and citation, and say that this is no legal advice."""
    assigning.assign(strict.site, [strict.add_case("R1")], "a1")
    settings = strict.site.settings
    for name in ("database_url", "folder", "rulebooks", "house_rulebook", "zone"):
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(settings, name))

    listed = CliRunner().invoke(fairvisit, ["gate", "list"], catch_exceptions=False)
    explained = CliRunner().invoke(fairvisit, ["gate", "explain", "R1"], catch_exceptions=False)

    for said in (listed.output, explained.output):
        assert "HOUSE-CREW" in said
        assert "Nothing here is legal advice" in said
    assert "product policy (policy)" in explained.output
    assert "every answer is the same" in explained.output
