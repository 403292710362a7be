"""
What a rulebook is made of: rules of 31 types, each with its parameters, where it is checked and how sure we are of it.

Comes in: a rulebook's text as plain values. Goes out: a `Rulebook`, or `RulebookError` naming file, rule and field.
The parameters of a type stand as a frozen dataclass beside the code that judges it (`hours.py`, `frequency.py` …),
registered in `judging.py`; this page knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T", bound=StrEnum)


class RuleType(StrEnum):
    """The 31 types of the catalogue (compliance/CATALOGUE.md, section 1)."""

    ACTOR_PERMISSION = "actor_permission"
    CONTACT_WINDOW = "contact_window"
    BLACKOUT_DAYS = "blackout_days"
    FREQUENCY_CAP = "frequency_cap"
    MIN_INTERVAL = "min_interval"
    PRIOR_STEP = "prior_step"
    PRIOR_NOTICE = "prior_notice"
    CREDENTIAL_DISPLAY = "credential_display"
    AGENT_QUALIFICATION = "agent_qualification"
    CREW_SIZE = "crew_size"
    RECORDING = "recording"
    IDENTITY_GATE = "identity_gate"
    THIRD_PARTY_BAN = "third_party_ban"
    THIRD_PARTY_CONTACT = "third_party_contact"
    PLACE_LIMIT = "place_limit"
    LEAVE_ON_REQUEST = "leave_on_request"
    FORBIDDEN_CONDUCT = "forbidden_conduct"
    PROTECTIVE_STOP = "protective_stop"
    CEASE_CONTACT = "cease_contact"
    PREFERENCE = "preference"
    DISPUTE_PAUSE = "dispute_pause"
    REPRESENTATIVE = "representative"
    COMPLAINT = "complaint"
    PAYMENT = "payment"
    ARTEFACT = "artefact"
    REQUIRED_STATEMENT = "required_statement"
    RETENTION = "retention"
    DATA_PROTECTION = "data_protection"
    CROSS_BORDER = "cross_border"
    AUTOMATED_DECISION = "automated_decision"
    OVERSIGHT = "oversight"


class Check(StrEnum):
    """Where a rule is checked: before a case is handed out, on the device at the door, in review."""

    GATE = "gate"
    DOOR = "door"
    REVIEW = "review"


class Severity(StrEnum):
    """What a failing rule does: stop, end the visit, ask for a reason, ask for a record, say something."""

    BLOCK = "block"
    END = "end"
    WARN = "warn"
    RECORD = "record"
    INFORM = "inform"


class OnUnknown(StrEnum):
    """What is answered where a needed fact is absent."""

    BLOCK = "block"
    ASK = "ask"
    WARN = "warn"


class Confidence(StrEnum):
    """How sure we are of a rule's text; never raised, only lowered or confirmed by counsel."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    PARTIAL = "partial"
    MEMORY = "memory"
    POLICY = "policy"

    @property
    def is_verified(self) -> bool:
        """Whether the rule's text was seen: what was seen in part or not at all is marked "not verified"."""
        return self in {Confidence.PRIMARY, Confidence.SECONDARY, Confidence.POLICY}


class Status(StrEnum):
    """What kind of rule it is."""

    IN_FORCE = "in_force"
    SELF_REGULATORY = "self_regulatory"
    GUIDANCE = "guidance"
    DRAFT = "draft"
    POLICY = "policy"
    VERIFY = "verify"


