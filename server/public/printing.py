"""A person's copy as one page to print: every value under its name, in the person's language, nothing to load."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any

import yaml

from server.public.pages import CSS
from server.public.wording import HERE, TAGS

PRINT = "body>*{max-width:none}@media print{body{font-size:11pt}section{break-inside:avoid}}"


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    read: Mapping[str, Mapping[str, str]] = yaml.safe_load((HERE / "copy.yaml").read_text("utf-8"))
    return read


def print_copy(copy: Mapping[str, Any], language: str) -> str:
    """Give the copy as an HTML page; a name that has no words yet stands as it is."""
    title = escape(_name("title", language))
    return (
        f'<!doctype html><html lang="{TAGS[language]}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{CSS}{PRINT}</style></head><body><main>"
        f"<h1>{title}</h1>{_value(copy, language, 2)}</main></body></html>"
    )


def _value(value: object, language: str, depth: int) -> str:
    if isinstance(value, Mapping):
        return "".join(_member(str(name), each, language, depth) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        if all(not isinstance(each, (Mapping, list, tuple)) for each in value):
            return f"<p>{escape(', '.join(str(each) for each in value))}</p>"
        return "".join(f"<section>{_value(each, language, depth)}</section><hr>" for each in value)
    return f"<p>{escape(str(value))}</p>"


def _member(name: str, value: object, language: str, depth: int) -> str:
    label = escape(_name(name, language))
    if isinstance(value, (Mapping, list, tuple)):
        if not value:
            return ""
        level = min(depth, 4)
        return f"<h{level}>{label}</h{level}>{_value(value, language, depth + 1)}"
    return f"<p><b>{label}</b>: {escape(str(value))}</p>"


def _name(name: str, language: str) -> str:
    return _names().get(name, {}).get(language, name)
