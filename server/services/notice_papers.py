"""
Papers: letters and slips as print-ready pages, and the links for the lender's own messages.

Comes in: what is to be said. Goes out: one HTML file with a page a letter, and CSV. Outside, and above a letter's first
fold, nothing tells what it is about. The words stand in `server/notices/`, one file a language.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from schemas.errors import FieldError
from server.domain.notices import Letter, Slip, message_of, say_day, say_names
from server.domain.tokens import print_token
from server.services.site import Site

WORDS = Path(__file__).parents[1] / "notices"
LINKS = ("notice", "lender", "reference", "language", "phone", "email", "link", "expires", "text")


def public_address(site: Site) -> str:
    """Give the address of the public pages; raise `invalid` with the cure where it is not set, or is none."""
    address = site.settings.public_url.strip().rstrip("/")
    if not address.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        said = "is not set" if not address else f"is '{address}', which does not begin with https://"
        sentence = f"{said}; letters lead to the public pages, so name where they are, as in https://visits.example.org"
        raise FieldError("invalid", {"FAIRVISIT_PUBLIC_URL": [sentence]})
    return address


def render_letters(address: str, letters: Sequence[Letter]) -> str:
    """Give the letters as HTML: a page of A4 each, a second one only where names are very long."""
    return _environment(address).get_template("letters.html").render(letters=letters)


def render_slips(address: str, slips: Sequence[Slip]) -> str:
    """Give the slips as HTML, two A6 pages each: the outside, then the inside."""
    return _environment(address).get_template("slips.html").render(slips=slips)


def write_links(address: str, letters: Sequence[Letter]) -> str:
    """Give a row for each letter with whom to send which link, and a text to send; a letter's code is never in it."""
    out = io.StringIO(newline="")
    rows = csv.DictWriter(out, LINKS)
    rows.writeheader()
    for letter in letters:
        link = _answer_url(address, letter.token)
        rows.writerow({
            "notice": letter.notice_id, "lender": letter.lender, "reference": letter.reference,
            "language": letter.language, "phone": letter.phone, "email": letter.email, "link": link,
            "expires": letter.until.isoformat(), "text": message_of(letter, f"{address}/verify", link),
        })  # fmt: skip
    return out.getvalue()


def _environment(address: str) -> Environment:
    """Give the templates, with the ways of writing that only paper needs."""
    made = Environment(loader=FileSystemLoader(WORDS), autoescape=True, undefined=StrictUndefined)
    made.globals |= {"verify_url": f"{address}/verify", "answer_url": f"{address}/answer"}
    made.filters |= {"day": say_day, "names": say_names, "printed": print_token, "qr": partial(_qr, address)}
    return made


def _answer_url(address: str, token: str) -> str:
    return f"{address}/answer/{token}"


def _qr(address: str, token: str) -> Markup:
    drawn = segno.make(_answer_url(address, token), micro=False, error="m").svg_inline(omitsize=True)
    return Markup(drawn)  # noqa: S704 - drawn here, holds no text
