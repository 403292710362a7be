"""
Signed heads: what the device and the server each signed of a chain, read and checked before the chain is walked.

Part of verifying. Comes in: a chain's stored checkpoint and countersignature, and who may have signed. Goes out: a
`Claim` (this hash stands at this place), or the sentence that says why there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas import signing
from schemas.errors import FieldError


@dataclass(frozen=True, slots=True)
class Keys:
    """Who may have signed: the device's key, and every key the server ever had, by id (A6)."""

    device_id: str
    device: signing.PublicKey
    server: Mapping[str, signing.PublicKey]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signature says: this hash stands at this place."""

    seq: int
    hash: str


def read_checkpoint(jws: str, chain_id: str, keys: Keys) -> Claim | str:
    """Read the device's signature over a head (E3); a sentence says why it cannot be trusted."""
    try:
        payload = signing.verify(jws, keys.device, "checkpoint")
    except FieldError:
        return "The stored checkpoint is not signed by this device."
    seq, hash_ = payload.get("seq"), payload.get("hash")
    if payload.get("chain_id") != chain_id or not isinstance(seq, int) or not isinstance(hash_, str):
        return "The stored checkpoint is of another chain."
    return Claim(seq, hash_)


def read_countersignature(jws: str, chain_id: str, keys: Keys) -> Claim | str:
    """Read the server's signature over what it took, by whichever key it had then; else a sentence."""
    try:
        payload = signing.verify(jws, keys.server[signing.kid_of(jws)], "countersignature")
    except (FieldError, KeyError):
        return "The stored countersignature is not by a key this server ever had."
    seq, hash_ = payload.get("through"), payload.get("head_hash")
    is_of_chain = (payload.get("chain_id"), payload.get("device_id")) == (chain_id, keys.device_id)
    if not is_of_chain or not isinstance(seq, int) or not isinstance(hash_, str):
        return "The stored countersignature is of another chain."
    return Claim(seq, hash_)


def judge_claim(claim: Claim, found: str | None, who: str) -> str | None:
    """
    Compare a claim with the hash found at its place; give what is wrong as a sentence.

    >>> judge_claim(Claim(3, "aa"), "aa", "device")
    >>> judge_claim(Claim(3, "aa"), None, "device")
    'The device signed for 3 places; some of them were deleted.'
    """
    if found is None:
        return f"The {who} signed for {claim.seq} places; some of them were deleted."
    if found != claim.hash:
        return f"The {who} signed another hash at place {claim.seq}: it, or a place before it, was changed."
    return None
