"""
A small server for the device's tests: keeps the wire's promises in memory, and breaks them when told to.

It stands in for the transport (`send`), checks every proof, and judges events by E4. Faults are queued by name.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from agent_sync.transport import WireAnswer
from schemas import canonical, signing
from schemas.errors import FieldError, problem_of
from schemas.ids import make_id
from schemas.messages import Quota, Receipt, Submitted, format_time

START_MS = 1_780_000_000_000


def an_id(number: int) -> str:
    """Give a readable UUIDv7 for tests."""
    return make_id(START_MS, number.to_bytes(10, "big"))


@dataclass
class FakeChain:
    """One chain as this server holds it: (id, digest, receipt, hash) at each seq."""

    links: list[tuple[str, str, Receipt, str]] = field(default_factory=list)

    @property
    def next_seq(self) -> int:
        """Where the chain goes on."""
        return len(self.links) + 1

    @property
    def head(self) -> str:
        """The hash the next event follows."""
        return self.links[-1][3] if self.links else canonical.ZERO_HASH


@dataclass
class FakeServer:
    """The server of one agent, one device key. `faults` are taken from the front, one each request."""

    quota: Quota = field(default_factory=Quota)
    now_ms: int = START_MS
    codes: set[str] = field(default_factory=lambda: {"CODE-1"})
    faults: list[str] = field(default_factory=list)
    judge: Callable[[dict[str, Any]], str] = lambda content: ""
    needs_approval: bool = False
    agent: dict[str, str] = field(default_factory=lambda: {"agent_id": an_id(1), "code": "12", "name": "An Agent"})
    device_id: str = an_id(2)
    jwk: dict[str, str] | None = None
    chains: dict[str, FakeChain] = field(default_factory=dict)
    contents: dict[str, bytes | None] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    feed: dict[tuple[str, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    feed_seq: int = 0
    epoch: str = "e1"
    holds: list[dict[str, Any]] = field(default_factory=list)
    directives: list[str] = field(default_factory=list)
    push_problem: Callable[[list[dict[str, Any]]], FieldError | None] = lambda events: None
    pull_problem: FieldError | None = None
    gone: bool = False
    wanted: dict[str, int] = field(default_factory=dict)
    uploads: dict[str, tuple[str, int, bytearray]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    page_items: int = 100
    nonce: str = "nonce-1"
    public_url: str = ""
    signed_head: str = ""  # what the server says it holds, where it lies

    def __post_init__(self) -> None:
        self.key = signing.new_private_key()
        self.kid = "server-1"

    # the wire

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Answer one request, or fail in the way the next fault names."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "cut-before":
            raise FieldError("no-network")
        if fault == "captive":
            return WireAnswer(200, {"content-type": "text/html"}, b"<html>Sign in to the network</html>")
        if fault == "proxy-413":
            return WireAnswer(413, {}, b"too large")
        if fault.isdigit():
            code = {"429": "rate-limited", "500": "internal", "503": "unavailable"}[fault]
            return self._problem(FieldError(code), {"retry-after": "30"} if fault == "429" else {})
        answer = self._answer(method, target, headers, body)
        self.now_ms += 1000
        if fault == "cut-after":
            raise FieldError("no-network")
        if fault == "truncated":
            return WireAnswer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])
        return answer

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        try:
            if target.startswith("/sync/v1/files"):
                return self._tus(method, target, headers, body)
            if target == "/health":
                return self._json(200, {"status": "ok"})
            value = orjson.loads(plain) if plain else {}
            self.requests.append((method, target, value))
            if target == "/sync/v1/enrol":
                return self._json(*self._enrol(value))
            self._check_proof(method, target, headers, body)
            path, _, query = target.partition("?")
            if path == "/sync/v1/exchange":
                return self._json(200, self._exchange(value))
            if path == "/sync/v1/manifest":
                return self._json(200, self._manifest(query))
            return self._json(200, self._fetch(value["ids"]))
        except FieldError as error:
            return self._problem(error)

    def _json(self, status: int, value: Any) -> WireAnswer:
        headers = {"fairvisit": "1", "fairvisit-nonce": self.nonce}
        body = orjson.dumps(value)
        return WireAnswer(status, headers, body, len(body))

    def _problem(self, error: FieldError, more: dict[str, str] | None = None) -> WireAnswer:
        headers = {"fairvisit": "1", "fairvisit-nonce": self.nonce, **(more or {})}
        return WireAnswer(error.kind.status, headers, orjson.dumps(problem_of(error)))

    def _check_proof(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        scheme, _, jws = headers["Authorization"].partition(" ")
        if scheme != "Device" or self.jwk is None or signing.kid_of(jws) != self.device_id:
            raise FieldError("unauthenticated")
        try:
            claim = signing.verify(jws, signing.load_public(self.jwk), "request")
        except FieldError:
            raise FieldError("unauthenticated") from None
        proven = (claim["method"], claim["path"], claim["body_sha256"])
        if proven != (method, target, hashlib.sha256(body).hexdigest()):
            raise FieldError("unauthenticated")
        if claim["nonce"] != self.nonce:
            raise FieldError("use-nonce")
        if self.gone:
            raise FieldError("gone")

    def _enrol(self, value: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        jkt = signing.thumbprint(value["jwk"])
        claim = signing.verify(value["proof"], signing.load_public(value["jwk"]), "enrol")
        if value["code"] not in self.codes or (claim["code"], claim["jkt"]) != (value["code"], jkt):
            raise FieldError("enrolment-code-invalid")
        if self.needs_approval:
            return 202, {"status": "awaiting_approval", "poll_s": 5}
        self.jwk = value["jwk"]
        return 201, {
            "device_id": self.device_id,
            "agent": self.agent,
            "nonce": self.nonce,
            "quota": self.quota.to_wire(),
            "server_keys": [{"kid": self.kid, "jwk": self.public_jwk, "active_from": format_time(START_MS)}],
        } | ({"public_url": self.public_url} if self.public_url else {})

    @property
    def public_jwk(self) -> dict[str, str]:
        """The key this server signs with."""
        return signing.public_jwk(self.key.public_key())

    # the exchange

    def _exchange(self, value: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"server_time": format_time(self.now_ms), "next_exchange_s": 900}
        answer["push"] = self._push(value["push"])
        if "pull" in value:
            answer["pull"] = self._pull(value["pull"])
        if self.holds:
            answer["holds"] = self.holds
        if self.directives:
            answer["directives"] = self.directives
        return answer

    def _push(self, push: dict[str, Any]) -> dict[str, Any]:
        chain_id, events = push["chain_id"], push.get("events", [])
        problem = self.push_problem(events)
        if problem is not None:
            return {"problem": problem_of(problem)}
        chain = self.chains.get(chain_id) or FakeChain()
        receipts, prev = [], push.get("prev", canonical.ZERO_HASH)
        answer: dict[str, Any] = {}
        for entry in events:
            event = Submitted.of(entry)
            if event.seq > chain.next_seq:
                break
            if event.seq < chain.next_seq:
                known_id, digest, receipt, link = chain.links[event.seq - 1]
                if (known_id, digest) != (event.id, event.digest):
                    answer["problem"] = problem_of(FieldError("chain-forked", from_seq=event.seq))
                    break
                receipts.append(self._repeat(event.seq, receipt))
                prev = link
                continue
            if prev != chain.head:
                answer["problem"] = problem_of(FieldError("chain-forked", from_seq=event.seq))
                break
            self.chains[chain_id] = chain
            receipt = self._take(event)
            prev = canonical.link_hash(chain_id, event.seq, prev, event.id, event.digest)
            chain.links.append((event.id, event.digest, receipt, prev))
            receipts.append(receipt)
        answer["next_seq"] = chain.next_seq
        answer["receipts"] = [receipt.to_wire() for receipt in receipts]
        if chain.links and events:
            if "problem" not in answer and "checkpoint" in push:
                self._check_checkpoint(push, chain)
            claim = {
                "typ": "countersignature",
                "device_id": self.device_id,
                "chain_id": chain_id,
                "through": len(chain.links),
                "head_hash": self.signed_head or chain.head,
                "at": format_time(self.now_ms),
            }
            answer["countersignature"] = signing.sign(claim, self.key, self.kid)
        if self.wanted:
            answer["files_wanted"] = [
                {"sha256": sha256, "size": size, "token": f"token-{sha256[:8]}"} for sha256, size in self.wanted.items()
            ]
        return answer

    def _check_checkpoint(self, push: dict[str, Any], chain: FakeChain) -> None:
        assert self.jwk is not None
        claim = signing.verify(push["checkpoint"], signing.load_public(self.jwk), "checkpoint")
        if claim["seq"] <= len(chain.links):
            assert chain.links[claim["seq"] - 1][3] == claim["hash"]
        assert claim["seq"] == push["events"][-1]["seq"]

    def _take(self, event: Submitted) -> Receipt:
        seen = self.receipts.get(event.id)
        if seen is not None and self.digests[event.id] == event.digest:
            return self._repeat(event.seq, seen)
        if seen is not None:
            return Receipt(event.seq, event.id, "id_reuse", self.now_ms)
        problem = None
        if event.content is None:
            problem = "erased" if event.erased else "withheld"
            if not event.erased:
                self.wanted[event.digest] = event.withheld or 0
        else:
            content = canonical.read(event.content)
            problem = self.judge(content) or None
            for file in content.get("files", ()):
                self.wanted[file["sha256"]] = file["size"]
        receipt = Receipt(event.seq, event.id, "parked" if problem else "accepted", self.now_ms, problem=problem)
        self.receipts[event.id], self.digests[event.id] = receipt, event.digest
        self.contents[event.id] = event.content
        return receipt

    @staticmethod
    def _repeat(seq: int, first: Receipt) -> Receipt:
        return Receipt(
            seq, first.id, "duplicate", first.received_ms, first.first or first.status, first.flags, first.problem
        )

    # the feed

    def put(self, kind: str, object_id: str, body: dict[str, Any], rev: int = 1) -> None:
        """Put an object into the agent's feed."""
        raw = canonical.encode(body)
        self.feed_seq += 1
        self.feed[kind, object_id] = (
            self.feed_seq,
            {
                "op": "put",
                "type": kind,
                "id": object_id,
                "rev": rev,
                "sha256": canonical.digest(raw),
                "body": body,
            },
        )

    def remove(self, kind: str, object_id: str, reason: str) -> None:
        """Remove an object from the agent's feed."""
        self.feed_seq += 1
        rev = self.feed[kind, object_id][1]["rev"] + 1
        self.feed[kind, object_id] = (
            self.feed_seq,
            {
                "op": "del",
                "type": kind,
                "id": object_id,
                "rev": rev,
                "reason": reason,
            },
        )

    def live(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Give the live items."""
        return {key: item for key, (_, item) in self.feed.items() if item["op"] == "put"}

    def head(self) -> dict[str, int]:
        """Give count and sum of the live items."""
        weights = [canonical.item_weight(i["type"], i["id"], i["rev"], i["sha256"]) for i in self.live().values()]
        return {"count": len(weights), "sum": canonical.sum_weights(weights)}

    def _pull(self, pull: dict[str, Any]) -> dict[str, Any]:
        if self.pull_problem is not None:
            return {"problem": problem_of(self.pull_problem)}
        epoch, _, seq = pull.get("cursor", f"{self.epoch}.0").partition(".")
        if epoch != self.epoch:
            return {"problem": problem_of(FieldError("epoch-changed"))}
        rows = sorted((row for row in self.feed.values() if row[0] > int(seq)), key=lambda row: row[0])
        page = rows[: self.page_items]
        more = len(rows) > len(page)
        answer: dict[str, Any] = {"more": more, "head": self.head()}
        if page:
            answer |= {"items": [item for _, item in page], "cursor": f"{self.epoch}.{page[-1][0]}"}
        return answer

    def _manifest(self, query: str) -> dict[str, Any]:
        items = self.live().values()
        if query:
            number = int(query.removeprefix("bucket="))
            return {
                "items": [
                    [i["type"], i["id"], i["rev"], i["sha256"]]
                    for i in items
                    if canonical.bucket_of(i["type"], i["id"]) == number
                ]
            }
        buckets = [[0, 0] for _ in range(canonical.BUCKETS)]
        for i in items:
            bucket = buckets[canonical.bucket_of(i["type"], i["id"])]
            bucket[0] += 1
            bucket[1] = (bucket[1] + canonical.item_weight(i["type"], i["id"], i["rev"], i["sha256"])) % 2**48
        return {"epoch": self.epoch, "cursor": f"{self.epoch}.{self.feed_seq}", "buckets": buckets, **self.head()}

    def _fetch(self, ids: list[str]) -> dict[str, Any]:
        answered = ids[:3]  # a part: the rest is asked again
        found = [item for item in self.live().values() if item["id"] in answered]
        return {"items": found, "absent": [each for each in answered if each not in {item["id"] for item in found}]}

    # files

    def _tus(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        token = headers["Authorization"].removeprefix("Upload ")
        self.requests.append((method, target, dict(headers)))
        base = {"fairvisit": "1", "tus-resumable": "1.0.0"}
        assert headers["Tus-Resumable"] == "1.0.0"
        if method == "POST":
            name, _, coded = headers["Upload-Metadata"].partition(" ")
            sha256 = base64.b64decode(coded).decode()
            assert name == "sha256"
            if token != f"token-{sha256[:8]}":
                raise FieldError("upload-token-invalid")
            place = f"/sync/v1/files/{sha256[:16]}"
            if place not in self.uploads:
                self.uploads[place] = (sha256, int(headers["Upload-Length"]), bytearray(body))
            self._finish(place)
            offset = str(len(self.uploads[place][2]))
            return WireAnswer(201, base | {"location": f"http://server{place}", "upload-offset": offset}, b"")
        if target not in self.uploads:
            raise FieldError("not-found")
        kept = self.uploads[target][2]
        if method == "PATCH":
            if int(headers["Upload-Offset"]) != len(kept):
                raise FieldError("offset-conflict")
            kept += body
            self._finish(target)
        return WireAnswer(200 if method == "HEAD" else 204, base | {"upload-offset": str(len(kept))}, b"")

    def _finish(self, place: str) -> None:
        sha256, size, kept = self.uploads[place]
        if len(kept) < size:
            return
        assert hashlib.sha256(kept).hexdigest() == sha256
        if self.wanted.pop(sha256, None) is None:
            return
        self.put(
            "file_state",
            an_id(int(sha256[:6], 16)),
            {"sha256": sha256, "state": "verified", "at": format_time(self.now_ms)},
        )
        for event_id, digest in self.digests.items():
            if digest == sha256:
                self.contents[event_id] = bytes(kept)
                self.put(
                    "replay", event_id, {"event_id": event_id, "status": "accepted", "at": format_time(self.now_ms)}
                )

    # what a test looks at

    def direct(self, kind: str, chain_id: str, number: int = 77, **over: str) -> None:
        """Order something of the device."""
        claim = {
            "typ": "directive",
            "id": an_id(number),
            "kind": kind,
            "device_id": self.device_id,
            "chain_id": chain_id,
            "issued_at": format_time(self.now_ms),
            **over,
        }
        self.directives.append(signing.sign(claim, self.key, self.kid))

    def kinds(self) -> list[str]:
        """Give the kinds of the events held here, in the order they first came."""
        return [canonical.read(content)["kind"] for content in self.contents.values() if content is not None]

    def exchanges(self) -> list[dict[str, Any]]:
        """Give the exchange requests that came."""
        return [value for _, target, value in self.requests if target == "/sync/v1/exchange"]
