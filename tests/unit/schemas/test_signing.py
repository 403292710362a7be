"""Signatures of our own writing against joserfc, in both directions, and against whatever a stranger may send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey

from schemas import signing
from schemas.errors import FieldError

KEY, OTHER = signing.new_private_key(), signing.new_private_key()
JWK = signing.public_jwk(KEY.public_key())
THEIR_PRIVATE = ECKey.import_key(signing.dump_private(KEY))
THEIR_PUBLIC = ECKey.import_key(JWK)
PAYLOAD = {"typ": "checkpoint", "chain_id": "c", "seq": 7, "hash": "ab", "note": "台北 😀"}
JWS = signing.sign(PAYLOAD, KEY, "device-1")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def sign_there(payload: Any, header: dict[str, Any] | None = None, key: ECKey = THEIR_PRIVATE) -> str:
    """Sign with joserfc."""
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return joserfc_jws.serialize_compact(header or {"alg": "ES256", "kid": "k"}, text, key, algorithms=["ES256"])


def refusal(jws: str, typ: str = "checkpoint", key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """Give the code that a verification is refused with."""
    with pytest.raises(FieldError) as caught:
        signing.verify(jws, key.public_key(), typ)
    return caught.value.code


class TestBothDirections:
    """What one library signs the other takes."""

    def test_joserfc_takes_ours(self) -> None:
        """Our JWS has the bytes and the signature that RFC 7515 asks for."""
        read = joserfc_jws.deserialize_compact(JWS, THEIR_PUBLIC, algorithms=["ES256"])

        assert PAYLOAD == json.loads(read.payload)
        assert {"alg": "ES256", "kid": "device-1"} == read.headers()

    def test_joserfc_refuses_ours_with_another_key(self) -> None:
        """The test above would not pass by taking everything."""
        other = ECKey.import_key(signing.public_jwk(OTHER.public_key()))

        with pytest.raises(BadSignatureError):
            joserfc_jws.deserialize_compact(JWS, other, algorithms=["ES256"])

    def test_we_take_joserfcs(self) -> None:
        """Another library's JWS, not in canonical form, is taken as well: the bytes signed are those sent."""
        jws = sign_there(PAYLOAD)

        assert signing.verify(jws, KEY.public_key(), "checkpoint") == PAYLOAD
        assert signing.kid_of(jws) == "k"

    @given(st.integers(0, 2**256 - 1))
    def test_both_agree_for_many_keys(self, secret: int) -> None:
        """No key or signature whose numbers begin with zeros is padded otherwise."""
        key = ec.derive_private_key(secret % (2**255) + 1, ec.SECP256R1())
        jwk = signing.public_jwk(key.public_key())
        theirs = ECKey.import_key(signing.dump_private(key))
        read = joserfc_jws.deserialize_compact(signing.sign(PAYLOAD, key, "k"), theirs, algorithms=["ES256"])

        assert json.loads(read.payload) == PAYLOAD
        assert signing.verify(sign_there(PAYLOAD, key=theirs), signing.load_public(jwk), "checkpoint") == PAYLOAD
        assert theirs.thumbprint() == signing.thumbprint(jwk)
        assert jwk == {name: theirs.as_dict(private=False)[name] for name in jwk}


