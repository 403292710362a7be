"""
Enrolment: from the office's one-time code to a device with an id, an agent, the server's keys, and a first chain.

The private key is durable before its public half leaves (A1), so a code whose answer was lost works again. One store
belongs to one agent; another agent has a store of their own (A5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent_sync import recording, store_feed, store_outbox
from agent_sync.channel import ENROL, Channel
from agent_sync.clock import Reading
from agent_sync.recording import Noise
from agent_sync.store import Store
from schemas import signing
from schemas.errors import FieldError
from schemas.exchange import AwaitingApprovalSchema, EnrolAnswerSchema
from schemas.vocabulary import OpeningReason


@dataclass(frozen=True)
class Enrolment:
    """What became of a code: enrolled, or awaiting approval and to be asked again after `poll_s` seconds."""

    is_enrolled: bool
    poll_s: int = 0
    device_id: str = ""
    agent: dict[str, Any] = field(default_factory=dict)


def enrol(
    store: Store,
    channel: Channel,
    code: str,
    described: dict[str, str],
    now: Reading,
    noise: Noise,
    server_url: str | None,
) -> Enrolment:
    """
    Present *code*; on success remember everything in one transaction.

    Raises `enrolment-code-invalid`, or `conflict` if the code is another agent's.
    """
    jwk = signing.public_jwk(channel.key.public_key())
    jkt = signing.thumbprint(jwk)
    proof = signing.sign({"typ": "enrol", "code": code, "jkt": jkt}, channel.key, jkt)
    answer = channel.ask_unsigned(ENROL, {"code": code, "jwk": jwk, "device": described, "proof": proof})
    if answer.get("status") == "awaiting_approval":
        return await_approval(store, answer, server_url)
    wrong = EnrolAnswerSchema().validate(answer)
    if wrong:
        raise FieldError(
            "internal", recording.say_fields(wrong), detail="The server's answer to the code cannot be read."
        )
    known = store.get("agent", {})
    if known and known["agent_id"] != answer["agent"]["agent_id"]:
        other = answer["agent"]["code"]
        detail = f"This store belongs to agent {known['code']}. Use another store (--store FILE) for agent {other}."
        raise FieldError("conflict", detail=detail)
    remember(store, answer, channel, now, noise, server_url)
    return Enrolment(True, 0, answer["device_id"], answer["agent"])


def await_approval(store: Store, answer: dict[str, Any], server_url: str | None) -> Enrolment:
    """Remember that a person has yet to approve."""
    if AwaitingApprovalSchema().validate(answer):
        raise FieldError("internal", detail="The server's answer to the code cannot be read.")
    with store.transaction():
        store.put("server_url", server_url)
        if store.get("stage", "new") == "new":
            store.put("stage", "awaiting_approval")
    return Enrolment(False, answer["poll_s"])


def remember(
    store: Store, answer: dict[str, Any], channel: Channel, now: Reading, noise: Noise, server_url: str | None
) -> None:
    """Store what enrolment gave. A device that enters a new code keeps its chains (A1); a new one opens its first."""
    with store.transaction():
        for name in ("device_id", "agent", "quota"):
            store.put(name, answer[name])
        store.put("server_url", server_url)
        store.put("public_url", answer.get("public_url"))
        store.put("nonce", answer["nonce"] or channel.nonce)
        store.put("stage", "enrolled")
        store.put("failures", None)
        if store.get("pull_stage") in {None, "reauth-required", "upload-only"}:
            store.put("pull_stage", "first")
        store_feed.trust_keys(store, answer["server_keys"])
        if store_outbox.current_chain(store) is None:
            recording.open_new_chain(store, now, noise, OpeningReason.ENROLLED)
