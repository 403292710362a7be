"""
Door positions: what visits say of where a door is, put before a person, and what the person decides.

Comes in: visits that were folded. Goes out: proposals; once confirmed, the place's position and packets made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.day_plan import M_PER_E7
from server.domain.door_positions import DoorProposal, propose_door
from server.domain.findings.codes import Code
from server.domain.findings.place import read_fixes
from server.domain.geo import Door, Fix
from server.domain.plotting import Frame, frame_points
from server.domain.roles import Viewer
from server.services.gathering import door_of
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.storage import case_rows, door_position_rows, geocode_rows
from server.storage.feed import publish
from server.storage.types import AnyRow

MOST_VISITS = 2000  # the newest at which the person was met; more are not looked at for a page
MOST_DRAWN_DM = 20_000  # what is held further away than 2 km is told in words only
WIDTH, HEIGHT = 480, 320
DOUBTS = (Code.FIX_MOCKED, Code.FIX_REPEATED, Code.IMPOSSIBLE_TRAVEL)


@dataclass(frozen=True)
class OpenDoor:
    """A place with the position that visits propose for it, and those visits."""

    place_id: str
    address: str
    held: Door | None
    proposal: DoorProposal
    visits: Sequence[AnyRow]

    @property
    def frame(self) -> Frame:
        """How it lies on a sketch: the fixes, their middle, and what is held unless it is far away."""
        circles = [(self.proposal.at, self.proposal.spread_dm), *self.proposal.fixes.values()]
        points = [
            (lat + side * round(radius / 10 / M_PER_E7), lon)
            for (lat, lon), radius in circles for side in (-1, 1)
        ]  # fmt: skip
        if self.held is not None and (self.proposal.distance_dm or 0) <= MOST_DRAWN_DM:
            points.append((self.held.lat_e7, self.held.lon_e7))
        return frame_points(points, WIDTH, HEIGHT, least_m=self.proposal.spread_dm / 10 * 4)

    @property
    def agents(self) -> int:
        """How many agents led the visits that agree."""
        return len({each.lead_agent_id for each in self.visits if each.visit_id in self.proposal.agreeing})


def list_doors(connection: Connection, site: Site, viewer: Viewer, place_id: str | None = None) -> list[OpenDoor]:
    """Give the places whose visits propose a position that nobody decided on yet; of one place where it is named."""
    agencies, doubts = sorted(viewer.agencies), [each.value for each in DOUBTS]
    rows = door_position_rows.read_telling(connection, agencies, doubts, MOST_VISITS, place_id)
    places: dict[str, list[AnyRow]] = {}
    for row in rows:
        places.setdefault(row.place_id, []).append(row)
    several = {name: own for name, own in places.items() if len(own) > 1}
    fixes = _read_fixes(connection, [row for own in several.values() for row in own])
    decided = door_position_rows.read_words(connection, list(several))
    doors = []
    for name, own in several.items():
        held = door_of(own[0])
        proposal = propose_door({row.visit_id: fixes.get(row.visit_id, ()) for row in own}, held, site.thresholds)
        if proposal is not None and (name, proposal.evidence) not in decided:
            told = [row for row in own if row.visit_id in proposal.fixes]
            doors.append(OpenDoor(name, own[0].address, held, proposal, told))
    return doors


def _read_fixes(connection: Connection, rows: Sequence[AnyRow]) -> dict[str, list[Fix]]:
    """Give the fixes of each visit's check-in, by the agent who led it."""
    leads = {(row.visit_id, row.lead_agent_id) for row in rows}
    found: dict[str, list[Fix]] = {}
    for chunk in case_rows.chunks([row.visit_id for row in rows]):
        named = [(row.case_id, row.visit_id) for row in rows if row.visit_id in set(chunk)]
        for row in door_position_rows.read_check_ins(connection, named):
            if (row.visit_id, row.agent_id) in leads:
                found.setdefault(row.visit_id, []).extend(read_fixes(orjson.loads(row.content)["body"]) or ())
    return found


def decide_door(site: Site, viewer: Viewer, place_id: str, evidence: str, *, is_confirmed: bool) -> None:
    """
    Confirm a proposed position: the place has it, as a door, and packets are made anew; or refuse it, on this evidence.

    Raises `not-found` where there is none, and `conflict` where other visits came meanwhile: it would be another one.
    """

    def job(connection: Connection) -> None:
        cases = geocode_rows.read_cases_at(connection, [place_id])
        for chunk in case_rows.chunks(cases):
            case_rows.lock_cases(connection, chunk)
        found = next(iter(list_doors(connection, site, viewer, place_id)), None)
        if found is None:
            raise FieldError("not-found", detail="This position was decided on meanwhile, or there is none.")
        if found.proposal.evidence != evidence:
            raise FieldError("conflict", detail="Other visits came meanwhile; look at the position once more.")
        word = {"place_id": place_id, "evidence": evidence, "is_confirmed": is_confirmed, "by": viewer.name}
        door_position_rows.add_word(connection, word | {"at_ms": site.now()})
        if is_confirmed:
            lat_e7, lon_e7 = found.proposal.at
            door_position_rows.move_place(
                connection, place_id, lat_e7=lat_e7, lon_e7=lon_e7, precision="door", source="agent",
                updated_ms=site.now(),
            )  # fmt: skip
            publish(connection, bump_and_repack(connection, site, cases))

    site.store.write(job)
