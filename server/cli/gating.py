"""`fairvisit gate | explain`: what rules answered for a case or visit and why, and what the house vouches for."""

from __future__ import annotations

from typing import Any

import click

from schemas.errors import FieldError
from server.cli.rulebooks import NOTICE
from server.cli.showing import opened_site, pick, read_day, say_time, show_json, show_table
from server.domain.conduct.recounting import load
from server.domain.conduct.verdicts import Verdict
from server.domain.conduct.wording import say_from
from server.services import choosing, gating, vouching
from server.services.gating import Recount
from server.storage import conduct_rows

NOTHING_HOLDS = "The house's own rulebook is empty and no jurisdiction is set (FAIRVISIT_RULEBOOKS): nothing is judged."
as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")


@click.group("gate")
def gate_command() -> None:
    """See what stands between a case and a crew. None of it is legal advice."""


@gate_command.command("list")
@as_json
def list_refused(is_json: bool) -> None:
    """Show every open case that was refused when it was last to be assigned, with each rule and its cure."""
    with opened_site() as site:
        is_judging = bool(gating.rulebooks_of(site))
        with site.store.read() as connection:
            rows = [_refused(row, site.settings.zone) for row in conduct_rows.read_refused(connection)]
    if is_json:
        show_json({"notice": NOTICE, "is_judging": is_judging, "refused": rows})
        return
    for row in rows:
        click.echo(f"{row['reference']} ({row['lender']})")
        for each in row["in_the_way"]:
            click.echo(f"  {each['rule']}: {each['limit']}")
            click.echo(f"    possible {each['cure']}" if each["cure"] else "    nothing cures it for now")
    if not rows:
        click.echo("No case is refused.")
    click.echo(NOTICE if is_judging else NOTHING_HOLDS)


def _refused(row: Any, zone: str) -> dict[str, Any]:
    verdicts = [load(Verdict, each) for each in row.troubles]
    found = [
        {
            "rule": verdict.rule_id,
            "answer": verdict.answer.value,
            "limit": verdict.limit,
            "cure": verdict.cure or ("" if verdict.cure_ms is None else say_from(verdict.cure_ms, zone)),
            "citation": verdict.citation,
            "confidence": verdict.confidence.value,
            "is_house": verdict.is_house,
        }
        for verdict in verdicts
        if verdict.blocks or verdict.warns
    ]
    return {"lender": row.lender, "reference": row.reference, "judged": say_time(row.made_ms), "in_the_way": found}


@gate_command.command("explain")
@click.argument("reference")
@click.option("--lender", help="Whose reference it is, where two lenders use the same.")
@as_json
def explain_case(reference: str, lender: str | None, is_json: bool) -> None:
    """Show what was last answered for a case, and judge the very same facts again: the answers must be the same."""
    with opened_site() as site:
        [case_id] = choosing.find_cases(site, [reference], lender)
        again = gating.recount(site, case_id)
    _show_recount(f"{reference}: {'went through' if again.row.is_open else 'was refused'}", again, is_json=is_json)


@click.command("explain")
@click.argument("visit_id")
@as_json
def explain_command(visit_id: str, is_json: bool) -> None:
    """
    Show the rules that a visit did not keep or that cannot be told, and judge the very same facts again.

    What cannot be told is a question for the reviewer. None of it is legal advice.
    """
    with opened_site() as site:
        again = gating.recount_visit(site, visit_id)
    said = "broke no rule" if again.row.is_open else "broke a rule"
    _show_recount(f"{visit_id}: {said}", again, is_json=is_json)


def _show_recount(said: str, again: Recount, *, is_json: bool) -> None:
    row = again.row
    verdicts = [load(Verdict, each) for each in row.troubles]
    if is_json:
        show_json({
            "notice": NOTICE, "is_open": row.is_open, "rulebooks": row.rulebooks, "facts": row.facts,
            "answers": row.answers, "troubles": row.troubles, "override": row.override,
            "changed_rulebooks": list(again.changed_books), "differences": [list(each) for each in again.differences],
        })  # fmt: skip
        return
    click.echo(f"{said}, judged {say_time(row.made_ms)} by")
    for book in row.rulebooks:
        click.echo(f"  {book['name']} {book['version']} ({book['digest'][:12]})")
    for verdict in verdicts:
        _say(verdict)
    passed = sum(answer == "pass" for answer in row.answers.values())
    click.echo(f"{passed} rules passed, {len(verdicts)} did not.")
    for name in again.changed_books:
        click.echo(f"{name} has been changed since.")
    for rule, before, after in again.differences:
        click.echo(f"{rule} was {before} and is now {after}.")
    if not again.differences:
        click.echo("Judged again over the same facts: every answer is the same.")
    click.echo(NOTICE)


