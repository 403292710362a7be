"""`fairvisit agents`, `devices`, `enrol` and `revoke`: who may visit, and with what."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import segno

from schemas.errors import FieldError
from schemas.vocabulary import DirectiveKind
from server.cli.showing import opened_site, pick, say_fields, say_span, say_time, show_json, show_table, who
from server.services import enrolling, expiring, keys, people, revoking
from server.services.people import AgentEntry
from server.storage import device_rows, people_rows

as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")
AGENT = ("code", "name", "agency_name", "team_name", "certificates", "languages", "status", "cases", "devices")
DEVICE = ("id", "agent_code", "agent_name", "kind", "model", "app", "state", "enrolled_ms", "seen_ms")
PAPER = ("kind", "name", "principal", "hours", "valid_from", "valid_until")
COUNTS = ("events", "files")


@click.group("agents")
def agents_command() -> None:
    """Agents, their teams and agencies."""


@agents_command.command("list")
@as_json
def list_agents(is_json: bool) -> None:
    """Show every agent."""
    with opened_site() as site, site.store.read() as connection:
        rows = [pick(row, AGENT) for row in people_rows.list_agents(connection)]
    if is_json:
        show_json(rows)
        return
    titles = ("code", "name", "agency", "team", "certificates", "languages", "status", "cases", "devices")
    empty = "There are no agents yet; `fairvisit agents add` or `fairvisit agents import` brings them."
    show_table(titles, [list(row.values()) for row in rows], empty)


@agents_command.command("teams")
@as_json
def list_teams(is_json: bool) -> None:
    """Show every team with its agency."""
    names = ("name", "agency_name", "certificates", "languages", "capacity")
    with opened_site() as site, site.store.read() as connection:
        rows = [pick(row, names) for row in people_rows.read_teams(connection).values()]
        agencies = list(people_rows.read_agencies(connection))
    if is_json:
        show_json({"teams": rows, "agencies": agencies})
        return
    titles = ("team", "agency", "certificates", "languages", "cases an agent")
    show_table(titles, [list(row.values()) for row in rows], "There are no teams yet.")
    click.echo(f"Agencies: {', '.join(agencies) or 'none yet'}")


@agents_command.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--agency", required=True, help="Made if it is not there.")
@click.option("--team", help="Made if it is not there.")
@click.option("--certificate", "certificates", multiple=True, help="One the agent holds; may be given again.")
@click.option("--language", "languages", multiple=True, help="One the agent speaks; may be given again.")
@click.option("--at", help="Where the agent usually starts from: LAT,LON in degrees, WGS-84.")
@click.option(
    "--inactive", is_flag=True, help="They have left: their cases are free again, their devices may only send."
)
def add_agent(
    code: str,
    name: str,
    agency: str,
    team: str | None,
    certificates: tuple[str, ...],
    languages: tuple[str, ...],
    at: str | None,
    inactive: bool,
) -> None:
    """Add the agent CODE called NAME, or change them."""
    status = "inactive" if inactive else "active"
    entry = AgentEntry(code, name, agency, team, certificates, languages, _read_point(at), status)
    with opened_site() as site:
        report = people.put_agents(site, [entry])
    click.echo(f"Agent {code}: {'added' if report.added else 'changed' if report.changed else 'unchanged'}.")
    _say_made(report)


def _read_point(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    try:
        lat, lon = (round(float(part) * 1e7) for part in text.split(","))
    except ValueError:
        raise FieldError("invalid", {"--at": ["is LAT,LON in degrees, as 22.6273,120.3014"]}) from None
    return lat, lon


def _say_made(report: people.PeopleReport) -> None:
    for kind, names in (("agency", report.agencies), ("team", report.teams)):
        for name in names:
            click.echo(f"New {kind}: {name}")
    if any(report.left):
        click.echo(
            f"{report.left.cases} cases are free again; {report.left.devices} devices may only send from now on."
        )


@agents_command.command("team")
@click.argument("name")
@click.option("--agency", required=True, help="Made if it is not there.")
@click.option("--certificate", "certificates", multiple=True, help="One every agent of it holds; may be given again.")
@click.option("--language", "languages", multiple=True, help="One every agent of it speaks; may be given again.")
@click.option("--capacity", default=people.CAPACITY, show_default=True, help="Open cases an agent of it can carry.")
def put_team(name: str, agency: str, certificates: tuple[str, ...], languages: tuple[str, ...], capacity: int) -> None:
    """Add the team NAME, or change it."""
    with opened_site() as site:
        people.put_team(site, name, agency, certificates, languages, capacity)
    click.echo(f"Team {name} of {agency}: up to {capacity} cases an agent.")


@agents_command.command("agency")
@click.argument("name")
def put_agency(name: str) -> None:
    """Make sure that there is an agency NAME."""
    with opened_site() as site:
        people.put_agency(site, name)
    click.echo(f"Agency {name} is there.")


@agents_command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_agents(file: Path) -> None:
    """
    Add or change agents from a CSV FILE, whole or not at all.

    Columns: code, name, agency, team, certificates, languages, lat, lon, status; the first three are needed.
    """
    try:
        entries = people.read_agents(file.read_bytes())
    except FieldError as error:
        for sentence in say_fields(error):
            click.echo(f"{file.name}: {sentence}", err=True)
        raise FieldError("invalid", detail=f"{file.name} was not imported; mend the lines above.") from None
    with opened_site() as site:
        report = people.put_agents(site, entries)
    click.echo(f"Agents: {report.added} added, {report.changed} changed, {report.unchanged} unchanged.")
    _say_made(report)


@agents_command.command("papers")
@click.argument("code")
@as_json
def show_papers(code: str, is_json: bool) -> None:
    """Show the papers on file of the agent CODE; what is over or expires within 30 days is marked."""
    from server.services.training import papers_of  # here: it brings the reading of files with it

    with opened_site() as site:
        papers = papers_of(site, code)
    if is_json:
        show_json([{**pick(paper, PAPER), "mark": paper.mark} for paper in papers])
        return
    rows = [(*pick(paper, PAPER).values(), paper.mark) for paper in papers]
    titles = ("paper", "name", "lender", "hours", "from", "until", "")
    show_table(titles, rows, f"No papers of {code} are on file; `fairvisit training FILE` brings them.")


@agents_command.command("expiring")
@click.option("--days", type=click.IntRange(min=0), default=30, show_default=True, help="How far to look ahead.")
@as_json
def show_expiring(days: int, is_json: bool) -> None:
    """Show the papers of all agents that are over or will be within some days: whoever has one is to be reminded."""
    with opened_site() as site:
        reminders = expiring.find_expiring(site, days)
    if is_json:
        show_json([asdict(each) for each in reminders])
        return
    rows = [
        (each.agent_code, each.agent_name, each.agency_name, each.kind, each.name, each.principal, each.valid_until,
         "is over" if each.days_left < 0 else f"{each.days_left} days")
        for each in reminders
    ]  # fmt: skip
    titles = ("agent", "name", "agency", "paper", "name", "lender", "until", "left")
    show_table(titles, rows, f"No paper of any agent ends within {days} days.")


@click.group("devices")
def devices_command() -> None:
    """Devices that asked to be let in, and the server's own keys."""


