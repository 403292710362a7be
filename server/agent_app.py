"""
The phone app under `/agent/`: the files that `agent_sync/pwa` builds, handed out as they are.

What has its hash in its name never changes and is kept for a year; everything else is asked for anew each time. The
pages run no script and no style but the app's own files. Nothing here knows a case or an agent.

A street map's address, where one is set, is written into the page and its policy, and into the service worker: a
phone keeps page and policy together, and takes both anew when the worker is another one.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as AnyResponse

from schemas.errors import FieldError
from server.settings import Settings

BESIDE_US = Path(__file__).parents[1] / "agent_sync" / "pwa" / "dist"
PAGES = {"": "index.html", "check": "check.html"}
TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript", ".svg": "image/svg+xml"}
PACKED = ("text/", "image/svg", "application/manifest")  # what gets smaller by gzip
YEAR_S = 31_536_000
TILES = re.compile(r"(?P<origin>https?://[a-z0-9.-]+(:[0-9]+)?)/[A-Za-z0-9._~/?=&{}@-]+")
MARKED = ("index.html", "sw.js")  # the files in which the app's build left places for the map
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "geolocation=(self), camera=(self), screen-wake-lock=(self), microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
SENTENCES = {
    503: (
        "The phone app is not built on this server. Build it in <code>agent_sync/pwa</code>: <code>npm ci</code>, then "
        "<code>npm run build</code>. Or name the folder of a built one: <code>FAIRVISIT_AGENT_APP</code>."
    ),
    404: 'There is nothing at this address. <a href="/agent/">Open the app</a>.',
}
IN_CHINESE = {
    503: (
        "这台服务器上还没有构建手机应用。请在 <code>agent_sync/pwa</code> 中运行 <code>npm ci</code> 和 "
        "<code>npm run build</code>，或用 <code>FAIRVISIT_AGENT_APP</code> 指定已构建的文件夹。"
    ),
    404: '这个地址没有内容。<a href="/agent/">打开应用</a>。',
}


@dataclass(frozen=True)
class StreetMap:
    """Where the phone gets a street map from, and whom it is credited to; both empty where it draws a sketch."""

    tiles: str = ""
    credit: str = ""

    @classmethod
    def of(cls, settings: Settings) -> StreetMap:
        """Read the settings; raise `FieldError("invalid")` for an address that is none of tiles."""
        tiles = settings.map_tiles
        if tiles and not (TILES.fullmatch(tiles) and all(part in tiles for part in ("{z}", "{x}", "{y}"))):
            raise FieldError("invalid", {"FAIRVISIT_MAP_TILES": ["should be https://…, with {z}, {x} and {y} in it"]})
        return cls(tiles, settings.map_credit if tiles else "")

    @property
    def headers(self) -> dict[str, str]:
        """Give the headers of the app's answers: pictures come from here, and from the map's own origin."""
        found = TILES.fullmatch(self.tiles)
        if found is None:
            return HEADERS
        policy = HEADERS["Content-Security-Policy"].replace("blob:;", f"blob: {found['origin']};", 1)
        return {**HEADERS, "Content-Security-Policy": policy}

    def write(self, content: bytes) -> bytes:
        """Write itself into the places left for it."""
        version = hashlib.sha256(repr(self).encode()).hexdigest()[:12] if self.tiles else ""
        for mark, value in (("__TILES__", self.tiles), ("__CREDIT__", self.credit), ("__MAP__", version)):
            content = content.replace(mark.encode(), html.escape(value).encode())
        return content


def register_agent_app(app: Flask, settings: Settings) -> None:
    """Put the phone app on *app*."""
    pages = Blueprint("agent_app", __name__)
    folder = Path(settings.agent_app) if settings.agent_app else BESIDE_US
    street_map = StreetMap.of(settings)

    @pages.get("/agent")
    def arrive() -> AnyResponse:
        """Lead to the app's own folder, in which its service worker works."""
        return redirect("/agent/", 308)

    @pages.get("/agent/")
    @pages.get("/agent/<path:name>")
    def show(name: str = "") -> Response:
        """Give one file of the app."""
        if not (folder / "index.html").is_file():
            return _say(503)
        found = safe_join(str(folder), PAGES.get(name, name))
        if found is None or not _is_file(Path(found)):
            return _say(404)
        return _give(Path(found), street_map, is_fixed=name.startswith("assets/"))

    app.register_blueprint(pages)


def _is_file(path: Path) -> bool:
    """Say whether this is a file; a name that is longer than the file system takes is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _give(path: Path, street_map: StreetMap, *, is_fixed: bool) -> Response:
    """Give a file, packed where the browser takes that, or that it has not changed."""
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_packed = media_type.startswith(PACKED) and request.accept_encodings.quality("gzip") > 0
    content, tag = _read(path, path.stat().st_mtime_ns, street_map, is_packed)
    answer = Response(content, mimetype=media_type, headers=street_map.headers)
    answer.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if is_fixed else "no-cache"
    answer.headers["Vary"] = "Accept-Encoding"
    if is_packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.set_etag(tag)
    answer.make_conditional(request)
    return answer


@lru_cache(maxsize=200)
def _read(path: Path, changed_ns: int, street_map: StreetMap, is_packed: bool) -> tuple[bytes, str]:
    """Give a file's bytes and their tag; read again once it has changed."""
    content = street_map.write(path.read_bytes()) if path.name in MARKED else path.read_bytes()
    content = gzip.compress(content, 9, mtime=0) if is_packed else content
    return content, hashlib.sha256(content).hexdigest()[:32]


def _say(status: int) -> Response:
    """Give a page of one sentence, in both languages."""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fairvisit</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>Fairvisit</h1><p>{SENTENCES[status]}</p>"
        f'<p lang="zh-Hans">{IN_CHINESE[status]}</p></main></body></html>'
    )
    return Response(page, status, mimetype="text/html", headers={**HEADERS, "Cache-Control": "no-store"})
