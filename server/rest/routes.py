"""
How the REST API's routes are put on the application: each names its scope and its roles; what names none is closed.

    @routes.get("/visits", TokenScope.READ, *REVIEW, answers={200: VisitsSchema}, query=VisitsQuery)
    def list_visits(viewer: Viewer, asked: Asked) -> Told: ...

A view is a function of whoever the token acts for, of what was asked (query or body, checked by its schema), and of
the parts of its address. Before it runs the token was found, counted, and its scope and roles matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import orjson
from flask import Response, g, request
from marshmallow import Schema
from werkzeug.exceptions import HTTPException

from schemas import canonical
from schemas.errors import FieldError
from server.domain.roles import Role, TokenScope
from server.rates import RateLimit
from server.rest.asking import NoQuery, read_json, read_key, read_query
from server.services.answering_once import answer_once
from server.services.api_tokens import Caller, find_caller
from server.services.site import Site
from server.web.body import Reader, answer_bytes
from server.web.documenting import documented, make_blueprint
from server.web.problems import answer_http_error, answer_problem, answer_unforeseen

Told = Mapping[str, Any] | Response  # a JSON object, or a file
View = Callable[..., Any]  # gives Told; where something is done, the status beside it
Answers = Mapping[int, type[Schema] | str]
PREFIX = "/api/v1"
ALWAYS = (400, 401, 403, 429)  # what any route may refuse with
BODY = (413, 415)
REALM = 'Bearer realm="fairvisit"'
BROKEN = "Something went wrong on the server. Look whether it was done before you ask again, and quote the instance."
UNSENT = "Send a token as Authorization: Bearer …; cookies are not read."
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Authorization, Accept-Encoding"}
KEY = {
    "in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "The same key with the same request is done once and answered alike for a day.",
}  # fmt: skip


@dataclass(frozen=True)
class Access:
    """Who may use a route: a token with this scope whose account has one of these roles."""

    scope: TokenScope
    roles: frozenset[Role]


class Routes:
    """The REST API's blueprint, and who may use each of its routes."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.blueprint = make_blueprint("rest", "The office, for other programs", PREFIX)
        self.access: dict[str, Access] = {}  # endpoint -> who may; one that is not here is closed
        self.limit = RateLimit(site.settings.requests_per_minute)
        self.blueprint.before_request(self._admit)
        self.blueprint.after_request(_mark)
        self.blueprint.register_error_handler(FieldError, _answer_error)
        self.blueprint.register_error_handler(HTTPException, answer_http_error)
        self.blueprint.register_error_handler(Exception, lambda error: answer_unforeseen(site, error, BROKEN))

    def get(
        self, rule: str, scope: TokenScope, *roles: Role, answers: Answers,
        query: type[Schema] = NoQuery, refusals: Iterable[int] = (),
    ) -> Callable[[View], View]:
        """Put what is read at *rule*, for tokens of this scope and accounts of these roles."""

        def put(view: View) -> View:
            def run(**parts: Any) -> Response:
                return tell(view(g.caller.viewer, read_query(query()), **_texts(parts)))

            return self._put(rule, "GET", Access(scope, frozenset(roles)), view, run, answers, refusals, query=query)

        return put

    def post(
        self, rule: str, scope: TokenScope, *roles: Role, answers: Answers,
        body: type[Schema], refusals: Iterable[int] = (),
    ) -> Callable[[View], View]:
        """Take a JSON body at *rule*; with an Idempotency-Key it is done once."""
        reader = Reader(body)

        def put(view: View) -> View:
            def run(**parts: Any) -> Response:
                read_query(NoQuery())
                raw, key = read_json(), read_key()
                asked, viewer = canonical.clean_value(reader.read(raw)), g.caller.viewer

                def job() -> tuple[int, bytes]:
                    status, told = view(viewer, asked, **_texts(parts))
                    return status, orjson.dumps(told)

                if key is None:
                    status, told = job()
                else:
                    whole = f"{request.method} {request.path}\n".encode() + raw
                    status, told = answer_once(self.site, viewer.token_id, key, whole, job)
                return Response(told, status, mimetype="application/json")

            refused = (*refusals, *BODY, 409, 422)
            access = Access(scope, frozenset(roles))
            return self._put(rule, "POST", access, view, run, answers, refused, body=body, parameters=[KEY])

        return put

    def delete(
        self, rule: str, scope: TokenScope, *roles: Role, answers: Answers,
        refusals: Iterable[int] = (),
    ) -> Callable[[View], View]:
        """Take away what stands at *rule*; twice is as once."""

        def put(view: View) -> View:
            def run(**parts: Any) -> Response:
                return tell(view(g.caller.viewer, read_query(NoQuery()), **_texts(parts)))

            return self._put(rule, "DELETE", Access(scope, frozenset(roles)), view, run, answers, refusals)

        return put

    def _put(
        self, rule: str, method: str, access: Access, view: View, run: View,
        answers: Answers, refusals: Iterable[int], *, query: type[Schema] | None = None,
        body: type[Schema] | None = None, parameters: Iterable[Mapping[str, Any]] = (),
    ) -> View:  # fmt: skip
        run = wraps(view)(run)
        asked = [*parameters, *([{"in": "query", "schema": query}] if query is not None else [])]
        said = {"x-scope": access.scope.value, "x-roles": sorted(access.roles)}
        run = documented(
            answers, sorted({*ALWAYS, *refusals}), body, asked, security=[{"token": []}], **said
        )(run)  # fmt: skip
        self.access[f"rest.{view.__name__}"] = access
        self.blueprint.add_url_rule(rule, view.__name__, run, methods=[method])
        return view

    def _admit(self) -> None:
        """Let through whoever may be here."""
        caller = g.caller = self._find_caller()
        self.limit.spend(caller.viewer.token_id, self.site.now())
        access = self.access.get(request.endpoint or "")
        if access is None or access.scope not in caller.scopes:
            needed = "one that this route names" if access is None else access.scope.value
            raise FieldError("not-permitted", detail=f"This token lacks the scope it would need: {needed}.")
        if not caller.viewer.may(access.roles):
            roles = ", ".join(sorted(access.roles))
            raise FieldError("not-permitted", detail=f"The account of this token has none of the roles: {roles}.")

    def _find_caller(self) -> Caller:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise FieldError("token-invalid", detail=UNSENT)
            return find_caller(self.site, secret.strip())
        except FieldError:
            self.limit.spend(f"address {request.remote_addr}", self.site.now())
            raise


def tell(told: Told) -> Response:
    """Answer with JSON, packed as the asker can read it; a file goes as it is."""
    return told if isinstance(told, Response) else answer_bytes(request, orjson.dumps(told))


def _answer_error(error: FieldError) -> Response:
    answer = answer_problem(error)
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = REALM
    return answer


def _texts(parts: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in parts.items()}


def _mark(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response
