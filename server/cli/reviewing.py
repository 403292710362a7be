"""`fairvisit visits | visit | findings | conflicts | decide | reconcile`: the review from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import orjson

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.vocabulary import Act, ContactResult, Disposition
from schemas.words import say
from server.cli.showing import opened_site
from server.domain.conduct.codes import ConductCode, say_conduct
from server.domain.findings.codes import CATALOGUE, Code, Severity
from server.domain.reviewing import State, permitted_acts
from server.services.asking import prepare_pairs
from server.services.reconciling import reconcile
from server.services.replaying import judge_parked
from server.services.reviewing import Said, decide_visit, resolve_clash
from server.services.searching import index_due
from server.services.story import tell_visit
from server.storage import contact_rows, review_rows, visit_rows

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
NOTHING = "none"  # the reviewer looked, and saw no conduct of the list
PAIRS_AT_ONCE = 50
BY = click.option("--by", required=True, help="Who does this; it is kept.")


def show(value: Any) -> None:
    """Print JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())


@click.command("visits")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only visits in this state.")
@click.option("--agent", help="Only visits this agent (code) led.")
@click.option("--most", default=500, show_default=True, help="How many at most.")
@AS_JSON
def visits_command(state: str | None, agent: str | None, most: int, as_json: bool) -> None:
    """List visits, the newest first, and how many stand in each state."""
    with opened_site() as site, site.store.read() as connection:
        rows = review_rows.list_visits(connection, state, agent, most)
        counts = visit_rows.count_states(connection)
    if as_json:
        members = ("visit_id", "case_id", "reference", "state", "code", "contact_result", "disposition", "started_ms")
        show({"counts": counts, "visits": [{name: getattr(row, name) for name in members} for row in rows]})
        return
    for row in rows:
        when = format_time(row.started_ms)[:16].replace("T", " ") if row.started_ms else "not known when"
        came = f"{row.contact_result or '-'}/{row.disposition or '-'}"
        who = f"{row.state or 'not folded':15} {row.code or '-':8}"
        click.echo(f"{row.visit_id}  {when}  {who} {came:24} {row.address}")
    told = "  ".join(f"{name}: {number}" for name, number in sorted(counts.items()))
    click.echo(told or "No visit was received yet.")


@click.command("visit")
@click.argument("visit_id")
@AS_JSON
def visit_command(visit_id: str, as_json: bool) -> None:
    """Show one visit: who, when by which clock, what was recorded, what was found, what was decided."""
    with opened_site() as site:
        story = tell_visit(site, visit_id)
    if as_json:
        show(story)
        return
    click.echo(f"{story['address']}  ({story['reference']})  {story['state']}, led by {story['lead'] or 'nobody'}")
    for event in story["events"]:
        bound = f"± {round(event['bound_ms'] / 2000)} s"
        click.echo(f"  {event['time']} {bound:>9}  {event['agent']:8} {event['words']}{event['more']}")
    for finding in story["findings"]:
        click.echo(f"  [{finding['severity']}] {finding['sentence']}{_quote(finding['facts'])}  ({finding['code']})")
    _show_conduct(story["conduct"])
    for each in story["complaints"]:
        said = "; ".join(say_conduct(code) for code in each["codes"]) or "in words only"
        state = "answered" if each["is_answered"] else "not answered"
        click.echo(f"  [claim] {each['made']} a complaint on this case ({state}): {said}. What did you see? (--saw)")
    for decision in story["decisions"]:
        answer = f" Answer: {decision['answer']}" if decision["answer"] else ""
        saw = "" if decision["saw"] is None else f" Saw: {', '.join(decision['saw']) or 'none of the listed conduct'}."
        told = f"{decision['question'] or ''}{answer}{saw}"
        click.echo(f"  {decision['at']} {decision['act']} by {decision['by']}. {told}")
    if story["parked"]:
        click.echo(f"  {len(story['parked'])} records were set aside: {', '.join(story['parked'])}")
    click.echo(f"  What can be done: {', '.join(permitted_acts(State(story['state']))) or 'nothing yet'}.")


@click.command("findings")
@click.option("--code", "codes", multiple=True, type=click.Choice([code.value for code in Code]), help="Only these.")
@click.option("--severity", "severities", multiple=True, type=click.Choice([each.value for each in Severity]))
@click.option("--list-codes", is_flag=True, help="Show every code there is, and its sentence.")
@AS_JSON
def findings_command(codes: tuple[str, ...], severities: tuple[str, ...], list_codes: bool, as_json: bool) -> None:
    """List what reconciliation found."""
    if list_codes:
        for code, (severity, sentence) in CATALOGUE.items():
            click.echo(f"{code.value:26} {severity.value:5} {sentence}")
        return
    with opened_site() as site, site.store.read() as connection:
        rows = review_rows.list_findings(connection, codes, severities)
    if as_json:
        members = ("id", "code", "severity", "sentence", "facts", "case_id", "visit_id", "agent_code", "contested")
        show([{name: getattr(row, name) for name in members} for row in rows])
        return
    for row in rows:
        contested = "  (contested)" if row.contested else ""
        where = f"{row.visit_id}  {row.agent_code or '-':8}"
        click.echo(f"{row.severity:5} {row.code:26} {where} {row.sentence}{_quote(row.facts)}{contested}")
    click.echo(f"{len(rows)} findings.")


