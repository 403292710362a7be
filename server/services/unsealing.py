"""
What a device sealed for the server: encrypted to its public key, so that whoever keeps or carries it cannot read it.

Comes in: `{format, kid, epk, iv, ciphertext}`. Goes out: the plain bytes. Stands before exported outboxes
(`outboxes.py`) and exchanges that a locked phone sends (X7). Which form of content it is stands in the key itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.signing import unb64url
from server.services.site import Site
from server.storage import device_rows


class UnreadableError(Exception):
    """It cannot be opened; the message says why, in the words of a sentence that begins with what it is."""


def unseal(site: Site, sealed: Mapping[str, Any], form: str) -> bytes:
    """Open what was sealed as *form* for one of this server's keys; raise `UnreadableError`."""
    try:
        head = {name: sealed[name] for name in ("format", "kid", "epk")}
        iv, ciphertext = unb64url(sealed["iv"]), unb64url(sealed["ciphertext"])
        ephemeral = signing.load_public(sealed["epk"])
    except (ValueError, KeyError, TypeError, FieldError):
        raise UnreadableError("is not an exported outbox, nor anything else that is sealed, or is damaged") from None
    if head["format"] != form:
        raise UnreadableError(f"is of the format {str(head['format'])[:40]!r}, this server reads {form!r}")
    shared = _private_key(site, str(head["kid"])).exchange(ec.ECDH(), ephemeral)
    key = HKDF(hashes.SHA256(), 32, salt=None, info=form.encode()).derive(shared)
    try:
        return AESGCM(key).decrypt(iv, ciphertext, canonical.encode(head))
    except (InvalidTag, ValueError):
        raise UnreadableError("was changed since it was exported, or is damaged: export it again") from None


def _private_key(site: Site, kid: str) -> signing.PrivateKey:
    with site.store.read() as connection:
        row = next((row for row in device_rows.read_keys(connection) if row.kid == kid), None)
    if row is None:
        raise UnreadableError("was written for another server: its key is not one of this server's")
    if row.private_pem is None:
        when = format_time(row.retired_ms or 0)
        raise UnreadableError(
            f"was written for the server's key {kid[:12]}…, retired {when}, whose private part is gone. Let the device"
            " export again for the present key, or restore the key from a backup of that time."
        )
    return signing.load_private(row.private_pem)
