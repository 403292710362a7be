"""`fairvisit retention`: the rules, what is kept of a case, what has to go, holds, and the run itself."""

from __future__ import annotations

import re

import orjson

from server.storage.retention_tables import erased_file
from tests.contract.conduct.conftest import Run
from tests.contract.conduct.test_retention import close, log_contact
from tests.office import Office

LONG_AGO_MS = 1_300_000_000_000  # March 2011: what ended then is over by the wall clock that commands go by


def old_case(office: Office, reference: str = "R1") -> str:
    """Add a case that ended in 2011, with one contact."""
    office.clock.ms = LONG_AGO_MS
    case_id = office.add_case(reference)
    log_contact(office, case_id, f"c-{reference}")
    close(office, case_id)
    return case_id


def test_the_rules_are_shown_by_class(office: Office, run: Run) -> None:
    """Each class with the rules that mean it, how sure they are, and what they say; no legal advice."""
    said = run("retention", "list").output

    assert "CN-RET-001" in said
    assert "kept at least 5 years from the end of the case" in said
    assert "legal advice" in said
    rules = orjson.loads(run("retention", "list", "--json").output)["rules"]
    assert {("CN-RET-004", True), ("CN-RET-001", False)} == {
        (each["rule"], each["may_erase"]) for each in rules if each["record"] == "events"
    }


def test_what_is_kept_of_a_case_is_shown(office: Office, run: Run) -> None:
    """An open case has no end yet."""
    log_contact(office, office.add_case("R1"), "c1")
    said = run("retention", "due", "--case", "R1").output

    assert "contacts  CASE-OPEN  no end yet" in said


def test_what_has_to_go_is_shown_and_goes(office: Office, run: Run) -> None:
    """Due by rule and day; a dry run leaves it, the run takes it, and then nothing is due."""
    old_case(office)
    due = orjson.loads(run("retention", "due", "--json").output)["due"]
    assert [("contacts", "R1", "CN-RET-004", "2016-03-14"), ("persons", None, "CN-RET-004", "2016-03-14")] == [
        (each["record"], each["reference"], each["rule"], each["due_on"]) for each in due
    ]

    assert "Nothing was erased." in run("retention", "run", "--by", "Dana", "--dry-run").output
    assert due == orjson.loads(run("retention", "due", "--json").output)["due"]
    assert "2 records were erased." in run("retention", "run", "--by", "Dana").output
    assert 2 == run("retention", "record").output.count("CN-RET-004")
    assert ["CN-RET-004"] * 2 == [each["rule_id"] for each in orjson.loads(run("retention", "record", "--json").output)]

    assert "Nothing has to go today." in run("retention", "due").output
    assert "Nothing has to go today." in run("retention", "run", "--by", "Dana").output


def test_the_certificate_of_each_erased_file_is_shown(office: Office, run: Run) -> None:
    """Which file of which case, by whom and why; one that lay in plain had no key."""
    assert "No file was erased." in run("retention", "record", "--files").output
    row = {"case_id": office.add_case("R1"), "sha256": "ab" * 32, "reason": "its time was over", "by": "Dana"}
    office.insert(erased_file, at_ms=LONG_AGO_MS, **row)

    titles, told = (re.split(r"\s{2,}", line) for line in run("retention", "record", "--files").output.splitlines())
    assert ["erased", "case", "file", "its key", "by", "why"] == titles
    assert ["2011-03-13 07:06", row["case_id"], row["sha256"], "-", row["by"], row["reason"]] == told
    given = orjson.loads(run("retention", "record", "--files", "--json").output)
    assert [row | {"key_id": None, "at_ms": LONG_AGO_MS}] == given


def test_a_legal_hold_is_placed_listed_and_lifted_by_another(office: Office, run: Run) -> None:
    """It stops the run; who placed it cannot lift it."""
    old_case(office)
    placed = run("retention", "hold", "R1", "--by", "Dana", "--reason", "court").output
    hold_id = placed.split()[2]
    assert "Nothing has to go today." in run("retention", "run", "--by", "Dana").output
    assert f"Legal hold {hold_id} on R1 by Dana" in run("retention", "list").output

    assert 1 == run("retention", "lift", hold_id[-6:], "--by", "Dana", "--reason", "over").exit_code
    assert "is lifted" in run("retention", "lift", hold_id[-6:], "--by", "Eve", "--reason", "over").output

    assert "2 records were erased." in run("retention", "run", "--by", "Dana").output
    assert 2 == run("retention", "record").output.count("CN-RET-004")


def test_what_is_kept_is_summed_up(office: Office, run: Run) -> None:
    """Of which class how many cases are kept, until when at first and at last, and how many have no end yet."""
    now_ms = office.clock.ms
    old_case(office)
    office.clock.ms = now_ms
    log_contact(office, office.add_case("R2"), "c2")
    log_contact(office, recent := office.add_case("R3"), "c3")
    office.clock.ms = NOW_MS
    close(office, recent)

    kept = orjson.loads(run("retention", "due", "--json").output)["kept"]

    assert {"record": "contacts", "cases": 2, "first": "2031-07-01", "last": "2031-07-01", "endless": 1} == kept[0]
    assert "2031-07-01" in run("retention", "due").output


NOW_MS = 1_782_864_000_000  # 1 July 2026
