"""What every page of the office shares: its navigation, its style sheet, its icons."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import request
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from werkzeug.wrappers import Response

from server.domain.roles import Role, Viewer
from server.office.pages import Answer, Pages

HERE = Path(__file__).parent
ICONS = {
    "good": "M4 10.5l4 4 8-9",
    "look": "M10 3l8 14H2zM10 8v4M10 14.5v.1",
    "stop": "M5 5l10 10M15 5L5 15",
    "wait": "M10 5v5l3 2M10 2a8 8 0 100 16 8 8 0 000-16",
}
A_YEAR_S = 31_536_000


@dataclass(frozen=True)
class Room:
    """One entry of the navigation: the page it leads to, its title, who sees it."""

    endpoint: str
    title: LazyString
    roles: frozenset[Role]


REVIEW = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR})
NAVIGATION = (Room("queue", _("Queue"), REVIEW),)


def navigation_of(viewer: Viewer) -> list[tuple[str, LazyString, bool]]:
    """Give what stands in the head of each page: address, title, and whether it is where the viewer is."""
    here = (request.endpoint or "").removeprefix("office.")
    return [(each.endpoint, each.title, each.endpoint == here) for each in NAVIGATION if viewer.may(each.roles)]


def add_look(pages: Pages) -> Mapping[str, str]:
    """Put the style sheet on the office; give the icons."""
    css = b"".join(path.read_bytes() for path in (HERE.parent / "colours.css", HERE / "office.css"))
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

    return ICONS | versions


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
