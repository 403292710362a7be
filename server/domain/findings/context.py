"""What the rules may know about a visit: everything handed in, nothing looked up. None means: not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.vocabulary import Act
from server.domain.clock_faults import ClockFault
from server.domain.conduct.verdicts import Verdict
from server.domain.folding import Assigned, Visit
from server.domain.geo import Door
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.travel import Leap, Repeat, Sighting
from server.domain.visit_files import Elsewhere, VisitFile


@dataclass(frozen=True, slots=True)
class Span:
    """Another visit as far as it matters here: who was there, and surely from when until when (ms)."""

    case_id: str
    visit_id: str
    agent_ids: frozenset[str]
    lead_agent_id: str | None
    earliest_start_ms: int
    latest_start_ms: int
    earliest_end_ms: int
    latest_end_ms: int
    present: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # agent id -> surely from when until when


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the packet: when it was made, and whether it changed what matters at the door."""

    rev: int
    made_ms: int
    mattered: bool


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What is known of the chains the visit's events lie on, and of their neighbours."""

    lost: Sequence[tuple[int, int]] = ()  # ranges declared lost by chains that follow one of these
    forked: bool = False  # a chain of this device followed with reason forked, its events of this visit on it
    bad_checkpoint_from: int | None = None  # seq; from here on events lie under a bad checkpoint and no good one
    reused_ids: Sequence[str] = ()  # ids of this visit's events that came with two contents


@dataclass(frozen=True, slots=True)
class News:
    """What speaks against a visit: since when it surely was so, when the office knew, and until when it lasted (ms)."""

    key: str
    what: str  # hold, complaint, payment
    since_ms: int
    told_ms: int
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Gated:
    """How the case last went through the gate: by which rulebooks, what they answered, and what those of now would."""

    digests: Mapping[str, str]  # rulebook -> digest, then
    digests_now: Mapping[str, str]  # of the rulebooks that the visit is judged by
    answers: Mapping[str, str]  # rule -> answer, then
    verdicts_now: Sequence[Verdict]  # over the very facts of then


@dataclass(frozen=True, slots=True)
class Context:
    """One visit and everything around it."""

    visit: Visit
    now_ms: int
    door: Door | None = None
    assigned: Sequence[Assigned] = ()
    others: Sequence[Span] = ()  # visits of the same agents or of the same case, near in time
    leaps: Sequence[Leap] = ()  # of the lead, whose `later` sighting belongs to this visit
    repeats: Sequence[Repeat] = ()  # whose `again` sighting belongs to this visit
    sightings: Sequence[Sighting] = ()  # what the indices of leaps and repeats name
    clock_faults: Mapping[str, Sequence[ClockFault]] = field(default_factory=dict)  # by event id
    chains: Mapping[str, ChainFacts] = field(default_factory=dict)  # by device id
    revisions: Sequence[Revision] | None = None
    closed_ms: int | None = None
    files: Sequence[VisitFile] = ()  # that the visit and the office name
    elsewhere: Sequence[Elsewhere] = ()  # the same contents at other visits
    recording: Mapping[str, str] | None = None  # medium -> duty, as the packet used said; None: it is not kept
    payments: Sequence[tuple[str, str, int]] | None = None  # (paid_on YYYY-MM-DD, currency, amount); None: no ledger
    today: str = ""  # YYYY-MM-DD in the office's zone
    decided_ms: int | None = None  # last decision on this visit
    decided_act: Act | None = None  # what it was
    visited_on: str = ""  # YYYY-MM-DD of the visit in the office's zone
    contests: Mapping[str, str] = field(default_factory=dict)  # finding id -> what an agent wrote against it
    verdicts: Sequence[Verdict] = ()  # of the rulebooks over the visit as it was; none where it was not judged
    gated: Gated | None = None  # None: it never went through the gate, or no rulebook was in force
    news: Sequence[News] = ()  # of the case and its person, not from this crew
    feedback: Mapping[str, str] | None = None  # question -> yes, no, unsure; none where the person told nothing
    exchanged_ms: int | None = None  # when the lead's phone was last heard before the visit
    thresholds: Thresholds = DEFAULTS
