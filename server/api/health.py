"""Is the server alive, is it ready, what does it count."""

from __future__ import annotations

import flask
import orjson
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST

from schemas.errors import FieldError
from schemas.messages import format_time
from server.services.site import Site
from server.storage.engine import StoreError
from server.storage.intake_rows import count_rows
from server.storage.state_rows import get_state
from server.web import metrics
from server.web.documenting import documented, make_blueprint


def make_health_blueprint(site: Site) -> flask.Blueprint:
    """Make the routes; none needs a proof and none shows anything of a person."""
    blueprint = make_blueprint("health", "Health, readiness, metrics")

    @blueprint.get("/health")
    @documented({200: "The process answers."})
    def get_health() -> Response:
        """Say that the process answers."""
        return _json({"status": "ok", "server_time": format_time(site.now())})

    @blueprint.get("/ready")
    @documented({200: "The database answers and is migrated."}, (503,))
    def get_ready() -> Response:
        """Say whether the database answers."""
        try:
            with site.store.read() as connection:
                is_paused = get_state(connection, "paused") == "yes"
        except StoreError:
            raise FieldError("unavailable", detail="The database does not answer.") from None
        return _json({"status": "paused" if is_paused else "ready"})

    @blueprint.get("/metrics")
    @documented({200: "Prometheus text."})
    def get_metrics() -> Response:
        """Give the counts."""
        with site.store.read() as connection:
            for kind, number in count_rows(connection).items():
                metrics.STORED.labels(kind).set(number)
        return Response(metrics.write_metrics(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _json(value: dict[str, str]) -> Response:
    return Response(orjson.dumps(value), mimetype="application/json")
