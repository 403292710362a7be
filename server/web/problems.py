"""Errors as RFC 9457 problems, worded in one place for every room that answers programs."""

from __future__ import annotations

import orjson
import structlog
from flask import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from schemas.errors import FieldError, problem_of
from server.services.site import Site
from server.web import metrics

log = structlog.get_logger()
MEDIA_TYPE = "application/problem+json"
BY_STATUS = {
    400: "malformed",
    404: "not-found",
    405: "method-not-allowed",
    411: "length-required",
    413: "too-large",
    415: "unsupported-media-type",
}


def answer_problem(error: FieldError, instance: str = "") -> Response:
    """Write an error as problem+json with the status its table line gives."""
    metrics.PROBLEMS.labels(error.code).inc()
    response = Response(orjson.dumps(problem_of(error, instance)), error.kind.status, mimetype=MEDIA_TYPE)
    if "retry_after_s" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after_s"])
    return response


def answer_http_error(error: HTTPException) -> Response:
    """Write what the web framework refused by itself."""
    code = BY_STATUS.get(error.code or 500, "malformed" if (error.code or 500) < 500 else "internal")
    response = answer_problem(FieldError(code))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def answer_unforeseen(site: Site, error: Exception, detail: str = "") -> Response:
    """Log what nobody foresaw under an id, and answer with that id."""
    reference = site.new_id()
    log.error("unforeseen", instance=reference, path=request.path, exc_info=error)
    return answer_problem(FieldError("internal", detail=detail), reference)
