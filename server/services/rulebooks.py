"""
Rulebooks: read from their files, those in force for a site, and the house's own rules loosened for a while.

A fault raises `FieldError("invalid")` with a sentence for each place: file, rule, field. To add a jurisdiction, put
its file into `server/rulebooks`; `fairvisit rulebooks check FILE` says whether it can be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
import yaml
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct import judging
from server.domain.conduct.rules import Kind, Rule, Rulebook, RulebookError, read_rulebook
from server.services.rule_changes import RuleChange, day_of, keep_change, read_changes
from server.services.rulebook_shape import find_shape_faults
from server.services.site import Site
from server.settings import Settings

FOLDER = Path(__file__).parents[1] / "rulebooks"
FLOOR = FOLDER / "FLOOR.yaml"
_SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, ten times as fast, where it was built
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    digest: str
    text: Mapping[str, Any]


def shipped_names() -> list[str]:
    """Give the names of all rulebooks that are shipped."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_rulebook(path: Path) -> Rulebook:
    """Load a rulebook from a file; its digest is the SHA-256 of the file's bytes."""
    return _load(path.name, _read_bytes(path))


def load_shipped(name: str) -> Rulebook:
    """Load one of the rulebooks that are shipped; raise `not-found` for another name."""
    if name not in shipped_names():
        raise FieldError("not-found", detail=f"There is no rulebook {name!r}; there is {', '.join(shipped_names())}.")
    book = load_rulebook(FOLDER / f"{name}.yaml")
    if book.name != name:
        raise FieldError("invalid", {f"{name}.yaml: -: rulebook": [f"is '{book.name}', which is not the file's name"]})
    return book


def house_path(settings: Settings) -> Path:
    """Give the file of the house's own rulebook."""
    return Path(settings.house_rulebook) if settings.house_rulebook else FLOOR


def jurisdictions(settings: Settings) -> list[Rulebook]:
    """Load the rulebooks that the settings name, each after the one it lies within."""
    found: dict[str, Rulebook] = {}
    for name in filter(None, (each.strip() for each in settings.rulebooks.split(","))):
        found |= {book.name: book for book in reversed(_with_outer(name)) if book.name not in found}
    return list(found.values())


def _with_outer(name: str) -> list[Rulebook]:
    books: list[Rulebook] = []
    asked_by = "FAIRVISIT_RULEBOOKS"
    while name and name not in {book.name for book in books}:
        if name not in shipped_names():
            raise FieldError("invalid", {asked_by: [f"names '{name}'; there is {', '.join(shipped_names())}"]})
        book = load_shipped(name)
        if book.kind == Kind.HOUSE:
            raise FieldError("invalid", {asked_by: [f"names {name}, a house's rulebook; it takes jurisdictions only"]})
        books.append(book)
        name, asked_by = book.within, f"{name}.yaml: -: within"
    return books


def rulebooks_in_force(
    site: Site, at_ms: int | None = None, within: Connection | None = None
) -> tuple[Rulebook, ...]:
    """
    Give the rulebooks in force at a moment (now, where none is given): the house's first, then the jurisdictions'.

    They are read *within* a read that is open already, where one is.

    The house's holds the changes in effect then, and its digest covers them, so that a verdict names what it rests on.
    """
    source, book = _house_source(site.settings), load_rulebook(house_path(site.settings))
    changes: dict[str, RuleChange] = {}
    for change in read_changes(site, book.name, site.now() if at_ms is None else at_ms, within):
        candidate = _changed(source, change)
        try:
            book = _build(candidate)
        except FieldError as error:  # the file is another one since; its own limit is the stricter one
            log.warning("rule_change_does_not_fit", change=change.id, rule=change.rule_id, why=error.detail)
            continue
        source = candidate
        changes[change.rule_id] = change
    if changes:
        rules = [_say_changed(rule, changes[rule.id]) if rule.id in changes else rule for rule in book.rules]
        book = replace(book, rules=tuple(rules))
    return book, *jurisdictions(site.settings)


