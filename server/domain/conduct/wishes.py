"""What the person asked for: times, days, places and media. A wish narrows when a visit may be, and never widens it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from server.domain.conduct import facts as known
from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.openings import Opening, zones_of
from server.domain.conduct.spans import (
    ALWAYS,
    NEVER,
    Spans,
    between,
    days_around,
    merge,
    whole_day,
    without,
)
from server.domain.conduct.verdicts import Asked, Used
from server.domain.conduct.wording import say_weekdays

HONOURED = {"time": ("not_between", "only_between"), "day": ("not_on",), "place": ("not_at",), "medium": ("not_by",)}
_ALL_KINDS = frozenset(kind for kinds in HONOURED.values() for kind in kinds)


@dataclass(frozen=True, slots=True)
class Preference:
    """What the person asked for is honoured: `honours` of time, day, place, medium."""

    honours: tuple[str, ...]
    most: str = ""

    def __post_init__(self) -> None:
        strange = [word for word in self.honours if word not in HONOURED]
        if strange:
            raise ValueError(f"'honours' knows {', '.join(HONOURED)}, not {', '.join(strange)}")


def open_preferred(params: Preference, facts: Facts, asked: Asked, within: Interval) -> Opening:
    """
    Give the times the person leaves open. A wish narrows and never widens; several "only" times are alternatives.

    A wish that cannot be read is unknown, never passed over.
    """
    limit = f"what the person asked for: {', '.join(params.honours)}" + (f" ({params.most})" if params.most else "")
    if facts.preferences is None:
        return Opening(NEVER, ALWAYS, limit, missing=("preferences",))
    kinds = {kind for word in params.honours for kind in HONOURED[word]}
    wishes = [each for each in facts.preferences if each.kind in kinds or each.kind not in _ALL_KINDS]
    used = tuple(Used("preference", _say_wish(each), each.source, each.given_ms) for each in wishes)
    if any(each.kind == "not_by" and each.value == "visit" for each in wishes):
        return Opening(NEVER, NEVER, limit, used=used, other_cure="by another medium than a visit")
    barred = [each.value for each in wishes if each.kind == "not_at"]
    if facts.place_kind is not None and facts.place_kind in barred:
        return Opening(NEVER, NEVER, limit, used=used, other_cure=f"at another place than {facts.place_kind}")
    timed = [each for each in wishes if each.kind in {"not_between", "only_between", "not_on"}]
    missing = ["preferences"] if any(not _is_readable(each) for each in wishes) else []
    missing += ["place_kind"] if barred and facts.place_kind is None else []
    zones = zones_of(asked.zone, facts) if timed else ("UTC",)
    if zones is None:
        return Opening(NEVER, ALWAYS, limit, used=used, missing=("place_zone",))
    spans = _wished([each for each in timed if _is_readable(each)], zones[0], within)
    return Opening(NEVER if missing else spans, spans, limit, zones[0], used, tuple(missing))


def _is_readable(wish: known.Preference) -> bool:
    try:
        starts, ends = _clock(wish.starts), _clock(wish.ends)
    except ValueError:
        return False
    if wish.kind in {"not_between", "only_between"}:
        return starts != ends or bool(wish.weekdays)
    if wish.kind == "not_on":
        return bool(wish.weekdays)
    return wish.kind in _ALL_KINDS and bool(wish.value)


def _clock(text: str) -> time:
    return time.fromisoformat(text or "00:00")


def _wished(wishes: list[known.Preference], zone: str, within: Interval) -> Spans:
    only: list[Interval] = []
    holes: list[Interval] = []
    for day in days_around(within, zone):
        for wish in wishes:
            if wish.weekdays and day.isoweekday() not in wish.weekdays:
                continue
            starts, ends = _clock(wish.starts), _clock(wish.ends)
            if wish.kind == "only_between":
                only += between(day, starts, ends, zone)
            elif wish.kind == "not_on":
                holes.append(whole_day(day, zone))
            else:
                holes += between(day, starts, ends, zone, wide=True)
    is_narrowed = any(wish.kind == "only_between" for wish in wishes)
    return without(merge(only) if is_narrowed else ALWAYS, holes)


def _say_wish(wish: known.Preference) -> str:
    parts = [wish.kind, wish.starts and f"{wish.starts}-{wish.ends}", wish.value]
    if wish.weekdays:
        parts.append(say_weekdays(wish.weekdays))
    return " ".join(part for part in parts if part)
