"""Reading request bodies within limits, and writing answers as small as the asker can read (X5)."""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import zstandard
from flask import Request, Response
from isal import igzip
from marshmallow import Schema

from schemas import canonical
from schemas.errors import FieldError
from schemas.fastcheck import compile_check, word_refusal
from schemas.messages import Quota

Environ = Mapping[str, Any]  # a WSGI environ
SMALLEST_COMPRESSED = 300
CHUNK = 1 << 16


def read_body(environ: Environ, quota: Quota, body_sha256: str) -> bytes:
    """
    Read a body of at most `max_inflated` bytes, inflated as it comes; its bytes as sent must have *body_sha256* (A2).

    Raises too-large, unsupported-media-type, malformed (not gzip), unauthenticated (another body than was signed).
    """
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise FieldError("unsupported-media-type", detail="Content-Encoding may be gzip or identity.")
    inflate = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    seen, sha256 = 0, hashlib.sha256()
    parts: list[bytes] = []
    for chunk in _chunks(environ):
        sha256.update(chunk)
        try:
            part = inflate.decompress(chunk, quota.max_inflated + 1 - seen) if inflate else chunk
        except zlib.error:
            raise FieldError("malformed", detail="The body is not gzip, though Content-Encoding says so.") from None
        seen += len(part)
        if seen > quota.max_inflated or (inflate and inflate.unconsumed_tail):
            raise FieldError("too-large", detail=f"At most {quota.max_inflated} bytes.", quota=quota.to_wire())
        parts.append(part)
    if inflate is not None and parts and not inflate.eof:
        raise FieldError("malformed", detail="The gzip body is cut short.")
    if sha256.hexdigest() != body_sha256:
        raise FieldError("unauthenticated")
    return b"".join(parts)


def _chunks(environ: Environ) -> Iterator[bytes]:
    """Give a body's bytes as they come: as many as Content-Length says, or to the end of a chunked body."""
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH")
    if not length:
        while environ.get("wsgi.input_terminated") and (chunk := stream.read(CHUNK)):
            yield chunk
        return
    left = int(length) if length.isascii() and length.isdecimal() else 0
    while left:
        chunk = stream.read(min(CHUNK, left))
        if not chunk:
            raise FieldError("malformed", detail="The body is cut short.")
        left -= len(chunk)
        yield chunk


def read_plain(request: Request, most: int) -> bytes:
    """Read a body that no signature covers yet, of at most *most* bytes."""
    parts: list[bytes] = []
    while chunk := request.stream.read(CHUNK):
        parts.append(chunk)
        if sum(map(len, parts)) > most:
            raise FieldError("too-large", detail=f"At most {most} bytes.")
    return b"".join(parts)


class Reader:
    """Reads JSON bodies of one schema: the generated check first, marshmallow only to word a refusal."""

    def __init__(self, schema: type[Schema]) -> None:
        self.schema = schema
        self.check: Callable[[Any], bool] = compile_check(schema)

    def read(self, body: bytes) -> dict[str, Any]:
        """Read *body*; raise malformed or too-deep, saying what is wrong and where."""
        value = _read_json(body)
        try:
            is_good = self.check(value)
        except (ValueError, UnicodeError):  # a lone surrogate: judged by its cleaned form, taken as it came
            is_good = self.check(canonical.clean_value(value))
        if is_good:
            assert isinstance(value, dict)
            return value
        if _is_deep(value):
            raise FieldError("too-deep")
        if not isinstance(value, dict):
            raise FieldError("malformed", {".": ["is not an object"]})
        raise FieldError("malformed", word_refusal(self.schema, value))


def _read_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"\\ud" in body.lower():  # perhaps only a lone surrogate, which poisons one event and not the batch
            try:
                return json.loads(body)
            except (ValueError, RecursionError):
                pass
        raise FieldError("malformed", {".": [f"is not JSON: {error.msg}"]}) from None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(canonical.MAX_DEPTH):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


_packers = threading.local()


def pack(body: bytes, accepted: str) -> tuple[bytes, str]:
    """Pack an answer for whoever accepts these encodings: zstd, else gzip, neither under 300 bytes; say which."""
    if len(body) < SMALLEST_COMPRESSED:
        return body, ""
    if "zstd" in accepted:
        packer = getattr(_packers, "zstd", None)
        if packer is None:  # one for each thread: they are not to be shared, and dear to make
            packer = _packers.zstd = zstandard.ZstdCompressor(level=1)
        return packer.compress(body), "zstd"
    if "gzip" in accepted:
        return igzip.compress(body, compresslevel=1), "gzip"
    return body, ""


def answer_bytes(request: Request, body: bytes) -> Response:
    """Answer with JSON bytes, packed as the asker can read them."""
    body, encoding = pack(body, request.headers.get("Accept-Encoding", ""))
    return Response(body, mimetype="application/json", headers={"Content-Encoding": encoding} if encoding else {})
