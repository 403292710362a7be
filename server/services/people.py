"""
People: agencies, teams and agents as the office enters them, one by one or from a CSV file.

Comes in: words from the command line or rows of a file. Goes out: rows of agents, or a sentence for each line and
column that cannot be taken; a file is taken whole or not at all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.services.leaving import Left, release_agents
from server.services.site import Site
from server.storage import people_rows
from server.storage.device_rows import AnyRow

COLUMNS = ("code", "name", "agency", "team", "certificates", "languages", "lat", "lon", "status")
REQUIRED = ("code", "name", "agency")
CAPACITY = 40  # open cases an agent of a team can carry, where nobody said otherwise
STATES = ("active", "inactive")


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """An agent as the office enters them; the agency, and a team that is named, are made if they are not there."""

    code: str
    name: str
    agency: str
    team: str | None = None
    certificates: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    at: tuple[int, int] | None = None  # 1e-7 degree, WGS-84: where they usually start from
    status: str = "active"


@dataclass(slots=True)
class PeopleReport:
    """What an import of agents did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    agencies: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    left: Left = field(default_factory=Left)


def put_agency(site: Site, name: str) -> str:
    """Make sure that there is an agency of this name; give its id."""

    def job(connection: Connection) -> str:
        return _put_agencies(connection, site, [name], PeopleReport())[name]

    return site.store.write(job)


def put_team(
    site: Site,
    name: str,
    agency: str,
    certificates: Sequence[str] = (),
    languages: Sequence[str] = (),
    capacity: int = CAPACITY,
) -> None:
    """Add a team to an agency, or change the team of this name; the agency is made if it is not there."""
    if capacity < 1:
        raise FieldError("invalid", {"capacity": ["is the number of cases an agent can carry: 1 or more"]})

    def job(connection: Connection) -> None:
        row = {
            "id": site.new_id(),
            "name": name,
            "agency_id": _put_agencies(connection, site, [agency], PeopleReport())[agency],
            "certificates": sorted(set(certificates)),
            "languages": sorted(set(languages)),
            "capacity": capacity,
        }
        people_rows.put_team(connection, row)

    site.store.write(job)


def put_agents(site: Site, entries: Sequence[AgentEntry]) -> PeopleReport:
    """
    Add these agents, or change those of the same code; agents not named stay as they are.

    Whoever is not active has nothing any more afterwards: see `leaving.py`.
    Raises `conflict` for a team that belongs to another agency than its agent.
    """

    def job(connection: Connection) -> PeopleReport:
        report = PeopleReport()
        agencies = _put_agencies(connection, site, [entry.agency for entry in entries], report)
        teams = _put_teams(connection, site, entries, agencies, report)
        known = people_rows.read_agents_by_code(connection, [entry.code for entry in entries])
        rows = []
        for entry in entries:
            row = _row(entry, agencies[entry.agency], None if entry.team is None else teams[entry.team])
            old = known.get(entry.code)
            if old is not None and all(getattr(old, name) == value for name, value in row.items()):
                report.unchanged += 1
                continue
            report.added += old is None
            report.changed += old is not None
            rows.append(row | {"id": site.new_id()})
        if rows:
            people_rows.put_agents(connection, rows)
        return report

    report = site.store.write(job)
    gone = [entry.code for entry in entries if entry.status != "active"]
    if gone:
        with site.store.read() as connection:
            found = people_rows.read_agents_by_code(connection, gone)
        report.left = release_agents(site, [row.id for row in found.values()])
    return report


def _row(entry: AgentEntry, agency_id: str, team_id: str | None) -> dict[str, Any]:
    return {
        "code": entry.code,
        "name": entry.name,
        "agency_id": agency_id,
        "team_id": team_id,
        "certificates": sorted(set(entry.certificates)),
        "languages": sorted(set(entry.languages)),
        "lat_e7": None if entry.at is None else entry.at[0],
        "lon_e7": None if entry.at is None else entry.at[1],
        "status": entry.status,
    }


def _put_agencies(connection: Connection, site: Site, names: Sequence[str], report: PeopleReport) -> dict[str, str]:
    known = {name: row.id for name, row in people_rows.read_agencies(connection).items()}
    for name in sorted(set(names) - set(known)):
        known[name] = site.new_id()
        people_rows.add_agency(connection, {"id": known[name], "name": name, "status": "active"})
        report.agencies.append(name)
    return known


