"""
Files by tus 1.0: core, creation, creation-with-upload, termination, so that any tus client works unmodified.

The `Authorization: Upload <token>` of a `files_wanted` entry permits one upload of one device; the address of an
upload is made of both, so that creating it again gives the same Location (T2).
"""

from __future__ import annotations

from collections.abc import Iterator

import flask
from flask import Response, request

from schemas.errors import FieldError
from server.services import filing
from server.services.site import Site
from server.web.documenting import documented, make_blueprint

CHUNK = 1 << 16
TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
CAN = {"Tus-Version": "1.0.0", "Tus-Extension": "creation,creation-with-upload,termination"}
OCTETS = "application/offset+octet-stream"
REFUSED = (400, 403, 404, 409, 413, 415, 460)


def make_files_blueprint(site: Site) -> flask.Blueprint:
    """Make the tus routes."""
    blueprint = make_blueprint("files", "Files by tus 1.0", "/sync/v1/files")

    @blueprint.route("", methods=["OPTIONS"])
    @documented({204: "What this tus server can do."})
    def options() -> Response:
        """Say which extensions there are."""
        return Response(status=204, headers=TUS | CAN)

    @blueprint.post("")
    @documented({201: "Created, or found again at the same address."}, REFUSED)
    def create() -> Response:
        """Create an upload, with its first bytes if they come along."""
        claim = _claim(site)
        offset = filing.begin_upload(site, claim, _number("Upload-Length"))
        if request.content_type == OCTETS and offset == 0:
            offset = filing.append_bytes(site, claim, 0, _chunks())
        location = f"{request.path.rstrip('/')}/{filing.upload_name(claim)}"
        return Response(status=201, headers=TUS | {"Location": location, "Upload-Offset": str(offset)})

    @blueprint.route("/<name>", methods=["HEAD"])
    @documented({200: "How far the upload has come."}, REFUSED)
    def head(name: str) -> Response:
        """Say how far an upload has come."""
        claim = _claim(site, name)
        offset = filing.read_offset(site, claim)
        return Response(headers=TUS | {"Upload-Offset": str(offset), "Upload-Length": str(claim.size)})

    @blueprint.patch("/<name>")
    @documented({204: "Taken."}, REFUSED)
    def patch(name: str) -> Response:
        """Take bytes at an offset."""
        claim = _claim(site, name)
        if request.content_type != OCTETS:
            raise FieldError("unsupported-media-type", detail=f"Content-Type should be {OCTETS}.")
        offset = filing.append_bytes(site, claim, _number("Upload-Offset"), _chunks())
        return Response(status=204, headers=TUS | {"Upload-Offset": str(offset)})

    @blueprint.delete("/<name>")
    @documented({204: "Forgotten."}, REFUSED)
    def delete(name: str) -> Response:
        """Forget an upload."""
        filing.discard_upload(site, _claim(site, name))
        return Response(status=204, headers=TUS)

    return blueprint


def _claim(site: Site, name: str | None = None) -> filing.Claim:
    """Give what the request's token permits; it must be for the upload called *name*."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Upload":
        raise FieldError("upload-token-invalid")
    claim = filing.read_token(site, token)
    if name is not None and name != filing.upload_name(claim):
        raise FieldError("not-found")
    return claim


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal()):
        raise FieldError("malformed", {header: ["is missing or not a number"]})
    return int(text)


def _chunks() -> Iterator[bytes]:
    while chunk := request.stream.read(CHUNK):
        yield chunk
