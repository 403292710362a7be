"""How routes are documented: every answer a route may give, in the served OpenAPI 3.1. Nothing changes at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import flask
import flask_smorest
from marshmallow import Schema

from schemas.problem import ProblemSchema

View = TypeVar("View", bound=Callable[..., Any])
REFUSALS = {
    400: "Not readable as what this address takes.",
    401: "Not proved, or withdrawn.",
    403: "Not permitted.",
    404: "Nothing here.",
    405: "Another method.",
    409: "At odds with what the server holds.",
    411: "No length.",
    412: "Another version of the protocol.",
    413: "Too large.",
    415: "Another media type or encoding.",
    422: "Some fields cannot be taken as they are.",
    429: "Too often.",
    460: "Another hash.",
    500: "Unforeseen.",
    503: "Not ready.",
}
_documenter = flask_smorest.Blueprint("documenter", __name__)


def make_blueprint(name: str, description: str, url_prefix: str | None = None) -> flask.Blueprint:
    """Make a blueprint whose routes appear in the OpenAPI document."""
    blueprint: flask.Blueprint = flask_smorest.Blueprint(name, __name__, url_prefix=url_prefix, description=description)
    return blueprint


def documented(
    answers: Mapping[int, type[Schema] | str],
    refusals: Iterable[int] = (),
    body: type[Schema] | None = None,
    query: Iterable[Mapping[str, Any]] = (),
    **more: Any,
) -> Callable[[View], View]:
    """
    Document a view: its answers (a schema, or a sentence), the refusals it may give, its body, its query.

    *more* are further members of its operation: `security`, `x-roles`.
    """

    def document(view: View) -> View:
        for status, answer in answers.items():
            told = {"description": answer} if isinstance(answer, str) else {"schema": answer}
            view = _documenter.alt_response(status, **told)(view)
        for status in (*refusals, 405, 500):
            view = _documenter.alt_response(
                status, schema=ProblemSchema, description=REFUSALS[status], content_type="application/problem+json"
            )(view)
        if body is not None:
            content = {"application/json": {"schema": body}}
            view = _documenter.doc(requestBody={"required": True, "content": content})(view)
        if query:
            view = _documenter.doc(parameters=list(query))(view)
        if more:
            view = _documenter.doc(**more)(view)
        return view

    return document
