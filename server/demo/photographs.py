"""Photographs of doors, drawn: something to look at where nobody took one, and no two are the same."""

from __future__ import annotations

from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

SIZE = (960, 720)


def draw_door(path: Path, random: Random) -> None:
    """Draw a door in a wall, of its own colours and grain, as a JPEG of some 30 kB."""
    shade = [random.randrange(90, 200) for _ in range(3)]
    grain = Image.frombytes("L", (96, 72), random.randbytes(96 * 72)).resize(SIZE)
    wall = Image.blend(Image.new("RGB", SIZE, tuple(shade)), Image.merge("RGB", [grain] * 3), 0.15)
    pen = ImageDraw.Draw(wall)
    left = random.randrange(250, 450)
    pen.rectangle((left - 14, 106, left + 254, 720), fill=(235, 232, 224))
    pen.rectangle((left, 120, left + 240, 720), fill=tuple(random.randrange(30, 120) for _ in range(3)))
    pen.ellipse((left + 206, 420, left + 226, 440), fill=(214, 190, 110))
    wall.save(path, "JPEG", quality=85)
