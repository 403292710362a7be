"""
Watermarks: a photograph as somebody is shown it, drawn anew with who looked and when across it.

Comes in: bytes nobody has looked into. Goes out: a JPEG made of its pixels alone, so that nothing that was hidden in
the file leaves with it. A picture that would unfold to more than can be held is refused before it does.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from schemas.errors import FieldError, Sentence

MOST_BYTES = 40_000_000
MOST_PIXELS = 50_000_000  # 150 MB once unfolded; cameras of phones make 12 to 48 million
LONGEST = 1600  # pixels of a side, as it is shown
LIGHT, DARK = (255, 255, 255, 150), (0, 0, 0, 110)
FORMATS = ("JPEG", "PNG", "WEBP")
TOO_LARGE = "This picture would unfold to more than is shown here ({width} by {height}). It is kept as it came."
FAR_TOO_LARGE = "This picture would unfold to far more than can be shown. It is kept as it came."
BROKEN = "cannot be drawn: its content is damaged; it is kept as it came"


def mark_photo(content: bytes, words: str) -> bytes:
    """
    Give a picture as a JPEG of at most 1600 pixels a side, with *words* across it again and again.

    Raises `too-large` for one of more bytes or pixels than are shown, and `invalid` for one that cannot be drawn.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower than its error
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise FieldError("too-large", detail=Sentence(TOO_LARGE, width=width, height=height))
            picture.draft("RGB", (LONGEST, LONGEST))
            shown = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError:  # Pillow's own limit is higher than ours, and looked at sooner
        raise FieldError("too-large", detail=FAR_TOO_LARGE) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise FieldError("invalid", {"file": [BROKEN]}) from None
    shown.thumbnail((LONGEST, LONGEST))
    _write_across(shown, words)
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=85)
    return out.getvalue()


def _write_across(picture: Image.Image, words: str) -> None:
    """Write *words* line after line over the whole of a picture, light on dark and dark on light."""
    size = max(12, picture.width // 40)
    font = ImageFont.load_default(size)
    layer = Image.new("RGBA", picture.size)
    pen = ImageDraw.Draw(layer)
    length = max(1, round(pen.textlength(words, font=font)))
    for line, y in enumerate(range(size // 2, picture.height, size * 5)):
        for x in range(-(line % 2) * length // 2, picture.width, length + size * 3):
            pen.text((x, y), words, LIGHT, font, stroke_width=1, stroke_fill=DARK)
    picture.paste(layer, (0, 0), layer)
