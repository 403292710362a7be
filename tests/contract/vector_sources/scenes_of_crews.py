"""Scenes in which visits are counted, crews are sized, and steps are asked for."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.plain import uid
from tests.contract.vector_sources.scenes import FLOOR, HOURS, SHANGHAI, Rule, Scene, rule, window
from tests.contract.vector_sources.scenes_of_facts import ALL_MONDAY, MONDAY

ALWAYS = window("00:00", "00:00")
CAP_TWO = rule("frequency_cap", channel="visit", most=2, period="P30D", unit="attempt", per="person")
CAP_MET = rule("frequency_cap", channel="visit", most=1, period="P30D", unit="contact", per="debt")
MONTH_MS, HOUR_MS = 2_592_000_000, 3_600_000  # 30 days
TODAY = [("2026-05-11T06:00+08:00", "2026-05-12T05:30+08:00")]


def visited(number: int, at: str, result: str = "attempt", source: str = "visit") -> dict[str, Any]:
    """Give a visit of the log."""
    return {"id": uid(number), "at": at, "channel": "visit", "result": result, "source": source}


def counting(name: str, rules: list[Rule], limits: dict[str, Any], *contacts: dict[str, Any], **more: Any) -> Scene:
    """Give a Monday on which visits were counted."""
    return Scene(name, [("place", [ALWAYS, *rules])], SHANGHAI, *MONDAY, TODAY, limits=limits,
                 facts={"contacts": list(contacts)} | more)  # fmt: skip


def count(unit: str, most: int, period_ms: int = MONTH_MS) -> dict[str, Any]:
    """Give a count."""
    return {"unit": unit, "most": most, "period_ms": period_ms}


COUNTS = [
    counting("nobody was there yet", [CAP_TWO, CAP_MET], {"counts": [count("attempt", 2), count("contact", 1)]}),
    counting(
        "a try of the last month", [CAP_TWO, CAP_MET],
        {"counts": [count("attempt", 1), count("contact", 1)], "known_visits": [uid(1)]},
        visited(1, "2026-05-01T10:00+08:00"),
    ),
    counting(
        "somebody was met in the last month", [CAP_TWO, CAP_MET],
        {"counts": [count("attempt", 1), count("contact", 0)], "known_visits": [uid(1)]},
        visited(1, "2026-05-01T10:00+08:00", "made"),
    ),
    counting(
        "30 days ago to the minute is over", [CAP_TWO], {"counts": [count("attempt", 2)], "known_visits": [uid(1)]},
        visited(1, "2026-04-11T06:00+08:00"),
    ),
    counting(
        "30 days ago less a minute is not", [CAP_TWO], {"counts": [count("attempt", 1)], "known_visits": [uid(1)]},
        visited(1, "2026-04-11T06:01+08:00"),
    ),
    counting(
        "more were made than may be", [CAP_TWO],
        {"counts": [count("attempt", 0)], "known_visits": [uid(1), uid(2), uid(3)]},
        *(visited(number, f"2026-05-0{number}T10:00+08:00") for number in (1, 2, 3)),
    ),
    counting(
        "a visit of the lender counts and is none of ours", [CAP_TWO], {"counts": [count("attempt", 1)]},
        visited(1, "2026-05-01T10:00+08:00", source="lender"),
    ),
    counting(
        "a day between two visits", [rule("min_interval", channel="visit", after="contact", period="P1D")],
        {"counts": [count("contact", 1, 24 * HOUR_MS)]},
    ),
    counting(
        "too soon after the last", [rule("min_interval", channel="visit", after="attempt", period="P7D")],
        {"counts": [count("attempt", 0, 7 * 24 * HOUR_MS)], "known_visits": [uid(1)]},
        visited(1, "2026-05-08T10:00+08:00"),
    ),
    counting(
        "a day of the calendar may have 25 hours",
        [rule("frequency_cap", channel="any", most=3, period="P1D", period_kind="calendar", per="person")],
        {"counts": [count("attempt", 3, 25 * HOUR_MS)]},
    ),
    counting(
        "a month may have 31 days", [rule("frequency_cap", channel="visit", most=2, period="P1M", unit="answered")],
        {"counts": [count("contact", 2, (31 * 24 + 1) * HOUR_MS)]},
    ),
    counting(
        "of two caps the strictest", [CAP_TWO, CAP_TWO | {"params": CAP_TWO["params"] | {"most": 1}}],
        {"counts": [count("attempt", 1)]},
    ),
    counting(
        "caps on calls, and such as only warn, count nothing",
        [rule("frequency_cap", channel="call", most=3, period="P1D"),
         rule("frequency_cap", severity="warn", channel="visit", most=3, period="P1D")], {},
    ),
    Scene("a log that is not known counts nothing", [("place", [ALWAYS, CAP_TWO])], SHANGHAI, *MONDAY, TODAY,
          limits={"counts": [count("attempt", 2)]}),
]  # fmt: skip

HOUSE_STEPS = ["card_shown", "principal_named", "purpose_stated", "options_given", "hardship_asked", "payment_answer"]
CREWS = [
    Scene(
        "two rules on the crew, the larger holds",
        [("place", [FLOOR, rule("crew_size", least=1)]), (SHANGHAI, [rule("crew_size", least=2, most=3)])],
        SHANGHAI, *MONDAY, ALL_MONDAY, ["2026-05-11T09:00+08:00 open"], limits={"crew_min": 2},
    ),
    Scene(
        "a recording is announced after the card",
        [("place", [FLOOR, rule("recording", audio="duty", notice=True),
                    rule("credential_display", items=["photo_id_card"], when="start_of_visit")])],
        SHANGHAI, *MONDAY, ALL_MONDAY,
        limits={"steps": [HOUSE_STEPS[0], "recording_notice", *HOUSE_STEPS[1:]], "recording": {"audio": "duty"}},
    ),
    Scene("the house's own steps", HOURS, SHANGHAI, *MONDAY, ALL_MONDAY, limits={"steps": HOUSE_STEPS}),
]  # fmt: skip

SCENES = [*COUNTS, *CREWS]
