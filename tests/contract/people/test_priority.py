"""Priority on a real database: what scores are made of, what people say of them, and orders given by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.cli.main import fairvisit
from server.services.holding import place_office_hold
from server.services.prioritizing import contest, override, rank_case, rank_free
from server.services.priority_table import USUAL, load_weights
from server.storage import tables
from server.storage.facts_tables import contact_log
from server.storage.portfolio_tables import import_run
from server.storage.priority_tables import priority_word
from tests.office import START_MS, Office, opened_office

Run = Callable[..., Result]
USUAL_WEIGHTS = load_weights(USUAL.read_text("utf-8"))
DAY_MS = 86_400_000
TOMORROW = "2016-04-08"


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office with three free cases: 10, 100 and 50 days past due, on both databases."""
    with opened_office(database_url, tmp_path) as opened:
        for reference, days in (("R1", 10), ("R2", 100), ("R3", 50)):
            case_id = opened.add_case(reference)
            opened.site.store.write(
                lambda connection, case_id=case_id, days=days: connection.execute(
                    tables.case.update().where(tables.case.c.id == case_id).values(days_past_due=days, overdue=50_000)
                )
                and None
            )
        yield opened


@pytest.fixture
def run(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the office's database; an expected error becomes exit code 1."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", office.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(fairvisit, arguments)
        assert result.exception is None or isinstance(result.exception, (FieldError, SystemExit)), result.exception
        return result

    return invoke


def order(office: Office) -> list[tuple[str, int | None, int]]:
    """Give (reference, place, score) in order."""
    return [(each.standing.reference, each.place, each.score) for each in rank_free(office.site, USUAL_WEIGHTS)]


def id_of(office: Office, reference: str) -> str:
    """Give a case's id."""
    [row] = office.rows(tables.case.select().where(tables.case.c.reference == reference))
    return str(row.id)


def tell_log(office: Office, *contacts: tuple[str, int, str]) -> None:
    """Say that the lender told its contacts, and which there are: (reference, days ago, result)."""
    run = {"kind": "contacts", "lender": "lender", "file_name": "l.csv", "file_sha256": "0" * 64, "state": "finished"}
    office.insert(
        import_run, id=office.site.new_id(), line=0, counts={}, started_ms=START_MS, updated_ms=START_MS, **run
    )
    for number, (reference, days, result) in enumerate(contacts):
        office.insert(
            contact_log, lender="lender", reference=f"k{number}", case_id=id_of(office, reference), channel="call",
            at_ms=START_MS - days * DAY_MS, result=result, number="", content=[], source="lender", digest="0" * 64,
            imported_ms=START_MS,
        )  # fmt: skip


def test_the_longest_overdue_comes_first(office: Office) -> None:
    """35 points of 100 days, 18 of 50, 7 of 10; 12 of the amount each; of the rest nothing is known here."""
    assert [("R2", 1, 47), ("R3", 2, 30), ("R1", 3, 19)] == order(office)


def test_the_log_of_contacts_counts_once_it_is_told(office: Office) -> None:
    """Three tries bring 9, no contact ever 15; who was reached two days ago gets nothing of it."""
    tell_log(office, ("R1", 3, "attempt"), ("R1", 4, "attempt"), ("R1", 5, "attempt"), ("R2", 2, "made"))

    assert [("R2", 1, 47), ("R3", 2, 45), ("R1", 3, 43)] == order(office)


def test_hours_that_are_lawful_count_where_rules_are_in_force(database_url: str, tmp_path: Path) -> None:
    """The week from Monday at nine has six days of nine and a half hours; Sunday is none of the house's."""
    with opened_office(database_url, tmp_path, rulebooks="US-MA", region="US", zone="America/Los_Angeles") as office:
        office.clock.ms = 1_778_515_200_000  # Monday 11 May 2026, 09:00 in San Francisco
        office.add_case("R1")
        [ranked] = rank_free(office.site, USUAL_WEIGHTS)

    hours = next(each for each in ranked.reasons if each.factor == "open_hours")
    assert (57, 3) == (hours.value, hours.points)


def test_a_halted_case_has_no_place(office: Office) -> None:
    """Whatever its score, nobody is sent there."""
    place_office_hold(office.site, id_of(office, "R2"), HoldScope.CASE, HoldReason.ILLNESS, "Dana", None)

    assert [("R3", 1, 30), ("R1", 2, 19), ("R2", None, 47)] == order(office)


def test_an_assigned_case_keeps_its_score_and_has_no_place(office: Office) -> None:
    """What somebody has is not in the list; its reasons can still be seen."""
    office.assign(id_of(office, "R2"), office.add_agent("a1"))

    assert [("R3", 1, 30), ("R1", 2, 19)] == order(office)
    alone = rank_case(office.site, USUAL_WEIGHTS, id_of(office, "R2"))
    assert (None, 47) == (alone.place, alone.score)


def test_what_people_say_is_kept_with_name_reason_and_day(office: Office, run: Run) -> None:
    """A place and a score hold until the end of their day, a contest is shown; nothing is ever deleted."""
    assert 0 == run("priority", "contest", "R1", "--by", "Eve", "--reason", "she asked for a visit").exit_code
    assert "contested" in run("priority", "list").output
    place = ("--place", "1", "--until", "2999-01-01")
    assert 0 == run("priority", "override", "R1", "--by", "Dana", "--reason", "asked", *place).exit_code
    shown = run("priority", "show", "R1").output

    assert "place 1, score 19" in shown
    assert "Dana: place 1 until 2999-01-01: asked" in shown
    assert "Eve: contested: she asked for a visit" in shown
    assert " 7 of 35  days past due: 10, 1 to 30: 20 of 100." in shown
    assert 2 == len(office.rows(priority_word.select()))


def test_an_override_ends_with_its_day(office: Office) -> None:
    """The day after, the factors' own score counts again."""
    override(office.site, id_of(office, "R1"), "score", 99, "Dana", "asked", date.fromisoformat(TOMORROW))
    assert ("R1", 1, 99) == order(office)[0]
    office.clock.advance(days=2)
    assert ("R1", 3, 19) == order(office)[2]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--score", "101", "--until", "2999-01-01"), "score: is 0 to 100"),
        (("--place", "0", "--until", "2999-01-01"), "place: is 1 or more"),
        (("--place", "1", "--until", "2016-01-01"), "until: 2016-01-01 is over"),
        (("--place", "1", "--score", "1", "--until", "2999-01-01"), "Name one of --place and --score"),
        (("--place", "1", "--until", "soon"), "--until: 'soon' is not a day"),
    ],
)
def test_what_cannot_be_meant_is_refused(office: Office, run: Run, arguments: tuple[str, ...], why: str) -> None:
    """A sentence says what is wrong, and nothing is kept."""
    result = run("priority", "override", "R1", "--by", "Dana", "--reason", "asked", *arguments)

    assert 1 == result.exit_code
    assert why in str(result.exception)
    assert [] == office.rows(priority_word.select())