class Kind(StrEnum):
    """What a rulebook is: a jurisdiction's, the house's own, or a draft that may only block."""

    JURISDICTION = "jurisdiction"
    HOUSE = "house"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `says_agent` and `says_person` are one plain sentence each, by language ("en", "zh")."""

    id: str
    type: RuleType
    params: Any
    checks: frozenset[Check]
    severity: Severity
    on_unknown: OnUnknown
    citation: str
    confidence: Confidence
    status: Status
    says_agent: Mapping[str, str]
    says_person: Mapping[str, str]
    note: str = ""
    is_house: bool = False  # the house's own, no law's: all of a house's rulebook, and a policy wherever it stands

    @property
    def is_verified(self) -> bool:
        """Whether its text was seen: below `secondary` a rule is marked "not verified"."""
        return self.confidence.is_verified


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one jurisdiction or of the house. `zone` is an IANA name, or "place" for the address visited."""

    name: str
    version: str
    kind: Kind
    zone: str
    title: str
    rules: tuple[Rule, ...]
    digest: str = ""  # SHA-256 of the file
    within: str = ""  # a part of this jurisdiction, whose rules hold too (US-MA within US)
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def rule(self, rule_id: str) -> Rule | None:
        """Give one of its rules."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


class RulebookError(ValueError):
    """A rulebook that cannot be read: every fault as (rule, field, sentence)."""

    def __init__(self, file: str, faults: list[tuple[str, str, str]]) -> None:
        self.file, self.faults = file, faults
        super().__init__("\n".join(f"{file}: {rule}: {name}: {sentence}" for rule, name, sentence in faults))


LANGUAGES = ("en", "zh")
ReadParams = Callable[[RuleType, Mapping[str, Any]], Any]
_MEMBERS = frozenset(
    {
        "id", "type", "params", "check", "severity", "on_unknown", "source", "article", "confidence", "status",
        "note", "agent", "person",
    }
)  # fmt: skip


def read_rulebook(file: str, digest: str, text: Mapping[str, Any], read_params: ReadParams) -> Rulebook:
    """Read a rulebook; raise `RulebookError` with every fault found. *read_params* reads a type's parameters."""
    faults: list[tuple[str, str, str]] = []
    sources = text.get("sources") or {}
    kind = _one_of(Kind, text.get("kind"), "-", "kind", faults)
    rules, seen = [], set()
    for place, entry in enumerate(text.get("rules") or ()):
        rule_id = str(entry.get("id") or f"rule {place + 1}")
        if rule_id in seen:
            faults.append((rule_id, "id", "stands twice"))
        seen.add(rule_id)
        rule = _read_rule(rule_id, entry, sources, kind == Kind.HOUSE, read_params, faults)
        if rule is not None:
            rules.append(rule)
    named = ("rulebook", "version", "zone", "title")
    faults += [("-", name, "is missing or is no text") for name in named if not _is_text(text.get(name))]
    if not rules and not faults and kind != Kind.HOUSE:  # a house may have none of its own
        faults.append(("-", "rules", "holds no rule"))
    if faults or kind is None:
        raise RulebookError(file, faults)
    return Rulebook(
        text["rulebook"], text["version"], kind, text["zone"], text["title"], tuple(rules), digest,
        text.get("within", ""), sources,
    )  # fmt: skip


def _read_rule(
    rule_id: str,
    entry: Mapping[str, Any],
    sources: Mapping[str, Any],
    is_house: bool,
    read_params: ReadParams,
    faults: list[tuple[str, str, str]],
) -> Rule | None:
    before = len(faults)
    faults += [(rule_id, str(name), "is not known") for name in entry if name not in _MEMBERS]
    type_ = _one_of(RuleType, entry.get("type"), rule_id, "type", faults)
    checks = [_one_of(Check, each, rule_id, "check", faults) for each in entry.get("check") or [None]]
    severity = _one_of(Severity, entry.get("severity"), rule_id, "severity", faults)
    on_unknown = _one_of(OnUnknown, entry.get("on_unknown"), rule_id, "on_unknown", faults)
    confidence = _one_of(Confidence, entry.get("confidence"), rule_id, "confidence", faults)
    status = _one_of(Status, entry.get("status"), rule_id, "status", faults)
    cited = entry.get("source") or []
    faults += [(rule_id, "source", f"'{each}' is not among the sources") for each in cited if each not in sources]
    if not cited:
        faults.append((rule_id, "source", "is missing"))
    says = {name: _read_words(entry.get(name), rule_id, name, faults) for name in ("agent", "person")}
    params = None
    if type_ is not None:
        try:
            params = read_params(type_, entry.get("params") or {})
        except ValueError as error:
            faults += [(rule_id, "params", sentence) for sentence in str(error).split("; ")]
    if len(faults) > before or None in (type_, severity, on_unknown, confidence, status):
        return None
    assert type_ is not None
    assert severity is not None
    assert on_unknown is not None
    assert confidence is not None
    assert status is not None
    laws = "; ".join(str(sources[each]["law"]) for each in cited)
    article = entry.get("article")
    return Rule(
        rule_id, type_, params, frozenset(each for each in checks if each), severity, on_unknown,
        f"{laws}, {article}" if article else laws, confidence, status, says["agent"], says["person"],
        str(entry.get("note") or ""), is_house or status is Status.POLICY,
    )  # fmt: skip


def _one_of(words: type[T], value: object, rule_id: str, name: str, faults: list[tuple[str, str, str]]) -> T | None:
    try:
        return words(str(value))
    except ValueError:
        faults.append((rule_id, name, f"'{value}' is none of {', '.join(words)}"))
        return None


def _read_words(value: object, rule_id: str, name: str, faults: list[tuple[str, str, str]]) -> dict[str, str]:
    words = dict(value) if isinstance(value, Mapping) else {"en": value}
    lacking = [language for language in LANGUAGES if not _is_text(words.get(language))]
    faults += [(rule_id, name, f"has no sentence in '{language}'") for language in lacking]
    return {str(language): str(sentence) for language, sentence in words.items()}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
