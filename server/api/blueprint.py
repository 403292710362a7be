"""The devices' API as one Flask blueprint: routes, headers on every answer, errors as problems, OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from schemas.errors import FieldError, problem_of
from server.api import files, health, metrics, routes
from server.api.express import Express
from server.api.proof import SignedError
from server.domain.nonces import make_nonce
from server.rates import RateLimit
from server.services.site import Site

log = structlog.get_logger()
BY_STATUS = {
    400: "malformed",
    404: "not-found",
    405: "method-not-allowed",
    411: "length-required",
    413: "too-large",
    415: "unsupported-media-type",
}


def register_api(app: Flask, site: Site) -> None:
    """Put the devices' API, its errors and its document on *app*."""
    app.config.update(
        API_TITLE="Fairvisit, the devices' wire",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=None,
    )
    api = Api(app)
    limit = RateLimit(site.settings.requests_per_minute)
    api.register_blueprint(routes.make_sync_blueprint(site, limit))
    api.register_blueprint(files.make_files_blueprint(site))
    api.register_blueprint(health.make_health_blueprint(site))
    app.register_error_handler(FieldError, _answer_error(site))
    app.register_error_handler(SignedError, _answer_signed_error(site))
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_unforeseen(site))
    app.after_request(_mark_answer(site))
    app.wsgi_app = Express(site, limit, app.wsgi_app)  # type: ignore[method-assign]


def answer_problem(error: FieldError, instance: str = "") -> Response:
    """Write an error as problem+json with the status its table line gives."""
    metrics.PROBLEMS.labels(error.code).inc()
    response = Response(
        orjson.dumps(problem_of(error, instance)), error.kind.status, mimetype="application/problem+json"
    )
    if "retry_after_s" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after_s"])
    return response


def _answer_error(site: Site) -> Callable[[FieldError], Response]:
    def answer(error: FieldError) -> Response:
        return answer_problem(error)

    return answer


def _answer_signed_error(site: Site) -> Callable[[SignedError], Response]:
    def answer(signed: SignedError) -> Response:
        g.device_id = signed.device_id
        return answer_problem(signed.error)

    return answer


def _answer_http_error(error: HTTPException) -> Response:
    code = BY_STATUS.get(error.code or 500, "malformed" if (error.code or 500) < 500 else "internal")
    response = answer_problem(FieldError(code))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _answer_unforeseen(site: Site) -> Callable[[Exception], Response]:
    def answer(error: Exception) -> Response:
        reference = site.new_id()
        log.error("unforeseen", instance=reference, path=request.path, exc_info=error)
        return answer_problem(FieldError("internal"), reference)

    return answer


def _mark_answer(site: Site) -> Callable[[Response], Response]:
    def mark(response: Response) -> Response:
        """Every answer says who it is from; a signed one carries the nonce for the next."""
        response.headers["Fairvisit"] = "1"
        device_id: Any = g.get("device_id")
        if device_id is not None:
            response.headers["Fairvisit-Nonce"] = make_nonce(site.nonce_secret, device_id, site.now())
        return response

    return mark
