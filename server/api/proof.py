"""
The proof of the device: who signed this request, judged before its body is read (A2).

Failures before a valid signature look alike outside and differ in the log, without the header itself: a replay would
show what the device would get.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import structlog

from schemas import signing
from schemas.errors import FieldError
from server.domain.nonces import is_nonce_good
from server.services.receiving import Caller
from server.services.site import Site
from server.storage import intake_rows
from server.storage.types import is_id
from server.web.body import Environ

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Proof:
    """A caller whose signature is good, and the hash that the body it sends must have."""

    caller: Caller
    body_sha256: str


def prove_caller(site: Site, environ: Environ) -> Proof:
    """
    Give the caller of a signed request.

    Raises unauthenticated (unknown device, bad signature, signed for something else), then use-nonce.
    """
    scheme, _, jws = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Device" or not jws:
        raise _refuse("no proof")
    try:
        device_id = signing.kid_of(jws)
        caller = _known_caller(site, device_id)
        payload = signing.verify(jws, caller.key, "request")
    except FieldError as error:
        raise _refuse(error.detail) from None
    target, query = environ["PATH_INFO"], environ.get("QUERY_STRING")
    if query:
        target = f"{target}?{query}"
    if payload.get("path") != target or payload.get("method") != environ["REQUEST_METHOD"]:
        raise _refuse("signed for another address")
    body_sha256 = payload.get("body_sha256")
    if not isinstance(body_sha256, str):
        raise _refuse("no body hash")
    if not is_nonce_good((site.nonce_secret,), device_id, str(payload.get("nonce", "")), site.now()):
        raise SignedError(FieldError("use-nonce"), device_id)
    return Proof(caller, body_sha256)


class SignedError(Exception):
    """An error told only after a good signature: its answer carries a fresh nonce for that device."""

    def __init__(self, error: FieldError, device_id: str) -> None:
        super().__init__(error.code)
        self.error, self.device_id = error, device_id


def _refuse(why: str) -> FieldError:
    log.info("unauthenticated", why=why)
    return FieldError("unauthenticated")


def _known_caller(site: Site, device_id: str) -> Caller:
    found = _callers.get(device_id)
    if found is None:
        row = None
        if is_id(device_id):
            with site.store.read() as connection:
                row = intake_rows.read_key(connection, device_id)
        if row is None:
            raise FieldError("bad-signature", detail="unknown device")
        found = Caller(device_id, row[0], _load_key(row[1]["x"], row[1]["y"]))
        if len(_callers) > MOST_CALLERS:
            _callers.clear()
        _callers[device_id] = found
    return found


MOST_CALLERS = 100_000
_callers: dict[str, Caller] = {}  # a device's agent and key never change; its state is read at every exchange


@lru_cache(maxsize=1024)
def _load_key(x: str, y: str) -> signing.PublicKey:
    return signing.load_public({"kty": "EC", "crv": "P-256", "x": x, "y": y})
