"""What several types ask alike: which zone and day are meant; and the grounds of one answer, need by need."""

from __future__ import annotations

from datetime import UTC, date, datetime

from server.domain.conduct.facts import Facts
from server.domain.conduct.periods import Period, local_time
from server.domain.conduct.rules import Check
from server.domain.conduct.verdicts import Asked, Finding, Used, failed, passed, unknown
from server.domain.conduct.wording import say_day


def zone_of(facts: Facts, asked: Asked) -> str | None:
    """Give the zone whose days and months a rule goes by: the rulebook's own, or that of the place."""
    return facts.place_zone if asked.zone == "place" else asked.zone


def planned_day(facts: Facts, asked: Asked) -> date | None:
    """Give the local day on which the visit ends at the latest: papers are good until then. None if not known."""
    zone = zone_of(facts, asked)
    if facts.interval is None or zone is None:
        return None
    # a visit that ends at midnight ends on the day before
    return local_time(max(facts.interval.starts_ms, facts.interval.ends_ms - 1), zone).date()


def day_after(day: date, period: Period) -> date:
    """
    Give the day a period after *day*.

    >>> day_after(date(2016, 1, 31), Period.read("P1M")).isoformat()
    '2016-02-29'
    """
    midnight_ms = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return local_time(period.after(midnight_ms, "UTC"), "UTC").date()


class Grounds:
    """
    What speaks for an answer, gathered need by need. What is broken outweighs what is not known.

    *limit* says what the rule allows; *day* is the planned one, and its absence is a fact that is missing.
    """

    def __init__(self, limit: str, facts: Facts, asked: Asked) -> None:
        self.limit, self.facts, self.asked = limit, facts, asked
        self.day = planned_day(facts, asked)
        self.used: list[Used] = []
        self.missing: list[str] = []
        self.cures: list[str] = []

    def use(self, name: str, value: object) -> None:
        """Name a fact the answer rests on."""
        self.used.append(Used(name, value.isoformat() if isinstance(value, date) else str(value)))

    def need(self, name: str, value: object, is_kept: bool, cure: str) -> None:
        """Need *value* to be known, and the rule to be kept by it."""
        if value is None:
            self.missing.append(name)
            return
        self.use(name, value)
        if not is_kept:
            self.cures.append(cure)

    def need_until(self, name: str, until: date | None, cure: str) -> None:
        """Need something to be good on the planned day; its last day counts."""
        if self.day is None:
            self._miss_day()
        else:
            self.need(name, until, until is not None and until >= self.day, f"{cure} on {say_day(self.day)}")

    def need_done(self, name: str, done: date | None, lasts: Period | None, cure: str) -> None:
        """Need something to have been done by the planned day, and not longer before it than it *lasts*."""
        if self.day is None:
            self._miss_day()
        else:
            is_kept = done is not None and done <= self.day and (lasts is None or day_after(done, lasts) >= self.day)
            self.need(name, done, is_kept, cure)

    def need_vouched(self, duty: str) -> None:
        """Need somebody of the house to vouch for what software cannot see; no single visit is asked about it."""
        rule_id, attested = self.asked.rule.id, self.facts.attested or {}
        if self.asked.check is Check.REVIEW:
            return
        if rule_id not in attested:
            self.missing.append(f"whether this was done: {duty}")
        else:
            self.need_until(f"attested {rule_id}", attested[rule_id], f"the house vouches for this: {duty}, good")

    def _miss_day(self) -> None:
        absent = ["interval"] if self.facts.interval is None else []
        absent += ["place_zone"] if zone_of(self.facts, self.asked) is None else []
        self.missing += [name for name in absent if name not in self.missing]

    def answer(self) -> Finding:
        """Give the one answer."""
        if self.cures:
            return failed(self.limit, *self.used, cure=f"once {'; '.join(self.cures)}")
        if self.missing:
            return unknown(self.limit, *self.missing, used=tuple(self.used))
        return passed(self.limit, *self.used)
