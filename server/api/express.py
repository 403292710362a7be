"""
The short way of an exchange: from WSGI to the use case and back, in front of Flask.

Flask's own dispatch costs as much as the rest of an idle exchange (DECISIONS, Speed). Only what succeeds is answered
here. What fails goes on to Flask with its error, so that errors are worded in one place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from schemas import exchange as wire
from server.api.proof import prove_caller
from server.domain.nonces import make_nonce
from server.rates import RateLimit
from server.services.exchanging import exchange
from server.services.site import Site
from server.web import metrics
from server.web.body import Reader, pack, read_body

PATH = "/sync/v1/exchange"
FAILED = "fairvisit.failed"  # in the environ handed on: the error
PROVED = "fairvisit.proved"  # and the device, if its signature was good
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Express:
    """A WSGI application that answers exchanges and hands everything else on to *further*."""

    def __init__(self, site: Site, limit: RateLimit, further: Wsgi) -> None:
        self.site, self.limit, self.further = site, limit, further
        self.reader = Reader(wire.ExchangeSchema)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return self.further(environ, start_response)
        try:
            headers, body = self._answer(environ)
        except Exception as error:  # noqa: BLE001 - Flask words it
            environ[FAILED] = error
            return self.further(environ, start_response)
        start_response("200 OK", headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[list[tuple[str, str]], bytes]:
        began = time.perf_counter()
        site = self.site
        proof = prove_caller(site, environ)
        device_id = environ[PROVED] = proof.caller.device_id
        self.limit.spend(device_id, site.now())
        asked = self.reader.read(read_body(environ, site.settings.quota, proof.body_sha256))
        body, encoding = pack(exchange(site, proof.caller, asked), environ.get("HTTP_ACCEPT_ENCODING", ""))
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Fairvisit", "1"),
            ("Fairvisit-Nonce", make_nonce(site.nonce_secret, device_id, site.now())),
        ]
        if encoding:
            headers.append(("Content-Encoding", encoding))
        metrics.EXCHANGE_SECONDS.observe(time.perf_counter() - began)
        return headers, body
