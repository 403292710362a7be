"""Pictures and recordings for tests: drawn, or just the first bytes that tell what they are."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + bytes(range(256)) * 40
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(200)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def draw_picture(form: str = "PNG", size: tuple[int, int] = (320, 240), colour: str = "teal") -> bytes:
    """Draw a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def make_bomb(side: int) -> bytes:
    """Make a PNG of a few kB that says to be as large as *side* by *side* pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100_000), 9)) + chunk(
        b"IEND", b""
    )
