"""`fairvisit retention`: how long records are kept and by which rule, what has to go, legal holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from server.cli.rulebooks import NOTICE
from server.cli.showing import opened_site, pick, say_time, show_json, show_table, who
from server.domain.conduct.retention import RecordClass, concerning, may_erase, say_rule
from server.services import choosing, gating, retention, retiring
from server.services.retention import Holding
from server.services.retiring import Retired
from server.services.rule_changes import day_of
from server.storage import retention_rows

NOTHING_HOLDS = "No jurisdiction is set (FAIRVISIT_RULEBOOKS): nobody knows which law holds, so nothing has to go."
# What a certificate shows under which title: of records of a case or person, and of one file.
RECORDS = {
    "erased": "at", "records": "record", "count": "count", "case or person": "about", "by rule": "rule_id",
    "since": "due_on", "by": "by",
}  # fmt: skip
FILES = {"erased": "at", "case": "case_id", "file": "sha256", "its key": "key_id", "by": "by", "why": "reason"}
HOLD = ("id", "lender", "reference", "person_id", "reason", "by", "placed_ms")
as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")
by = click.option("--by", required=True, help="Who does this; it is kept.")
reason = click.option("--reason", required=True, help="Why; it is kept.")
lender = click.option("--lender", help="Whose reference it is, where two lenders use the same.")


@click.group("retention")
def retention_command() -> None:
    """How long records are kept, and what has to go. None of it is legal advice."""


@retention_command.command("list")
@as_json
def list_rules(is_json: bool) -> None:
    """Show which rule keeps which class of records how long, which is ground to erase, and the legal holds in force."""
    with opened_site() as site:
        books = gating.rulebooks_of(site)
        with site.store.read() as connection:
            holds = [pick(row, HOLD) for row in retention_rows.read_legal_holds(connection)]
    rules = [
        {"record": record.value, "rule": rule.id, "rulebook": book.name, "says": say_rule(rule),
         "confidence": rule.confidence.value, "may_erase": bool(rule.params.most) and may_erase(book, rule)}
        for record in RecordClass
        for book, rule in concerning(books, record)
    ]  # fmt: skip
    if is_json:
        show_json({"notice": NOTICE, "rules": rules, "legal_holds": holds})
        return
    table = [(each["record"], each["rule"], each["confidence"], each["says"]) for each in rules]
    show_table(("records", "rule", "confidence", "says"), table, "No rule says anything." if books else NOTHING_HOLDS)
    for each in holds:
        where, when = each["reference"] or f"person {each['person_id']}", say_time(each["placed_ms"])
        click.echo(f"Legal hold {each['id']} on {where} by {each['by']}, {when}: {each['reason']}")
    click.echo(NOTICE)


@retention_command.command("due")
@click.option("--case", "reference", help="Show what is kept of this case, by which rule and until when.")
@lender
@as_json
def show_due(reference: str | None, lender: str | None, is_json: bool) -> None:
    """
    Show what has to be erased by now, by which rule and since which day, and what is kept until when.

    With --case: what is kept of it, by which rule.
    """
    with opened_site() as site:
        if reference is not None:
            [case_id] = choosing.find_cases(site, [reference], lender)
            with site.store.read() as connection:
                kept = retention.what_is_kept(connection, site, case_id=case_id)
            _show_kept([(each.record.value, each.rule_id, each.until, each.sentence) for each in kept], is_json=is_json)
            return
        today = day_of(site, site.now())
        with site.store.read() as connection:
            clocks = retention.wind_clocks(connection, site)
            unnamed = retiring.find_unnamed(connection, site, today)
        is_judging = bool(gating.rulebooks_of(site))
    due, held = [*retiring.find_due(clocks, today), *unnamed], retention.sum_up(clocks, today)
    if is_json:
        show_json({"notice": NOTICE, "due": [_told(each) for each in due], "kept": [_held(each) for each in held]})
        return
    _show_retired(due, empty="Nothing has to go today." if is_judging else NOTHING_HOLDS)
    table = [tuple(_held(each).values()) for each in held]
    show_table(("kept", "of cases", "until at first", "until at last", "no end yet"), table, "Nothing is kept.")
    click.echo(NOTICE)


def _held(each: Holding) -> dict[str, Any]:
    days = {name: day and day.isoformat() for name, day in (("first", each.first), ("last", each.last))}
    return {"record": each.record.value, "cases": each.cases, **days, "endless": each.endless}


def _show_kept(rows: list[tuple[str, str, date | None, str]], *, is_json: bool) -> None:
    told = [(record, rule, until.isoformat() if until else "no end yet", said) for record, rule, until, said in rows]
    if is_json:
        show_json([dict(zip(("record", "rule", "until", "sentence"), each, strict=True)) for each in told])
        return
    show_table(("records", "kept by", "until", "says"), told, "Nothing is kept of it by any rule.")
    click.echo(NOTICE)


@retention_command.command("hold")
@click.argument("reference")
@lender
@click.option("--person", "of_person", is_flag=True, help="Keep all cases of its person.")
@by
@reason
def hold_case(reference: str, lender: str | None, of_person: bool, by: str, reason: str) -> None:
    """Keep everything of the case REFERENCE for a legal matter, until another person lifts it."""
    with opened_site() as site:
        [case_id] = choosing.find_cases(site, [reference], lender)
        hold_id = retention.place_legal_hold(site, case_id, by, reason, of_person=of_person)
    click.echo(f"Legal hold {hold_id} is placed: nothing of it is erased until it is lifted.")


@retention_command.command("lift")
@click.argument("hold")
@by
@reason
def lift_hold(hold: str, by: str, reason: str) -> None:
    """Lift the legal hold HOLD (its id, or the end of it), by another person than the one who placed it."""
    with opened_site() as site:
        hold_id = retention.find_legal_hold(site, hold)
        retention.lift_legal_hold(site, hold_id, by, reason)
    click.echo(f"Legal hold {hold_id} is lifted.")


@retention_command.command("run")
@click.option("--by", help="Who does this; it is kept. Without it: whoever runs the command.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Show what would go, and erase nothing.")
@as_json
def run(by: str | None, is_dry: bool, is_json: bool) -> None:
    """Erase what has to go by now, and keep a record of it. Run again, it finds nothing left."""
    with opened_site() as site:
        done = retiring.retire(site, by or who(), is_dry=is_dry)
    if is_json:
        show_json([_told(each) for each in done])
        return
    _show_retired(done, empty="Nothing has to go today.")
    if done:
        click.echo("Nothing was erased." if is_dry else f"{sum(each.count for each in done)} records were erased.")


@retention_command.command("record")
@click.option("--files", "of_files", is_flag=True, help="Show the certificate of each erased file instead.")
@as_json
def show_record(of_files: bool, is_json: bool) -> None:
    """Show what was ever erased because its time was over: what, how many, by which rule, when and by whom."""
    read, shown = (retention_rows.read_erased_files, FILES) if of_files else (retention_rows.read_retired, RECORDS)
    with opened_site() as site, site.store.read() as connection:
        # SQLAlchemy's names of columns are more than plain texts, and JSON takes those alone.
        rows = [{str(name): value for name, value in row._mapping.items()} for row in read(connection)]
    if is_json:
        show_json(rows)
        return
    told = [{**row, "at": say_time(row["at_ms"]), "about": row["case_id"] or row["person_id"]} for row in rows]
    table = [tuple(row[name] for name in shown.values()) for row in told]
    show_table(tuple(shown), table, "No file was erased." if of_files else "Nothing was erased.")


def _show_retired(rows: list[Retired], empty: str) -> None:
    told = [_told(each) for each in rows]
    titles = ("lender", "reference", "person_id", "record", "count", "rule", "due_on")
    table = [tuple(each[name] for name in titles) for each in told]
    show_table(("lender", "case", "person", "records", "count", "by rule", "since"), table, empty)


def _told(each: Retired) -> dict[str, Any]:
    case = {"lender": each.case.lender, "reference": each.case.reference, "person_id": None} if each.case else None
    about = case or {"lender": None, "reference": None, "person_id": each.person_id}
    return about | {
        "record": each.record.value, "count": each.count, "rule": each.rule_id, "due_on": each.due_on.isoformat(),
    }  # fmt: skip
