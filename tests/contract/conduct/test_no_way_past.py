"""
No case is handed out past the gate: not by the commands, not by the service, not by the storage, not by a bare row.

The server's API has no route that hands a case out; what a device gets, it gets by its assignments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.cli.main import fairvisit
from server.services import assigning
from server.storage import case_rows, conduct_rows, tables
from server.storage.conduct_tables import judgement
from tests.contract.conduct.test_gate import open_with
from tests.office import Office, opened_office

DAY_MS = 86_400_000


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose house demands two agents."""
    yield from open_with(database_url, tmp_path)


def agents(office: Office) -> dict[str, str]:
    """Give the agents' ids by code."""
    return {row.code: row.id for row in office.rows(tables.agent.select())}


def judged(office: Office, case_id: str) -> Any:
    """Give the last judgement of a case."""
    with office.site.store.read() as connection:
        return conduct_rows.read_judgement(connection, case_id)


def handed_out(office: Office) -> list[tuple[str, str]]:
    """Give (case, agent) of every assignment."""
    return sorted((row.case_id, row.agent_id) for row in office.rows(tables.assignment.select()))


def write(office: Office, job: Callable[[Connection], Any]) -> None:
    """Write."""
    office.site.store.write(lambda connection: job(connection) and None)


def add(office: Office, judgement_ids: Sequence[str]) -> None:
    """Ask the storage to hand out."""
    now_ms = office.clock()
    write(office, lambda connection: case_rows.add_assignments(connection, judgement_ids, "somebody", now_ms))


def test_the_storage_hands_out_only_what_was_let_through(office: Office) -> None:
    """A judgement that refused, one that nobody made and a visit's are no way in; nothing is written beside them."""
    refused, passed = office.add_case("R1"), office.add_case("R2")
    assigning.assign(office.site, [refused], "a1")
    assigning.assign(office.site, [passed], "a1", ["a2"])
    before, let_through = handed_out(office), judged(office, passed).id
    visited = dict(judged(office, passed)._mapping) | {"id": office.site.new_id(), "visit_id": office.site.new_id()}
    office.insert(judgement, **visited)

    for shut in (judged(office, refused).id, office.site.new_id(), visited["id"]):
        with pytest.raises(LookupError, match=f"not let through by the gate: {shut}"):
            add(office, [let_through, shut])
    assert before == handed_out(office)
    assert {passed} == {case_id for case_id, _ in before}


def test_whom_the_storage_hands_out_to_is_whom_the_gate_judged(office: Office) -> None:
    """The rows are made of the judgement: its case, its crew with its lead, its lease, and they name it."""
    case_id = office.add_case("R1")
    assigning.assign(office.site, [case_id], "a2", ["a1"], lease_days=3)
    kept, ids = judged(office, case_id), agents(office)

    assert {
        (case_id, ids["a2"], "lead", ids["a2"], kept.made_ms + 3 * DAY_MS, kept.id),
        (case_id, ids["a1"], "companion", ids["a2"], kept.made_ms + 3 * DAY_MS, kept.id),
    } == {
        (row.case_id, row.agent_id, row.role, row.lead_agent_id, row.lease_until_ms, row.judgement_id)
        for row in office.rows(tables.assignment.select())
    }


