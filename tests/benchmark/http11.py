"""
Just enough HTTP/1.1 for the load generator: requests as bytes, one answer at a time out of a stream of bytes.

Comes in: what a socket gave. Goes out: `Response`, with the count of bytes it took on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass

END = b"\r\n\r\n"


@dataclass(slots=True)
class Response:
    """One whole answer; *wire* is its size in bytes, head included."""

    status: int
    head: bytes
    body: bytes
    wire: int

    def header(self, name: str) -> str | None:
        """Give the value of a header, or None."""
        mark = b"\r\n" + name.lower().encode() + b":"
        at = self.head.lower().find(mark)
        if at < 0:
            return None
        at += len(mark)
        end = self.head.find(b"\r\n", at)
        return self.head[at : end if end >= 0 else len(self.head)].strip().decode("latin-1")


def request(
    method: str,
    path: str,
    host: str = "127.0.0.1",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """Write one request with keep-alive."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: keep-alive"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + END + (body or b"")


class Parser:
    """Reads one answer at a time from pieces; no pipelining."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._forget()

    def _forget(self) -> None:
        self._need: int | None = None
        self._head_end = -1
        self._chunked = False
        self._scan = 0

    def feed(self, piece: bytes) -> Response | None:
        """Add a piece; give the answer once it is whole."""
        buffer = self._buffer
        buffer += piece
        if self._head_end < 0 and not self._read_head():
            return None
        if self._chunked and self._need is None:
            self._find_last_chunk()
        if self._need is None or len(buffer) < self._need:
            return None
        head = bytes(buffer[: self._head_end - 2])
        body = self._join_chunks() if self._chunked else bytes(buffer[self._head_end : self._need])
        whole = Response(int(head[9:12]), head, body, self._need)
        del buffer[: self._need]
        self._forget()
        return whole

    def _read_head(self) -> bool:
        end = self._buffer.find(END)
        if end < 0:
            return False
        self._head_end = end + len(END)
        low = bytes(self._buffer[: end + 2]).lower()
        at = low.find(b"\r\ncontent-length:")
        if int(low[9:12]) in (204, 304):
            self._need = self._head_end
        elif at >= 0:
            self._need = self._head_end + int(low[at + 17 : low.find(b"\r\n", at + 2)])
        elif b"\r\ntransfer-encoding: chunked" in low:
            self._chunked = True
            self._scan = self._head_end
        else:
            raise ValueError("answer without a length: " + low.decode("latin-1"))
        return True

    def _find_last_chunk(self) -> None:
        buffer = self._buffer
        while (line_end := buffer.find(b"\r\n", self._scan)) >= 0:
            size = int(bytes(buffer[self._scan : line_end]).split(b";")[0], 16)
            if len(buffer) < line_end + 4 + size:
                return
            self._scan = line_end + 4 + size
            if size == 0:
                self._need = self._scan
                return

    def _join_chunks(self) -> bytes:
        parts, at, buffer = [], self._head_end, self._buffer
        while True:
            line_end = buffer.find(b"\r\n", at)
            size = int(bytes(buffer[at:line_end]).split(b";")[0], 16)
            if size == 0:
                return b"".join(parts)
            parts.append(bytes(buffer[line_end + 2 : line_end + 2 + size]))
            at = line_end + 4 + size
