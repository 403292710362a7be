"""`fairvisit priority`: which open case to look at first, why, and what people say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, read_day, read_table, say_time, show_json, show_table
from server.domain.priority import TOP, Ranked, Weights
from server.services import choosing, prioritizing
from server.services.priority_table import USUAL, load_weights

NOTICE = "A proposal made by a weighted score. People decide; what a person is (sex, age, health …) is no factor."
weights_file = click.option(
    "--weights", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A YAML of weights of your own."
)
lender_name = click.option("--lender", help="Whose reference it is, where two lenders use the same.")
as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")
by = click.option("--by", required=True, help="Who says so; it is kept.")
reason = click.option("--reason", required=True, help="Why; it is kept.")


@click.group("priority")
def priority_command() -> None:
    """Which open case to look at first: a score with its reasons, that people may contest and override."""


def read_weights(path: Path | None) -> Weights:
    """Read weights, those of the house where no file is named; raise `invalid` once every fault was said."""
    return read_table(path or USUAL, load_weights)


@priority_command.command("list")
@weights_file
@click.option("--area", help="Only cases of this area.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to print.")
@as_json
def list_priorities(weights: Path | None, area: str | None, limit: int, is_json: bool) -> None:
    """Show the open cases that nobody has, the first to be looked at first."""
    table = read_weights(weights)
    with opened_site() as site:
        ranked = prioritizing.rank_free(site, table, area)
    if is_json:
        show_json({"notice": NOTICE, "weights": _name(table), "cases": [_plain(each) for each in ranked]})
        return
    rows = [
        (each.place, each.standing.reference, each.standing.lender, each.score, _say_strongest(each), _say_state(each))
        for each in ranked[:limit]
    ]
    show_table(("place", "reference", "lender", "score", "most for", "said of it"), rows, "No open case is free.")
    if len(ranked) > limit:
        click.echo(f"and {len(ranked) - limit} more; --limit or --json shows them")
    click.echo(f"Weights: {_name(table)}. `fairvisit priority show REFERENCE` gives every reason.")
    click.echo(NOTICE)


@priority_command.command("show")
@click.argument("reference")
@lender_name
@weights_file
@as_json
def show_priority(reference: str, lender: str | None, weights: Path | None, is_json: bool) -> None:
    """Show the score of the case REFERENCE: each reason with its points, and all that people said of it."""
    table = read_weights(weights)
    with opened_site() as site:
        [case_id] = choosing.find_cases(site, [reference], lender)
        ranked = prioritizing.rank_case(site, table, case_id)
    if is_json:
        show_json({"notice": NOTICE, "weights": _name(table), **_plain(ranked)})
        return
    place = "no place" if ranked.place is None else f"place {ranked.place}"
    changed = "" if ranked.score == ranked.proposed else f", its factors give {ranked.proposed}"
    click.echo(f"{ranked.standing.reference} ({ranked.standing.lender}): {place}, score {ranked.score}{changed}")
    for bar in ranked.standing.bars:
        click.echo(f"  not now: {bar}")
    for each in ranked.reasons:
        click.echo(f"  {each.points:>3} of {each.most:<3} {each.sentence}")
    for word in ranked.words:
        what = "contested" if word.kind == "contest" else f"{word.kind} {word.value} until {word.until}"
        click.echo(f"  {say_time(word.made_ms)} {word.by}: {what}: {word.reason}")
    click.echo(f"Weights: {_name(table)}.")
    click.echo(NOTICE)


@priority_command.command("contest")
@click.argument("reference")
@lender_name
@by
@reason
def contest_priority(reference: str, lender: str | None, by: str, reason: str) -> None:
    """Say that the priority of REFERENCE is wrong; it is kept and shown, until somebody overrides it."""
    with opened_site() as site:
        [case_id] = choosing.find_cases(site, [reference], lender)
        prioritizing.contest(site, case_id, by, reason)
    click.echo(f"Kept: {by} contests the priority of {reference}.")


@priority_command.command("override")
@click.argument("reference")
@lender_name
@click.option("--place", type=int, help="The place it shall have in the list.")
@click.option("--score", type=int, help=f"The score it shall have, 0 to {TOP}.")
@by
@reason
@click.option("--until", required=True, metavar="DAY", help="The last day this holds, YYYY-MM-DD.")
def override_priority(
    reference: str, lender: str | None, place: int | None, score: int | None, by: str, reason: str, until: str
) -> None:
    """Give REFERENCE another place or score, until the end of a day; who, why and until when are kept and shown."""
    if (place is None) == (score is None):
        raise FieldError("invalid", detail="Name one of --place and --score.")
    kind, value = ("score", score) if place is None else ("place", place)
    assert value is not None
    with opened_site() as site:
        [case_id] = choosing.find_cases(site, [reference], lender)
        prioritizing.override(site, case_id, kind, value, by, reason, read_day("--until", until))
    click.echo(f"{reference} has {kind} {value} until the end of {until}; {by} answers for it.")


def _name(weights: Weights) -> str:
    return f"{weights.name} {weights.version}"


def _say_strongest(ranked: Ranked) -> str:
    strongest = max(ranked.reasons, key=lambda each: each.points, default=None)
    return "-" if strongest is None or strongest.points == 0 else f"{strongest.factor} ({strongest.points})"


def _say_state(ranked: Ranked) -> str:
    if ranked.standing.bars:
        return "not now"
    if ranked.is_contested:
        return "contested"
    return "" if ranked.override is None else f"{ranked.override.kind} by {ranked.override.by}"


def _plain(ranked: Ranked) -> dict[str, Any]:
    standing = ranked.standing
    return {
        "place": ranked.place, "lender": standing.lender, "reference": standing.reference, "score": ranked.score,
        "proposed": ranked.proposed, "bars": list(standing.bars), "is_contested": ranked.is_contested,
        "reasons": [
            {"factor": each.factor.value, "value": each.value, "points": each.points, "of": each.most,
             "sentence": each.sentence}
            for each in ranked.reasons
        ],
        "words": [
            {"kind": each.kind, "value": each.value, "by": each.by, "reason": each.reason,
             "until": None if each.until is None else each.until.isoformat(), "made_ms": each.made_ms}
            for each in ranked.words
        ],
    }  # fmt: skip
