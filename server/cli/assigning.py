"""`fairvisit assign` and `unassign`: which crew has which case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from schemas.errors import FieldError
from schemas.vocabulary import RemovalReason
from server.cli.prioritizing import read_weights
from server.cli.showing import opened_site, read_table, show_json, show_table, who
from server.domain.assigning import Order
from server.services import assigning, choosing, leases, policies, prioritizing
from server.services.assigning import AssignReport
from server.services.gating import Override
from server.services.policy_table import load_policy
from server.services.site import Site

SHOWN = 20  # cases for a person that are printed; all of them with --json
existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("assign")
@click.argument("references", nargs=-1)
@click.option("--lender", help="Whose references these are, where two lenders use the same.")
@click.option("--agent", "lead", metavar="CODE", help="The lead: gets the whole packet.")
@click.option("--companion", "companions", multiple=True, metavar="CODE", help="Gets the open part; may be repeated.")
@click.option("--area", help="Every open case of this area that nobody has.")
@click.option("--file", "file", type=existing, help="CSV with lender, reference, agent, companions.")
@click.option("--nearest", is_flag=True, help="Each open case that nobody has to the nearest agent with room.")
@click.option("--crew", type=click.IntRange(1, 10), default=1, help="With --nearest: how many agents go together.")
@click.option("--by-policy", "policy", type=existing, help="As a YAML table of policies says.")
@click.option("--by-priority", is_flag=True, help="With --by-policy: in the order of `fairvisit priority list`.")
@click.option("--extend", is_flag=True, help="Let whoever has these cases hold them longer.")
@click.option("--lease-days", type=click.IntRange(1, 365), help="How long the packets may be held.")
@click.option("--override", metavar="REASON", help="Let cases through that the gate only warns of; kept.")
@click.option("--second", metavar="NAME", help="The second person who agrees to the override.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def assign_command(
    references: tuple[str, ...],
    lender: str | None,
    lead: str | None,
    companions: tuple[str, ...],
    area: str | None,
    file: Path | None,
    nearest: bool,
    crew: int,
    policy: Path | None,
    by_priority: bool,
    extend: bool,
    lease_days: int | None,
    override: str | None,
    second: str | None,
    dry_run: bool,
    is_json: bool,
) -> None:
    """
    Give cases to crews.

    By case: assign REFERENCE… --agent CODE. By area: --area NAME --agent CODE. By file: --file FILE. By distance:
    --nearest. By policy: --by-policy TABLE, with --dry-run to see first which row chose each case.
    """
    chosen = [bool(references), file is not None, nearest, policy is not None, bool(area and lead)]
    if sum(chosen) != 1:
        raise FieldError("invalid", detail="Name cases, or one of --area with --agent, --file, --nearest, --by-policy.")
    if by_priority and policy is None:
        raise FieldError("invalid", detail="--by-priority only orders what --by-policy chooses from.")
    if extend and not references:
        raise FieldError("invalid", detail="Name the cases whose lease to extend.")
    if references and not extend and lead is None:
        raise FieldError("invalid", detail="Name the lead with --agent CODE.")
    with opened_site() as site:
        if policy is not None:
            order = _order(site, area) if by_priority else []
            _by_policy(site, policy, area, lease_days, order, dry_run=dry_run, is_json=is_json)
            return
        agreed = None if override is None and second is None else Override(who(), second or "", override or "")
        if extend:
            case_ids = choosing.find_cases(site, references, lender)
            report = AssignReport()
            if not dry_run:
                report = leases.extend_lease(site, case_ids, lease_days, who(), agreed)
            click.echo(f"Leases extended: {report.extended}.")
            _say_refused(report)
            return
        unplaced: list[str] = []
        if file is not None:
            orders = choosing.read_orders(site, file.read_bytes())
        elif nearest:
            orders, unplaced = choosing.choose_nearest(site, area, crew)
        else:
            case_ids = choosing.find_cases(site, references, lender) if references else choosing.find_free(site, area)
            orders = choosing.order_for(case_ids, lead or "", companions)
        report = AssignReport() if dry_run else _run(site, orders, lease_days, agreed, is_json=is_json)
    if is_json:
        show_json({"orders": len(orders), "unplaced": unplaced, "dry_run": dry_run, **_counts(report)})
        return
    if dry_run:
        click.echo(f"Would be ordered: {len(orders)} cases. Nothing was written.")
    else:
        _say_report(report)
    if unplaced:
        click.echo(f"For a person: {len(unplaced)} cases without coordinates, or with too few agents who have room.")


def _run(
    site: Site, orders: Sequence[Order], lease_days: int | None, override: Override | None, *, is_json: bool
) -> AssignReport:
    if is_json or len(orders) < 1000:
        return assigning.assign_orders(site, orders, who(), lease_days, override=override)
    with click.progressbar(length=len(orders), label="Assigning") as bar:
        return assigning.assign_orders(site, orders, who(), lease_days, bar.update, override)


def _counts(report: AssignReport) -> dict[str, object]:
    refused = [{"case_id": case_id, "why": sentence} for case_id, sentence in report.refused]
    return {"assigned": report.assigned, "moved": report.moved, "unchanged": report.unchanged, "refused": refused}


def _say_report(report: AssignReport) -> None:
    click.echo(f"Assigned {report.assigned}, moved {report.moved}, unchanged {report.unchanged}.")
    _say_refused(report)


def _say_refused(report: AssignReport) -> None:
    for case_id, sentence in report.refused[:SHOWN]:
        click.echo(f"  not {case_id}: {sentence}")
    if len(report.refused) > SHOWN:
        click.echo(f"  and {len(report.refused) - SHOWN} more; --json lists them all")


def _order(site: Site, area: str | None) -> list[str]:
    """Give the free cases as priority proposes them, or as people said."""
    return [each.standing.case_id for each in prioritizing.rank_free(site, read_weights(None), area)]


def _by_policy(
    site: Site,
    path: Path,
    area: str | None,
    lease_days: int | None,
    order: Sequence[str],
    *,
    dry_run: bool,
    is_json: bool,
) -> None:
    rows = read_table(path, load_policy)
    if dry_run:
        plan, report = policies.plan_by_policy(site, rows, area, order), AssignReport()
    else:
        plan, report = policies.assign_by_policy(site, rows, who(), lease_days, area, order)
    if is_json:
        choices = [
            {
                "reference": each.reference, "row": each.row, "agent": each.agent, "companions": each.companions,
                "why": each.sentence,
            }
            for each in plan.choices
        ]  # fmt: skip
        counts = {"rows": plan.by_row, "agents": plan.by_agent, **_counts(report)}
        show_json({"dry_run": dry_run, **counts, "cases": choices})
        return
    show_table(("row", "cases"), [(row.name, plan.by_row.get(row.name, 0)) for row in rows], "")
    click.echo("")
    show_table(("agent", "cases"), sorted(plan.by_agent.items()), "No agent gets a case.")
    if dry_run:
        click.echo("")
        table = [
            (each.reference, each.row, " ".join([each.agent, *each.companions]))
            for each in plan.choices
            if each.agent is not None
        ]
        show_table(("reference", "row", "agent"), table, "No case is chosen.")
    click.echo("")
    click.echo(f"For a person: {len(plan.unmatched)}")
    for each in plan.unmatched[:SHOWN]:
        click.echo(f"  {each.reference}: {each.sentence}" + (f" (row {each.row})" if each.row else ""))
    if len(plan.unmatched) > SHOWN:
        click.echo(f"  and {len(plan.unmatched) - SHOWN} more; --json lists them all")
    if dry_run:
        click.echo("Nothing was written.")
    else:
        _say_report(report)


@click.command("unassign")
@click.argument("references", nargs=-1)
@click.option("--lender", help="Whose references these are, where two lenders use the same.")
@click.option("--agent", "code", metavar="CODE", help="Every case this agent leads.")
@click.option(
    "--reason",
    type=click.Choice([RemovalReason.UNASSIGNED.value, RemovalReason.CLOSED.value, RemovalReason.PAID.value]),
    default=RemovalReason.UNASSIGNED.value,
    show_default=True,
    help="closed and paid close the case too.",
)
def unassign_command(references: tuple[str, ...], lender: str | None, code: str | None, reason: str) -> None:
    """Take cases back from whoever has them; their devices drop the packets at the next exchange."""
    if bool(references) == bool(code):
        raise FieldError("invalid", detail="Name cases, or an agent with --agent CODE.")
    with opened_site() as site:
        case_ids = choosing.find_cases(site, references, lender) if references else choosing.find_led(site, code or "")
        if reason == RemovalReason.UNASSIGNED:
            count = assigning.unassign(site, case_ids, reason, who())
        else:
            count = assigning.close_cases(site, case_ids, reason, who())
    closed = "" if reason == RemovalReason.UNASSIGNED else f" Closed as {reason}: {len(case_ids)}."
    click.echo(f"Taken back: {count}.{closed}")
