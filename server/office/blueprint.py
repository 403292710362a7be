"""The office as one Flask blueprint under /office: each file here puts its own pages on it."""

from __future__ import annotations

from flask import Flask
from jinja2 import StrictUndefined

from schemas import vocabulary
from schemas.errors import FieldError
from server.domain.roles import ROLES, Role, Viewer
from server.look import ICONS
from server.office import (
    account,
    accounts,
    audit,
    bulk,
    cases,
    complaints,
    conflicts,
    data_requests,
    devices,
    dispatch,
    exports,
    files,
    handing_out,
    help_calls,
    imports,
    oidc,
    oversight,
    papers,
    people,
    priorities,
    queue,
    rulebooks,
    statements,
    today,
    tokens,
    visit,
    webhooks,
)
from server.office.layout import add_look, navigation_of
from server.office.pages import Answer, Pages, PrintCopy, secure_sessions
from server.office.speaking import register_languages
from server.services.site import Site

ROOMS = (
    account, oidc, today, queue, visit, files, bulk, cases, priorities, people, dispatch, handing_out, papers,
    conflicts, devices, statements, complaints, help_calls, data_requests, oversight, rulebooks, imports, exports,
    audit, webhooks, accounts, tokens,
)  # fmt: skip


def register_office(app: Flask, site: Site, print_copy: PrintCopy) -> None:
    """Put the office's pages on *app*; *print_copy* prints a person's own copy, as the public pages would."""
    pages = Pages(site, print_copy)
    secure_sessions(app, site)
    register_languages(app, site)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        navigation_of=navigation_of, v=vocabulary, Role=Role, icons=ICONS, look=add_look(pages)
    )  # fmt: skip
    for room in ROOMS:
        room.add_pages(pages)

    @pages.get("/<path:rest>", *ROLES, before_totp=True)
    def miss(viewer: Viewer, rest: str) -> Answer:
        """Answer an address near ours as a page, not as devices are answered."""
        raise FieldError("not-found")

    app.register_blueprint(pages.blueprint)
    app.extensions["office"] = pages
