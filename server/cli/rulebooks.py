"""`fairvisit rulebooks`: which rules hold, what they rest on, and the house's own loosened for a while."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
import orjson

from schemas.errors import FieldError
from server.cli.showing import opened_site, read_day, say_fields, show_json, show_table
from server.domain.conduct.plain import compare, describe, say_limit
from server.domain.conduct.rules import Confidence, Rule, Rulebook
from server.services import rulebooks
from server.services.site import Site
from server.settings import Settings

NOTICE = "Nothing here is legal advice: let local counsel look at every rule before you rely on it."
MEANINGS = {
    Confidence.PRIMARY: "the text of the law or of the regulator was seen",
    Confidence.SECONDARY: "seen in somebody else's words",
    Confidence.PARTIAL: "seen in part, the rest from memory: not verified",
    Confidence.MEMORY: "from memory only: not verified",
    Confidence.POLICY: "the house's own choice, not law",
}
as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")
language = click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)


@click.group("rulebooks")
def rulebooks_command() -> None:
    """Rules of jurisdictions and of the house. None of it is legal advice."""


@rulebooks_command.command("list")
@as_json
def list_rulebooks(is_json: bool) -> None:
    """Show every rulebook: how sure its rules are, and whether it is in force here."""
    settings = Settings.from_environment()
    house = rulebooks.load_rulebook(rulebooks.house_path(settings))
    books = {name: rulebooks.load_shipped(name) for name in rulebooks.shipped_names()} | {house.name: house}
    here = {house.name, *(book.name for book in rulebooks.jurisdictions(settings))}
    rows = [_count(book) | {"in_force": book.name in here} for book in books.values()]
    if is_json:
        show_json({"notice": NOTICE, "rulebooks": rows})
        return
    titles = [name.replace("_", " ") for name in rows[0]]
    show_table(titles, [["yes" if value is True else value or "-" for value in row.values()] for row in rows], "")
    click.echo(NOTICE)


def _count(book: Rulebook) -> dict[str, Any]:
    sure = Counter(rule.confidence for rule in book.rules)
    counts = {confidence.value: sure[confidence] for confidence in Confidence}
    unverified = sum(not rule.is_verified for rule in book.rules)
    named = {"name": book.name, "version": book.version, "kind": book.kind.value, "rules": len(book.rules)}
    return {**named, **counts, "not_verified": unverified}


@rulebooks_command.command("show")
@click.argument("name")
@language
@as_json
def show_rulebook(name: str, language: str, is_json: bool) -> None:
    """Show every rule of the rulebook NAME, as it stands here now, and what was seen of its sources."""
    with opened_site() as site:
        book = next((book for book in _standing(site) if book.name == name), None) or rulebooks.load_shipped(name)
    if is_json:
        told = {each: getattr(book, each) for each in ("name", "version", "kind", "title", "zone", "within", "digest")}
        rules = {rule.id: describe(rule) for rule in book.rules}
        show_json({"notice": NOTICE, **told, "sources": book.sources, "rules": rules})
        return
    within = f", within {book.within}" if book.within else ""
    click.echo(f"{book.name} {book.version}: {book.title} ({book.kind}{within}), {book.digest[:12]}")
    for rule in book.rules:
        unsure = "" if rule.is_verified else "  (not verified)"
        click.echo(f"{rule.id:18} [{rule.severity}] {rule.says_agent[language]}{unsure}")
    click.echo("Sources:")
    for source in book.sources.values():
        click.echo(f"  {source['law']}. Seen: {source.get('seen') or 'nothing'}.")
    click.echo(NOTICE)


def _standing(site: Site) -> list[Rulebook]:
    """Give the rulebooks in force, and after them all others that are shipped."""
    here = rulebooks.rulebooks_in_force(site)
    names = {book.name for book in here}
    return [*here, *(rulebooks.load_shipped(name) for name in rulebooks.shipped_names() if name not in names)]


@rulebooks_command.command("check")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def check_rulebook(file: Path) -> None:
    """Say whether FILE can be read as a rulebook, and each place that is wrong."""
    try:
        book = rulebooks.load_rulebook(file)
    except FieldError as error:
        for sentence in say_fields(error):
            click.echo(sentence, err=True)
        raise FieldError("invalid", detail=f"{file.name} cannot be used; mend the places above.") from None
    click.echo(f"{file.name}: {book.name} {book.version}, {len(book.rules)} rules, nothing wrong.")
    unsure = [rule.id for rule in book.rules if not rule.is_verified]
    click.echo(f"Not verified: {' '.join(unsure) or 'none'}")
    click.echo(NOTICE)


@rulebooks_command.command("diff")
@click.argument("before")
@click.argument("after")
@as_json
def diff_rulebooks(before: str, after: str, is_json: bool) -> None:
    """Show how the rules of two rulebooks differ; each is a file, or the name of one that is shipped."""
    one, other = (rulebooks.load_rulebook(Path(name)) if Path(name).is_file() else rulebooks.load_shipped(name)
                  for name in (before, after))  # fmt: skip
    found = list(compare(one, other))
    if is_json:
        names = ("rule_id", "field", "before", "after")
        show_json({"notice": NOTICE, "differences": [{name: getattr(each, name) for name in names} for each in found]})
        return
    for each in found:
        if each.field == "rule":
            click.echo(f"{each.rule_id}: {'only before' if each.after is None else 'only after'}")
        else:
            click.echo(f"{each.rule_id}: {each.field}: {each.before or 'nothing'} -> {each.after or 'nothing'}")
    click.echo(f"{len(found)} differences.")
    click.echo(NOTICE)


@rulebooks_command.command("explain")
@click.argument("rule_id", metavar="RULE")
@language
@as_json
def explain_rule(rule_id: str, language: str, is_json: bool) -> None:
    """Explain RULE as it stands here now: its sentences, limit, law, how sure we are of it, and what changed it."""
    with opened_site() as site:
        books = _standing(site)
        here = {book.name for book in rulebooks.rulebooks_in_force(site)}
    book, rule = _find(books, rule_id)
    if is_json:
        known = {"id": rule.id, "rulebook": book.name, "version": book.version, "kind": book.kind.value}
        flags = {"in_force": book.name in here, "is_verified": rule.is_verified, "limit": say_limit(rule)}
        show_json({"notice": NOTICE, **known, **flags, **describe(rule)})
        return
    click.echo(f"{rule.id}, {book.name} {book.version}{'' if book.name in here else ' (not in force here)'}")
    is_policy = rule.is_house or rule.confidence is Confidence.POLICY
    lines = {
        "Agents": rule.says_agent[language],
        "The person": rule.says_person[language],
        "Limit": say_limit(rule),
        "Source": f"{'the house, no law: ' if is_policy else ''}{rule.citation}",
        "Confidence": f"{rule.confidence}: {MEANINGS[rule.confidence]}",
        "Status": rule.status.value,
        "Checked": f"{describe(rule)['check']}; broken: {rule.severity}; not known: {rule.on_unknown}",
        "Note": rule.note,
    }
    for title, text in lines.items():
        if text:
            click.echo(f"  {title + ':':12} {text}")
    click.echo(NOTICE)


def _find(books: list[Rulebook], rule_id: str) -> tuple[Rulebook, Rule]:
    for book in books:
        rule = book.rule(rule_id)
        if rule is not None:
            return book, rule
    raise FieldError("not-found", detail=f"There is no rule {rule_id}; `fairvisit rulebooks show NAME` lists them.")


@rulebooks_command.command("loosen")
@click.argument("rule_id", metavar="RULE")
@click.option("--params", required=True, help="""The parameters that change, as JSON: '{"end": "20:00"}'.""")
@click.option("--by", required=True, help="Who decides this; it is signed and kept.")
@click.option("--reason", required=True, help="Why; it is signed and kept.")
@click.option("--until", required=True, metavar="DAY", help="The last day it holds, YYYY-MM-DD.")
def loosen_rule(rule_id: str, params: str, by: str, reason: str, until: str) -> None:
    """Change a RULE of the house until the end of a day; a jurisdiction's rule cannot be changed."""
    day = read_day("--until", until)
    try:
        changed = orjson.loads(params)
    except orjson.JSONDecodeError:
        changed = None
    if not isinstance(changed, dict):
        raise FieldError("invalid", {"--params": ["""should be a JSON object, as '{"end": "20:00"}'"""]})
    with opened_site() as site:
        rulebooks.loosen_rule(site, rule_id, changed, by, reason, day)
        _, rule = _find(_standing(site), rule_id)
    click.echo(f"{rule_id} holds until the end of {day} as {say_limit(rule)}")
    click.echo(NOTICE)
