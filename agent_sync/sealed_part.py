"""
The sealed part at the door: a check of identity that a letter's code or two facts can pass, and the opening itself.

Comes in: what the person said. Goes out: whether it fits, and, once identity stands confirmed in this visit, the
content. The opening is recorded before the content is handed out; offline this deters and records, no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent_sync import recording, rules_door
from agent_sync.clock import Reading
from agent_sync.recording import Draft, Noise
from agent_sync.rules import CLOCK_LOCKED
from agent_sync.store import Store
from agent_sync.store_feed import read_body
from schemas import sealing
from schemas.errors import FieldError
from schemas.vocabulary import EventKind, Identity, IdentityMethod, ItemType, WrapKind

WRAPS = {
    IdentityMethod.LETTER_CODE: WrapKind.LETTER_CODE,
    IdentityMethod.TWO_FACTS: WrapKind.TWO_FACTS,
    IdentityMethod.DOCUMENT_SEEN: WrapKind.DOCUMENT,
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the person said or showed: a code, or the answers to two facts; of a document its kind and nothing else."""

    method: str
    secret: str = ""
    answers: Sequence[str] = ()
    document_kind: str = ""


def try_wraps(store: Store, case_id: str, said: Said) -> dict[str, Any] | None:
    """
    Give the sealed content if what the person said opens it; None if it does not.

    Raises `withdrawn` where there is no sealed part here, `conflict` where it has no wrap of this kind, `invalid`.
    """
    if said.method not in set(IdentityMethod):
        raise FieldError("invalid", {"method": [f"'{said.method}' is not one of {', '.join(IdentityMethod)}"]})
    if store.get("clock_locked"):
        raise FieldError("conflict", detail=CLOCK_LOCKED)
    body = read_body(store, ItemType.PACKET, case_id)
    if body is None:
        raise FieldError("withdrawn", detail="This case is not on this device, or its time here has ended.")
    if "sealed" not in body:
        raise FieldError(
            "withdrawn", detail="This device holds the open part only; the lead's device has the sealed part."
        )
    kind = WRAPS[IdentityMethod(said.method)]
    if kind not in {wrap["kind"] for wrap in body["sealed"]["wraps"]}:
        raise FieldError("conflict", detail="This case cannot be checked this way; its packet was made without it.")
    rev = int(store.value("SELECT rev FROM object WHERE type = 'packet' AND id = ?", [case_id]))
    is_code = kind == WrapKind.LETTER_CODE
    secret = sealing.letter_secret(said.secret) if is_code else sealing.facts_secret(said.answers)
    return sealing.open_sealed(body["sealed"], case_id, rev, kind, secret)


def check_identity(store: Store, case_id: str, visit_id: str, said: Said, now: Reading, noise: Noise) -> bool:
    """
    Record `identity_checked` with what the wraps say: confirmed or failed, and how many tries it took so far.

    A try counts once it is recorded, and nobody learns whether it fits before that; so no restart gives another one.
    """
    visit = recording.view_visit(store, case_id, visit_id)
    fits = rules_door.tries_left(visit, said.method) > 0 and try_wraps(store, case_id, said) is not None
    tries = 1 + sum(1 for kind, _ in visit.events if kind == EventKind.IDENTITY_CHECKED)
    identity = Identity.CONFIRMED if fits else Identity.FAILED
    body = {"identity": identity.value, "method": said.method, "tries": tries}
    if said.document_kind:
        body["document_kind"] = said.document_kind
    recording.record_event(store, Draft(EventKind.IDENTITY_CHECKED, body, case_id, visit_id), now, noise)
    return fits


def open_part(store: Store, case_id: str, visit_id: str, said: Said, now: Reading, noise: Noise) -> dict[str, Any]:
    """Open the sealed part and record it first; raise `conflict` if identity was not confirmed or nothing opens it."""
    visit = recording.view_visit(store, case_id, visit_id)
    if not visit.is_identity_confirmed:
        raise FieldError("conflict", detail="The sealed part opens only after identity was confirmed in this visit.")
    if not rules_door.tries_left(visit, said.method):
        raise FieldError("conflict", detail="This way was tried too often in this visit. Look at a document.")
    content = try_wraps(store, case_id, said)
    if content is None:
        check_identity(store, case_id, visit_id, said, now, noise)  # a miss is a try, and takes back what was confirmed
        raise FieldError("conflict", detail="That does not open the sealed part. Ask again, or try another way.")
    body = {"method": said.method}
    recording.record_event(store, Draft(EventKind.SEALED_PART_OPENED, body, case_id, visit_id), now, noise)
    return content
