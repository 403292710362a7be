"""Agents, teams and agencies: entered one by one or by file, whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import FieldError
from server.services.people import AgentEntry, PeopleReport, put_agency, put_agents, put_team, read_agents
from server.storage import people_rows, tables
from tests.contract.people.office import Office

FILE = """code,name,agency,team,certificates,languages,lat,lon,status
b1,Lin Wei,South,Coast,consumer; card,zh en,22.6273,120.3014,
b2,Ana,South,,,,,,inactive
"""


def listed(office: Office) -> dict[str, Any]:
    """Give every agent by code, as `agents list` shows them."""
    with office.site.store.read() as connection:
        return {row.code: row for row in people_rows.list_agents(connection)}


def test_a_file_brings_agents_with_teams_and_agencies(office: Office) -> None:
    """What a file names and is not there yet is made; every column comes through."""
    report = put_agents(office.site, read_agents(FILE.encode()))
    found = listed(office)["b1"]

    assert PeopleReport(added=2, agencies=["South"], teams=["Coast"]) == report
    assert ("Lin Wei", "South", "Coast", 40) == (found.name, found.agency_name, found.team_name, found.capacity)
    assert (["card", "consumer"], ["en", "zh"]) == (found.certificates, found.languages)
    assert (226_273_000, 1_203_014_000, "active") == (found.lat_e7, found.lon_e7, found.status)
    assert (None, "inactive") == (listed(office)["b2"].team_name, listed(office)["b2"].status)


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    """An import that comes twice leaves agents and their ids as they were; a changed line changes its agent."""
    put_agents(office.site, read_agents(FILE.encode()))
    before = office.rows(tables.agent)

    assert PeopleReport(unchanged=2) == put_agents(office.site, read_agents(FILE.encode("utf-8-sig")))
    assert before == office.rows(tables.agent)
    changed = put_agents(office.site, read_agents(FILE.replace("Ana", "Anna").encode()))
    assert PeopleReport(changed=1, unchanged=1) == changed
    assert {row.id for row in before} == {row.id for row in office.rows(tables.agent)}


@pytest.mark.parametrize(
    ("content", "places"),
    [
        (b"code,name\nb1,x\n", ["agency"]),
        (b"code,name,agency,shoe\nb1,x,S,1\n", ["shoe"]),
        (b"code,name,agency\nb1,,S\n,x,S\n", ["line 2, name", "line 3, code"]),
        (b"code,name,agency\nb1,x,S\nb1,y,S\n", ["line 3, code"]),
        (b"code,name,agency,status\nb1,x,S,asleep\n", ["line 2, status"]),
        (b"code,name,agency,lat,lon\nb1,x,S,91,0\n", ["line 2, lat"]),
        (b"code,name,agency,lat,lon\nb1,x,S,1,181\n", ["line 2, lon"]),
        (b"code,name,agency,lat,lon\nb1,x,S,1,\n", ["line 2, lat"]),
        (b"code,name,agency,lat,lon\nb1,x,S,\"22,6\",1\n", ["line 2, lat"]),
        (b"code,name,agency\nb1,x,S,more\n", ["line 2, (beyond)"]),
        ("code,name,agency\nb1,é,S\n".encode("latin-1"), ["."]),
        (b'code,name,agency\nb1,"x,S\n', ["."]),
    ],
)
def test_each_fault_is_told_with_line_and_column(content: bytes, places: list[str]) -> None:
    """A file with faults is refused whole, each fault with its place."""
    with pytest.raises(FieldError) as caught:
        read_agents(content)

    assert places == list(caught.value.fields)


def test_a_team_belongs_to_one_agency(office: Office) -> None:
    """An agent cannot be in a team of another agency, and nothing of the file is kept."""
    with pytest.raises(FieldError, match="another agency"):
        put_agents(office.site, [AgentEntry("b1", "x", "New", None), AgentEntry("b2", "y", "South", "City")])

    assert {"a1", "a2", "a3"} == set(listed(office))
    with office.site.store.read() as connection:
        assert {"North"} == set(people_rows.read_agencies(connection))


def test_a_team_is_changed_by_its_name(office: Office) -> None:
    """Putting a team again changes it in place; an agency is made once."""
    before = {row.name: row.id for row in office.rows(tables.team)}
    put_team(office.site, "City", "North", ["y", "x", "x"], ["zh"], 7)
    [team] = office.rows(tables.team)

    assert (before, ["x", "y"], ["zh"], 7) == ({team.name: team.id}, team.certificates, team.languages, team.capacity)
    assert put_agency(office.site, "East") == put_agency(office.site, "East")
    with pytest.raises(FieldError, match="1 or more"):
        put_team(office.site, "City", "North", capacity=0)