def _show_conduct(conduct: Mapping[str, Any] | None) -> None:
    """Show what the rules answered: what was kept as a number, what was not by its limit, what is open asked."""
    if conduct is None:
        click.echo("  The visit was not judged by any rulebook.")
        return
    failed, questions = conduct["failed"], conduct["questions"]
    counted = f"{conduct['passed']} kept, {len(failed)} not kept, {len(questions)} questions for the reviewer"
    click.echo(f"  Rules: {counted}.")
    for each in failed:
        used = "; ".join(each["used"])
        click.echo(f"  [not kept] {each['rule']}: {each['limit']}{f' ({used})' if used else ''}")
    for each in questions:
        how = " (decide … --saw CODE, or --saw none)" if each["missing"] == "conduct_codes" else ""
        click.echo(f"  [question] {each['asks']}{how}  ({', '.join(rule['rule'] for rule in each['rules'])})")


def _quote(facts: Mapping[str, Any]) -> str:
    """Give the words a finding is about, which stand in its facts until they are erased."""
    return f' "{facts["matched"]}"' if "matched" in facts else ""


@click.command("conflicts")
@click.option("--accept", metavar="EVENT", help="Take the value of this event's proposal.")
@click.option("--keep", metavar="EVENT", help="Keep what the office holds against this event's proposal.")
@click.option("--field", help="Which field, with --accept or --keep.")
@click.option("--by", help="Who decides, with --accept or --keep.")
@AS_JSON
def conflicts_command(accept: str | None, keep: str | None, field: str | None, by: str | None, as_json: bool) -> None:
    """List contact corrections that contradict each other, or decide one."""
    chosen = accept or keep
    if chosen is not None:
        if not field or not by:
            raise FieldError("invalid", {"conflicts": ["to decide one, give --field and --by too"]})
        with opened_site() as site:
            resolve_clash(site, chosen, field, by, accept=accept is not None)
        click.echo(f"Decided: {field} {'as proposed' if accept else 'stays as it is'}.")
        return
    with opened_site() as site, site.store.read() as connection:
        rows = contact_rows.read_clashes(connection)
    if as_json:
        members = ("event_id", "field", "base", "new", "person_id", "against")
        show([{name: getattr(row, name) for name in members} for row in rows])
        return
    for row in rows:
        held = row.contacts.get(row.field, "nothing")
        click.echo(f"{row.event_id}  {row.field}: held {held!r}, seen {row.base!r}, proposed {row.new!r}")
    click.echo(f"{len(rows)} to decide." if rows else "Nothing to decide.")


@click.command("decide")
@click.argument("visit_id")
@click.argument("act", type=click.Choice([act.value for act in Act]))
@BY
@click.option("--reason", default="", help="Why; needed to reject.")
@click.option("--question", default="", help="What the agent is asked; needed to return.")
@click.option("--contact-result", type=click.Choice([each.value for each in ContactResult]), help="With amended.")
@click.option("--disposition", type=click.Choice([each.value for each in Disposition]), help="With amended.")
@click.option(
    "--saw", multiple=True, type=click.Choice([NOTHING, *(each.value for each in ConductCode)]),
    help="Conduct you saw, once for each; 'none' where you looked and there was none. Without it nobody looked.",
)
def decide_command(
    visit_id: str, act: str, by: str, reason: str, question: str, contact_result: str | None, disposition: str | None,
    saw: tuple[str, ...],
) -> None:
    """Approve a visit, return it with a question, reject it, or amend its outcome; say what conduct you saw."""
    if NOTHING in saw and len(set(saw)) > 1:
        raise FieldError("invalid", {"--saw": [f"names '{NOTHING}' and conduct; name one or the other"]})
    given = {"contact_result": contact_result, "disposition": disposition}
    amendment = {name: value for name, value in given.items() if value is not None}
    with opened_site() as site:
        with site.store.read() as connection:
            rows = review_rows.find_visit(connection, visit_id)
        if not rows:
            raise FieldError("not-found", detail=f"There is no visit {visit_id}.")
        seen = [ConductCode(code) for code in saw if code != NOTHING] if saw else None
        decide_visit(site, rows[0].case_id, visit_id, Act(act), by, Said(reason, question, amendment, seen))
    click.echo(f"Visit {visit_id} is {say(Act(act))}. The crew hears of it at its next exchange.")


@click.command("reconcile")
@click.option("--parked", is_flag=True, help="Judge parked events again first, as after an upgrade.")
@AS_JSON
def reconcile_command(parked: bool, as_json: bool) -> None:
    """Do now what the server does by and by: fold visits with news, derive the keys of facts, index for searching."""
    with opened_site() as site:
        accepted = judge_parked(site) if parked else 0
        counts = reconcile(site) | {"accepted_again": accepted, "pairs": 0}
        while derived := prepare_pairs(site, PAIRS_AT_ONCE):
            counts["pairs"] += derived
        while index_due(site):
            pass
    if as_json:
        show(counts)
        return
    click.echo(f"{counts['folded']} visits folded, {counts['followed']} events followed, {accepted} accepted again.")
    if counts["pairs"]:
        click.echo(f"{counts['pairs']} pairs of facts made ready to be asked at the door.")


