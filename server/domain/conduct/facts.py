"""
What the rules are judged over: the case, the person, the place, what was done before, who goes, when, what halts it.

`None` always means "not known", and an empty tuple "known, and there is none": the difference decides between
`unknown` and an answer. Times are ms since the epoch, days are dates in the place's own zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Interval:
    """From the earliest moment the crew can be at the door until the latest it can leave: slack and longest stay in."""

    starts_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact of the log: tried or made, by whom it was reported, on which case and person."""

    id: str
    at_ms: int
    channel: str  # visit, call, message, letter, app
    result: str  # made (a person was spoken to or answered), attempt (nobody), sent, returned (post)
    case_id: str
    person_id: str
    number: str = ""  # the number or address it went to
    source: str = "lender"  # lender, visit, office
    content: tuple[str, ...] = ()  # what a notice held: hardship_offer, purpose, date …


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that was sent, and what it held."""

    sent_ms: int
    medium: str  # app, sms, email, letter
    content: tuple[str, ...]
    to: str = "borrower"
    is_returned: bool = False


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What is on an agent's file: name -> last day it is good for; training in hours by topic."""

    code: str
    certificates: Mapping[str, date] = field(default_factory=dict)
    training_hours: Mapping[str, int] = field(default_factory=dict)
    training_until: Mapping[str, date] = field(default_factory=dict)
    background_checked_on: date | None = None
    letters: Mapping[str, date] = field(default_factory=dict)  # authorisation letter of a principal, until
    cards: tuple[str, ...] = ()  # photo_id_card, verification_qr …


@dataclass(frozen=True, slots=True)
class AgencyFacts:
    """What is known of the agency entrusted."""

    name: str
    contract_until: date | None = None
    inspected_on: date | None = None
    is_listed: bool | None = None  # among those the principal has published
    licence: str | None = None
    has_violent_record: bool | None = None
    kind: str | None = None  # agency, lender_staff


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """A live hold."""

    id: str
    reason: str  # a word of `HoldReason`, or an event a rulebook names (standard_breathing_space …)
    scope: str
    placed_ms: int
    until_ms: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Preference:
    """What the person asked for: times, days, places or media they do not want, or the only ones they do."""

    kind: str  # not_between, only_between, not_on, not_at, not_by
    starts: str = ""  # HH:MM
    ends: str = ""
    weekdays: tuple[int, ...] = ()
    value: str = ""  # a place kind, a medium
    given_ms: int = 0
    source: str = "person"


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """An appointment. Only one made by the person widens hours; one an agent claims is unconfirmed."""

    id: str
    starts_ms: int
    ends_ms: int
    made_by: str  # person, agent, office
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class ComplaintFacts:
    """A complaint and its clocks."""

    id: str
    made_ms: int
    is_open: bool
    acknowledged_ms: int | None = None
    answered_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a rulebook may ask about one planned, running or past visit."""

    now_ms: int
    case_id: str = ""
    person_id: str = ""
    lender: str = ""
    interval: Interval | None = None
    place_zone: str | None = None  # IANA name of the address visited
    other_zones: tuple[str, ...] = ()  # of the person's other known places
    region: str = ""  # of the place: "CN-XJ", "US-MA" …, where rules differ inside a jurisdiction
    place_kind: str | None = None  # home, work, agreed, other
    # calendar name ("CN", "US", "AU-NSW") -> day -> whether nobody works; a day that is missing is unknown
    rest_days: Mapping[str, Mapping[date, bool]] = field(default_factory=dict)
    contacts: tuple[Contact, ...] | None = None
    notices: tuple[Notice, ...] | None = None
    steps: Mapping[str, bool] | None = None  # what the lender says of the debt: forbearance_considered, found_lawful …
    # rules that software cannot decide, for which somebody of the house vouches: rule id -> until which day
    attested: Mapping[str, date] | None = None
    crew: tuple[AgentFacts, ...] | None = None
    agency: AgencyFacts | None = None
    has_recorder: bool | None = None
    is_paid: bool | None = None
    is_disputed: bool | None = None
    is_represented: bool | None = None
    is_time_barred: bool | None = None
    is_transferred: bool | None = None  # the claim has another owner than it began with
    holds: tuple[HoldFacts, ...] | None = None
    preferences: tuple[Preference, ...] | None = None
    appointments: tuple[AppointmentFacts, ...] | None = None
    complaints: tuple[ComplaintFacts, ...] | None = None
    consents: frozenset[str] | None = None  # what the person agreed to: recording_audio, enter_home, filming …
    surely: Interval | None = None  # in review: from the latest start to the earliest end, of what `interval` may be
    # what happened at the door, for review: steps done with their response, who was met, minutes from request to leave
    steps_done: Mapping[str, str] | None = None
    contact_result: str | None = None
    others_met: int | None = None  # how often somebody else was met on this case, this visit included
    was_sealed_opened: bool | None = None
    was_identity_confirmed: bool | None = None
    leave_took_ms: int | None = None
    crew_size: int | None = None
    recordings: frozenset[str] | None = None  # audio, video
    conduct_codes: frozenset[str] | None = None  # ticked in review, named in a complaint
