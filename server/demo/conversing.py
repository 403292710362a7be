"""
What happens at a door, told from what an inspector really found there.

Comes in: kind, score and notes of a real visit. Goes out: who is met, whether identity is confirmed, and what comes
of it. The table below is ours: a restaurant inspection is no talk about a loan; it only lends its variety.

| real visit | becomes |
| --- | --- |
| Routine, score 96 to 100 | the person; promise |
| Routine, 90 to 95 | the person; by turns cannot decide, appointment, says it is paid |
| Routine, 80 to 89 | the person; hardship |
| Routine, below 80 | the person; disputes it, and a hold is placed |
| Routine without a score | the person declines to say who they are |
| Reinspection | by turns nobody, another adult, nobody, the person who says it is paid |
| Complaint | with notes: the person refuses; without: another adult |
| New ownership | moved away |
| New construction, structural inspection | no access |
| Administrative or document review | the person is represented |
| Any other | address not found |
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.vocabulary import ContactResult, Disposition, HoldReason, Identity
from server.demo.portfolio import Stop

MAX_NOTE = 400


@dataclass(frozen=True, slots=True)
class Talk:
    """Who was met at a door and what came of it."""

    contact: ContactResult
    disposition: Disposition = Disposition.NONE
    identity: Identity | None = None
    hold: HoldReason | None = None
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the person was there and said who they are: then the sealed part is opened and all steps are done."""
        return self.identity is Identity.CONFIRMED


def imagine_talk(stop: Stop, turn: int) -> Talk:
    """Give the talk at a stop; *turn* is any number that differs from stop to stop, for the "by turns" of the table."""
    contact, disposition, identity, hold = _read_kind(stop, turn)
    if contact is ContactResult.PERSON and identity is None:
        identity = Identity.CONFIRMED
    return Talk(contact, disposition, identity, hold, stop.notes[:MAX_NOTE])


def _read_kind(
    stop: Stop, turn: int
) -> tuple[ContactResult, Disposition, Identity | None, HoldReason | None]:
    person, nothing = ContactResult.PERSON, Disposition.NONE
    kind = stop.kind.lower()
    if kind.startswith("routine"):
        return _read_score(stop.score, turn)
    if "reinspection" in kind:
        if turn % 4 == 3:
            return person, Disposition.SAYS_PAID, None, None
        return (ContactResult.OTHER_ADULT if turn % 4 == 1 else ContactResult.NOBODY), nothing, None, None
    if kind.startswith("complaint"):
        if stop.notes:
            return person, Disposition.REFUSES, None, None
        return ContactResult.OTHER_ADULT, nothing, None, None
    if "ownership" in kind:
        return ContactResult.MOVED, nothing, None, None
    if "construction" in kind or "structural" in kind:
        return ContactResult.NO_ACCESS, nothing, None, None
    if "review" in kind:
        return person, Disposition.REPRESENTED, None, None
    return ContactResult.NOT_FOUND, nothing, None, None


def _read_score(
    score: int | None, turn: int
) -> tuple[ContactResult, Disposition, Identity | None, HoldReason | None]:
    person = ContactResult.PERSON
    if score is None:
        return person, Disposition.NONE, Identity.DECLINED, None
    if score >= 96:
        return person, Disposition.PROMISE, None, None
    if score >= 90:
        turns = (Disposition.CANNOT_DECIDE, Disposition.APPOINTMENT, Disposition.SAYS_PAID)
        return person, turns[turn % 3], None, None
    if score >= 80:
        return person, Disposition.HARDSHIP, None, None
    return person, Disposition.DISPUTES, None, HoldReason.DISPUTE
