"""
Sharing: what was found out for one case is not found out again for another of which the same is known.

`READS` says what a rule reads of the facts before a visit; a test compares it with what the code looks at. Facts are
never changed once they are made: what is no plain value is known again by being the very same object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from server.domain.conduct.facts import Facts
from server.domain.conduct.rules import Rule, Rulebook, RuleType

T = TypeVar("T")

_DAY = frozenset({"now_ms", "interval", "place_zone"})  # which day it is, and where
_PLACE = _DAY | {"other_zones", "region", "place_kind"}
_LOG = _DAY | {"contacts", "case_id", "person_id"}
_HOLDS = _DAY | {"holds", "contact_result"}
_NOTHING = frozenset[str]()
READS: Mapping[RuleType, frozenset[str]] = {
    RuleType.CONTACT_WINDOW: _PLACE | {"appointments"},
    RuleType.BLACKOUT_DAYS: _PLACE | {"rest_days", "holds"},
    RuleType.PREFERENCE: _PLACE | {"preferences"},
    RuleType.FREQUENCY_CAP: _LOG,
    RuleType.MIN_INTERVAL: _LOG,
    RuleType.PRIOR_STEP: _LOG | {"steps"},
    RuleType.PRIOR_NOTICE: _DAY | {"notices", "is_transferred"},
    RuleType.ACTOR_PERMISSION: _DAY | {"agency"},
    RuleType.AGENT_QUALIFICATION: _DAY | {"crew"},
    RuleType.CREW_SIZE: _DAY | {"crew"},
    RuleType.CREDENTIAL_DISPLAY: _DAY | {"crew", "lender"},
    RuleType.OVERSIGHT: _DAY | {"agency", "attested"},
    RuleType.RECORDING: _DAY | {"has_recorder"},
    RuleType.IDENTITY_GATE: _NOTHING,
    RuleType.THIRD_PARTY_BAN: _NOTHING,
    RuleType.THIRD_PARTY_CONTACT: _NOTHING,
    RuleType.LEAVE_ON_REQUEST: _NOTHING,
    RuleType.REQUIRED_STATEMENT: _NOTHING,
    RuleType.PAYMENT: _NOTHING,
    RuleType.ARTEFACT: _NOTHING,
    RuleType.FORBIDDEN_CONDUCT: _DAY | {"is_time_barred", "attested"},
    RuleType.PLACE_LIMIT: _HOLDS | {"place_kind", "appointments", "consents", "steps"},
    RuleType.PROTECTIVE_STOP: _HOLDS,
    RuleType.CEASE_CONTACT: _HOLDS,
    RuleType.DISPUTE_PAUSE: _HOLDS | {"is_disputed"},
    RuleType.REPRESENTATIVE: _HOLDS | {"is_represented"},
    RuleType.COMPLAINT: _HOLDS | {"complaints"},
    RuleType.RETENTION: _DAY | {"attested"},
    RuleType.DATA_PROTECTION: _DAY | {"attested"},
    RuleType.CROSS_BORDER: _DAY | {"attested"},
    RuleType.AUTOMATED_DECISION: _DAY | {"attested"},
}
# Rules that ask of the time only which day it is when the visit ends, or, while nothing halts visits, not even that.
OF_THE_DAY = frozenset(type_ for type_, reads in READS.items() if reads <= _DAY | {
    "agency", "crew", "lender", "attested", "has_recorder", "is_time_barred",
})  # fmt: skip
OF_A_HALT = frozenset(
    {
        RuleType.PROTECTIVE_STOP, RuleType.CEASE_CONTACT, RuleType.DISPUTE_PAUSE, RuleType.REPRESENTATIVE,
        RuleType.COMPLAINT,
    }
)  # fmt: skip
_OBJECTS = frozenset(
    {
        "other_zones", "rest_days", "contacts", "notices", "steps", "attested", "crew", "agency", "holds",
        "preferences", "appointments", "complaints", "consents",
    }
)  # fmt: skip
MOST = 4096  # sets of facts that one group of rules remembers
MOST_BOOKS = 16  # stacks of rulebooks for which something is kept ready


def reads_of(rule: Rule) -> frozenset[str]:
    """Give the names of the facts that a rule's answer before a visit rests on."""
    reads = READS[rule.type]
    if rule.type is RuleType.CONTACT_WINDOW and not rule.params.widened_by:
        return reads - {"appointments"}
    if rule.type is RuleType.BLACKOUT_DAYS and not rule.params.occasions:
        return reads - {"holds"}
    if rule.type is RuleType.PRIOR_STEP and not rule.params.least:
        return reads - {"contacts", "case_id", "person_id"}
    return reads


def _getter(names: Sequence[str]) -> Callable[[Facts], tuple[Any, ...]]:
    if not names:
        return lambda facts: ()
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda facts: (only(facts),)
    return attrgetter(*names)


class Shared(Generic[T]):
    """Answers that rest on the facts named, each found once for all facts of which these are the same."""

    def __init__(self, names: Iterable[str]) -> None:
        named = sorted(names)
        self._values = _getter([name for name in named if name not in _OBJECTS])
        self._objects = _getter([name for name in named if name in _OBJECTS])
        self._found: dict[Any, tuple[Any, T]] = {}

    def get(self, facts: Facts, find: Callable[[Facts], T], *beside: object) -> T:
        """Give what *find* gives of these facts, and of what is asked *beside* them."""
        objects = self._objects(facts)
        key = self._values(facts), tuple(map(id, objects)), beside
        known = self._found.get(key)
        if known is None:
            if len(self._found) >= MOST:
                self._found.clear()
            known = self._found[key] = objects, find(facts)  # the objects are kept, so that their ids stay their own
        return known[1]


class OncePerStack(Generic[T]):
    """What is made ready of a stack of rulebooks: once, not for each case."""

    def __init__(self, make: Callable[[Sequence[Rulebook]], T]) -> None:
        self._make = make
        self._made: dict[tuple[int, ...], tuple[Sequence[Rulebook], T]] = {}

    def get(self, rulebooks: Sequence[Rulebook]) -> T:
        """Give it. Rulebooks cannot be hashed (they hold mappings): they are kept, so that their ids stay their own."""
        key = tuple(map(id, rulebooks))
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= MOST_BOOKS:
                self._made.clear()
            known = self._made[key] = tuple(rulebooks), self._make(rulebooks)
        return known[1]