@devices_command.command("list")
@click.option("--agent", "agent_code", help="Only this agent's.")
@click.option("--state", type=click.Choice(["awaiting", "active", "upload_only", "gone"]), help="Only those.")
@as_json
def list_devices(agent_code: str | None, state: str | None, is_json: bool) -> None:
    """Show devices: whose, in what state, when last heard of, what they sent and still owe."""
    with opened_site() as site:
        now_ms = site.now()
        with site.store.read() as connection:
            rows = [pick(row, DEVICE + COUNTS) for row in device_rows.list_devices(connection, agent_code, state)]
    if is_json:
        show_json([{**row, "events": int(row["events"])} for row in rows])
        return
    table = [
        (row["id"], row["agent_code"], row["agent_name"], row["kind"], row["model"], row["state"],
         f"{say_span(max(0, now_ms - row['seen_ms']))} ago", int(row["events"]), row["files"])
        for row in rows
    ]  # fmt: skip
    titles = ("device", "agent", "name", "kind", "model", "state", "last contact", "events", "files missing")
    show_table(titles, table, "There are no such devices; `fairvisit enrol AGENT` gives a code for one.")


@devices_command.command("approve")
@click.argument("device")
@click.option("--refuse", is_flag=True, help="Turn it away instead.")
def approve_device(device: str, refuse: bool) -> None:
    """Let DEVICE in, which awaits approval; its id, or the end of it."""
    with opened_site() as site:
        device_id = revoking.find_device(site, device)
        decide = enrolling.refuse if refuse else enrolling.approve
        decide(site, device_id, who())
    click.echo(f"Device {device_id} {'was turned away' if refuse else 'is let in'}.")


