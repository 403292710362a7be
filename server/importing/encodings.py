"""
Which encoding a text file is in: decided from its bytes, or asked, never guessed.

Bytes come in, the name of a codec goes out, or a `FieldError` naming the candidates and the option `--encoding`.
A byte order mark or text that is valid UTF-8 decides at once. Otherwise GB18030, Big5 and Latin-1 are compared by
header words that only one of them shows, then by charset-normalizer's measure of chaos and by how rare the letters
would be; one that is not clearly ahead is not taken.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from schemas.errors import FieldError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# name shown to people -> codec; in the order that ties are listed in
CANDIDATES = {"gb18030": "gb18030", "big5": "cp950", "latin-1": "cp1252"}
WIDE_ONE_IN = 50  # from this share of zero bytes on a file is UTF-16; fewer are stray, and cost their own rows
LINE_LIMIT = 1 << 20
SAMPLE_BYTES = 1 << 16
LEAST_LETTERS = 4  # of a Chinese reading, where no header word speaks for it
MOST_DOUBT = 0.35
LEAST_LEAD = 0.15
BAD_LINES_A_GOOD = 20  # this many good lines for a bad one: UTF-8 with a few broken rows, which are rejected singly
LEAST_CHAOS_LEAD = 0.05
_APART = frozenset("€£¥§°·–—“”…½¼¾«»²³×¿¡")  # signs of Western text that stand beside digits and blanks
_WITHIN = frozenset("‘’´®©™ºª-")  # and those that stand in or at words
_UNUSUAL = frozenset("ðþýÿÐÞÝ")  # Turkish and Icelandic would look alike: asked


@dataclass(frozen=True, slots=True)
class _Reading:
    name: str
    doubt: float
    chaos: float
    letters: int
    words: int
    shown: str


def decide_encoding(path: Path, header_words: Collection[str]) -> str:
    """
    Give the codec to read *path* with; undecodable bytes in a few rows are left to the reader.

    Raises `FieldError("invalid")` at `--encoding`, with the candidates, where the bytes do not decide.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, codec in MARKS:
        if start.startswith(mark):
            return codec
    zeros = start.count(0)
    if zeros * WIDE_ONE_IN > len(start):
        return _decide_wide(start)
    high_lines, broken, sample = _survey(path)
    if broken == 0 or high_lines - broken >= BAD_LINES_A_GOOD * broken:
        return "utf-8"
    if zeros:
        raise _no_text()
    readings = [_read(sample, name, header_words) for name in CANDIDATES if _decodes(path, CANDIDATES[name])]
    chosen = _choose(readings, sample)
    if chosen is None:
        raise _question(readings, sample)
    return CANDIDATES[chosen]


def check_encoding(name: str) -> str:
    """Give *name* if it is a text encoding known here; raise `FieldError("invalid")` at `--encoding` if not."""
    try:
        if "A,1\n".encode(name).decode(name) == "A,1\n":
            return codecs.lookup(CANDIDATES.get(name.lower(), name)).name
    except (LookupError, UnicodeError, ValueError):
        pass
    known = ", ".join(["utf-8", "utf-16", *CANDIDATES])
    raise FieldError("invalid", {"--encoding": [f"{name!r} is not a text encoding; known are, among others: {known}."]})


def _decide_wide(start: bytes) -> str:
    """Tell UTF-16 without a mark by the side on which its zero bytes lie."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) >= 10 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    raise _no_text()


def _no_text() -> FieldError:
    said = "the file holds zero bytes: it is no text table. Export it as CSV or XLSX."
    return FieldError("invalid", {"--encoding": [said]})


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(LINE_LIMIT):
            if len(line) == LINE_LIMIT:
                raise FieldError("invalid", {path.name: ["has a line of over 1 MB: it is no table of rows."]})
            yield line


def _survey(path: Path) -> tuple[int, int, bytes]:
    """Count lines with letters beyond ASCII, and those of them that are not UTF-8; give a sample of them."""
    high_lines = broken = 0
    sample = bytearray()
    for line in _lines(path):
        if line.isascii():
            continue
        high_lines += 1
        try:
            line.decode()
        except UnicodeDecodeError:
            broken += 1
        if len(sample) < SAMPLE_BYTES:
            sample += line
    return high_lines, broken, bytes(sample)


def _decodes(path: Path, codec: str) -> bool:
    try:
        return all(line.isascii() or line.decode(codec) for line in _lines(path))
    except UnicodeDecodeError:
        return False


def _read(sample: bytes, name: str, header_words: Collection[str]) -> _Reading:
    text = sample.decode(CANDIDATES[name])
    letters = [letter for letter in text if letter > "\x7f"]
    rare = _rare_latin(text) if name == "latin-1" else sum(_is_rare(letter, name) for letter in letters)
    match = from_bytes(sample, cp_isolation=[CANDIDATES[name]]).best()
    chaos = 1.0 if match is None else match.chaos
    words = sum(word in text for word in header_words if not word.isascii())
    shown = next(line for line in text.splitlines() if not line.isascii())[:24]
    return _Reading(name, chaos + rare / len(letters), chaos, len(letters), words, shown)


def _is_rare(letter: str, name: str) -> bool:
    """Say whether a letter lies outside the first level, the everyday letters, of its character set."""
    lead, *trail = letter.encode(CANDIDATES[name])
    if len(trail) != 1:
        return True
    if name == "gb18030":
        return not (trail[0] >= 0xA1 and (0xA1 <= lead <= 0xA3 or 0xB0 <= lead <= 0xD7))
    return not 0xA1 <= lead <= 0xC6


def _rare_latin(text: str) -> int:
    """Count letters that do not stand beside a plain one, as an accented letter in a word does, and signs that do."""
    padded = f" {text} "
    rare = 0
    for before, letter, after in zip(padded, padded[1:], padded[2:], strict=False):
        if letter > "\x7f" and letter not in _WITHIN:
            is_in_word = _plain(before) or _plain(after)
            fits = is_in_word and letter not in _UNUSUAL if letter.isalpha() else letter in _APART and not is_in_word
            rare += not fits
    return rare


def _plain(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _choose(readings: list[_Reading], sample: bytes) -> str | None:
    spoken_for = [reading for reading in readings if reading.words]
    if len(spoken_for) == 1:
        return spoken_for[0].name
    ranked = sorted(readings, key=lambda reading: reading.doubt)
    if not ranked or ranked[0].doubt > MOST_DOUBT:
        return None
    if len(ranked) > 1 and ranked[1].doubt - ranked[0].doubt < LEAST_LEAD:
        return None
    best = ranked[0]
    other = from_bytes(sample).best()
    if other is not None and other.multi_byte_usage and best.chaos - other.chaos >= LEAST_CHAOS_LEAD:
        return None  # Korean and Japanese bytes also make everyday Chinese letters
    return best.name if best.name == "latin-1" or best.letters >= LEAST_LETTERS else None


def _question(readings: list[_Reading], sample: bytes) -> FieldError:
    names = [reading.name for reading in readings]
    other = from_bytes(sample).best()
    if other is not None and other.encoding.replace("_", "-") not in [*names, *CANDIDATES.values()]:
        names.append(other.encoding.replace("_", "-"))
    shown = "; ".join(f"{reading.name} reads “{reading.shown}”" for reading in readings)
    sentence = f"the file's encoding cannot be told: it may be {' or '.join(names) or 'none known here'}."
    if shown:
        sentence += f" Its first line with such letters: {shown}."
    cure = f"Say which, e.g. --encoding {(names or ['utf-8'])[0]}"
    return FieldError("invalid", {"--encoding": [sentence, cure]}, candidates=names)
