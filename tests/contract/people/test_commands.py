"""The commands of people and assigning, run as the office runs them, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import FieldError
from server.services.enrolling import enrol_device
from server.storage import tables
from tests.contract.people.conftest import Run
from tests.contract.people.office import Key, Office, opened_office

TABLE = """
- {name: near, when: {area: [Mission], days_past_due: {to: 60}}, to: {team: City}, capacity: 2}
- {name: late, when: {days_past_due: {from: 61}}, to: {team: Late}}
"""


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    """An office whose clock the commands do not share: they run on the machine's."""
    with opened_office(database_url) as opened:
        opened.add_agents("a1", "a2", at=(377_000_000, -1_224_000_000))
        opened.add_agents("a3", team="Late", at=(300_000_000, -1_224_000_000))
        yield opened


def holders(office: Office) -> dict[str, str]:
    """Give who leads each case, by reference."""
    codes = {row.id: row.code for row in office.rows(tables.agent)}
    references = {row.id: row.reference for row in office.rows(tables.case)}
    live = [row for row in office.rows(tables.assignment) if row.until_ms is None and row.role == "lead"]
    return {references[row.case_id]: codes[row.agent_id] for row in live}


def enrolled(office: Office, run: Run, agent: str = "a1") -> str:
    """Enrol a device by the code the command printed; give its id."""
    code = json.loads(run("enrol", agent, "--json").stdout)["code"]
    office.clock.ms = office.rows(tables.enrol_code)[-1].made_ms  # the command's clock is the machine's
    return enrol_device(office.site, Key().request(code)).device_id


def test_agents_are_listed_as_table_and_as_json(run: Run) -> None:
    """What `agents add` enters, `agents list` shows, in both forms; wide letters line up."""
    run("agents", "add", "b1", "王伟", "--agency", "南", "--language", "zh", "--at", "22.6,120.3")
    lines = run("agents", "list").stdout.splitlines()
    rows = {row["code"]: row for row in json.loads(run("agents", "list", "--json").stdout)}

    assert ["code", "a1", "a2", "a3", "b1"] == [line.split()[0] for line in lines]
    assert {"南", "zh"} <= set(lines[-1].split())
    assert ("王伟", "南", None, ["zh"]) == tuple(
        rows["b1"][name] for name in ("name", "agency_name", "team_name", "languages")
    )


def test_a_file_of_agents_is_taken_whole_or_not_at_all(run: Run, tmp_path: Path, office: Office) -> None:
    """A good file is imported; a bad one is refused with its lines, and brings nobody."""
    (tmp_path / "good.csv").write_text("code,name,agency\nb1,x,South\n")
    (tmp_path / "bad.csv").write_text("code,name,agency\nb2,x,South\nb3,,South\n")
    good, bad = (run("agents", "import", str(tmp_path / name)) for name in ("good.csv", "bad.csv"))

    assert "1 added, 0 changed, 0 unchanged" in good.stdout
    assert (1, "bad.csv: line 3, name: is empty\n") == (bad.exit_code, bad.stderr)
    assert {"a1", "a2", "a3", "b1"} == {row.code for row in office.rows(tables.agent)}


def test_teams_and_agencies_are_entered_and_listed(run: Run) -> None:
    """`agents team` and `agents agency` enter what `agents teams` lists."""
    run("agents", "team", "Night", "--agency", "North", "--capacity", "7", "--certificate", "x")
    run("agents", "agency", "East")
    found = json.loads(run("agents", "teams", "--json").stdout)

    night = next(row for row in found["teams"] if row["name"] == "Night")
    assert {"name": "Night", "agency_name": "North", "certificates": ["x"], "languages": [], "capacity": 7} == night
    assert ["East", "North"] == found["agencies"]


def test_a_code_is_printed_as_text_and_as_qr(run: Run) -> None:
    """`enrol` prints the code, how long it lasts, and a QR of it."""
    printed = run("enrol", "a1").stdout

    assert "15 minutes" in printed
    assert any("▄▄▄▄▄" in line for line in printed.splitlines())
    assert 1 == run("enrol", "nobody").exit_code


def test_devices_are_listed_with_their_agents(run: Run, office: Office) -> None:
    """`devices list` shows each device, filtered by agent and state."""
    device_id = enrolled(office, run)

    assert [device_id] == [row["id"] for row in json.loads(run("devices", "list", "--json").stdout)]
    assert device_id in run("devices", "list", "--agent", "a1", "--state", "active").stdout
    assert "no such devices" in run("devices", "list", "--agent", "a2").stdout


