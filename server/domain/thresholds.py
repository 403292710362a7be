"""
Every number that decides whether reconciliation notices something, in one place.

Stands beside intake and reconciling: settings come in as overrides of these defaults, pure rules read them. The
unit is the end of each name: `_dm` decimetres, `_ms` milliseconds, `_ppm` parts per million, `_m_per_s` metres a
second, `_percent` and `_days` what they say. Each line says what it decides and where its default comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The settings of reconciliation; whole numbers, never negative."""

    # Places
    fence_dm: int = 1_500
    """How far from the door still counts as being there. 150 m: a block, and the worst usual error between towers."""
    min_credible_radius_dm: int = 100
    """A fix never counts as better than this. 10 m: twice the 4.9 m that gps.gov gives for phones under open sky."""
    unknown_datum_dm: int = 6_000
    """Added to a fix whose datum is unknown. 600 m: the most that GCJ-02 shifts, as DESIGN section 4 sets it."""
    max_fix_age_ms: int = 120_000
    """An older fix says nothing about where the event was. 2 min: what a phone needs for a new fix after a start."""
    door_radius_dm: int = 100
    """A place of precision door that brings no radius. 10 m: half a house front."""
    building_radius_dm: int = 400
    """A place of precision building that brings no radius. 40 m: from the middle of a large block to its entrance."""
    street_radius_dm: int = 3_000
    """A place of precision street that brings no radius. 300 m: half of a long street between two crossings."""
    village_radius_dm: int = 15_000
    """A place of precision village that brings no radius. 1.5 km: a village with its outlying farms."""
    town_radius_dm: int = 100_000
    """A place of precision town that brings no radius. 10 km: a township; such a place never decides anything."""
    honest_error_percent: int = 200
    """How far off an honest fix may be, in percent of its radius. 200: twice a circle of 68 % holds 99 % (Rayleigh)."""

    # Travel and repeats
    speed_limit_m_per_s: int = 55
    """From door to door nobody is faster. 198 km/h: beyond any car; a fast train loses more at its two ends."""
    min_gap_ms: int = 60_000
    """Shorter gaps are not judged: raw neighbouring fixes gave thousands of false alarms (DESIGN section 4)."""
    repeat_radius_dm: int = 500
    """Coarser fixes may honestly repeat. 50 m: masts and Wi-Fi give the same point twice, satellites do not."""

    # Clocks
    drift_ppm: int = 50
    """How far a monotonic counter may run off its rate (PROTOCOL section 4)."""
    trip_ms: int = 60_000
    """How long a request may have been on its way, where nothing measured it. 1 min: a device gives up before that."""
    clock_off_ms: int = 300_000
    """A wall clock further off is a finding. 5 min: what Anki's servers (300 s) and Kerberos take as still in step."""
    clock_step_ms: int = 60_000
    """A wall clock that jumps further within one boot is a finding. 1 min: network time corrects by seconds."""
    future_ms: int = 60_000
    """A wall time further beyond its own receipt is a finding. 1 min: more than a trip and network time's error."""

    # Visits
    min_visit_ms: int = 60_000
    """A visit at which the person was met is not shorter. 1 min: card, notice and name take that long when spoken."""
    abandon_ms: int = 43_200_000
    """Silent so long, a visit was never ended and a companion never came. 12 h: a working day without any network."""
    companion_early_ms: int = 300_000
    """A companion who leaves earlier than the lead by more left early. 5 min: the lead may write notes at the car."""
    file_late_days: int = 1
    """So long a named file is on its way; then it is missing. 1: a phone meets Wi-Fi every evening."""
    picture_early_ms: int = 600_000
    """A picture named longer before the check-in is older than the visit. 10 min: the house from across the street."""
    recording_slack_ms: int = 180_000
    """A recording may begin so late, or stand still so long. 3 min: card and notice come first, a recorder starts."""
    promise_grace_days: int = 0
    """So long after its day a promise may still be kept. 0: its day is its day; where the ledger lags, set more."""

    def __post_init__(self) -> None:
        """Refuse a value that is no whole number, or negative, by its name."""
        for field in fields(self):
            given = getattr(self, field.name)
            if isinstance(given, bool) or not isinstance(given, int) or given < 0:
                raise ValueError(f"threshold {field.name} is {given!r}; give a whole number, 0 or more, in its unit")


DEFAULTS = Thresholds()
