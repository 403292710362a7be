"""`fairvisit conduct-report` on a real database: an agency's own visits of the period, and nobody else's."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.domain.reporting import Figure
from server.services.reporting import report_conduct
from server.storage import tables
from server.storage.voice_tables import complaint, feedback
from tests.contract.conduct.test_gate import HOUSE, open_with
from tests.contract.conduct.test_looking_back import LEAVE, Town
from tests.office import Office

AGENCY = "North Field Agency"


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose house wants two agents, gone within two minutes when asked."""
    yield from open_with(database_url, tmp_path, HOUSE + LEAVE.removeprefix("\n"))


@pytest.fixture
def town(office: Office) -> Town:
    """One visit of one agent, who left four minutes after being asked."""
    town = Town(office)
    town.live(town.phones[0], stays=240)
    return town


def report(office: Office, *days: date, agency: str = AGENCY) -> dict[str, Figure]:
    """Give an agency's figures by name."""
    return {figure.name: figure for figure in report_conduct(office.site, agency, *days)}


def complain(office: Office, town: Town, *, case: bool = True, agent: bool = False) -> None:
    """Put a complaint in."""
    office.insert(
        complaint, id=office.site.new_id(), case_id=town.case_id if case else None,
        agent_id=town.phones[0].agent_id if agent else None, channel="answer", codes=[], words="w", reach="r",
        made_ms=office.clock(), acknowledge_by_ms=0, answer_by_ms=0,
    )  # fmt: skip


def test_a_visit_is_told_by_its_figures(office: Office, town: Town) -> None:
    """One visit: asked to leave and gone in four minutes, two rules broken, nobody came again."""
    found = report(office)

    assert 1 == found["visits"].count
    assert (1, 1) == (found["leaving_timed"].count, found["leaving_timed"].of)
    assert 4.0 == found["leaving_median"].value == found["leaving_worst"].value
    assert (1, 1) == (found["refusals_respected"].count, found["refusals_respected"].of)
    assert (1, 1) == (found["rules_broken/HOUSE-CREW"].count, found["rules_broken/HOUSE-LEAVE"].of)


def test_who_comes_again_did_not_respect_it(office: Office, town: Town) -> None:
    """A second visit while the halt stands; once it was lifted one may come."""
    office.clock.advance(minutes=1)
    town.visit_id = office.site.new_id()
    town.record(town.phones[0], "visit_started", fixes=[], no_fix_reason="unavailable")
    town.record(town.phones[0], "visit_ended", fixes=[], no_fix_reason="unavailable", reason="completed")
    town.send(town.phones[0])
    assert (0, 1) == (report(office)["refusals_respected"].count, report(office)["refusals_respected"].of)

    lifted = tables.hold.update().values(lifted_ms=tables.hold.c.placed_ms + 1)
    office.site.store.write(lambda connection: connection.execute(lifted).rowcount)

    assert 1 == report(office)["refusals_respected"].count


def test_only_the_agency_s_own_is_counted(office: Office, town: Town) -> None:
    """Another agency has no visit, no refusal and no complaint of this one; an unknown agency is said to be none."""
    office.insert(tables.agency, id=office.site.new_id(), name="South", status="active")
    complain(office, town)

    found = report(office, agency="South")
    assert [0, 0, 0] == [found[name].count for name in ("visits", "refusals_respected", "complaints")]
    assert 1 == report(office)["complaints"].count
    with pytest.raises(FieldError, match="North Field Agency, South"):
        report(office, agency="West")


def test_only_the_period_is_counted(office: Office, town: Town) -> None:
    """The first and the last day are in it, by the office's zone: 7 April 2016 in Manila."""
    complain(office, town)
    for first, last, expected in ((7, 7, 1), (6, 6, 0), (8, 9, 0)):
        found = report(office, date(2016, 4, first), date(2016, 4, last))
        assert [expected] * 3 == [found[name].count for name in ("visits", "complaints", "rules_broken")]
    with pytest.raises(FieldError):
        report(office, date(2016, 4, 8), date(2016, 4, 7))


def test_complaints_and_feedback_are_counted(office: Office, town: Town) -> None:
    """By the agent's card or by the case; one about no case is nobody's. An answer counts for its visit."""
    complain(office, town)
    complain(office, town, case=False, agent=True)
    complain(office, town, case=False)
    office.insert(
        feedback, case_id=town.case_id, visit_id=town.visit_id, answers={"card": "yes"}, made_ms=office.clock()
    )

    found = report(office)

    assert (2, 200.0) == (found["complaints"].count, found["complaints_per_100_visits"].value)
    assert found["complaints"].note.startswith("1 complaints of the period")
    assert (1, 1) == (found["feedback_given"].count, found["feedback/card/yes"].count)


def test_the_command_prints_text_json_and_csv_and_names_nobody(
    office: Office, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same figures three times; no agent's code or name in any."""
    for name in ("database_url", "folder", "rulebooks", "house_rulebook", "zone"):
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(office.site.settings, name))
    said = [
        CliRunner().invoke(fairvisit, ["conduct-report", "--agency", AGENCY, *more], catch_exceptions=False).output
        for more in ([], ["--json"], ["--csv"])
    ]

    assert "1 of 1 judged visits that broke HOUSE-LEAVE" in said[0]
    names = [each["name"] for each in orjson.loads(said[1])["figures"]]
    assert names == [row["name"] for row in csv.DictReader(io.StringIO(said[2]))]
    assert not [text for text in said if "Agent a1" in text or town.phones[0].agent_id in text]
