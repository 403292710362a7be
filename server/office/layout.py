"""What every page of the office shares: its navigation, its style sheet, its script."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import request
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from werkzeug.wrappers import Response

from server.domain.roles import ANSWER, DISPATCH, KEEP, OVERSEE, REVIEW, ROLES, Role, Viewer
from server.look import COLOURS
from server.office.pages import Answer, Pages

HERE = Path(__file__).parent
A_YEAR_S = 31_536_000


@dataclass(frozen=True)
class Room:
    """One entry of the navigation: the page it leads to, its title, who sees it."""

    endpoint: str
    title: LazyString
    roles: frozenset[Role]


NAVIGATION = (
    Room("today", _("Today"), ROLES),
    Room("queue", _("Queue"), REVIEW),
    Room("cases", _("Cases"), REVIEW | DISPATCH | ANSWER),
    Room("dispatch", _("Dispatch"), DISPATCH),
    Room("conflicts", _("Conflicts"), DISPATCH | REVIEW),
    Room("devices", _("Devices"), DISPATCH | KEEP),
    Room("statements", _("Statements"), DISPATCH | REVIEW),
    Room("complaints", _("Complaints"), ANSWER),
    Room("oversight", _("Oversight"), OVERSEE),
    Room("rulebooks", _("Rulebooks"), ROLES),
    Room("imports", _("Imports"), DISPATCH | KEEP),
    Room("exports", _("Exports"), OVERSEE),
    Room("audit", _("Audit"), frozenset({Role.AUDITOR, Role.ADMIN})),
    Room("webhooks", _("Webhooks"), KEEP),
    Room("accounts", _("Accounts"), frozenset({Role.ADMIN})),
)


def navigation_of(viewer: Viewer) -> list[tuple[str, LazyString, bool]]:
    """Give what stands in the head of each page: address, title, and whether it is where the viewer is."""
    here = (request.endpoint or "").removeprefix("office.")
    return [(each.endpoint, each.title, each.endpoint == here) for each in rooms_of(viewer)]


def rooms_of(viewer: Viewer) -> list[Room]:
    """Give the rooms that are theirs."""
    return [each for each in NAVIGATION if viewer.may(each.roles)]


def add_look(pages: Pages) -> Mapping[str, str]:
    """Put the style sheet and the script on the office; give the version of each."""
    css = b"".join(path.read_bytes() for path in (COLOURS, HERE / "office.css"))
    script = (HERE / "office.js").read_bytes()
    versions = {"css": _version(css), "js": _version(script)}
    kinds = {"css": (css, "text/css"), "js": (script, "text/javascript")}

    @pages.unguarded("/look.<kind>", "GET")
    def look(kind: str) -> Answer:
        """Give the style sheet or the script; its address changes when it does, so a browser keeps it."""
        body, mimetype = kinds.get(kind, (b"", "text/plain"))
        answer = Response(body, 200 if body else 404, mimetype=mimetype)
        answer.headers["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable"
        return answer

    return versions


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