def loosen_rule(site: Site, rule_id: str, params: Mapping[str, Any], by: str, reason: str, until: date) -> RuleChange:
    """
    Give a house rule other parameters until the end of a day, signed by the server.

    Raises `conflict` for a jurisdiction's rule, which nobody here may loosen, `not-found` for one that is not in
    force, `invalid` for parameters that the rule cannot take, a day that is over, and a change without name or reason.
    """
    house, *others = rulebooks_in_force(site)
    rule = house.rule(rule_id)
    if rule is None:
        known = others + [load_shipped(name) for name in shipped_names()]
        owner = next((book for book in known if book.rule(rule_id)), None)
        if owner is None or owner.kind == Kind.HOUSE:
            raise FieldError("not-found", detail=f"The house's rulebook {house.name} has no rule {rule_id}.")
        detail = f"{rule_id} is a rule of {owner.name}, not the house's own: nobody here may loosen it."
        raise FieldError("conflict", detail=detail)
    wrong = {name: ["is missing"] for name, text in (("by", by), ("reason", reason)) if not text.strip()}
    if until < day_of(site, site.now()):
        wrong["until"] = [f"{until.isoformat()} is over; name today or a later day"]
    if wrong:
        raise FieldError("invalid", wrong)
    source = _house_source(site.settings)
    change = RuleChange("", house.name, rule_id, params, by, reason, until, 0)
    changed = _build(_changed(source, change)).rule(rule_id)
    if not params or (changed is not None and changed.params == rule.params):
        raise FieldError("invalid", {"params": [f"change nothing of {rule_id}"]})
    return keep_change(site, house.name, rule_id, params, by, reason, until)


def _house_source(settings: Settings) -> _Source:
    path = house_path(settings)
    source = _parse(path.name, _read_bytes(path))
    if source.text.get("kind") != Kind.HOUSE:
        sentence = f"names {path.name}, which is no house's rulebook (kind: house)"
        raise FieldError("invalid", {"FAIRVISIT_HOUSE_RULEBOOK": [sentence]})
    return source


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FieldError("invalid", {str(path): [f"cannot be read: {error.strerror}"]}) from None


@lru_cache(maxsize=64)
def _load(file: str, raw: bytes) -> Rulebook:
    """Build a rulebook once for the same bytes: it is asked for at every visit, and what cases share hangs on it."""
    return _build(_parse(file, raw))


@lru_cache(maxsize=64)
def _parse(file: str, raw: bytes) -> _Source:
    try:
        text = yaml.load(raw, _SAFE_LOADER)  # noqa: S506 - it is the safe one
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FieldError("invalid", {file: [f"is not YAML: {' '.join(str(error).split())}"]}) from None
    if faults := find_shape_faults(text):
        raise _error(file, faults)
    return _Source(file, hashlib.sha256(raw).hexdigest(), text)


def _build(source: _Source) -> Rulebook:
    try:
        return read_rulebook(source.file, source.digest, source.text, judging.read_params)
    except RulebookError as error:
        raise _error(source.file, error.faults) from None


def _error(file: str, faults: Sequence[tuple[str, str, str]]) -> FieldError:
    places: dict[str, list[str]] = {}
    for rule_id, name, sentence in faults:
        places.setdefault(f"{file}: {rule_id}: {name}", []).append(sentence)
    return FieldError("invalid", places)


def _changed(source: _Source, change: RuleChange) -> _Source:
    rules = [
        entry | {"params": {**entry.get("params", {}), **change.params}} if entry["id"] == change.rule_id else entry
        for entry in source.text["rules"]
    ]
    digest = hashlib.sha256(f"{source.digest} {change.signature}".encode()).hexdigest()
    return _Source(source.file, digest, {**source.text, "rules": rules})


def _say_changed(rule: Rule, change: RuleChange) -> Rule:
    """Have a changed rule say so: its sentences were written for the limit in the file."""
    day = change.until.isoformat()
    more = {
        "en": f" The house changed this until {day}: the limit shown here counts.",
        "zh": f"本机构已调整此项，有效期至 {day}，以此处所示限度为准。",
    }
    agent, person = (
        {language: sentence + more.get(language, more["en"]) for language, sentence in words.items()}
        for words in (rule.says_agent, rule.says_person)
    )
    note = f"{rule.note} Changed until {day} by {change.by}: {change.reason}".strip()
    return replace(rule, says_agent=agent, says_person=person, note=note)
