"""
Signatures: compact JWS with ES256, made here by hand with deterministic ECDSA (RFC 6979), so that they stay the same.

The key pairs are made from words anybody can read; nothing is signed with them but these vectors.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.contract.vector_sources.plain import Vector, b64, canon, noise, uid

ABOUT = (
    "Compact JWS, ES256. `jws` is verified with the public `jwk` for a `typ`: its payload, or the refusal. A `jwk`"
    " alone gives its RFC 7638 thumbprint `jkt`."
)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DEVICE_ID = uid(0xDE71CE)


def key_of(word: str) -> ec.EllipticCurvePrivateKey:
    """Make the P-256 key of a word."""
    secret = int.from_bytes(hashlib.sha256(f"fairvisit vectors: {word}".encode()).digest(), "big") % (ORDER - 1) + 1
    return ec.derive_private_key(secret, ec.SECP256R1())


def jwk_of(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Give the public JWK."""
    point = key.public_key().public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": b64(point.x.to_bytes(32, "big")), "y": b64(point.y.to_bytes(32, "big"))}


def jkt_of(jwk: dict[str, str]) -> str:
    """Give the RFC 7638 thumbprint."""
    text = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    return b64(hashlib.sha256(text.encode()).digest())


def sign(payload: Any, key: ec.EllipticCurvePrivateKey, header: Any) -> str:
    """Sign by hand."""
    head = header if isinstance(header, str) else b64(json.dumps(header, separators=(",", ":")).encode())
    signed = f"{head}.{b64(payload if isinstance(payload, bytes) else canon(payload))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


