"""
Pictures as they are kept: photos scaled down and marked, signatures as drawn, and nothing else of what a file carried.

Comes in: a picture as a camera or a pad left it. Goes out: freshly encoded JPEG or PNG bytes of its pixels alone, so
that place, camera, thumbnail and whatever was appended stay behind. Pillow is needed, and imported only here.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.errors import FieldError

QUALITY = 85
MARK_SHARE = 32  # the mark is this part of the picture's longest side in height
SIGNATURE_SIDE = 600
MOST_SVG = 1 << 20
PATH = re.compile(r"""<path\b[^>]*?\sd=["']([^"']*)["']""")
TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
EXIF, TAKEN, TAKEN_ZONE = 0x8769, 0x9003, 0x9011  # where cameras write when, and in which zone, a photo was taken
Point = tuple[float, float]


def prepare_photo(source: Path, mark: str, longest: int) -> bytes:
    """
    Give a photo as JPEG: upright, no side longer than *longest* pixels, *mark* written along its foot.

    Raises `invalid` for what is no picture, or one too large to be opened safely.
    """
    pillow = _pillow()
    with _opened(source) as read:
        read.draft("RGB", (longest, longest))  # of a large JPEG only what is needed is decoded
        image = pillow["ImageOps"].exif_transpose(read).convert("RGB")
        image.thumbnail((longest, longest))
    high = max(12, max(image.size) // MARK_SHARE)
    font = pillow["ImageFont"].load_default(size=high * 0.7)
    draw = pillow["ImageDraw"].Draw(image)
    draw.rectangle((0, image.height - high, image.width, image.height), fill="black")
    draw.text((high // 4, image.height - high), mark, fill="white", font=font)
    return _encode(image, "JPEG", quality=QUALITY)


def read_taken(source: Path, zone: str) -> int | None:
    """Give when a photo says it was taken (ms since the epoch), by *zone* where it names none; None for no word."""
    with _opened(source) as read:
        exif = read.getexif().get_ifd(EXIF)
    taken, its_zone = (str(exif.get(tag, "")).strip("\0 ") for tag in (TAKEN, TAKEN_ZONE))
    for each in (its_zone, zone):
        try:
            return round(datetime.strptime(taken + each, "%Y:%m:%d %H:%M:%S%z").timestamp() * 1000)
        except ValueError:
            continue
    return None


def prepare_signature(source: Path) -> bytes:
    """Give a signature as PNG in black and white: from a picture, or from the strokes of an SVG's paths."""
    pillow = _pillow()
    if source.suffix.lower() == ".svg":
        return _encode(_draw_strokes(pillow, read_strokes(source)), "PNG", optimize=True)
    with _opened(source) as read:
        seen = read.convert("RGBA")
        image = pillow["Image"].new("RGBA", seen.size, "white")
        image.alpha_composite(seen)
        image = image.convert("L")
        image.thumbnail((SIGNATURE_SIDE, SIGNATURE_SIDE))
    return _encode(image, "PNG", optimize=True)


def read_strokes(source: Path) -> list[list[Point]]:
    """
    Read the strokes of an SVG: of each `<path>` the lines, `M` and `L`, absolute or relative.

    Nothing else in the file is looked at, so nothing in it can act. Raises `invalid` for other curves, or no stroke.
    """
    try:
        with source.open(encoding="utf-8") as file:
            text = file.read(MOST_SVG)
        strokes = [stroke for path in PATH.findall(text) for stroke in _follow(TOKEN.findall(path))]
    except (OSError, ValueError):
        strokes = []
    strokes = [stroke for stroke in strokes if len(stroke) > 1]
    if not strokes:
        said = f"{source.name} holds no strokes of straight lines (M and L). Save the signature as PNG."
        raise FieldError("invalid", {"files": [said]})
    return strokes


def _follow(tokens: Sequence[str]) -> Iterator[list[Point]]:
    """Give each stroke of one path; raise `ValueError` at a command that is no line."""
    stroke: list[Point] = []
    command, here, numbers = "", (0.0, 0.0), iter(tokens)
    for token in numbers:
        if token.isalpha():
            command = token
            if command not in "MmLl":
                raise ValueError
            if command in "Mm" and stroke:
                yield stroke
                stroke = []
            token = next(numbers, "")
        x, y = float(token), float(next(numbers, ""))
        here = (here[0] + x, here[1] + y) if command in "ml" else (x, y)
        stroke.append(here)
    yield stroke


def _draw_strokes(pillow: dict[str, Any], strokes: Sequence[Sequence[Point]]) -> Any:
    points = [point for stroke in strokes for point in stroke]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    width, height = max(x for x, _ in points) - left, max(y for _, y in points) - top
    scale, edge = (SIGNATURE_SIDE - 20) / max(width, height, 1.0), 10
    image = pillow["Image"].new("L", (int(width * scale) + 2 * edge, int(height * scale) + 2 * edge), 255)
    draw = pillow["ImageDraw"].Draw(image)
    for stroke in strokes:
        draw.line([((x - left) * scale + edge, (y - top) * scale + edge) for x, y in stroke], fill=0, width=3)
    return image


def _pillow() -> dict[str, Any]:
    """Import what is used of Pillow; say plainly when it is missing."""
    try:
        from PIL import Image, ImageDraw, ImageFont, ImageOps
    except ImportError:
        detail = "Pillow is not installed. Photos and signatures need it: pip install 'fairvisit[device]'"
        raise FieldError("invalid", detail=detail) from None
    return {"Image": Image, "ImageDraw": ImageDraw, "ImageFont": ImageFont, "ImageOps": ImageOps}


@contextmanager
def _opened(source: Path) -> Iterator[Any]:
    """Open a picture; whatever goes wrong with it, here or while it is used, becomes a sentence."""
    module = _pillow()["Image"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", module.DecompressionBombWarning)
            with module.open(source, formats=("JPEG", "PNG", "WEBP")) as image:
                yield image
    except (module.DecompressionBombError, module.DecompressionBombWarning):
        raise FieldError("invalid", {"files": [f"{source.name} has too many pixels. Nothing was saved."]}) from None
    except (OSError, SyntaxError, ValueError):
        said = f"{source.name} cannot be read as a picture (JPEG, PNG or WebP). Nothing was saved."
        raise FieldError("invalid", {"files": [said]}) from None


def _encode(image: Any, form: str, **options: Any) -> bytes:
    """Encode pixels anew, without anything that the image brought along."""
    image.info = {}
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()
