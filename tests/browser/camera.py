"""Moving pictures for Chromium's fake camera: a QR before it, as an uncompressed video (y4m)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import segno

WIDTH, HEIGHT = 1280, 720  # pixels
FRAMES = 5  # Chromium plays them again and again
QUIET = 4  # modules around the code
WHITE, BLACK, GREY = 235, 16, 128


def film_qr(path: Path, text: str) -> None:
    """Write a video at whose middle the QR of *text* is held."""
    film(path, [list(row) for row in segno.make(text, micro=False, error="l").matrix_iter(border=QUIET)])


def film(path: Path, rows: Sequence[Sequence[int]]) -> None:
    """Write a video at whose middle these modules are held, dark ones true; the quiet zone is among them."""
    scale = HEIGHT // len(rows)
    left, top = (WIDTH - scale * len(rows)) // 2, (HEIGHT - scale * len(rows)) // 2
    luma = bytearray([WHITE]) * (WIDTH * HEIGHT)
    for y, row in enumerate(rows):
        line = b"".join(bytes([BLACK if dark else WHITE]) * scale for dark in row)
        for at in range(top + y * scale, top + (y + 1) * scale):
            luma[at * WIDTH + left : at * WIDTH + left + len(line)] = line
    frame = b"FRAME\n" + bytes(luma) + bytes([GREY]) * (WIDTH * HEIGHT // 2)
    path.write_bytes(b"YUV4MPEG2 W%d H%d F5:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT) + frame * FRAMES)
