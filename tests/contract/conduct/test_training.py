"""Papers of agents and agencies taken in, and shown with what is soon over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli.contacts import training_command
from server.cli.people import agents_command
from server.storage.facts_tables import agency_paper
from tests.contract.conduct.conftest import Desk, rejects

TITLES = "Agent,Kind,Topic,Lender,Hours,From,Valid until\n"
PAPERS = TITLES + (
    "a1,training,Consumer credit,,50 h,2026-01-05,2027-01-04\n"
    "a1,background check,,,,2026-01-02,\n"
    "a1,authorisation letter,,Bank,,2026-01-01,2026-12-31\n"
    "a1,card,Photo ID card,,,,\n"
)  # 1 790 000 000 000 ms is 21 September 2026


def test_papers_are_taken_in_once(desk: Desk) -> None:
    """The same file again changes nothing; names are written as rulebooks write them."""
    first, again = desk.file(PAPERS), desk.file(PAPERS)
    kept = [(row.kind, row.name, row.principal, row.hours, row.valid_from, row.valid_until) for row in desk.papers()]

    assert (4, 4, 0) == (first.counts["new"], again.counts["unchanged"], again.counts["changed"])
    assert kept == [
        ("background_check", "", "", None, "2026-01-02", None),
        ("card", "photo_id_card", "", None, "", None),
        ("letter", "", "Bank", None, "2026-01-01", "2026-12-31"),
        ("training", "consumer_credit", "", 50, "2026-01-05", "2027-01-04"),
    ]


def test_a_paper_that_is_prolonged_takes_the_place_of_the_one_before(desk: Desk) -> None:
    """Another last day of the same paper is a change, not a second paper."""
    desk.file(TITLES + "a1,certificate,Agent,,,2026-01-01,2026-12-31\n")
    report = desk.file(TITLES + "a1,certificate,Agent,,,2026-01-01,2027-12-31\n")

    assert 1 == report.counts["changed"]
    assert ["2027-12-31"] == [row.valid_until for row in desk.papers()]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a9,card,Badge,,,,", '2,agent,There is no agent of this code.,"Enter them first (fairvisit agents add)'),
        ("a1,training,Credit,,,,2027-01-01", "2,hours,A training needs its hours.,"),
        ("a1,certificate,Agent,,,,", "2,valid_until,A certificate needs its last day.,"),
        ("a1,letter,,,,,2027-01-01", "2,principal,A letter needs its principal.,"),
        ("a1,letter,,Bank,,2027-01-02,2027-01-01", "2,valid_until,It ends before it begins.,"),
        (",contract,,Bank,,,2027-01-01", "2,agency,A contract needs its agency.,"),
        ("a1,training,Credit,,1.5,,2027-01-01", "2,Hours,“1.5” is no number of hours.,"),
    ],
)
def test_a_paper_that_cannot_be_taken_is_told(desk: Desk, row: str, told: str) -> None:
    """A bad row goes to the rejects with its cure; the good one beside it is taken."""
    report = desk.file(TITLES + f"{row}\na2,card,Badge,,,,\n")

    assert [desk.office.agents["a2"]] == [paper.agent_id for paper in desk.papers()]
    assert told in rejects(report)


def test_papers_of_agencies_come_in_the_same_file(desk: Desk) -> None:
    """A contract, an inspection and what it is are kept; an unknown agency and a finding that is none are rejected."""
    titles = "Agency,Kind,Lender,From,Valid until,Name\n"
    rows = "North,contract,Bank,,2027-01-01,\nNorth,inspection,,2026-02-01,,\nSouth,listing,Bank,,2027-01-01,\n"
    rows += "North,standing,,,,Lender staff\nNorth,record check,,2026-01-01,,perhaps\n"
    report = desk.file(titles + rows)

    assert "There is no agency of this name." in rejects(report)
    assert "“perhaps” is no record check.,Write clean or violent." in rejects(report)
    assert [("contract", ""), ("inspection", ""), ("standing", "lender_staff")] == sorted(
        (row.kind, row.name) for row in desk.office.rows(agency_paper)
    )


def test_what_expires_within_30_days_is_marked(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper on its 30th last day is marked, one a day longer is not, one that is over says so."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", desk.office.site.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))
    monkeypatch.setenv("FAIRVISIT_CLOCK_FILE", str(tmp_path / "clock"))
    (tmp_path / "clock").write_text(str(desk.office.clock.ms))
    ends = {"over": "2026-09-20", "soon": "2026-10-21", "later": "2026-10-22"}
    path = tmp_path / "papers.csv"
    path.write_text(TITLES + "".join(f"a1,certificate,{name},,,,{end}\n" for name, end in ends.items()))
    taken = CliRunner().invoke(training_command, [str(path)]).output
    said = CliRunner().invoke(agents_command, ["papers", "a1"]).output
    read = json.loads(CliRunner().invoke(agents_command, ["papers", "a1", "--json"]).output)

    assert "3 rows (utf-8): 3 new, 0 changed, 0 unchanged." in taken
    assert {"later": "", "over": "is over", "soon": "expires in 30 days"} == {row["name"]: row["mark"] for row in read}
    assert "expires in 30 days" in said


def test_the_office_is_reminded_of_every_agent_s_papers(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`agents expiring` tells what ends within the days asked for, or is over; what was renewed is not told."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", desk.office.site.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))
    monkeypatch.setenv("FAIRVISIT_CLOCK_FILE", str(tmp_path / "clock"))
    (tmp_path / "clock").write_text(str(desk.office.clock.ms))  # 21 September 2026
    desk.file(
        TITLES
        + "a1,certificate,Renewed,,,2025-01-01,2026-09-30\na1,certificate,Renewed,,,2026-01-01,2027-09-30\n"
        + "a2,certificate,Ends,,,,2026-10-01\na1,letter,,Bank,,,2026-09-20\na2,card,Badge,,,,\n"
        + "a1,training,credit,,10,2025-10-02,2026-10-02\na1,training,credit,,20,2026-01-02,2027-01-02\n"
    )
    told = {
        days: [
            (row["agent_code"], row["kind"], row["days_left"])
            for row in json.loads(
                CliRunner().invoke(agents_command, ["expiring", "--days", str(days), "--json"]).output
            )
        ]
        for days in (9, 10, 30)
    }

    assert [("a1", "letter", -1)] == told[9]
    assert [("a1", "letter", -1), ("a2", "certificate", 10)] == told[10]
    assert [*told[10], ("a1", "training", 11)] == told[30]
    assert "is over" in CliRunner().invoke(agents_command, ["expiring"]).output