@gate_command.command("attest")
@click.argument("rule_id", metavar="RULE")
@click.option("--by", required=True, help="Who vouches; it is kept.")
@click.option("--reason", required=True, help="On what ground; it is kept.")
@click.option("--until", required=True, metavar="DAY", help="The last day it stands, YYYY-MM-DD.")
def attest_rule(rule_id: str, by: str, reason: str, until: str) -> None:
    """Vouch for a RULE that software cannot decide, until the end of a day: then it holds no case back."""
    with opened_site() as site:
        vouching.attest_rule(site, rule_id, by, reason, read_day("--until", until))
    click.echo(f"{by} vouches for {rule_id} until the end of {until}.")
    click.echo(NOTICE)


@gate_command.command("attestations")
@as_json
def list_attestations(is_json: bool) -> None:
    """Show what somebody of the house vouched for, who, why and until when."""
    with opened_site() as site:
        rows = [pick(row, ("rule_id", "by", "reason", "until", "made_ms")) for row in vouching.list_attestations(site)]
    if is_json:
        show_json({"notice": NOTICE, "attestations": rows})
        return
    table = [(row["rule_id"], row["by"], row["until"], say_time(row["made_ms"]), row["reason"]) for row in rows]
    show_table(("rule", "by", "until", "since", "reason"), table, "Nobody vouches for anything.")
    click.echo(NOTICE)


@gate_command.command("state")
@click.argument("words", nargs=-1, required=True, metavar="WORD=yes|no")
@click.option("--lender", required=True, help="Whose debts it is said of.")
@click.option("--case", "reference", help="The one case it is said of; without it, of all the lender's.")
@click.option("--by", required=True, help="Who says it for the lender; it is kept.")
@click.option("--reason", required=True, help="On what ground; it is kept.")
@click.option("--until", required=True, metavar="DAY", help="The last day it stands, YYYY-MM-DD.")
def state_words(
    words: tuple[str, ...], lender: str, reference: str | None, by: str, reason: str, until: str
) -> None:  # fmt: skip
    """
    Keep what a lender says of its debts that nobody here can see: found_lawful=yes debt_transferred=no.

    The newest word counts, and what is said of one case before what is said of all. What was never said is not known.
    """
    said = dict(_read_word(word) for word in words)
    with opened_site() as site:
        case_id = None if reference is None else choosing.find_cases(site, [reference], lender)[0]
        vouching.state_words(site, lender, said, by, reason, read_day("--until", until), case_id)
    click.echo(f"{by} says for {reference or f'every case of {lender}'}, until the end of {until}: {', '.join(words)}.")


def _read_word(text: str) -> tuple[str, bool]:
    word, _, answer = text.partition("=")
    if answer not in {"yes", "no"}:
        raise FieldError("invalid", {text: ["should be a word and yes or no, such as found_lawful=yes"]})
    return word, answer == "yes"


@gate_command.command("statements")
@as_json
def list_words(is_json: bool) -> None:
    """Show what lenders said of their debts, who, why and until when."""
    names = ("lender", "reference", "word", "is_so", "by", "reason", "until", "made_ms")
    with opened_site() as site:
        rows = [pick(row, names) for row in vouching.list_words(site)]
    if is_json:
        show_json({"statements": rows})
        return
    table = [
        (row["lender"], row["reference"] or "all", row["word"], "yes" if row["is_so"] else "no", row["by"],
         row["until"], row["reason"])
        for row in rows
    ]  # fmt: skip
    show_table(("lender", "case", "word", "so", "by", "until", "reason"), table, "No lender has said anything.")


def _say(verdict: Verdict) -> None:
    click.echo(f"  [{verdict.answer.value}] {verdict.rule_id}: {verdict.says_agent}")
    click.echo(f"    allowed: {verdict.limit}")
    for used in verdict.used:
        since = "" if used.at_ms is None else f", {say_time(used.at_ms)}"
        click.echo(f"    {used.name}: {used.value} ({used.source or 'known here'}{since})")
    for missing in verdict.missing:
        click.echo(f"    not known: {missing}")
    if verdict.cure:
        click.echo(f"    possible: {verdict.cure}")
    click.echo(f"    {verdict.citation} ({verdict.confidence.value})")
