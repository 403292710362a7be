"""
Findings of place: where the lead checked in, as far as the check-in's own fixes can tell.

`geo.judge_place` and `travel` judge; these rules say which judgement is worth a reviewer's time. An honest fix at a
known door gives none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.vocabulary import Datum, Precision
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context
from server.domain.geo import Door, Fix, GeoVerdict, PlaceReason, PlaceVerdict, judge_place
from server.domain.thresholds import Thresholds

MOST_LAT_E7, MOST_LON_E7 = 900_000_000, 1_800_000_000
EXACT = (Precision.DOOR, Precision.BUILDING)


def find_place_outside(context: Context) -> list[Finding]:
    """Find a check-in that was surely away from the door."""
    verdict = _judge_check_in(context)
    if verdict is None or verdict.verdict is not PlaceVerdict.OUTSIDE:
        return []
    return [Finding(Code.PLACE_OUTSIDE, _facts(verdict))]


def find_place_uncertain(context: Context) -> list[Finding]:
    """
    Find a check-in that may have been elsewhere, where something speaks for it.

    Only at a door or building; and only if the fix is too coarse to ever tell, or lies further off than its error
    explains. Nearness that merely cannot be proven is how most honest fixes are, and no finding.
    """
    verdict = _judge_check_in(context)
    if verdict is None or verdict.reason is not PlaceReason.BETWEEN or verdict.fix is None:
        return []
    if context.door is None or context.door.precision not in EXACT:
        return []
    assert verdict.distance_dm is not None
    assert verdict.fix_radius_dm is not None
    assert verdict.place_radius_dm is not None
    fix = (read_fixes(_body(context)) or [])[verdict.fix]
    fence_dm = context.thresholds.fence_dm
    is_coarse = (
        fix.datum != Datum.UNKNOWN
        and verdict.place_radius_dm < fence_dm
        and verdict.fix_radius_dm + verdict.place_radius_dm > fence_dm
    )
    explained_dm = verdict.fix_radius_dm * context.thresholds.honest_error_percent // 100 + verdict.place_radius_dm
    if not is_coarse and verdict.distance_dm <= explained_dm:
        return []
    return [Finding(Code.PLACE_UNCERTAIN, _facts(verdict))]


def find_fixes_missing(context: Context) -> list[Finding]:
    """Find a check-in without any position, or with none but old ones; unknown while events are parked (E8)."""
    fixes = read_fixes(_body(context))
    if fixes is None or not context.visit.is_complete:
        return []
    if not fixes:
        reason = str(_body(context).get("no_fix_reason", "no reason given"))
        return [Finding(Code.FIXES_MISSING, {"reason": reason})]
    verdict = _judge_check_in(context)
    if verdict is not None and verdict.reason is PlaceReason.ONLY_OLD:
        return [Finding(Code.FIXES_MISSING, {"reason": "only old ones"})]
    return []


def find_fix_mocked(context: Context) -> list[Finding]:
    """Find a check-in with a fix that the phone itself says was made up."""
    mocked = sum(fix.mock is True for fix in read_fixes(_body(context)) or [])
    return [Finding(Code.FIX_MOCKED, {"fixes": mocked})] if mocked else []


def find_fix_repeated(context: Context) -> list[Finding]:
    """Find a fix of this visit that is the very same as one of another visit."""
    first = sorted({context.sightings[repeat.first].visit_id for repeat in context.repeats})
    return [Finding(Code.FIX_REPEATED, {"visit_ids": first})] if first else []


def find_impossible_travel(context: Context) -> list[Finding]:
    """Find the leap to a fix of this visit that needs the greatest speed."""
    if not context.leaps:
        return []
    leap = max(context.leaps, key=lambda each: (each.least_speed_m_per_s, each.least_distance_dm, -each.most_gap_ms))
    facts = {
        "least_distance_dm": leap.least_distance_dm,
        "most_gap_ms": leap.most_gap_ms,
        "least_speed_m_per_s": leap.least_speed_m_per_s,
    }
    return [Finding(Code.IMPOSSIBLE_TRAVEL, facts)]


def read_fixes(body: Mapping[str, Any]) -> list[Fix] | None:
    """
    Read the fixes of an event's body; None where it names none or one of them cannot be read.

    A body may have come by correction, which nothing has checked.

    >>> read_fixes({"fixes": []}), read_fixes({}), read_fixes({"fixes": [{"lat_e7": "north"}]})
    ([], None, None)
    """
    try:
        return [_read_fix(fix) for fix in body["fixes"]]
    except (KeyError, TypeError, ValueError):
        return None


def _read_fix(fix: Mapping[str, Any]) -> Fix:
    lat_e7, lon_e7, radius_dm, age_ms = fix["lat_e7"], fix["lon_e7"], fix["radius_dm"], fix.get("age_ms")
    if not (-MOST_LAT_E7 <= lat_e7 <= MOST_LAT_E7 and -MOST_LON_E7 <= lon_e7 <= MOST_LON_E7 and radius_dm >= 0):
        raise ValueError
    mock = fix.get("mock")
    if (age_ms is not None and age_ms < 0) or not (mock is None or isinstance(mock, bool)):
        raise ValueError
    return Fix(lat_e7, lon_e7, radius_dm, mock, Datum(fix["datum"]), age_ms)


def _body(context: Context) -> Mapping[str, Any]:
    started = context.visit.started
    return {} if started is None else started.body


def _judge_check_in(context: Context) -> GeoVerdict | None:
    """Judge the lead's check-in; None where there is none or its fixes cannot be read."""
    fixes = read_fixes(_body(context))
    if fixes is None:
        return None
    return _judge(tuple(fixes), context.door, context.thresholds)


@lru_cache(maxsize=8)
def _judge(fixes: tuple[Fix, ...], door: Door | None, thresholds: Thresholds) -> GeoVerdict:
    """Judge once what three rules ask: geodesics are the dearest thing that a visit costs."""
    return judge_place(fixes, door, thresholds.fence_dm, thresholds)


def _facts(verdict: GeoVerdict) -> dict[str, int | None]:
    return {
        "distance_dm": verdict.distance_dm,
        "radius_dm": verdict.fix_radius_dm,
        "place_radius_dm": verdict.place_radius_dm,
    }
