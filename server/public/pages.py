"""
A page: one template, one language, one style sheet inside it, and headers that keep it to itself.

Every page is whole in one answer: no script, no cookie, no picture from elsewhere. What it shows is not stored on the
way and not told to the next page.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, partial
from urllib.parse import urlencode

from flask import Response, redirect, request
from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas.errors import FieldError
from server.look import COLOURS, ICONS
from server.public import wording
from server.public.asking import chosen_language, language_of
from server.services.site import Site
from server.storage.types import AnyRow

CSS = "".join(path.read_text("utf-8") for path in (COLOURS, wording.HERE / "look.css")).replace("\n", "")
_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language",
}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("server.public"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def show(site: Site, template: str, status: int = 200, **values: object) -> Response:
    """Give a page in the language of whoever asks."""
    language = language_of(request)
    page = _templates().get_template(f"{template}.html")
    html = page.render(
        say=partial(wording.say, language),
        day=partial(wording.say_text_day, language),
        moment=partial(wording.say_moment, language),
        span=partial(wording.say_span, language),
        clock=wording.say_clock,
        age=partial(wording.say_age, language),
        language=language,
        chosen=chosen_language(request),
        tag=wording.TAGS[language],
        link=link,
        other=_other_language(language),
        css=CSS,
        icons=ICONS,
        support=site.settings.support,
        dial=_dial(site.settings.support),
        regulator=site.settings.regulator,
        zone=site.settings.zone,
        **values,
    )
    return Response(html, status, mimetype="text/html", headers=HEADERS)


def link(path: str, **values: str) -> str:
    """Give an address of ours that keeps the language that was chosen."""
    chosen = chosen_language(request)
    query = {**values, "lang": chosen} if chosen else values
    return f"{path}?{urlencode(query)}" if query else path


def _dial(number: str) -> str:
    """
    Give a number as a phone dials it; nothing for words.

    >>> _dial("+1 (415) 555-0100"), _dial("ask at the desk")
    ('+14155550100', '')
    """
    dialled = number.translate(str.maketrans("", "", " ()-./"))
    return dialled if dialled.removeprefix("+").isdecimal() else ""


def _other_language(language: str) -> str:
    """Give this very page's address in the other language; a form that was sent has none but its start."""
    asked = {name: value for name, value in request.args.items() if name != "lang"}
    return f"{request.path}?{urlencode(asked | {'lang': 'en' if language == 'zh' else 'zh'})}"


def go(path: str, **values: str) -> Response:
    """Send whoever sent a form to the page that shows what came of it; loading that again sends nothing again."""
    answer = redirect(link(path, **values), 303)
    answer.headers.extend(HEADERS)
    return Response(answer.get_data(), answer.status_code, answer.headers)


def show_error(site: Site, error: FieldError, reference: str = "") -> Response:
    """Give the page of an error: what happened, and what to do."""
    key = {"rate-limited": "error.often", "not-found": "error.unknown", "too-large": "error.long"}.get(error.code)
    answer = show(site, "error", error.kind.status, key=key or "error.other", reference=reference)
    if "retry_after_s" in error.extra:
        answer.headers["Retry-After"] = str(error.extra["retry_after_s"])
    return answer


def read_words(name: str, most: int) -> str:
    """Give what was typed into a field, at most so many characters, without what no keyboard types."""
    text = request.form.get(name, "")[:most]
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()


def picture(row: AnyRow | object) -> str:
    """Give a card's photo as the page holds it; nothing where there is none."""
    photo, media_type = getattr(row, "photo", None), getattr(row, "media_type", None)
    return f"data:{media_type};base64,{base64.b64encode(photo).decode()}" if photo else ""