def test_a_device_is_approved_or_turned_away(run: Run, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """`devices approve` lets a waiting device in, or turns it away."""
    monkeypatch.setenv("FAIRVISIT_NEEDS_APPROVAL", "yes")
    first, second = enrolled(office, run), enrolled(office, run, "a2")

    assert "is let in" in run("devices", "approve", first).stdout
    assert "turned away" in run("devices", "approve", second, "--refuse").stdout
    assert [(first, "active")] == [(row.id, row.state) for row in office.rows(tables.device)]


def test_a_key_is_rotated_once(run: Run) -> None:
    """`devices rotate-key` publishes a key, and refuses a second one meanwhile."""
    assert ["signs from" in run("devices", "rotate-key").stdout for _ in range(2)] == [True, False]


def test_a_device_is_withdrawn_in_two_phases(run: Run, office: Office) -> None:
    """`revoke` leaves a device sending, `revoke --gone` ends it; contradictory options are refused."""
    device_id = enrolled(office, run)

    assert "may only send" in run("revoke", device_id).stdout
    assert "is gone" in run("revoke", device_id, "--gone").stdout
    assert ["gone"] == [row.state for row in office.rows(tables.device)]
    assert [1, 1] == [run("revoke", device_id, *more).exit_code for more in (["--gone", "--wipe-now"], ["--anyway"])]


def test_a_wipe_shows_what_may_be_lost_and_asks(run: Run, office: Office) -> None:
    """A4: `revoke --wipe-now` shows last contact, events and files first; without a yes nothing changes."""
    device_id = enrolled(office, run)
    printed = run("revoke", device_id, "--wipe-now", typed="n\n").stdout

    assert printed.index("last contact") < printed.index("Wipe it now?") < printed.index("Nothing was changed")
    assert "would be lost for good" in printed
    assert ["active"] == [row.state for row in office.rows(tables.device)]


def test_cases_are_assigned_by_reference(run: Run, office: Office) -> None:
    """`assign R0 --agent` gives a case, `unassign` takes it back; an unknown reference stops the order."""
    office.add_cases(2)

    assert "Assigned 1" in run("assign", "R0", "--agent", "a1", "--companion", "a2").stdout
    assert {"R0": "a1"} == holders(office)
    assert 1 == run("assign", "R1", "R9", "--agent", "a1").exit_code
    assert "Leases extended: 1" in run("assign", "R0", "--extend", "--lease-days", "9").stdout
    assert "Taken back: 1" in run("unassign", "R0").stdout
    assert {} == holders(office)


def test_one_reference_of_two_lenders_asks_for_the_lender(run: Run, office: Office) -> None:
    """A reference that two lenders use is not guessed."""
    office.add_cases(1)
    office.add_cases(1, lender="Other")

    assert 1 == run("assign", "R0", "--agent", "a1").exit_code
    assert "Assigned 1" in run("assign", "R0", "--agent", "a1", "--lender", "Other").stdout


def test_cases_are_assigned_by_area(run: Run, office: Office) -> None:
    """`assign --area` gives the free cases of an area, and says when there is none."""
    office.add_cases(2)
    office.add_cases(1, prefix="S", area="South")

    assert "Assigned 1" in run("assign", "--area", "South", "--agent", "a2").stdout
    assert {"S0": "a2"} == holders(office)
    assert 1 == run("assign", "--area", "South", "--agent", "a2").exit_code


def test_cases_are_assigned_by_file(run: Run, office: Office, tmp_path: Path) -> None:
    """`assign --file` gives each line's case to its crew; one bad line stops the whole file."""
    office.add_cases(3)
    (tmp_path / "good.csv").write_text("lender,reference,agent,companions\nBank,R0,a1,a2; a3\nBank,R1,a2,\n")
    (tmp_path / "bad.csv").write_text("lender,reference,agent\nBank,R2,a1\nBank,R9,a1\nBank,R2,a2\n")

    assert "Assigned 2" in run("assign", "--file", str(tmp_path / "good.csv")).stdout
    refused = run("assign", "--file", str(tmp_path / "bad.csv"))
    assert isinstance(refused.exception, FieldError)
    assert ["line 3", "line 4"] == list(refused.exception.fields)
    assert {"R0": "a1", "R1": "a2"} == holders(office)


def test_cases_go_to_the_nearest_agent(run: Run, office: Office) -> None:
    """`assign --nearest` chooses by distance; a case without coordinates is left for a person."""
    office.add_cases(1, lat_e7=377_010_000)
    office.add_cases(1, prefix="F", lat_e7=301_000_000)
    office.add_cases(1, prefix="U", lat_e7=None, lon_e7=None)
    printed = run("assign", "--nearest").stdout

    assert {"R0": "a1", "F0": "a3"} == holders(office)
    assert "For a person: 1" in printed


class TestPolicy:
    """`assign --by-policy`."""

    @pytest.fixture
    def table(self, tmp_path: Path, office: Office) -> str:
        """A table of two rows, and six cases: five near, one of them beyond capacity, and one that no row matches."""
        office.add_cases(5)
        office.add_cases(1, prefix="L", days_past_due=90)
        office.add_cases(1, prefix="S", area="South")
        path = tmp_path / "table.yaml"
        path.write_text(TABLE)
        return str(path)

    def test_a_dry_run_says_which_row_chose_each_case(self, run: Run, office: Office, table: str) -> None:
        """`--dry-run` prints counts, each case with its row, and what goes to a person; nothing is written."""
        printed = run("assign", "--by-policy", table, "--dry-run").stdout
        shown: dict[str, Any] = json.loads(run("assign", "--by-policy", table, "--dry-run", "--json").stdout)

        assert {"near": 4, "late": 1} == shown["rows"]
        assert {"a1": 2, "a2": 2, "a3": 1} == shown["agents"]
        chosen = {case["reference"]: (case["row"], case["agent"]) for case in shown["cases"]}
        assert ("late", "a3") == chosen["L0"]
        assert {("near", None), (None, None)} == {each for each in chosen.values() if each[1] is None}
        assert ["L0", "late", "a3"] in [line.split() for line in printed.splitlines()]
        assert "For a person: 2" in printed
        assert "S0: no row matches" in printed
        assert {} == holders(office)

    def test_the_table_is_carried_out(self, run: Run, office: Office, table: str) -> None:
        """Without `--dry-run` the chosen cases are assigned; again, only what is left is looked at."""
        assert "Assigned 5" in run("assign", "--by-policy", table).stdout
        assert {"R0", "R1", "R2", "R3", "L0"} == set(holders(office))
        assert "Assigned 0" in run("assign", "--by-policy", table).stdout

    def test_a_protected_attribute_is_refused_with_the_reason(self, run: Run, office: Office, tmp_path: Path) -> None:
        """A table that asks for what a person is decides nothing."""
        path = tmp_path / "bad.yaml"
        path.write_text("- {name: x, when: {sex: [f]}, to: {team: City}}")
        refused = run("assign", "--by-policy", str(path))

        assert 1 == refused.exit_code
        assert "bad.yaml: rows.0.when.sex: is sex, a protected attribute" in refused.stderr

    def test_a_team_that_is_not_there_is_refused(self, run: Run, office: Office, tmp_path: Path) -> None:
        """A row for an unknown team or agency stops the table before a case is looked at."""
        path = tmp_path / "bad.yaml"
        path.write_text("- {name: x, to: {team: Nobody}}\n- {name: y, to: {agency: None}}")
        refused = run("assign", "--by-policy", str(path))

        assert isinstance(refused.exception, FieldError)
        assert ["rows.x.to", "rows.y.to"] == list(refused.exception.fields)


def test_an_order_without_a_way_to_choose_is_refused(run: Run) -> None:
    """`assign` needs exactly one way to choose cases, and a lead where it cannot tell one."""
    for arguments in ([], ["R0"], ["R0", "--nearest", "--agent", "a1"], ["--area", "x"], ["--extend", "--nearest"]):
        assert 1 == run("assign", *arguments).exit_code
    for arguments in ([], ["R0", "--agent", "a1"]):
        assert 1 == run("unassign", *arguments).exit_code


def test_all_cases_of_an_agent_are_taken_back(run: Run, office: Office) -> None:
    """`unassign --agent` takes what the agent leads; `--reason paid` closes it too."""
    office.add_cases(3)
    run("assign", "R0", "R1", "--agent", "a1")
    run("assign", "R2", "--agent", "a2", "--companion", "a1")

    assert "Taken back: 2. Closed as paid: 2." in run("unassign", "--agent", "a1", "--reason", "paid").stdout
    assert {"R2": "a2"} == holders(office)
    assert ["open", "paid", "paid"] == sorted(row.status for row in office.rows(tables.case))