def _put_teams(
    connection: Connection, site: Site, entries: Sequence[AgentEntry], agencies: Mapping[str, str], report: PeopleReport
) -> dict[str, str]:
    known: dict[str, AnyRow] = people_rows.read_teams(connection)
    ids = {name: row.id for name, row in known.items()}
    homes = {name: row.agency_id for name, row in known.items()}
    for entry in entries:
        if entry.team is None:
            continue
        if entry.team not in ids:
            row = {"id": site.new_id(), "name": entry.team, "agency_id": agencies[entry.agency], "capacity": CAPACITY}
            people_rows.put_team(connection, row | {"certificates": [], "languages": []})
            ids[entry.team], homes[entry.team] = row["id"], row["agency_id"]
            report.teams.append(entry.team)
        if homes[entry.team] != agencies[entry.agency]:
            detail = f"Agent {entry.code}: team {entry.team} belongs to another agency than {entry.agency}."
            raise FieldError("conflict", detail=detail)
    return ids


def read_agents(content: bytes) -> list[AgentEntry]:
    """
    Read agents from a CSV file in UTF-8; raise `FieldError("invalid")` with a sentence for each line and column.

    Columns: code, name, agency; and if wanted team, certificates and languages (several parted by spaces or
    semicolons), lat and lon (degrees, WGS-84), status (active or inactive).
    """
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        titles = [title.strip().lower() for title in lines.fieldnames or ()]
        lines.fieldnames = titles
        wrong = {title or "(blank)": ["is not a column of this file"] for title in titles if title not in COLUMNS}
        wrong |= {name: ["is missing; add the column"] for name in REQUIRED if name not in titles}
        if wrong:
            raise FieldError("invalid", wrong)
        rows = [(lines.line_num, row) for row in lines]
    except UnicodeDecodeError:
        raise FieldError("invalid", {".": ["is not UTF-8; save it again as CSV UTF-8"]}) from None
    except csv.Error as error:
        raise FieldError("invalid", {".": [f"is not CSV: {error}"]}) from None
    entries: list[AgentEntry] = []
    codes: dict[str, int] = {}
    for line, row in rows:
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        faults = _check_cells(cells, codes)
        if None in row:
            faults["(beyond)"] = "the line has more cells than the file has columns"
        wrong |= {f"line {line}, {column}": [sentence] for column, sentence in faults.items()}
        codes.setdefault(cells["code"], line)
        if not faults:
            entries.append(_entry(cells))
    if wrong:
        raise FieldError("invalid", wrong)
    return entries


def _check_cells(cells: Mapping[str, str], codes: Mapping[str, int]) -> dict[str, str]:
    faults = {name: "is empty" for name in REQUIRED if not cells[name]}
    if cells["code"] in codes:
        faults["code"] = f"is the same as on line {codes[cells['code']]}; each agent has a code of their own"
    if cells["status"] not in {"", *STATES}:
        faults["status"] = f"is {cells['status']!r}; it is active, inactive or empty"
    if bool(cells["lat"]) != bool(cells["lon"]):
        faults["lat"] = "and lon stand together, or both are empty"
    checks: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("lat", lambda text: abs(float(text)) <= 90),
        ("lon", lambda text: abs(float(text)) <= 180),
    )
    for name, is_right in checks:
        try:
            if cells[name] and not is_right(cells[name]):
                faults[name] = "lies beyond the globe; give degrees, WGS-84"
        except ValueError:
            faults[name] = f"is {cells[name]!r}; give degrees with a decimal point"
    return faults


def _entry(cells: Mapping[str, str]) -> AgentEntry:
    at = (round(float(cells["lat"]) * 1e7), round(float(cells["lon"]) * 1e7)) if cells["lat"] else None
    return AgentEntry(
        code=cells["code"],
        name=cells["name"],
        agency=cells["agency"],
        team=cells["team"] or None,
        certificates=_words(cells["certificates"]),
        languages=_words(cells["languages"]),
        at=at,
        status=cells["status"] or "active",
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(";", " ").split())
