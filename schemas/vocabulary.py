"""
Every closed list of words on the wire, with what each word is called in English and Simplified Chinese.

To add an outcome: a line in its enum, its words in `WORDS`, its pairs in `POSSIBLE_PAIRS`. To add an event
kind: a line in `EventKind`, its body in `event.py`. Tests hold the rest of the code to these lists.
"""

from __future__ import annotations

from enum import StrEnum

PROTOCOL_VERSION = 1
EVENT_SCHEMA = 1


class EventKind(StrEnum):
    """What a device can record, in the past tense."""

    VISIT_STARTED = "visit_started"
    CREW_JOINED = "crew_joined"
    STEP_DONE = "step_done"
    IDENTITY_CHECKED = "identity_checked"
    SEALED_PART_OPENED = "sealed_part_opened"
    RECORDING_CHANGED = "recording_changed"
    APPOINTMENT_AGREED = "appointment_agreed"
    OUTCOME_NOTED = "outcome_noted"
    HOLD_PLACED = "hold_placed"
    VISIT_ENDED = "visit_ended"
    CONTACT_PROPOSED = "contact_proposed"
    QUESTION_ANSWERED = "question_answered"
    FINDING_CONTESTED = "finding_contested"
    EVENT_CORRECTED = "event_corrected"
    FILES_ATTACHED = "files_attached"
    CHAIN_OPENED = "chain_opened"
    DIRECTIVE_DONE = "directive_done"


VISIT_KINDS = frozenset(list(EventKind)[:10])
DEVICE_KINDS = frozenset({EventKind.CHAIN_OPENED, EventKind.DIRECTIVE_DONE})


class Step(StrEnum):
    """What is done at the door, in the order it is done."""

    CARD_SHOWN = "card_shown"
    RECORDING_NOTICE = "recording_notice"
    PRINCIPAL_NAMED = "principal_named"
    PURPOSE_STATED = "purpose_stated"
    OPTIONS_GIVEN = "options_given"
    HARDSHIP_ASKED = "hardship_asked"
    PAYMENT_ANSWER = "payment_answer"


class StartRemark(StrEnum):
    """What a device says against the start of a visit, or warns of: kept in `visit_started.warned`."""

    WITHDRAWN = "withdrawn"
    ON_HOLD = "on-hold"
    OUTSIDE_HOURS = "outside-hours"
    CREW_TOO_SMALL = "crew-too-small"
    TOO_OFTEN = "too-often"
    CLOSING_SOON = "closing-soon"


class CountUnit(StrEnum):
    """What a count of visits counts: every one that starts, or those at which somebody was met."""

    ATTEMPT = "attempt"
    CONTACT = "contact"


class Saying(StrEnum):
    """What is said at the door beside the steps; the key of its text in a packet."""

    IDENTITY = "identity"
    SOMEONE_ELSE = "someone_else"
    DECLINED = "declined"
    LEAVE = "leave"


class StepResponse(StrEnum):
    """How the person took a step."""

    GIVEN = "given"
    REFUSED = "refused"
    NOT_APPLICABLE = "not_applicable"


class ContactResult(StrEnum):
    """Who was met."""

    PERSON = "person"
    OTHER_ADULT = "other_adult"
    ONLY_MINOR = "only_minor"
    NOBODY = "nobody"
    MOVED = "moved"
    NOT_FOUND = "not_found"
    NO_ACCESS = "no_access"
    UNSAFE = "unsafe"
    DECEASED = "deceased"


# Nobody of the household was spoken to; after any other result, somebody may have been.
NOBODY_MET = frozenset(
    {ContactResult.NOBODY, ContactResult.MOVED, ContactResult.NOT_FOUND, ContactResult.NO_ACCESS}
)  # fmt: skip


class Disposition(StrEnum):
    """What came of it."""

    PROMISE = "promise"
    SAYS_PAID = "says_paid"
    REFUSES = "refuses"
    DISPUTES = "disputes"
    HARDSHIP = "hardship"
    CANNOT_DECIDE = "cannot_decide"
    APPOINTMENT = "appointment"
    REPRESENTED = "represented"
    NONE = "none"


class Identity(StrEnum):
    """What the identity check gave; declining is a normal answer."""

    CONFIRMED = "confirmed"
    FAILED = "failed"
    DECLINED = "declined"
    UNSURE = "unsure"


class IdentityMethod(StrEnum):
    """How identity was checked, and what opens the sealed part."""

    LETTER_CODE = "letter_code"
    TWO_FACTS = "two_facts"
    DOCUMENT_SEEN = "document_seen"


class WrapKind(StrEnum):
    """What a sealed part's key is wrapped by: the ways of checking identity that can open it."""

    LETTER_CODE = "letter_code"
    TWO_FACTS = "two_facts"
    DOCUMENT = "document"


class FactKind(StrEnum):
    """What only the person should know offhand; a lender's file may bring it, and two of it confirm identity."""

    BIRTH_YEAR = "birth_year"
    BIRTH_MONTH = "birth_month"
    DOCUMENT_END = "document_end"
    PHONE_END = "phone_end"


class HoldReason(StrEnum):
    """Why a case or person is left in peace for now."""

    ASKED_TO_LEAVE = "asked_to_leave"
    WRONG_PERSON = "wrong_person"
    MINOR = "minor"
    BEREAVEMENT = "bereavement"
    ILLNESS = "illness"
    DISTRESS = "distress"
    DISPUTE = "dispute"
    REPRESENTATIVE = "representative"
    REFUSAL = "refusal"
    DANGER = "danger"
    COMPLAINT = "complaint"
    HARDSHIP = "hardship"


