"""Our code gives what the golden vectors say; the vectors are what the protocol says, derived apart from the code."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey

from schemas import canonical, sealing, signing
from schemas.messages import Receipt, Submitted
from server.domain import intake, verifying
from server.domain.signed_heads import Keys
from tests.builders import VECTORS, read_vectors
from tests.contract.make_vectors import SOURCES, render
from tests.contract.reading_vectors import outcome_of, said, vectors_of
from tests.contract.vector_sources import sealed, signatures

BY_OTHERS = {"clocks", "geo", "RELEASED"}  # these have a form and tests of their own


class TestFiles:
    """The files themselves."""

    @pytest.mark.parametrize("name", SOURCES)
    def test_a_file_is_what_its_source_writes(self, name: str) -> None:
        """A vector is never mended by hand: `python -m tests.contract.make_vectors` writes the same bytes."""
        assert render(name) == (VECTORS / f"{name}.json").read_text(encoding="utf-8")

    def test_every_file_has_a_source(self) -> None:
        """No file of vectors lies about without a test that reads it."""
        assert {path.stem for path in VECTORS.glob("*.json")} - BY_OTHERS == set(SOURCES)

    @pytest.mark.parametrize("name", SOURCES)
    def test_names_are_unique_and_each_vector_has_one_answer(self, name: str) -> None:
        """A vector can be named in a failure, and either has an expected value or is refused."""
        vectors = read_vectors(name)

        assert len(vectors) == len({vector["name"] for vector in vectors})
        assert all(("expected" in vector) != ("refused" in vector) for vector in vectors)

    def test_there_are_enough_of_both_sorts(self) -> None:
        """At least 80 vectors say what is taken, and at least 80 what is refused."""
        every = [vector for name in SOURCES for vector in read_vectors(name)]

        assert sum("expected" in vector for vector in every) >= 80
        assert sum("refused" in vector for vector in every) >= 80

    @pytest.mark.parametrize("name", SOURCES)
    def test_a_file_reads_the_same_in_every_language(self, name: str) -> None:
        """No number in a file is one that JavaScript reads as another; those that are tried stand in texts."""
        numbers: list[str] = []
        json.loads(render(name), parse_int=numbers.append, parse_float=numbers.append)

        assert [number for number in numbers if not number.lstrip("-").isdigit() or abs(int(number)) >= 2**53] == []


@vectors_of("canonical")
def test_canonical(vector: dict[str, Any]) -> None:
    """E0: values become exactly these bytes; a text in any other form is refused."""
    given = vector["given"]

    def answer() -> dict[str, str]:
        if "utf16" in given:
            units = b"".join(unit.to_bytes(2, "little") for unit in given["utf16"])
            return {"text": canonical.clean_text(units.decode("utf-16-le", "surrogatepass"))}
        if "value" in given:
            text = canonical.encode(given["value"])
            assert canonical.read(text) == given["value"]
            return {"text": text.decode(), "digest": canonical.digest(text)}
        raw = bytes.fromhex(given["hex"]) if "hex" in given else given["text"].encode()
        return {"text": canonical.encode(canonical.read(raw)).decode()}

    assert said(vector) == outcome_of(answer)


@vectors_of("chains")
def test_chains(vector: dict[str, Any]) -> None:
    """E1: digests, links and heads come out as written."""
    given, head, links = vector["given"], vector["given"]["prev"], []
    for seq, event in enumerate(given["events"], given["first_seq"]):
        digest = canonical.digest(event["content"].encode())
        head = canonical.link_hash(given["chain_id"], seq, head, event["id"], digest)
        links.append({"seq": seq, "id": event["id"], "digest": digest, "hash": head})

    assert vector["expected"] == {"links": links, "head": head}
    if "differs" in vector:
        other = next(each for each in read_vectors("chains") if each["name"] == vector["differs"])
        assert other["expected"]["head"] != head


@vectors_of("places")
def test_places(vector: dict[str, Any]) -> None:
    """E4: each event of a batch goes to its place, is a repeat, waits, or shows a fork."""
    given = vector["given"]
    stored = {
        each["seq"]: intake.StoredLink(
            each["seq"], each["id"], each["digest"], each["hash"], Receipt(each["seq"], each["id"], "accepted", 0)
        )
        for each in given["stored"]
    }
    events = [Submitted(each["id"], each["seq"], each["digest"], b"") for each in given["events"]]
    placed = intake.place_events(given["chain_id"], given["next_seq"], given["head"], stored, given["prev"], events)
    answer: dict[str, Any] = {
        "repeats": [link.seq for link in placed.repeats],
        "taken": [taken.submitted.seq for taken in placed.taken],
        "next_seq": placed.next_seq,
        "head": placed.head_hash,
    }
    if placed.forked_from is not None:
        answer["forked_from"] = placed.forked_from

    assert vector["expected"] == answer


@vectors_of("erasure")
def test_erasure(vector: dict[str, Any]) -> None:
    """E3, E12: a chain verifies with content and salt gone, and names the first place that was tampered with."""
    given = vector["given"]
    chain = verifying.StoredChain(
        given["chain_id"], given["next_seq"], given["head"], lost=[] if "content" in given["places"][0] else None
    )
    places = [
        verifying.StoredPlace(
            each["seq"],
            each["id"],
            each["digest"],
            each["hash"],
            at,
            verifying.StoredEvent(
                at,
                each["content"].encode() if "content" in each else None,
                None,
                each.get("erased"),
                "erased" in each,
            ),
        )
        for at, each in enumerate(given["places"])
    ]
    nobody = Keys("", signing.load_public(signatures.DEVICE_KEY), {})
    verdict = verifying.verify_chain(chain, places, nobody)
    if "refused" in vector:
        assert verdict.fault is not None
        assert (vector["refused"], vector["at"]) == (verdict.fault.kind, verdict.fault.seq)
    else:
        assert verdict.fault is None
        assert vector["expected"] == {"places": verdict.places, "erased": [each.seq for each in verdict.erased]}


@vectors_of("checksum")
def test_checksum(vector: dict[str, Any]) -> None:
    """F4: weights, their sum modulo 2^48, and the manifest's buckets come out as written."""
    items = vector["given"]["items"]
    weights = [canonical.item_weight(*item) for item in items]

    assert vector["expected"] == {
        "count": len(items),
        "sum": canonical.sum_weights(weights),
        "weights": weights,
        "buckets": [canonical.bucket_of(item[0], item[1]) for item in items],
    }