@pytest.mark.parametrize("forged", ["refused", "nobody's", "another case", "another lead", "longer lease", "a flag"])
def test_the_tables_refuse_a_row_that_no_judgement_let_through(office: Office, forged: str) -> None:
    """Whoever writes the row by hand meets the same wall: nothing was judged so, or it was refused."""
    case_id, other = office.add_case("R1"), office.add_case("R2")
    assigning.assign(office.site, [case_id], "a1")
    assigning.assign(office.site, [other], "a1", ["a2"])
    ids, opened, shut = agents(office), judged(office, other), judged(office, case_id)
    until_ms = opened.lease_until_ms
    row = {
        "case_id": case_id, "agent_id": ids["a1"], "lead_agent_id": ids["a1"], "role": "lead", "by": "somebody",
        "from_ms": office.clock() + 5, "lease_until_ms": until_ms, "judgement_id": opened.id,
    }  # fmt: skip
    row |= {
        "refused": {"judgement_id": shut.id},
        "nobody's": {"judgement_id": office.site.new_id()},
        "another case": {},
        "another lead": {"case_id": other, "agent_id": ids["a2"], "lead_agent_id": ids["a2"]},
        "longer lease": {"case_id": other, "lease_until_ms": until_ms + 1},
        "a flag": {"judgement_id": shut.id, "is_let_through": False},
    }[forged]
    before = handed_out(office)

    with pytest.raises(IntegrityError):
        office.insert(tables.assignment, **row)
    assert before == handed_out(office)


def test_a_lease_grows_only_by_a_judgement_of_the_crew_that_has_the_case(office: Office) -> None:
    """A longer lease written by hand is refused by the tables, one judged for another crew by the storage."""
    case_id, ids = office.add_case("R1"), agents(office)
    assigning.assign(office.site, [case_id], "a1", ["a2"])
    kept = dict(judged(office, case_id)._mapping)
    longer = kept | {"id": office.site.new_id(), "lease_until_ms": kept["lease_until_ms"] + DAY_MS}
    office.insert(judgement, **longer | {"crew": [ids["a1"]]})

    with pytest.raises(LookupError, match=f"judged for another crew: {case_id}"):
        write(office, lambda connection: case_rows.extend_assignments(connection, [longer["id"]]))
    by_hand = tables.assignment.update().values(lease_until_ms=kept["lease_until_ms"] + 1)
    with pytest.raises(IntegrityError):
        write(office, lambda connection: connection.execute(by_hand))
    assert {kept["lease_until_ms"]} == {row.lease_until_ms for row in office.rows(tables.assignment.select())}


def test_the_command_has_no_word_that_opens_the_gate(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What blocks is refused by reference and by file, with an override and without; nothing goes out."""
    office.add_case("R1")
    for name in ("database_url", "folder", "rulebooks", "house_rulebook", "zone"):
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(office.settings, name))
    orders = Path(office.settings.folder) / "orders.csv"
    orders.write_text("lender,reference,agent,companions\nlender,R1,a1,\n", "utf-8")
    agreed = ["--override", "it is urgent", "--second", "Bo"]

    for words in (["R1", "--agent", "a1"], ["--file", str(orders)]):
        for more in ([], agreed):
            said = CliRunner().invoke(fairvisit, ["assign", *words, *more], catch_exceptions=False).output
            assert "HOUSE-CREW (house)" in said
    assert [] == handed_out(office)
    assert [] == office.rows(tables.feed.select().where(tables.feed.c.type == "packet"))


def test_nothing_in_force_is_on_record(database_url: str, tmp_path: Path) -> None:
    """A case handed out while no rulebook is in force names a judgement that says so: no rulebook, no answer."""
    with opened_office(database_url, tmp_path) as office:
        office.add_agent("a1")
        case_id = office.add_case("R1")
        assigning.assign(office.site, [case_id], "a1")
        [row] = office.rows(tables.assignment.select())
        kept = judged(office, case_id)

    assert (kept.id, True, [], {}, {}) == (row.judgement_id, kept.is_open, kept.rulebooks, kept.answers, kept.facts)


def test_of_two_refusals_in_one_millisecond_the_last_is_listed(office: Office) -> None:
    """The list shows each case once, however quickly it was asked for again."""
    case_id = office.add_case("R1")
    for _ in range(2):
        assigning.assign(office.site, [case_id], "a1")
    with office.site.store.read() as connection:
        listed = conduct_rows.read_refused(connection)

    assert [judged(office, case_id).id] == [row.id for row in listed]
    assert 2 == len(office.rows(judgement.select()))