DEVICE, SERVER = key_of("device"), key_of("server")
DEVICE_KEY, SERVER_KEY = jwk_of(DEVICE), jwk_of(SERVER)
CHECKPOINT = {"typ": "checkpoint", "chain_id": uid(0xC8A1), "seq": 5, "hash": noise("head", 32).hex()}
AT = "2026-03-05T22:30:00.000Z"
# name -> (payload, whose key, its kid): every `typ` there is
GOOD: dict[str, tuple[dict[str, Any], ec.EllipticCurvePrivateKey, str]] = {
    "enrol": ({"typ": "enrol", "code": "H7KQ-2MRT", "jkt": jkt_of(DEVICE_KEY)}, DEVICE, jkt_of(DEVICE_KEY)),
    "request": (
        {"typ": "request", "nonce": b64(noise("nonce", 18)), "method": "POST", "path": "/sync/v1/exchange",
         "body_sha256": noise("body", 32).hex()},
        DEVICE, DEVICE_ID,
    ),
    "checkpoint": (CHECKPOINT, DEVICE, DEVICE_ID),
    "visit": (
        {"typ": "visit", "visit_id": uid(0x71517), "case_id": uid(0xCA5E), "device_id": DEVICE_ID},
        DEVICE, DEVICE_ID,
    ),
    "countersignature": (
        {"typ": "countersignature", "device_id": DEVICE_ID, "chain_id": uid(0xC8A1), "through": 5,
         "head_hash": noise("head", 32).hex(), "at": AT},
        SERVER, jkt_of(SERVER_KEY),
    ),
    "directive": (
        {"typ": "directive", "id": uid(0xD13), "kind": "wipe_after_upload", "device_id": DEVICE_ID,
         "chain_id": uid(0xC8A1), "issued_at": AT},
        SERVER, jkt_of(SERVER_KEY),
    ),
    "server_keys": (
        {"typ": "server_keys", "keys": [{"kid": jkt_of(SERVER_KEY), "jwk": SERVER_KEY, "active_from": AT}]},
        SERVER, jkt_of(SERVER_KEY),
    ),
}  # fmt: skip
HEAD = {"alg": "ES256", "kid": DEVICE_ID}
RIGHT = sign(CHECKPOINT, DEVICE, HEAD)
_HEADER, _PAYLOAD, _SIGNATURE = RIGHT.split(".")
_RAW = base64.urlsafe_b64decode(_SIGNATURE + "==")
_OTHER_PAYLOAD = b64(canon(CHECKPOINT | {"seq": 6}))
_DER = DEVICE.sign(f"{_HEADER}.{_PAYLOAD}".encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
# name -> (jws, verified for this typ)
BAD: dict[str, tuple[str, str]] = {
    "a signature for something else": (RIGHT, "request"),
    "a payload without typ": (sign({"seq": 5}, DEVICE, HEAD), "checkpoint"),
    "another key's signature": (sign(CHECKPOINT, SERVER, HEAD), "checkpoint"),
    "a payload that was changed": (f"{_HEADER}.{_OTHER_PAYLOAD}.{_SIGNATURE}", "checkpoint"),
    "a header that was changed": (f"{b64(canon(HEAD | {'kid': uid(1)}))}.{_PAYLOAD}.{_SIGNATURE}", "checkpoint"),
    "the last character lost": (RIGHT[:-1], "checkpoint"),
    "the signature lost": (f"{_HEADER}.{_PAYLOAD}.", "checkpoint"),
    "only two parts": (f"{_HEADER}.{_PAYLOAD}", "checkpoint"),
    "five parts, as in JWE": (f"{RIGHT}.a.b", "checkpoint"),
    "an empty text": ("", "checkpoint"),
    "padding": (RIGHT + "==", "checkpoint"),
    "spare bits at the end": (RIGHT[:-1] + chr(ord(RIGHT[-1]) + 1), "checkpoint"),
    "a newline at the end": (RIGHT + "\n", "checkpoint"),
    "a letter beyond ASCII": (RIGHT.replace("a", "а", 1), "checkpoint"),
    "no algorithm": (f"{b64(canon(HEAD | {'alg': 'none'}))}.{_PAYLOAD}.", "checkpoint"),
    "a shared secret's algorithm": (sign(CHECKPOINT, DEVICE, HEAD | {"alg": "HS256"}), "checkpoint"),
    "the algorithm in lower case": (sign(CHECKPOINT, DEVICE, HEAD | {"alg": "es256"}), "checkpoint"),
    "no kid": (sign(CHECKPOINT, DEVICE, {"alg": "ES256"}), "checkpoint"),
    "a kid that is a number": (sign(CHECKPOINT, DEVICE, HEAD | {"kid": 7}), "checkpoint"),
    "a kid that is a list": (sign(CHECKPOINT, DEVICE, HEAD | {"kid": [DEVICE_ID]}), "checkpoint"),
    "a header with something that must be understood": (
        sign(CHECKPOINT, DEVICE, HEAD | {"crit": ["b64"]}),
        "checkpoint",
    ),
    "a header with a key of its own": (sign(CHECKPOINT, DEVICE, HEAD | {"jwk": DEVICE_KEY}), "checkpoint"),
    "a header that is a list": (sign(CHECKPOINT, DEVICE, ["ES256", DEVICE_ID]), "checkpoint"),
    "a payload that is a list": (sign(["typ", "checkpoint"], DEVICE, HEAD), "checkpoint"),
    "a payload that is not JSON": (sign(b"checkpoint", DEVICE, HEAD), "checkpoint"),
    "a signature in DER": (f"{_HEADER}.{_PAYLOAD}.{b64(_DER)}", "checkpoint"),
    "a signature with a zero between its halves": (
        f"{_HEADER}.{_PAYLOAD}.{b64(_RAW[:32] + bytes(1) + _RAW[32:])}",
        "checkpoint",
    ),
    "a signature with a zero before it": (f"{_HEADER}.{_PAYLOAD}.{b64(bytes(1) + _RAW)}", "checkpoint"),
    "a signature of zeros": (f"{_HEADER}.{_PAYLOAD}.{b64(bytes(64))}", "checkpoint"),
}
_X = DEVICE.public_key().public_numbers().x
BAD_KEYS: dict[str, dict[str, str]] = {
    "a key without y": {name: value for name, value in DEVICE_KEY.items() if name != "y"},
    "a key of another curve": DEVICE_KEY | {"crv": "P-384"},
    "a key of another kind": DEVICE_KEY | {"kty": "RSA"},
    "a point that is not on the curve": DEVICE_KEY | {"y": DEVICE_KEY["x"]},
    "a coordinate with a zero in front": DEVICE_KEY | {"x": b64(_X.to_bytes(33, "big"))},
    "a coordinate that is not base64url": DEVICE_KEY | {"x": DEVICE_KEY["x"][:-1] + "="},
    "the point at infinity": DEVICE_KEY | {"x": b64(bytes(32)), "y": b64(bytes(32))},
}  # fmt: skip


def vectors() -> list[Vector]:
    """Give the vectors of `signatures.json`."""
    out: list[Vector] = []
    for name, (payload, key, kid) in GOOD.items():
        jws = sign(payload, key, {"alg": "ES256", "kid": kid})
        given = {"jws": jws, "jwk": jwk_of(key), "typ": payload["typ"]}
        out.append({"name": f"typ {name}", "given": given, "expected": {"payload": payload, "kid": kid}})
    turned = sign(CHECKPOINT, DEVICE, {"kid": DEVICE_ID, "alg": "ES256"})
    given = {"jws": turned, "jwk": DEVICE_KEY, "typ": "checkpoint"}
    out.append(
        {
            "name": "the header's order does not matter",
            "given": given,
            "expected": {"payload": CHECKPOINT, "kid": DEVICE_ID},
        }
    )
    for name, (jws, typ) in BAD.items():
        out.append({"name": name, "given": {"jws": jws, "jwk": DEVICE_KEY, "typ": typ}, "refused": "bad-signature"})
    for name, jwk in {"a thumbprint": DEVICE_KEY, "its order and further members do not matter": {
        "use": "sig", "y": SERVER_KEY["y"], "x": SERVER_KEY["x"], "kty": "EC", "crv": "P-256",
    }}.items():  # fmt: skip
        out.append({"name": name, "given": {"jwk": jwk}, "expected": {"jkt": jkt_of(jwk)}})
    out += [{"name": name, "given": {"jwk": jwk}, "refused": "malformed"} for name, jwk in BAD_KEYS.items()]
    return out
