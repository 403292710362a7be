"""
Viewing: one file of a visit for somebody of the office, looked up and noted before any byte of it leaves.

Only what is here whole, and is by its own bytes a picture or a recording, is shown. A picture is drawn anew with the
viewer's name; a recording leaves as it came, piece by piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.errors import FieldError
from server.domain.roles import Viewer
from server.services.auditing import note_look
from server.services.deciding import find_visit
from server.services.site import Site
from server.services.story import tell_visit
from server.services.watermarks import MOST_BYTES, mark_photo

NOT_HERE = "This visit names no such file."
NOT_WHOLE = "This file has not arrived whole; there is nothing to be seen of it yet."
ERASED = "This file was erased; who did it, when and why stands beside it."
NOT_SHOWN = "What this file holds is not shown here: it is no picture and no recording that a browser plays safely."


def find_file(site: Site, viewer: Viewer, visit_id: str, sha256: str) -> Mapping[str, Any]:
    """Give what is told of one file of a visit of the viewer's agencies; raise `not-found`."""
    with site.store.read() as connection:
        find_visit(connection, viewer, visit_id)
    files: list[dict[str, Any]] = tell_visit(site, visit_id)["files"]
    told = next((each for each in files if each["sha256"] == sha256), None)
    if told is None:
        raise FieldError("not-found", detail=NOT_HERE)
    return told


def open_file(site: Site, viewer: Viewer, visit_id: str, sha256: str) -> Mapping[str, Any]:
    """
    Note that the viewer looks at a file, and give what is told of it.

    Raises `not-found` where the visit has none such or it is not here whole, `unsupported-media-type` for one that is
    not shown.
    """
    told = find_file(site, viewer, visit_id, sha256)
    if told["erased"]:
        raise FieldError("not-found", detail=ERASED)
    if told["state"] != "verified":
        raise FieldError("not-found", detail=NOT_WHOLE)
    if not told["shown_as"]:
        raise FieldError("unsupported-media-type", detail=NOT_SHOWN)
    note_look(site, viewer, "visit", visit_id, file=sha256)
    return told


def draw_picture(site: Site, viewer: Viewer, told: Mapping[str, Any]) -> bytes:
    """Give a picture as a JPEG with who looks at it, and when, across it; raises what `mark_photo` raises."""
    if told["size"] > MOST_BYTES:
        raise FieldError("too-large")
    at = datetime.fromtimestamp(site.now() / 1000, ZoneInfo(site.settings.zone))
    # An account's name may be in letters that the font lacks; the end of its id tells it all the same.
    words = f"{viewer.name} {viewer.id[-8:]} {at:%Y-%m-%d %H:%M:%S}"
    return mark_photo(b"".join(site.blobs.read(told["sha256"])), words)