def test_a_contest_needs_a_name_and_a_reason(office: Office) -> None:
    """Who and why are kept, so they are asked for."""
    with pytest.raises(FieldError, match=r"by: is missing.*reason: is missing"):
        contest(office.site, id_of(office, "R1"), " ", "")


def test_weights_of_your_own_are_checked_before_they_are_used(run: Run, tmp_path: Path) -> None:
    """A protected attribute is refused by the command as it is by the reader."""
    own = tmp_path / "own.yaml"
    own.write_text(USUAL.read_text("utf-8").replace("factor: tries", "factor: age"), "utf-8")
    result = run("priority", "list", "--weights", str(own))

    assert 1 == result.exit_code
    assert "own.yaml: factors.2.factor: is age, a protected attribute" in result.output


def test_a_policy_fills_the_room_there_is_in_that_order(office: Office, run: Run, tmp_path: Path) -> None:
    """With room for one, `--by-priority` gives the agent the first of the list; else a policy goes by reference."""
    office.add_agent("a1")
    table = tmp_path / "policy.yaml"
    table.write_text("- name: all\n  to: {agency: North Field Agency}\n  capacity: 1\n", "utf-8")
    plain = run("assign", "--by-policy", str(table), "--dry-run").output
    ordered = run("assign", "--by-policy", str(table), "--by-priority", "--dry-run").output

    assert ["R1"] == [line.split()[0] for line in plain.splitlines() if line.endswith("a1") and line.startswith("R")]
    assert ["R2"] == [line.split()[0] for line in ordered.splitlines() if line.endswith("a1") and line.startswith("R")]
    assert 1 == run("assign", "--nearest", "--by-priority").exit_code
