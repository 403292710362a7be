"""The devices' API as one Flask blueprint: routes, headers on every answer, errors as problems, OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from schemas.errors import FieldError
from server.api import files, health, routes
from server.api.express import Express
from server.api.proof import SignedError
from server.domain.nonces import make_nonce
from server.rates import RateLimit
from server.services.site import Site
from server.web.problems import answer_http_error, answer_problem, answer_unforeseen


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
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, _answer_unforeseen(site))
    app.after_request(_mark_answer(site))
    app.wsgi_app = Express(site, limit, app.wsgi_app)  # type: ignore[method-assign]


def _answer_error(site: Site) -> Callable[[FieldError], Response]:
    def answer(error: FieldError) -> Response:
        return answer_problem(error)

    return answer


def _answer_signed_error(site: Site) -> Callable[[SignedError], Response]:
    def answer(signed: SignedError) -> Response:
        g.device_id = signed.device_id
        return answer_problem(signed.error)

    return answer


def _answer_unforeseen(site: Site) -> Callable[[Exception], Response]:
    def answer(error: Exception) -> Response:
        return answer_unforeseen(site, error)

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
