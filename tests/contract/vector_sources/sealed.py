"""The sealed part: opened by each of its wraps, and by nothing else."""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.contract.vector_sources.plain import Vector, b64, canon, noise, uid

ABOUT = (
    "DESIGN section 4. `sealed` of a case and revision is opened by a wrap of `kind` with a secret (a letter's `code`,"
    " or `facts`): `opened` is the content, absent where the secret is wrong. `facts` alone give their `secret`."
    " 2,000 iterations instead of 600,000; the compressed stream is any that zlib reads."
)
CASE, REV, ITERATIONS = uid(0xCA5E), 3, 2_000
PLAIN: dict[str, Any] = {
    "lender": "Example Savings Bank", "reference": "L-000123", "product": "instalment loan", "currency": "USD",
    "amount": 1_250_050, "overdue": 125_050, "days_past_due": 93, "options": ["Pay in three parts", "延期一个月"],
}  # fmt: skip
CODE, FACTS = "H7KQ2MRT", ["1984-02-29", "Oak Street"]


def facts_secret(answers: list[str]) -> bytes:
    """Give the canonical array of NFKC-normalised, trimmed answers."""
    return canon([unicodedata.normalize("NFKC", answer).strip() for answer in answers])


def wrap(kind: str, secret: bytes, key: bytes, aad: bytes) -> dict[str, Any]:
    """Wrap the content key by hand."""
    salt, iv = noise(f"salt {kind}", 16), noise(f"iv {kind}", 12)
    derived = hashlib.pbkdf2_hmac("sha256", secret, salt, ITERATIONS, 32)
    wrapped = AESGCM(derived).encrypt(iv, key, aad)
    return {"kind": kind, "salt": b64(salt), "iterations": ITERATIONS, "iv": b64(iv), "key": b64(wrapped)}


def sealed() -> dict[str, Any]:
    """Seal by hand; the stream is stored, not deflated, so that no zlib writes it otherwise."""
    key, iv = noise("content key", 32), noise("content iv", 12)
    aad = canon({"case_id": CASE, "rev": REV})
    wraps = [wrap("letter_code", CODE.encode(), key, aad), wrap("two_facts", facts_secret(FACTS), key, aad)]
    wraps.append({"kind": "document", "key": b64(key)})
    return {
        "iv": b64(iv),
        "ciphertext": b64(AESGCM(key).encrypt(iv, zlib.compress(canon(PLAIN), 0), aad)),
        "wraps": wraps,
    }


def vectors() -> list[Vector]:
    """Give the vectors of `sealed.json`."""
    whole = sealed()
    base = {"sealed": whole, "case_id": CASE, "rev": REV}
    by_code = base | {"kind": "letter_code", "code": CODE}
    by_facts = base | {"kind": "two_facts", "facts": FACTS}
    cut = base | {"sealed": whole | {"ciphertext": whole["ciphertext"][:-4]}}
    turned = base | {"sealed": whole | {"ciphertext": "A" + whole["ciphertext"][1:]}}
    only_code = base | {"sealed": whole | {"wraps": whole["wraps"][:1]}}
    short_key = base | {"sealed": whole | {"wraps": [{"kind": "document", "key": b64(bytes(5))}]}}
    opened: dict[str, dict[str, Any]] = {
        "by the letter's code": by_code,
        "by two facts": by_facts,
        "by two facts, wider digits and spaces around": by_facts | {"facts": [" １９８４-02-29", "Oak Street\u3000"]},
        "by a document": base | {"kind": "document"},
    }
    closed: dict[str, dict[str, Any]] = {
        "another code": by_code | {"code": "H7KQ2MRS"},
        "the facts in another order": by_facts | {"facts": FACTS[::-1]},
        "one fact": by_facts | {"facts": FACTS[:1]},
        "a fact in other letters": by_facts | {"facts": [FACTS[0], "oak street"]},
        "no wrap of this kind": only_code | {"kind": "document"},
        "the code of another revision": by_code | {"rev": REV + 1},
        "the code of another case": by_code | {"case_id": uid(1)},
    }
    damaged: dict[str, dict[str, Any]] = {
        "cut short": cut | {"kind": "letter_code", "code": CODE},
        "one letter changed": turned | {"kind": "letter_code", "code": CODE},
        "a document's key for another revision": base | {"kind": "document", "rev": REV + 1},
        "a document's key that is too short": short_key | {"kind": "document"},
    }
    out: list[Vector] = [{"name": n, "given": given, "expected": {"opened": PLAIN}} for n, given in opened.items()]
    out += [{"name": n, "given": given, "expected": {}} for n, given in closed.items()]
    out += [{"name": n, "given": given, "refused": "bad-signature"} for n, given in damaged.items()]
    for name, facts in {
        "plain facts": FACTS,
        "wide facts": [" ４２ ", "ｵｰｸ"],
        "a fact with a quote": ['"O"', "ﬁ"],
    }.items():
        out.append({"name": name, "given": {"facts": facts}, "expected": {"secret": facts_secret(facts).decode()}})
    return out
