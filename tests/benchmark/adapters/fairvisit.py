"""Fairvisit itself, spoken as its own device speaks: gzip up, zstd (or gzip) down, every request signed."""

from __future__ import annotations

import gzip
import random
from typing import Any

import orjson
import zstandard

from schemas import signing
from tests.benchmark import gen, load
from tests.benchmark.adapters.base import Adapter, Pull
from tests.benchmark.http11 import Response
from tests.benchmark.recording import EXCHANGE, Recorder
from tests.benchmark.seed import Office, Scope

DAYS_CASES = 30  # cases of a device that only pushes
ZSTD_MARK = b"\x28\xb5\x2f\xfd"


def unpack(body: bytes) -> bytes:
    """Read an answer's body back, however it was packed."""
    if body.startswith(ZSTD_MARK):
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


class FairvisitAdapter(Adapter):
    """Devices enrolled over HTTP; agents and cases put into the database beside the server."""

    encodings = ("zstd", "gzip")

    def __init__(self, address: load.Address, url: str, with_sealed: bool = False) -> None:
        super().__init__(address)
        self.url = f"http://{address[0]}:{address[1]}"
        self.office = Office(url, with_sealed)
        self.scopes: dict[str, Scope] = {}
        self.devices: dict[str, Recorder] = {}
        self.encoding = self.encodings[0]

    def close(self) -> None:
        """Let go of the database."""
        self.office.close()

    def seed(self, scope: str, count: int) -> None:
        """Make the scope's agent with packets, and a device that reads them."""
        self.scopes[scope] = self.office.add_scope(scope, count)
        self.make_device(f"reader of {scope}", scope)

    def make_device(self, device: str, scope: str) -> None:
        """Enrol a device of the scope's agent."""
        if scope not in self.scopes:
            self.scopes[scope] = self.office.add_scope(scope, DAYS_CASES, packets=False)
        of = self.scopes[scope]
        code, key = self.office.code_for(of), signing.new_private_key()
        jwk = signing.public_jwk(key.public_key())
        jkt = signing.thumbprint(jwk)
        proof = signing.sign({"typ": "enrol", "code": code, "jkt": jkt}, key, jkt)
        described = {"kind": "phone", "model": "bench", "app": "1"}
        asked = orjson.dumps({"code": code, "jwk": jwk, "device": described, "proof": proof})
        answer = orjson.loads(self.call(self.request("POST", "/sync/v1/enrol", asked)).body)
        rng, now_ms = random.Random(device), self.office.site.now()
        self.devices[device] = Recorder(answer["device_id"], key, answer["nonce"], of.case_ids, rng, now_ms)

    def _exchange(self, device: str, push: dict[str, Any] | None, pull: dict[str, Any] | None) -> bytes:
        body, headers = self.devices[device].exchange(push, pull)
        return self.request("POST", EXCHANGE, body, **{"Accept-Encoding": self.encoding, **headers})

    def pull(self, scope: str, sizes: list[int] | None, device: str = "") -> Pull:
        """Exchange without events until `more` is false."""
        pull: dict[str, Any] = {}
        while True:
            answer: Response = yield "pull", self._exchange(device or f"reader of {scope}", None, pull)
            page = orjson.loads(unpack(answer.body))["pull"]
            if sizes is not None:
                sizes.append(sum(each["type"] == "packet" for each in page.get("items", ())))
            pull = {"cursor": page.get("cursor", pull.get("cursor"))}
            if not page["more"]:
                return pull["cursor"]

    def idle(self, scope: str, cursor: Any, device: str = "") -> bytes:
        """Exchange without events from where the device stands."""
        return self._exchange(device or f"reader of {scope}", None, {"cursor": cursor})

    def push(self, device: str, events: list[gen.Record]) -> bytes:
        """Exchange with a batch; nothing is pulled, as with the other servers."""
        return self._exchange(device, self.devices[device].push_half(events), None)

    def accepted(self, body: bytes) -> int:
        """Count the receipts that say accepted, now or the first time."""
        push = orjson.loads(unpack(body))["push"]
        return sum("accepted" in (each["status"], each.get("first")) for each in push.get("receipts", ()))