@devices_command.command("rotate-key")
def rotate_key() -> None:
    """Publish a new server key; it signs from 14 days on, when every device knows it."""
    with opened_site() as site:
        kid = keys.rotate_key(site)
        begins = site.now() + keys.NOTICE_MS
    click.echo(f"Key {kid} is published and signs from {say_time(begins)} UTC. Devices learn of it as they exchange.")


@devices_command.command("order")
@click.argument("device")
@click.argument("kind", type=click.Choice([DirectiveKind.UPLOAD_ALL.value, DirectiveKind.RESET_PACKETS.value]))
def order_device(device: str, kind: str) -> None:
    """Order DEVICE to send all it has (upload_all), or to fetch every packet again (reset_packets)."""
    with opened_site() as site:
        device_id = revoking.find_device(site, device)
        revoking.order_device(site, device_id, DirectiveKind(kind), who())
    click.echo(f"Device {device_id} is told at its next exchange.")


@click.command("enrol")
@click.argument("agent")
@click.option("--replaces", metavar="DEVICE", help="The device this one takes the place of; it may then only send.")
@as_json
def enrol_command(agent: str, replaces: str | None, is_json: bool) -> None:
    """Give a one-time code for a device of AGENT, as text and as QR."""
    with opened_site() as site:
        replaced = None if replaces is None else revoking.find_device(site, replaces)
        code = enrolling.issue_code(site, agent, replaced, who())
        minutes = site.settings.enrol_code_minutes
    if is_json:
        show_json({"agent": agent, "code": code, "minutes": minutes, "replaces": replaced})
        return
    click.echo(f"Code for one device of {agent}: {code}")
    click.echo(f"Good for {minutes} minutes, once. On the device: agent-sync enrol ADDRESS {code}")
    segno.make(code, micro=False).terminal(compact=True)


@click.command("revoke")
@click.argument("device")
@click.option("--gone", is_flag=True, help="Second phase: take nothing more from it over the network.")
@click.option("--anyway", is_flag=True, help="With --gone: do not wait for a wipe to be confirmed.")
@click.option("--wipe-after-upload", is_flag=True, help="Order it to wipe itself once everything is sent.")
@click.option("--wipe-now", is_flag=True, help="Order it to wipe itself at once; shows first what may be lost.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke_command(device: str, gone: bool, anyway: bool, wipe_after_upload: bool, wipe_now: bool, yes: bool) -> None:
    """Withdraw DEVICE: first it may only send what it has; with --gone it may do nothing."""
    if gone + wipe_after_upload + wipe_now > 1:
        raise FieldError("invalid", detail="Choose one of --gone, --wipe-after-upload and --wipe-now.")
    if anyway and not gone:
        raise FieldError("invalid", detail="--anyway goes with --gone.")
    with opened_site() as site:
        device_id = revoking.find_device(site, device)
        if gone:
            revoking.withdraw_device(site, device_id, who(), anyway=anyway)
            click.echo(f"Device {device_id} is gone. What is still on it comes in by export-outbox only.")
            return
        wipe = DirectiveKind.WIPE_NOW if wipe_now else DirectiveKind.WIPE_AFTER_UPLOAD if wipe_after_upload else None
        if wipe_now:
            _show_stake(revoking.read_stake(site, device_id))
            if not yes and not click.confirm("Wipe it now?", default=False):
                click.echo("Nothing was changed.")
                return
        revoking.revoke_device(site, device_id, who(), wipe)
    click.echo(f"Device {device_id} may only send now; what it sends is set aside for a person.")
    if wipe is not None:
        click.echo("It is told to wipe itself at its next exchange; `fairvisit devices list` shows its last contact.")
    else:
        click.echo(f"Once its work is in: fairvisit revoke {device_id} --gone")


def _show_stake(stake: revoking.AtStake) -> None:
    """Say what a wipe may destroy (A4)."""
    click.echo(f"Device {stake.device_id} of agent {stake.agent_code}")
    click.echo(f"  last contact     {say_time(stake.seen_ms)} UTC, {say_span(stake.silent_ms)} ago")
    click.echo(f"  events received  {stake.events}")
    click.echo(f"  files missing    {stake.files_missing}, named by events and not sent yet: they would be lost")
    click.echo("Whatever it recorded since its last contact would be lost for good. --wipe-after-upload loses nothing.")
