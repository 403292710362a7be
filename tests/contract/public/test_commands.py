"""The office's commands for cards, complaints, help and requests, run as the office runs them, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.storage import tables, voice_tables
from tests.contract.public.people import carrier, letter, png, send
from tests.office import Office

Run = Callable[..., Result]


@pytest.fixture
def run(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the office's database; an expected error becomes exit code 1, as `main` makes it."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", office.site.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))
    monkeypatch.setenv("FAIRVISIT_RULEBOOKS", "AU")

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(fairvisit, arguments)
        assert result.exception is None or isinstance(result.exception, (FieldError, SystemExit)), result.exception
        return result

    return invoke


def said(result: Result) -> str:
    """Give what a command said, or the sentence of its refusal."""
    return str(result.exception) if isinstance(result.exception, FieldError) else result.output


def test_a_card_gets_its_photo_and_number(office: Office, run: Run, tmp_path: Path) -> None:
    """What `photo` prints, `show` shows; without a card it says how to make one."""
    office.add_agent("a1")
    (tmp_path / "a1.png").write_bytes(png())
    without = said(run("cards", "show", "a1"))
    made = said(run("cards", "photo", "a1", str(tmp_path / "a1.png")))
    shown = said(run("cards", "show", "a1"))
    [row] = office.rows(voice_tables.agent_card.select())

    assert "`fairvisit cards photo a1 FILE`" in without
    assert f"{row.number[:4]}-{row.number[4:]}" in made
    assert f"{row.number[:4]}-{row.number[4:]}" in shown
    assert "There is no agent" in said(run("cards", "photo", "a2", str(tmp_path / "a1.png")))


def test_a_complaint_from_its_match_to_its_answer(office: Office, run: Run) -> None:
    """Listed as to be matched, matched by its ending, acknowledged, answered, gone from the list."""
    office.add_case("R1")
    send(office, "/verify/complain", what="posed", words="He said he was from the court.")
    [row] = office.rows(voice_tables.complaint.select())
    short = row.id[-8:]

    first = said(run("complaints", "list"))
    matched = said(run("complaints", "match", short, "R1", "--by", "Ruth"))
    then = said(run("complaints", "list"))
    run("complaints", "acknowledge", short, "--by", "Ruth")
    empty = said(run("complaints", "answer", short, " ", "--by", "Ruth"))
    run("complaints", "answer", short, "It was not us.", "--by", "Ruth")

    assert "match" in first
    assert "posed" in first
    assert "Case R1 is halted" in matched
    assert "acknowledge" in then
    assert "is empty" in empty
    assert "No complaint is open." in said(run("complaints", "list"))
    assert ["It was not us."] == [each.answer for each in office.rows(voice_tables.complaint.select())]
    assert "words: He said he was from the court." in said(run("complaints", "show", short))
    assert [short] == [each["id"][-8:] for each in json.loads(said(run("complaints", "list", "--all", "--json")))]


def test_a_call_from_telephone_to_its_end(office: Office, run: Run) -> None:
    """Noted, unanswered, taken, halted, the crew told, closed."""
    case_id, phone = office.add_case("R1"), carrier(office)
    office.assign(case_id, phone.agent_id)
    [card] = office.rows(voice_tables.agent_card.select())
    send(office, "/verify/help", reach="415 555 0132")  # by the office's clock, ten years ago
    [old] = office.rows(voice_tables.help_call.select())

    noted = said(run("help", "call", "--card", f"{card.number[:4]} {card.number[4:].lower()}", "--case", "R1"))
    listed = said(run("help", "list"))
    [new] = [row for row in office.rows(voice_tables.help_call.select()) if row.id != old.id]
    told = ("message", new.id, "Leave now.")
    for words in (("take", new.id), ("hold", new.id), told, ("close", old.id, "--result", "ok")):
        assert run("help", *words, "--by", "Ruth").exit_code == 0
    rows = {row.id: row for row in office.rows(voice_tables.help_call.select())}

    assert f"fairvisit help take {new.id[-8:]}" in noted
    assert "UNANSWERED" in listed.partition("came by")[2].splitlines()[1]  # the first row under the titles
    assert (case_id, phone.agent_id, "Ruth") == (rows[new.id].case_id, rows[new.id].agent_id, rows[new.id].taken_by)
    assert ["distress"] == [row.reason for row in office.rows(tables.hold.select())]
    assert "closed by Ruth" in said(run("help", "list", "--all"))
    assert [new.id] == [each["id"] for each in json.loads(said(run("help", "list", "--json")))]


def test_a_request_for_a_copy_is_written_for_the_person_alone(office: Office, run: Run, tmp_path: Path) -> None:
    """Two files that only their owner reads; the request is done."""
    case_id = office.add_case("R1")
    send(office, f"/answer/{letter(office, case_id)}/say/copy")
    [row] = office.rows(voice_tables.person_request.select())
    folder = tmp_path / "copy"

    run("requests", "copy", row.id[-8:], "--folder", str(folder), "--language", "zh", "--by", "Ruth")

    assert ["copy.html", "copy.json"] == sorted(path.name for path in folder.iterdir())
    assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert "Person R1" == json.loads((folder / "copy.json").read_text())["person"]["name"]
    assert "Nothing is asked for." in said(run("requests", "list"))
    assert "by Ruth" in said(run("requests", "list", "--all"))


def test_an_erasure_is_shown_before_it_is_done(office: Office, run: Run) -> None:
    """Without --yes nothing goes; an open case keeps all; once closed it goes, with a certificate."""
    case_id = office.add_case("R1")
    send(office, f"/answer/{letter(office, case_id)}/say/erasure")
    [row] = office.rows(voice_tables.person_request.select())
    erase = ("requests", "erase", row.id[-8:], "--by", "Ruth")

    kept = said(run(*erase))
    office.site.store.write(
        lambda c: c.execute(tables.case.update().values(status="paid", closed_ms=office.clock())) and None
    )
    planned = said(run(*erase))
    names = [each.name for each in office.rows(tables.person.select())]
    done = said(run(*erase, "--yes"))

    assert "Kept until it is over: persons (CASE-OPEN" in kept
    assert "Would be erased: persons of the person (1)" in planned
    assert ["Person R1"] == names
    assert "Erased: persons" in done
    assert "Certificate: ey" in done
    assert ["(erased)"] == [each.name for each in office.rows(tables.person.select())]


def test_a_request_for_help_is_closed_and_one_for_erasure_is_not(office: Office, run: Run) -> None:
    """Erasure is done by erasing only."""
    token = letter(office, office.add_case("R1"))
    for saying in ("hardship", "erasure"):
        send(office, f"/answer/{token}/say/{saying}")
    ids = {row.kind: row.id for row in office.rows(voice_tables.person_request.select())}

    assert "Closed." in said(run("requests", "close", ids["hardship"], "--by", "Ruth"))
    assert "requests erase" in said(run("requests", "close", ids["erasure"], "--by", "Ruth"))
