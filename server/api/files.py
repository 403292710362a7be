"""
Files by tus 1.0 with creation, creation-with-upload, checksum, expiration, termination: any tus client works.

The `Authorization: Upload <token>` of a `files_wanted` entry permits one upload of one device; the address of an
upload is made of both, so that creating it again gives the same Location (T2).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from email.utils import formatdate

import flask
from flask import Response, request

from schemas.errors import FieldError
from server.rates import Berths
from server.services import filing
from server.services.file_limits import limits_by_kind
from server.services.site import Site
from server.storage import upload_parts
from server.web.documenting import documented, make_blueprint
from server.web.problems import answer_problem

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
OCTETS = "application/offset+octet-stream"
REFUSED = (400, 403, 404, 409, 412, 413, 415, 429, 460, 503)


def make_files_blueprint(site: Site) -> flask.Blueprint:
    """Make the tus routes."""
    blueprint = make_blueprint("files", "Files by tus 1.0", "/sync/v1/files")
    berths = Berths()

    @blueprint.before_request
    def check_version() -> Response | None:
        """Refuse a client that speaks another tus, as tus asks."""
        if request.method == "OPTIONS" or request.headers.get("Tus-Resumable") == VERSION:
            return None
        response = answer_problem(FieldError("malformed", {"Tus-Resumable": [f"should be {VERSION}"]}))
        response.status_code = 412
        response.headers["Tus-Version"] = VERSION
        return response

    @blueprint.after_request
    def mark(response: Response) -> Response:
        """Say which tus this is on every answer, refusals too."""
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.route("", methods=["OPTIONS"])
    @documented({204: "What this tus server can do."})
    def options() -> Response:
        """Say which extensions there are."""
        can = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(upload_parts.ALGORITHMS),
            "Tus-Max-Size": str(max(limits_by_kind(site.settings).values())),
        }
        return Response(status=204, headers=can)

    @blueprint.post("")
    @documented({201: "Created, or found again at the same address."}, REFUSED)
    def create() -> Response:
        """Create an upload, with its first bytes if they come along."""
        claim = _claim(site)
        standing = filing.begin_upload(site, claim, _number("Upload-Length"))
        if request.content_type == OCTETS and standing.offset == 0:
            with berths.hold(claim.device_id):
                standing = filing.append_bytes(site, claim, 0, _pieces(site, claim, 0))
        location = f"{request.path.rstrip('/')}/{filing.upload_name(claim)}"
        return _answer(201, standing, Location=location)

    @blueprint.route("/<name>", methods=["HEAD"])
    @documented({200: "How far the upload has come."}, REFUSED)
    def head(name: str) -> Response:
        """Say how far an upload has come."""
        claim = _claim(site, name)
        return _answer(200, filing.read_standing(site, claim), **{"Upload-Length": str(claim.size)})

    @blueprint.patch("/<name>")
    @documented({204: "Taken."}, REFUSED)
    def patch(name: str) -> Response:
        """Take bytes at an offset."""
        claim = _claim(site, name)
        if request.content_type != OCTETS:
            raise FieldError("unsupported-media-type", detail=f"Content-Type should be {OCTETS}.")
        offset = _number("Upload-Offset")
        with berths.hold(claim.device_id):
            return _answer(204, filing.append_bytes(site, claim, offset, _pieces(site, claim, offset)))

    @blueprint.delete("/<name>")
    @documented({204: "Forgotten."}, REFUSED)
    def delete(name: str) -> Response:
        """Forget an upload."""
        filing.discard_upload(site, _claim(site, name))
        return Response(status=204)

    @blueprint.post("/<name>")
    @documented({200: "As HEAD.", 204: "As PATCH or DELETE."}, REFUSED)
    def override(name: str) -> Response:
        """Do what X-HTTP-Method-Override says, for clients behind proxies that know few methods."""
        meant = {"HEAD": head, "PATCH": patch, "DELETE": delete}.get(request.headers.get("X-HTTP-Method-Override", ""))
        if meant is None:
            raise FieldError("method-not-allowed")
        return meant(name)

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
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise FieldError("malformed", {header: ["is missing or not a number"]})
    return int(text)


def _answer(status: int, standing: filing.Standing, **headers: str) -> Response:
    headers["Upload-Offset"] = str(standing.offset)
    if standing.expires_ms is not None:
        headers["Upload-Expires"] = formatdate(standing.expires_ms / 1000, usegmt=True)
    return Response(status=status, headers=headers)


def _pieces(site: Site, claim: filing.Claim, offset: int) -> Iterator[bytes]:
    """Give the request's bytes; where they come with a checksum, only once all are there and it holds."""
    most = claim.size - offset
    if (request.content_length or 0) > most:
        raise FieldError("too-large", detail=f"The file was announced with {claim.size} bytes.")
    told = request.headers.get("Upload-Checksum")
    if told is None:
        return upload_parts.cut(request.stream)
    algorithm, _, encoded = told.partition(" ")
    try:
        expected = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        expected = b""
    if algorithm not in upload_parts.ALGORITHMS or not expected:
        known = " or ".join(upload_parts.ALGORITHMS)
        raise FieldError("malformed", {"Upload-Checksum": [f"should be {known}, a space, and the hash in base64"]})
    return upload_parts.check(request.stream, algorithm, expected, most, filing.uploads_folder(site))
