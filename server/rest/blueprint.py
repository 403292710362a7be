"""The REST API as one Flask blueprint under /api/v1, and its own OpenAPI document beside the devices'."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from server.rest import assignments, audit, board, cases, complaints, exports, findings, statements, visits
from server.rest.routes import PREFIX, Routes
from server.services.site import Site

ROOMS = (visits, cases, board, assignments, statements, findings, complaints, audit, exports)
ABOUT = """The office, for other programs, as somebody of the office: each request carries a token that an account made
for itself, `Authorization: Bearer fv_…`. A token needs the scope of a route (`x-scope`), its account one of the roles
(`x-roles`), now. What belongs to another agency is not there (404). Lists go on at `next`. Errors are RFC 9457
problems; programs act on `type` and `retry`. Every act and every look at a person is noted with the token's id."""


class Document(Api):  # type: ignore[misc]  # flask-smorest ships no types
    """An OpenAPI document that leaves errors to their rooms: the devices' API has worded those of the application."""

    def _register_error_handlers(self) -> None:
        pass


def register_rest(app: Flask, site: Site) -> None:
    """Put the REST API and its document on *app*."""
    app.config.update(
        REST_API_TITLE="Fairvisit, the office's REST API",
        REST_API_VERSION="1",
        REST_OPENAPI_VERSION="3.1.0",
        REST_OPENAPI_URL_PREFIX=PREFIX,
        REST_OPENAPI_JSON_PATH="openapi.json",
        REST_API_SPEC_OPTIONS={"info": {"description": ABOUT}},
    )
    document = Document(app, config_prefix="REST")
    document.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    routes = Routes(site)
    for room in ROOMS:
        room.add_routes(routes)
    document.register_blueprint(routes.blueprint)
    app.extensions["rest"] = routes
