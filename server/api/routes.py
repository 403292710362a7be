"""
The devices' routes: enrol, exchange, sealed, manifest, fetch.

Each proves its caller, reads within limits, and calls one use case.
"""

from __future__ import annotations

from typing import Any

import flask
import orjson
from flask import Response, g, request

from schemas import exchange as wire
from schemas.errors import FieldError
from server.api.express import FAILED, PROVED
from server.api.proof import Proof, prove_caller
from server.rates import RateLimit
from server.services import pulling
from server.services.enrolling import enrol_device
from server.services.exchanging import exchange, refuse_withdrawn, why_no_pull
from server.services.receiving import Caller
from server.services.site import Site
from server.services.unsealing import UnreadableError, unseal
from server.storage import intake_rows
from server.storage.standing_rows import DeviceRow, read_standing
from server.web.body import Reader, answer_bytes, read_body, read_plain
from server.web.documenting import documented, make_blueprint

NO_CHAIN = "00000000-0000-0000-0000-000000000000"
SEALED = "fairvisit-exchange-1"
ENROL_BYTES = 16 * 1024
BUCKET = {"in": "query", "name": "bucket", "schema": {"type": "integer", "minimum": 0, "maximum": 63}}


def make_sync_blueprint(site: Site, limit: RateLimit) -> flask.Blueprint:
    """Make the routes on *site*; *limit* is over all that a device asks."""
    blueprint = make_blueprint("sync", "The wire, version 1: see PROTOCOL.md", "/sync/v1")
    read_enrol, read_fetch = Reader(wire.EnrolSchema), Reader(wire.FetchSchema)
    read_sealed, read_exchange = Reader(wire.SealedExchangeSchema), Reader(wire.ExchangeSchema)

    def prove() -> Proof:
        proof = prove_caller(site, request.environ)
        g.device_id = proof.caller.device_id
        limit.spend(proof.caller.device_id, site.now())
        return proof

    @blueprint.post("/enrol")
    @documented(
        {201: wire.EnrolAnswerSchema, 202: wire.AwaitingApprovalSchema}, (400, 403, 413, 429), body=wire.EnrolSchema
    )
    def post_enrol() -> Response:
        """Bind a device's key to an agent by a one-time code (A1)."""
        limit.spend(f"enrol {request.remote_addr}", site.now())
        result = enrol_device(site, read_enrol.read(read_plain(request, ENROL_BYTES)))
        return Response(orjson.dumps(result.answer), result.status, mimetype="application/json")

    @blueprint.post("/exchange")
    @documented({200: wire.ExchangeAnswerSchema}, (400, 401, 413, 415, 429, 503), body=wire.ExchangeSchema)
    def post_exchange() -> Response:
        """Take the outbox, give the feed page: one round trip (X1)."""
        g.device_id = request.environ.get(PROVED)  # `Express` answers exchanges; what comes here is what failed there
        raise request.environ[FAILED]

    @blueprint.post("/sealed")
    @documented({200: wire.TakenSchema}, (400, 401, 413, 415, 429, 503), body=wire.SealedExchangeSchema)
    def post_sealed() -> Response:
        """Take an exchange that a phone sealed before it was locked; what came of it its next exchange asks (X7)."""
        proof = prove()
        sealed = read_sealed.read(read_body(request.environ, site.settings.quota, proof.body_sha256))
        try:
            asked = read_exchange.read(unseal(site, sealed, SEALED))
        except UnreadableError as error:
            raise FieldError("malformed", {"ciphertext": [str(error)]}) from None
        exchange(site, proof.caller, asked)
        return answer_bytes(request, b"{}")

    @blueprint.get("/manifest")
    @documented({200: wire.ManifestSchema}, (400, 401, 403, 413, 415, 429, 503), query=[BUCKET])
    def get_manifest() -> Response:
        """Give the live set's count, sum and buckets, or one bucket's members (F4)."""
        proof = prove()
        read_body(request.environ, site.settings.quota, proof.body_sha256)
        bucket = request.args.get("bucket")
        if bucket is not None and not (bucket.isascii() and bucket.isdecimal() and int(bucket) < 64):
            raise FieldError("malformed", {"bucket": ["is not a number from 0 to 63"]})
        answer: Any
        with site.store.read() as connection:
            epoch = _refuse_pull(site, read_standing(connection, proof.caller.device_id, NO_CHAIN))
            if bucket is None:
                answer = pulling.read_manifest(connection, proof.caller.agent_id, epoch)
            else:
                answer = {"items": pulling.read_bucket(connection, proof.caller.agent_id, int(bucket))}
        if bucket is None:
            _count_repair(site, proof.caller)
        return answer_bytes(request, orjson.dumps(answer))

    @blueprint.post("/fetch")
    @documented({200: wire.FetchAnswerSchema}, (400, 401, 403, 413, 415, 429, 503), body=wire.FetchSchema)
    def post_fetch() -> Response:
        """Give items by id, as many as fit (F5)."""
        proof = prove()
        body = read_fetch.read(read_body(request.environ, site.settings.quota, proof.body_sha256))
        with site.store.read() as connection:
            _refuse_pull(site, read_standing(connection, proof.caller.device_id, NO_CHAIN))
            answer = pulling.fetch_items(connection, proof.caller.agent_id, body["ids"], site.settings.quota.page_bytes)
        return answer_bytes(request, answer)

    return blueprint


def _refuse_pull(site: Site, device: DeviceRow) -> str:
    """Refuse the feed to a device that may not read it now, as the pull half would; give the epoch."""
    refuse_withdrawn(device)
    error = why_no_pull(site, device)
    if error is not None:
        raise error
    return device.epoch


def _count_repair(site: Site, caller: Caller) -> None:
    site.store.write(lambda connection: intake_rows.count_manifest(connection, caller.device_id))
