"""
Packing: what one agent may hold of one case, as the body of a `packet` item.

Comes in: a case with its person, place, crew and appointments. Goes out: the open part, the plain content of the
sealed part, and the body joined from them. A companion never gets a sealed part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from schemas.canonical import clean_value
from schemas.messages import format_time
from schemas.vocabulary import CountUnit, Role, Step
from server.domain.conduct.texts import Statement, write_private_texts, write_texts

PACKET_SCHEMA = 1
MAX_CONTACTS = 20
MAX_CONTACT = 400


@dataclass(frozen=True, slots=True)
class PackedCase:
    """A case with its person and place, as packing needs it."""

    id: str
    rev: int
    lender: str
    reference: str
    product: str | None
    currency: str
    amount: int
    overdue: int | None
    days_past_due: int | None
    sealed: Mapping[str, Any]
    name: str
    language: str | None
    contacts: Mapping[str, Any]
    address: str
    area: str | None
    postal_code: str | None
    lat_e7: int | None
    lon_e7: int | None
    precision: str | None


@dataclass(frozen=True, slots=True)
class CrewMember:
    """One agent of a case's crew."""

    agent_id: str
    name: str
    role: str
    lease_until_ms: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment, in local time with its offset."""

    id: str
    starts: str
    ends: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Planned:
    """When the office would have the crew come: a day, the place in its order, from when on (local, with offset)."""

    day: str
    order: int
    starts: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many visits more may start within a length of time."""

    unit: CountUnit
    most: int
    period_ms: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a device compares with. These are the house's own defaults; `conduct/limits.py` compiles rulebooks in."""

    steps: tuple[Step, ...] = (
        Step.CARD_SHOWN,
        Step.PRINCIPAL_NAMED,
        Step.PURPOSE_STATED,
        Step.OPTIONS_GIVEN,
        Step.HARDSHIP_ASKED,
        Step.PAYMENT_ANSWER,
    )
    longest_stay_ms: int = 30 * 60_000
    fence_dm: int = 1_500
    intervals: tuple[tuple[str, str], ...] | None = None  # local times in which a visit may start; the end is not in it
    crew_min: int | None = None
    counts: tuple[Count, ...] = ()
    known_visits: tuple[str, ...] = ()  # visits that the counts leave out, as they were counted already
    audio: str = ""  # of a RecordingDuty; "": nothing is said of it
    video: str = ""
    statements: tuple[Statement, ...] = ()  # that rulebooks require at the door; texts, not limits, on the wire

    def to_wire(self) -> dict[str, Any]:
        """Give the members of `LimitsSchema`; what is not limited is absent."""
        members: dict[str, Any] = {
            "steps": [step.value for step in self.steps],
            "longest_stay_ms": self.longest_stay_ms,
            "fence_dm": self.fence_dm,
        }
        if self.intervals is not None:
            members["intervals"] = [{"starts": starts, "ends": ends} for starts, ends in self.intervals]
        if self.crew_min is not None:
            members["crew_min"] = self.crew_min
        if self.counts:
            members["counts"] = [
                {"unit": each.unit.value, "most": each.most, "period_ms": each.period_ms} for each in self.counts
            ]
        if self.known_visits:
            members["known_visits"] = list(self.known_visits)
        if self.audio or self.video:
            members["recording"] = _present({"audio": self.audio, "video": self.video})
        return members


HOUSE = Limits()


def pack_open(
    case: PackedCase,
    crew: Sequence[CrewMember],
    appointments: Iterable[Appointment],
    lease_until_ms: int,
    now_ms: int,
    limits: Limits = HOUSE,
    planned: Planned | None = None,
) -> dict[str, Any]:
    """
    Write the open part: where, when, how to behave; never why. Appointments and plans that are over are left out.

    It is the same for everyone whose lease ends together, so it is cleaned (E0) and written once for them.
    """
    part: dict[str, Any] = {
        "person": _present({"name": case.name[:200], "language": case.language, "contacts": _contacts(case.contacts)}),
        "place": _present(
            {
                "address": case.address[:500],
                "area": case.area,
                "postal_code": case.postal_code,
                "lat_e7": case.lat_e7,
                "lon_e7": case.lon_e7,
                "precision": case.precision,
            }
        ),
        "crew": [{"agent_id": member.agent_id, "name": member.name, "role": member.role} for member in crew],
        "limits": limits.to_wire(),
        "texts": [
            asdict(text)
            for text in write_texts(limits.steps, (limits.audio, limits.video), limits.statements, case.language)
        ],
        "lease_until": format_time(lease_until_ms),
    }
    ahead = [_appointment(each) for each in appointments if _is_ahead(each, now_ms)]
    more: dict[str, Any] = {"appointments": ahead} if ahead else {}
    if planned is not None and _is_day_ahead(planned, now_ms):
        more["planned"] = asdict(planned)
    cleaned: dict[str, Any] = clean_value(part | more)
    return cleaned


def _present(members: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known: absent, never null."""
    return {name: value for name, value in members.items() if value is not None and value != "" and value != {}}


def _contacts(contacts: Mapping[str, Any]) -> dict[str, str]:
    known = {name: str(value)[:MAX_CONTACT] for name, value in contacts.items() if value}
    return dict(sorted(known.items())[:MAX_CONTACTS])


def _appointment(appointment: Appointment) -> dict[str, str]:
    return {
        "appointment_id": appointment.id,
        "starts": appointment.starts,
        "ends": appointment.ends,
        "made_by": appointment.made_by,
    }


def _is_ahead(appointment: Appointment, now_ms: int) -> bool:
    return datetime.fromisoformat(appointment.ends).timestamp() * 1000 > now_ms


def _is_day_ahead(planned: Planned, now_ms: int) -> bool:
    """Say whether a plan's day is not over where the crew is."""
    starts = datetime.fromisoformat(planned.starts)
    return datetime.fromtimestamp(now_ms / 1000, starts.tzinfo).date().isoformat() <= planned.day


def pack_sealed(case: PackedCase, limits: Limits = HOUSE) -> dict[str, Any]:
    """Give what the sealed part holds once opened: who lent, how much, what can be offered, what only they may hear."""
    content = {
        "lender": case.lender,
        "reference": case.reference,
        "product": case.product,
        "currency": case.currency,
        "amount": case.amount,
        "overdue": case.overdue,
        "days_past_due": case.days_past_due,
    }
    options = [str(option) for option in case.sealed.get("options", ()) if option]
    texts = [asdict(text) for text in write_private_texts(limits.statements)]
    cleaned: dict[str, Any] = clean_value(_present(content | {"options": options or None, "texts": texts or None}))
    return cleaned


def pack_body(role: str, open_part: Mapping[str, Any], sealed: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Join a packet's body for an agent of *role*.

    >>> sorted(pack_body("companion", {}, {"iv": "x"}))
    ['open', 'role', 'schema']
    """
    body: dict[str, Any] = {"schema": PACKET_SCHEMA, "role": role, "open": dict(open_part)}
    return body | {"sealed": dict(sealed)} if role == Role.LEAD and sealed is not None else body