@vectors_of("signatures")
def test_signatures(vector: dict[str, Any]) -> None:
    """A2, E3: a signature is taken with its own key, bytes and typ, and with no others."""
    given = vector["given"]

    def answer() -> dict[str, Any]:
        key = signing.load_public(given["jwk"])
        if "jws" not in given:
            return {"jkt": signing.thumbprint(given["jwk"])}
        payload = signing.verify(given["jws"], key, given["typ"])
        return {"payload": payload, "kid": signing.kid_of(given["jws"])}

    assert said(vector) == outcome_of(answer)


@vectors_of("signatures", "expected")
def test_another_library_takes_the_good_signatures(vector: dict[str, Any]) -> None:
    """Signatures and thumbprints that the vectors make by hand are those of joserfc."""
    key = ECKey.import_key(vector["given"]["jwk"])
    if "jws" not in vector["given"]:
        assert vector["expected"]["jkt"] == key.thumbprint()
        return
    read = joserfc_jws.deserialize_compact(vector["given"]["jws"], key, algorithms=["ES256"])

    assert vector["expected"]["payload"] == json.loads(read.payload)
    assert vector["expected"]["kid"] == read.headers()["kid"]


@vectors_of("sealed")
def test_sealed(vector: dict[str, Any]) -> None:
    """A sealed part opens by the right way and secret of its own case and revision, and is told from a damaged one."""
    given = vector["given"]

    def answer() -> dict[str, Any]:
        facts = sealing.facts_secret(given["facts"]) if "facts" in given else b""
        if "sealed" not in given:
            return {"secret": facts.decode()}
        secret = given["code"].encode() if "code" in given else facts
        opened = sealing.open_sealed(given["sealed"], given["case_id"], given["rev"], given["kind"], secret)
        return {} if opened is None else {"opened": opened}

    assert said(vector) == outcome_of(answer)


def test_sealing_gives_what_the_vectors_open() -> None:
    """With the vectors' random bytes, our sealed part is theirs, but for how the content was compressed."""
    theirs = sealed.sealed()
    drawn = iter([sealed.noise("content key", 32), sealed.noise("content iv", 12)]
                 + [sealed.noise(f"{what} {kind}", size) for kind in ("letter_code", "two_facts")
                    for what, size in (("salt", 16), ("iv", 12))])  # fmt: skip
    secrets = [("letter_code", sealed.CODE.encode()), ("two_facts", sealing.facts_secret(sealed.FACTS))]
    ours = sealing.seal(
        sealed.PLAIN,
        sealed.CASE,
        sealed.REV,
        secrets,
        lambda size: next(drawn),
        document=True,
        iterations=sealed.ITERATIONS,
    )
    key = AESGCM(sealed.noise("content key", 32))
    aad = rfc8785.dumps({"case_id": sealed.CASE, "rev": sealed.REV})
    content = key.decrypt(signing.unb64url(ours["iv"]), signing.unb64url(ours["ciphertext"]), aad)

    assert (theirs["iv"], theirs["wraps"]) == (ours["iv"], ours["wraps"])
    assert rfc8785.dumps(sealed.PLAIN) == zlib.decompress(content)