class TestVerify:
    """What is refused, all with one code: failures before a valid signature look alike outside."""

    @pytest.mark.parametrize("typ", ["", "request", "Checkpoint", "checkpoint "])
    def test_another_typ_is_refused(self, typ: str) -> None:
        """A signature given for one purpose serves no other."""
        assert refusal(JWS, typ) == "bad-signature"

    def test_another_key_is_refused(self) -> None:
        """A good signature by somebody else is no signature."""
        assert refusal(JWS, key=OTHER) == "bad-signature"

    @given(st.data())
    def test_any_changed_character_is_refused(self, drawn: st.DataObject) -> None:
        """Not one of its characters can be another: no two texts are the same signature."""
        at = drawn.draw(st.integers(0, len(JWS) - 1))
        new = drawn.draw(st.sampled_from(ALPHABET + ".=+/ \n\u00e9\ud800").filter(lambda letter: letter != JWS[at]))

        assert refusal(JWS[:at] + new + JWS[at + 1 :]) == "bad-signature"

    @pytest.mark.parametrize("letter", ["\u00e9", "\u0430", "\uff21", "\ud800", "\x00"])
    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_letter_beyond_base64url_is_refused(self, part: int, letter: str) -> None:
        """Letters that look alike, and a lone surrogate that has no bytes at all, are refused in every part."""
        parts = JWS.split(".")
        parts[part] = letter + parts[part][1:]

        assert refusal(".".join(parts)) == "bad-signature"

    @given(st.integers(0, len(JWS) - 1))
    def test_any_truncation_is_refused(self, length: int) -> None:
        """A JWS cut short anywhere is refused."""
        assert refusal(JWS[:length]) == "bad-signature"

    @given(st.text() | st.text(ALPHABET + ".") | st.lists(st.text(ALPHABET), min_size=3, max_size=3).map(".".join))
    def test_no_text_breaks_it(self, text: str) -> None:
        """Whatever comes as a JWS, the answer is the one refusal."""
        assert refusal(text) == "bad-signature"

    @pytest.mark.parametrize("kid", [None, 7, True, ["k"], {"k": 1}])
    def test_a_kid_that_is_no_text_is_refused(self, kid: Any) -> None:
        """The kid looks a key up; only a text can."""
        header = signing.b64url(json.dumps({"alg": "ES256", "kid": kid}).encode())
        _, payload, signature = JWS.split(".")

        assert refusal(f"{header}.{payload}.{signature}") == "bad-signature"
        with pytest.raises(FieldError):
            signing.kid_of(f"{header}.{payload}.{signature}")

    @pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES384", "es256", "", None, 256])
    def test_another_algorithm_is_refused(self, alg: Any) -> None:
        """The header cannot choose how it is verified."""
        header = signing.b64url(json.dumps({"alg": alg, "kid": "k"}).encode())
        _, payload, signature = JWS.split(".")

        assert refusal(f"{header}.{payload}.") == "bad-signature"
        assert refusal(f"{header}.{payload}.{signature}") == "bad-signature"

    @pytest.mark.parametrize(
        "extra", [{"crit": ["b64"], "b64": False}, {"jwk": JWK}, {"typ": "JWT"}, {"x5u": "https://x"}]
    )
    def test_a_header_with_more_is_refused(self, extra: dict[str, Any]) -> None:
        """Nothing in a header is ignored: two members, no more, though the signature over it is good."""
        jws = sign_there(
            PAYLOAD, {"alg": "ES256", "kid": "k"} | {k: v for k, v in extra.items() if k not in ("crit", "b64")}
        )
        if "crit" in extra:
            header = signing.b64url(json.dumps({"alg": "ES256", "kid": "k"} | extra).encode())
            jws = ".".join([header, *jws.split(".")[1:]])

        assert refusal(jws) == "bad-signature"

    @pytest.mark.parametrize(
        "payload", [b"", b"checkpoint", b'"checkpoint"', b"[]", b"{}", b"null", b'{"typ":["checkpoint"]}']
    )
    def test_a_payload_that_says_no_typ_is_refused(self, payload: bytes) -> None:
        """A signed text that is no object with this typ is refused, though it was really signed."""
        assert refusal(sign_there(payload)) == "bad-signature"


class TestSign:
    """Signing."""

    def test_what_has_no_typ_is_not_signed(self) -> None:
        """Our own code cannot sign something that could be taken for anything."""
        with pytest.raises(AssertionError):
            signing.sign({"seq": 1}, KEY, "k")

    def test_what_is_not_canonical_is_not_signed(self) -> None:
        """E0: a float in a payload is refused before it is signed."""
        with pytest.raises(FieldError):
            signing.sign({"typ": "x", "at": 1.5}, KEY, "k")


class TestKeys:
    """Keys as they travel and as they are kept."""

    def test_a_private_key_is_read_back(self) -> None:
        """What is kept in a file is the key that was written."""
        again = signing.load_private(signing.dump_private(KEY))

        assert signing.public_jwk(again.public_key()) == JWK

    def test_a_key_of_another_curve_signs_nothing(self) -> None:
        """A P-384 key in the place of ours is refused when it is read."""
        pem = signing.dump_private(ec.generate_private_key(ec.SECP384R1()))

        with pytest.raises(FieldError) as caught:
            signing.load_private(pem)
        assert caught.value.code == "malformed"

    @given(
        st.dictionaries(
            st.sampled_from(["kty", "crv", "x", "y"]), st.text() | st.sampled_from(["EC", "P-256", JWK["x"]])
        )
    )
    def test_no_jwk_breaks_the_reader(self, jwk: dict[str, str]) -> None:
        """Whatever comes as a key is refused by one code, or is a key."""
        with pytest.raises(FieldError) as caught:
            signing.load_public(jwk)
        assert caught.value.code == "malformed"

    @given(st.binary())
    def test_base64url_has_one_text_for_the_same_bytes(self, raw: bytes) -> None:
        """Padding, `+`, `/` and spare bits are other texts, and refused."""
        text = signing.b64url(raw)
        others = {text + "=", text + "==", text.replace("-", "+").replace("_", "/"), text + "A", text + "\n"} - {text}
        if len(raw) % 3:
            others.add(text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1])

        assert signing.unb64url(text) == raw
        for other in others:
            try:
                assert signing.unb64url(other) != raw
            except FieldError as error:
                assert error.code == "bad-signature"  # noqa: PT017
