"""Flask-Babel's words for a sentence in the language in hand, with types."""

from __future__ import annotations

import flask_babel


def gettext(text: str, **values: object) -> str:
    """Give a sentence in the language in hand, with *values* in it."""
    return str(flask_babel.gettext(text, **values))


def pgettext(context: str, text: str) -> str:
    """Give what stands for a text in one context, such as a code's name."""
    return str(flask_babel.pgettext(context, text))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Give the sentence for a number; `%(num)d` in it is the number."""
    return str(flask_babel.ngettext(one, many, num, **values))
