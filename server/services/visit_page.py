"""What the page of one visit shows beside its story: places on a sketch, revisions, feedback, acts, marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from schemas.vocabulary import Datum
from server.domain.geo import Door, Fix, count_radius, locate, measure_geodesic, radius_of
from server.domain.packet_changes import PacketChange, compare_parts
from server.domain.plotting import Frame, frame_points
from server.services.gathering import door_of
from server.services.site import Site
from server.storage import act_rows, bulk_rows, packed_rows, review_rows, visit_rows, voice_rows
from server.storage.types import AnyRow

WIDTH, HEIGHT = 640, 360
DM = 10
MOST_ACTS = 1000


@dataclass(frozen=True)
class SketchedFix:
    """One fix of the visit: by which event, how exact, and how far from the door (metres; None: no door is known)."""

    event: Mapping[str, Any]
    fix: Fix
    radius_m: int
    distance_m: int | None


@dataclass(frozen=True)
class Sketch:
    """The door, the fence and the fixes of a visit, in one frame."""

    frame: Frame
    door: Door | None
    door_radius_m: int
    fence_m: int
    fixes: Sequence[SketchedFix]

    def place(self, at: Fix | Door) -> tuple[float, float]:
        """Give (x, y) of a fix or the door."""
        return self.frame.place(_point(at))


def sketch_visit(connection: Connection, site: Site, story: Mapping[str, Any]) -> Sketch | None:
    """Give the sketch of a visit; None where neither door nor fix is known."""
    door = door_of(visit_rows.read_case(connection, story["case_id"]))
    fixes = [
        _sketched(event, _fix(each), door, site)
        for event in story["events"]
        for each in event["body"].get("fixes", ())
    ]
    points = [_point(each.fix) for each in fixes]
    points += [] if door is None else [_point(door)]
    if not points:
        return None
    fence_m = site.thresholds.fence_dm // DM
    radius_m = 0 if door is None else (door.radius_dm or radius_of(door.precision, site.thresholds)) // DM
    widest_m = max([fence_m, radius_m, *(each.radius_m for each in fixes)])
    return Sketch(frame_points(points, WIDTH, HEIGHT, least_m=widest_m * 2.2), door, radius_m, fence_m, fixes)


def _sketched(event: Mapping[str, Any], fix: Fix, door: Door | None, site: Site) -> SketchedFix:
    there = None if door is None else (door.lat_e7 / 1e7, door.lon_e7 / 1e7)
    distance = None if there is None else measure_geodesic(locate(fix), there) // DM
    return SketchedFix(event, fix, count_radius(fix, site.thresholds) // DM, distance)


def _point(at: Fix | Door) -> tuple[int, int]:
    """Give where it is drawn: in WGS-84, as the distances beside the sketch are measured."""
    if isinstance(at, Door):
        return at.lat_e7, at.lon_e7
    lat, lon = locate(at)
    return round(lat * 1e7), round(lon * 1e7)


def _fix(raw: Mapping[str, Any]) -> Fix:
    return Fix(raw["lat_e7"], raw["lon_e7"], raw["radius_dm"], raw.get("mock"), Datum(raw["datum"]), raw.get("age_ms"))


@dataclass(frozen=True)
class Beside:
    """What stands beside a visit's story."""

    sketch: Sketch | None
    revisions: Sequence[AnyRow]
    used_rev: int | None  # the packet revision the lead went by
    packet_changes: Sequence[PacketChange] | None  # since that one; None where it is not kept
    feedback: Mapping[str, str] | None
    acts: Sequence[AnyRow]
    marks: Mapping[str, bool]
    second: AnyRow | None


def read_beside(connection: Connection, site: Site, story: Mapping[str, Any]) -> Beside:
    """Read it."""
    case_id, visit_id = story["case_id"], story["visit_id"]
    used_rev = next((each["packet_rev"] for each in story["events"] if each["packet_rev"]), None)
    return Beside(
        sketch_visit(connection, site, story),
        visit_rows.read_revisions(connection, case_id), used_rev, _changes_since(connection, case_id, used_rev),
        voice_rows.read_feedback(connection, case_id).get(visit_id),
        act_rows.list_acts(connection, object_id=visit_id, most=MOST_ACTS),
        review_rows.read_marks(connection, case_id, visit_id),
        bulk_rows.read_second(connection, case_id, visit_id),
    )


def _changes_since(connection: Connection, case_id: str, used_rev: int | None) -> list[PacketChange] | None:
    """Give what changed in the packet since the revision that was used; None where that is not kept."""
    kept = None if used_rev is None else packed_rows.read_then_and_now(connection, case_id, used_rev)
    return None if kept is None else compare_parts(kept[0].open, kept[1].open)
