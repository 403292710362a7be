"""
HTTP to the server, as bytes: one request out, one answer in, sizes bounded while reading (X5).

Comes in: method, target, headers, body bytes. Goes out: status, headers, decoded body, or `FieldError` where there is
no network. Anything with the same `send` may stand in for it. What the bytes mean is `channel.py`'s.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import zstandard
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from schemas.errors import FieldError

MOST_ANSWER = 64 * 1024 * 1024
CONNECT_S, READ_S = 10, 60
PIECE = 1 << 16
# What may break between the first byte sent and the last byte read.
BROKEN = (requests.exceptions.RequestException, HTTPError, OSError, zlib.error, zstandard.ZstdError, EOFError)


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """An answer as it came: status, headers with lower-case names, body decoded; `size` is the body's on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int = 0


class Transport(Protocol):
    """Anything that carries one request to the server and brings its answer."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Send; *target* is path and query as they go over the wire. Raises `FieldError("no-network")`."""
        ...


class HttpTransport:
    """The real network, through requests."""

    def __init__(self, server_url: str, timeout_s: float = READ_S) -> None:
        parts = urlsplit(server_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            detail = f"'{server_url}' is not a server's address. It looks like https://office.example."
            raise FieldError("invalid", {"server": [detail]})
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._timeout = (min(CONNECT_S, timeout_s), timeout_s)
        self._session = requests.Session()
        # One try each: when and whether to try again is for the exchange to decide (X4).
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, HTTPAdapter(max_retries=0, pool_connections=1, pool_maxsize=1))
        self._session.headers.clear()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """
        Send one request. Redirects are not followed: only a captive portal sends them.

        Raises `FieldError`: `no-network`, or `certificate-refused` where TLS does not trust the server's certificate.
        """
        sent = {"Accept-Encoding": "zstd, gzip", "User-Agent": "agent-sync", **headers}
        try:
            with self._session.request(
                method,
                self._origin + target,
                data=body or None,
                headers=sent,
                timeout=self._timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                pieces = _Counted(response.raw.stream(PIECE, decode_content=False))
                body = decode(pieces, names.get("content-encoding", "identity"))
                return WireAnswer(response.status_code, names, body, pieces.size)
        except requests.exceptions.SSLError as error:
            raise refused_certificate(error) from None
        except BROKEN as error:
            raise FieldError("no-network", detail=f"The server cannot be reached ({type(error).__name__}).") from None


def refused_certificate(error: Exception) -> FieldError:
    """Tell a certificate that is refused from a connection that broke: the first is often a wrong clock (A3)."""
    if "certificate" not in str(error).lower():
        return FieldError("no-network", detail="The secure connection broke.")
    detail = (
        "The server's certificate was refused. Check this device's date and time: a wrong clock is the usual cause."
        " What is recorded stays saved and is sent later."
    )
    return FieldError("certificate-refused", detail=detail)


def decode(pieces: Iterator[bytes], encoding: str, most: int = MOST_ANSWER) -> bytes:
    """
    Undo a Content-Encoding while reading, never holding more than *most* bytes.

    Raises `FieldError("no-network")` for an answer that is larger, cut short, or in an encoding not asked for.
    """
    out = bytearray()
    for piece in _inflate(pieces, encoding, most):
        out += piece
        if len(out) > most:
            raise FieldError("no-network", detail=f"The answer is larger than {most:,} bytes; it was not read.")
    return bytes(out)


def _inflate(pieces: Iterator[bytes], encoding: str, most: int) -> Iterator[bytes]:
    if encoding == "identity":
        yield from pieces
    elif encoding == "gzip":
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        for piece in pieces:
            rest = piece
            while rest:
                yield inflater.decompress(rest, PIECE)
                rest = inflater.unconsumed_tail
        yield inflater.flush()
        if not inflater.eof:
            raise EOFError
    elif encoding == "zstd":
        # A frame cut short ends early without an error here; its JSON then does not parse, which is no network too.
        unpacker = zstandard.ZstdDecompressor(max_window_size=max(1 << 23, most)).stream_reader(
            io.BufferedReader(_Pieces(pieces))
        )
        while piece := unpacker.read(PIECE):
            yield piece
    else:
        raise FieldError("no-network", detail=f"The answer came in an unknown encoding ({encoding}).")


class _Counted:
    """An iterator that counts the bytes it gives."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self.size += len(piece)
        return piece


class _Pieces(io.RawIOBase):
    """A file of pieces, for the zstd reader."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* as far as the next piece goes; 0 at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
