"""
What a packet's limits say of a moment: comparisons only, the rules were compiled before. Its vectors: `limits.json`.

Comes in: the limits, a moment, the crew, the visits this device made of the case. Goes out: remarks that warn before a
limit is reached and block beyond it, and by when a visit has to be over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from schemas.messages import parse_time
from schemas.vocabulary import CountUnit, StartRemark

Level = Literal["warn", "block"]
MINUTE_MS = 60_000
CLOSING_MS = 15 * MINUTE_MS  # before visits may no longer start
LEAVING_MS = 5 * MINUTE_MS  # before a visit has to be over


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say before recording, and whether it stops the recording."""

    level: Level
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PastVisit:
    """A visit of the case that this device started; one whose outcome is not known may have met somebody."""

    visit_id: str
    started_ms: int
    met_nobody: bool = False


def check_limits(
    limits: Mapping[str, Any], now_ms: int, crew_size: int = 1, visits: Sequence[PastVisit] = ()
) -> list[Remark]:
    """Compare a packet's limits with a visit that starts now: times, crew, counts. An absent limit limits nothing."""
    return [
        *_check_times(limits, now_ms),
        *_check_crew(limits, crew_size),
        *_check_counts(limits, now_ms, visits),
    ]


def leave_by(limits: Mapping[str, Any], started_ms: int) -> int | None:
    """
    Give by when a visit that starts then is over: after the longest stay, within the time in which it may start.

    An interval of limits ends the longest stay before its window closes, so that the longest stay fits. A visit that
    may not start then is over at once. None where nothing limits it.
    """
    spans, longest = _spans(limits), limits.get("longest_stay_ms")
    if not spans:
        return None if longest is None else started_ms + int(longest)
    ends = [ends_ms for starts_ms, ends_ms, *_ in spans if starts_ms <= started_ms < ends_ms]
    if not ends:
        return started_ms
    return max(ends) if longest is None else started_ms + int(longest)


def check_stay(limits: Mapping[str, Any], started_ms: int, now_ms: int) -> Iterator[Remark]:
    """Say that it is nearly time to leave, and then that it is."""
    longest = limits.get("longest_stay_ms")
    if longest is None or now_ms < started_ms + longest - min(LEAVING_MS, longest // 2):
        return
    if now_ms > started_ms + longest:
        sentence = f"This visit may last {longest // MINUTE_MS} minutes. It is time to leave."
        yield Remark("warn", "stay-too-long", sentence)
    else:
        left = -(-(started_ms + longest - now_ms) // MINUTE_MS)
        yield Remark("warn", "leave-soon", f"The visit should be over in {left} min.")


def _spans(limits: Mapping[str, Any]) -> list[tuple[int, int, str, str]]:
    """Give each interval as moments, with the texts it is told by, the first to open first."""
    told = [(each["starts"], each["ends"]) for each in limits.get("intervals", ())]
    return sorted((parse_time(starts), parse_time(ends), _say(starts), _say(ends)) for starts, ends in told)


def _say(wall: str) -> str:
    return wall[:16].replace("T", " ")


def _check_times(limits: Mapping[str, Any], now_ms: int) -> Iterator[Remark]:
    spans = _spans(limits)
    if not spans:
        return
    opens = next((said for starts_ms, _, said, _ in spans if starts_ms > now_ms), "")
    closes = [(ends_ms, said) for starts_ms, ends_ms, _, said in spans if starts_ms <= now_ms < ends_ms]
    if not closes:
        cure = f"It opens {opens}." if opens else "No later time is allowed yet; exchange."
        yield Remark("block", StartRemark.OUTSIDE_HOURS, f"A visit is not allowed at this time. {cure}")
        return
    ends_ms, said = max(closes)
    if ends_ms - now_ms <= CLOSING_MS:
        left = -(-(ends_ms - now_ms) // MINUTE_MS)
        again = f" After that it opens {opens}." if opens else ""
        yield Remark("warn", StartRemark.CLOSING_SOON, f"A visit may start for {left} min more, before {said}.{again}")


def _check_crew(limits: Mapping[str, Any], crew_size: int) -> Iterator[Remark]:
    crew_min = int(limits.get("crew_min", 1))
    if crew_size < crew_min:
        yield Remark("block", StartRemark.CREW_TOO_SMALL, f"This visit needs a crew of {crew_min}.")


def _check_counts(limits: Mapping[str, Any], now_ms: int, visits: Sequence[PastVisit]) -> Iterator[Remark]:
    known = frozenset(limits.get("known_visits", ()))
    own = [visit for visit in visits if visit.visit_id not in known]
    for count in limits.get("counts", ()):
        made = [
            visit
            for visit in own
            if now_ms - visit.started_ms < count["period_ms"]
            and not (visit.met_nobody and count["unit"] == CountUnit.CONTACT)
        ]
        if len(made) >= count["most"]:
            yield Remark("block", StartRemark.TOO_OFTEN, _say_count(count, len(made)))
            return


def _say_count(count: Mapping[str, Any], made: int) -> str:
    days = -(-count["period_ms"] // (24 * 60 * MINUTE_MS))
    what = "visits at which somebody was met" if count["unit"] == CountUnit.CONTACT else "visits"
    return f"No more visit may start: {count['most']} {what} were left in {days} days, and {made} were made."
