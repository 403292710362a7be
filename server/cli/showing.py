"""How commands open the site, and print what they found: as a table for a person, as JSON for a program."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import east_asian_width

import click
import orjson

from schemas.errors import FieldError
from schemas.messages import format_time
from server.services.site import Site

T = TypeVar("T")


@contextmanager
def opened_site() -> Iterator[Site]:
    """Open the site that the environment names, and close it afterwards."""
    from server.app import open_site  # here: it brings the whole web application with it

    site = open_site()
    try:
        yield site
    finally:
        site.store.close()


def who() -> str:
    """Give the name of whoever runs the command, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for this number
        return "office"


def show_json(value: object) -> None:
    """Print *value* as JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def show_table(titles: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print rows in columns that line up, also with letters that are two columns wide; *empty* where there is none."""
    if not rows:
        click.echo(empty)
        return
    cells = [[str(title) for title in titles], *([_cell(value) for value in row] for row in rows)]
    widths = [max(_width(row[place]) for row in cells) for place in range(len(titles))]
    for row in cells:
        line = "  ".join(text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return " ".join(str(each) for each in value) or "-"
    return str(value)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def read_day(option: str, text: str) -> date:
    """Read a day as an option names it; raise `invalid` with a sentence."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FieldError("invalid", {option: [f"'{text}' is not a day, YYYY-MM-DD"]}) from None


def say_time(ms: int) -> str:
    """
    Give a time as a person reads it, UTC to the minute.

    >>> say_time(1_700_000_000_123)
    '2023-11-14 22:13'
    """
    return format_time(ms)[:16].replace("T", " ")


def say_span(ms: int) -> str:
    """
    Give a length of time in its largest unit.

    >>> say_span(90_000), say_span(26 * 3_600_000)
    ('1 min', '26 h')
    """
    for name, size, least in (("days", 86_400_000, 2), ("h", 3_600_000, 2), ("min", 60_000, 1)):
        if ms >= size * least:
            return f"{ms // size} {name}"
    return f"{ms // 1000} s"


def read_table(path: Path, load: Callable[[str], T]) -> T:
    """Read a YAML table by *load*; raise `invalid` once every fault was said, with the file's name."""
    try:
        return load(path.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise FieldError("invalid", detail=f"{path.name} is not UTF-8; save it again as UTF-8.") from None
    except FieldError as error:
        for sentence in say_fields(error):
            click.echo(f"{path.name}: {sentence}", err=True)
        raise FieldError("invalid", detail=f"{path.name} was not used; mend the places above.") from None


def say_fields(error: FieldError) -> list[str]:
    """Give an error's sentences, one for each place."""
    return [f"{path}: {' '.join(sentences)}" for path, sentences in error.fields.items()] or [error.detail]


def pick(row: Any, names: Sequence[str]) -> Mapping[str, Any]:
    """Give some columns of a row by name."""
    return {name: getattr(row, name) for name in names}