class HoldScope(StrEnum):
    """What a hold halts."""

    CASE = "case"
    PERSON = "person"


class EndReason(StrEnum):
    """Why a visit ended."""

    COMPLETED = "completed"
    ASKED_TO_LEAVE = "asked_to_leave"
    WITHDRAWN = "withdrawn"
    DANGER = "danger"
    ABANDONED = "abandoned"


class RecordingState(StrEnum):
    """What happened to a recording."""

    STARTED = "started"
    PAUSED = "paused"
    STOPPED = "stopped"


class RecordingDuty(StrEnum):
    """What the rulebooks say of recording; absent: nothing."""

    DUTY = "duty"
    ONLY_WITH_CONSENT = "only_with_consent"
    FORBIDDEN = "forbidden"


class RecordingMedium(StrEnum):
    """What is recorded."""

    AUDIO = "audio"
    VIDEO = "video"


class MadeBy(StrEnum):
    """Who made an appointment."""

    PERSON = "person"
    AGENT = "agent"
    OFFICE = "office"


class Datum(StrEnum):
    """The coordinate system a fix came in."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    UNKNOWN = "unknown"


class NoFixReason(StrEnum):
    """Why a check-in has no fix."""

    DENIED = "denied"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"


class Precision(StrEnum):
    """How exactly a place's coordinates are known."""

    DOOR = "door"
    BUILDING = "building"
    STREET = "street"
    VILLAGE = "village"
    TOWN = "town"


class Role(StrEnum):
    """An agent's part in a crew."""

    LEAD = "lead"
    COMPANION = "companion"


class OpeningReason(StrEnum):
    """Why a device opened a new chain."""

    ENROLLED = "enrolled"
    FORKED = "forked"
    UNREADABLE = "unreadable"
    RESTORED = "restored"
    WIPED = "wiped"


class ReceiptStatus(StrEnum):
    """The server's answer for one event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    PARKED = "parked"
    ID_REUSE = "id_reuse"


class ParkReason(StrEnum):
    """Why an event was kept, acknowledged, and set aside for a person."""

    UNREADABLE = "unreadable"
    ID_MISMATCH = "id-mismatch"
    UNKNOWN_KIND = "unknown-kind"
    UNKNOWN_SCHEMA = "unknown-schema"
    INVALID = "invalid"
    DEVICE_REVOKED = "device-revoked"
    NOT_ASSIGNED = "not-assigned"
    WITHHELD = "withheld"
    ERASED = "erased"


class Flag(StrEnum):
    """What reconciliation will look at on an accepted event."""

    REASSIGNED = "reassigned"
    CLOSED = "closed"
    EXPIRED = "expired"
    CHECKPOINT_BAD = "checkpoint_bad"


class ItemType(StrEnum):
    """What travels down in a feed."""

    PACKET = "packet"
    DECISION = "decision"
    REPLAY = "replay"
    ERASED = "erased"
    FILE_STATE = "file_state"
    SERVER_KEYS = "server_keys"
    NOTICE = "notice"
    HOLD = "hold"


class RemovalReason(StrEnum):
    """Why a feed item was removed."""

    UNASSIGNED = "unassigned"
    CLOSED = "closed"
    EXPIRED = "expired"
    PAID = "paid"
    REVOKED = "revoked"
    LIFTED = "lifted"
    DONE = "done"


class DirectiveKind(StrEnum):
    """What the office may order a device to do."""

    UPLOAD_ALL = "upload_all"
    WIPE_AFTER_UPLOAD = "wipe_after_upload"
    WIPE_NOW = "wipe_now"
    RESET_PACKETS = "reset_packets"


class DirectiveResult(StrEnum):
    """What a device made of a directive."""

    DONE = "done"
    FAILED = "failed"
    IGNORED = "ignored"


class MonoKind(StrEnum):
    """Whether a monotonic counter runs through sleep."""

    BOOTTIME = "boottime"
    AWAKE = "awake"


class Act(StrEnum):
    """A reviewer's decision on a visit."""

    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    AMENDED = "amended"


# The reason of a recording that stops before the crew goes inside; only who agrees after it is recorded there.
ENTERING_HOME = "entering home"

# Which (contact_result, disposition) pairs can have happened. With anyone but the person nothing is discussed, so
# nothing can have come of it but word that someone represents them.
POSSIBLE_PAIRS: dict[ContactResult, frozenset[Disposition]] = {
    ContactResult.PERSON: frozenset(Disposition),
    ContactResult.OTHER_ADULT: frozenset({Disposition.NONE, Disposition.REPRESENTED}),
    ContactResult.ONLY_MINOR: frozenset({Disposition.NONE}),
    ContactResult.NOBODY: frozenset({Disposition.NONE}),
    ContactResult.MOVED: frozenset({Disposition.NONE}),
    ContactResult.NOT_FOUND: frozenset({Disposition.NONE}),
    ContactResult.NO_ACCESS: frozenset({Disposition.NONE}),
    ContactResult.UNSAFE: frozenset({Disposition.NONE}),
    ContactResult.DECEASED: frozenset({Disposition.NONE, Disposition.REPRESENTED}),
}


def is_possible(contact_result: str, disposition: str) -> bool:
    """
    Say whether this disposition can come of this contact.

    >>> is_possible("nobody", "promise")
    False
    """
    return disposition in POSSIBLE_PAIRS.get(ContactResult(contact_result), frozenset())
