"""A lender's log of contacts taken in: whole, once, and never with an hour that was guessed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.errors import FieldError
from server.cli.contacts import contacts_command
from server.importing.cells import Cell, Figure, Refusal
from server.importing.number_values import parse_moment
from server.importing.settings import DateOrder
from tests.contract.conduct.conftest import Desk, rejects

TITLES = "Loan No,Call ID,Call time,Channel,Result,Number,Content\n"


def ms(text: str) -> int:
    """Give the ms of a moment."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_log_is_taken_in_once(desk: Desk) -> None:
    """The same log again changes nothing; words, times, numbers and contents are read as what they mean."""
    text = TITLES + (
        "R0,C1,2026-03-01 10:30,电话,未接通,138 0013 0001,\n"
        'R1,C2,2026/3/2 2:05 PM,SMS,delivered,Ana@Example.org,"Purpose; time range"\n'
    )
    first, again = desk.log(text), desk.log(text)
    call, message = (desk.contacts()[name] for name in ("C1", "C2"))

    assert (2, 0, 2) == (first.counts["new"], again.counts["new"], again.counts["unchanged"])
    assert ("call", "attempt", "+8613800130001", []) == (call.channel, call.result, call.number, call.content)
    assert ms("2026-03-01T10:30+08:00") == call.at_ms
    assert ("message", "sent", "ana@example.org") == (message.channel, message.result, message.number)
    assert ["purpose", "time_range"] == message.content
    assert ms("2026-03-02T14:05+08:00") == message.at_ms


def test_a_letter_that_comes_back_takes_the_place_of_the_one_sent(desk: Desk) -> None:
    """A changed row under a known reference replaces what was known."""
    desk.log(TITLES + "R0,C1,2026-03-01,letter,,,purpose\n")
    report = desk.log(TITLES + "R0,C1,2026-03-01,letter,returned,,purpose\n")

    assert 1 == report.counts["changed"]
    assert ["returned"] == [row.result for row in desk.contacts().values()]


def test_a_letter_may_do_with_its_day(desk: Desk) -> None:
    """A letter's day counts until its end, in the zone the file is told in."""
    desk.log(TITLES + "R0,C1,2026-03-01,letter,sent,,\n", "settings: {zone: America/New_York}")

    assert ms("2026-03-02T00:00-05:00") == desk.contacts()["C1"].at_ms


@pytest.mark.parametrize(
    ("cell", "order", "moment"),
    [
        (Figure(45366.4375), None, "2024-03-15T10:30:00+08:00"),  # as a spreadsheet counts
        (Figure(45366), None, "2024-03-15+08:00"),
        (datetime(2024, 3, 15, 10, 30), None, "2024-03-15T10:30:00+08:00"),  # noqa: DTZ001 - a cell names no zone
        (datetime(2024, 3, 15), None, "2024-03-15+08:00"),  # noqa: DTZ001
        ("2024-03-15T10:30:00Z", None, "2024-03-15T10:30:00+00:00"),
        ("15/03/2024 12:05 am", "dmy", "2024-03-15T00:05:00+08:00"),
        ("２０２４年3月15日 １０：30", None, "2024-03-15T10:30:00+08:00"),
        ("10:30", None, None),
        ("", None, None),
    ],
)
def test_a_moment_is_read_from_what_people_write(cell: Cell, order: DateOrder | None, moment: str | None) -> None:
    """Spreadsheets' numbers, dates with and without hours, offsets, halves of the day; nothing is made up."""
    read = parse_moment(cell, order, "Asia/Shanghai")

    assert moment == (None if isinstance(read, Refusal) else read)


def test_a_zone_that_is_none_is_told(desk: Desk) -> None:
    """A mapping whose zone is not known is refused before a row is read."""
    with pytest.raises(FieldError) as refused:
        desk.log(TITLES + "R0,C1,2026-03-01,letter,sent,,\n", "settings: {zone: Nowhere/Town}")

    assert {"mapping.yaml: settings.zone": ["is no zone such as Asia/Shanghai."]} == refused.value.fields
    assert {} == desk.contacts()


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("R9,C1,2026-03-01 10:30,call,made,,", "reference", "No case of this lender has this reference."),
        ("R0,C1,2026-03-01,call,made,,", "at", "The row gives a day without its hour."),
        ("R0,C1,2026-03-01 25:30,call,made,,", "Call time", "There is no time 25:30."),
        ("R0,C1,2030-03-01 10:30,call,made,,", "at", "The contact lies in the future."),
        ("R0,C1,2026-03-01 10:30,call,,,", "result", "The row does not say what came of it."),
        ("R0,C1,2026-03-01 10:30,pigeon,made,,", "Channel", "The word “pigeon” is not known."),
        ("R0,C1,,call,made,,", "Call time", "The cell is empty."),
    ],
)
def test_a_row_that_cannot_be_taken_is_told(desk: Desk, row: str, column: str, reason: str) -> None:
    """A bad row goes to the rejects with line, column, reason and cure; the good one beside it is taken."""
    report = desk.log(TITLES + f"{row}\nR1,C2,2026-03-01 11:00,call,made,,\n")
    told = rejects(report)

    assert ["C2"] == list(desk.contacts())
    assert f"2,{column},{reason}," in told


def test_a_reference_that_stands_twice_is_refused(desk: Desk) -> None:
    """Another row under a reference of the same file is rejected; the very same row is a repetition."""
    row = "R0,C1,2026-03-01 10:30,call,made,,\n"
    report = desk.log(TITLES + row + row + row.replace("made", "attempt"))

    assert (1, 1, 1) == tuple(report.counts[name] for name in ("new", "repeated", "rejected"))
    assert "The contact C1 stands in line 2 with other content." in rejects(report)


def test_a_log_without_references_is_still_idempotent(desk: Desk) -> None:
    """Two alike attempts of one minute are two; the same log again adds neither."""
    text = "Loan No,Call time,Result\n" + "R0,2026-03-01 10:30,no answer\n" * 2
    first, again = desk.log(text, "fixed: {channel: call}"), desk.log(text, "fixed: {channel: call}")

    assert (2, 2) == (first.counts["new"], again.counts["unchanged"])
    assert 2 == len(desk.contacts())


def test_the_command_says_what_became_of_the_rows(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts and the rejects file are told, no number and no name."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", desk.office.site.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))
    path = tmp_path / "log.csv"
    path.write_text(TITLES + "R0,C1,2026-03-01 10:30,call,made,13800130001,\nR9,C2,2026-03-01 10:30,call,made,,\n")
    said = CliRunner().invoke(contacts_command, [str(path), "--lender", "Bank"]).output

    assert "2 rows for Bank (utf-8): 1 new, 0 changed, 0 unchanged, 1 rejected." in said
    assert "13800130001" not in said
