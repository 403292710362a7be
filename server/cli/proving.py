"""`fairvisit statement`, `verify`, `import-outbox`, `device-key`: what device and server can prove, and late work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import orjson

from schemas.vocabulary import ParkReason
from schemas.words import say
from server.app import open_site
from server.services import device_keys, outboxes, statements, verifying

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("statement")
@click.option("--device", "device_id", help="Whose day; may be left out with --compare.")
@click.option("--day", help="YYYY-MM-DD: the wall date that events were recorded on.")
@click.option("--compare", "other", type=A_FILE, help="The device's own: a file of `agent-sync statement --out`.")
@click.option("--json", "as_json", is_flag=True, help="Give the statement (or the comparison) as JSON.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the signed statement to a file.")
def statement_command(
    device_id: str | None, day: str | None, other: Path | None, as_json: bool, out: Path | None
) -> None:
    """Give the signed account of a device's day; with --compare exit 1 where a difference stays unexplained."""
    if other is None and (device_id is None or day is None):
        raise click.UsageError("Give --device and --day, or --compare with the device's statement.")
    site = open_site()
    try:
        compared = None
        if other is not None:
            told = other.read_text()
            compared = statements.compare_with_device(site, told, device_id=device_id or "", day=day or "")
            payload = compared.server
        else:
            payload = statements.make_statement(site, str(device_id), str(day))
        jws = statements.sign_statement(site, payload)
    finally:
        site.store.close()
    if out is not None:
        out.write_text(jws + "\n")
    if as_json:
        click.echo(orjson.dumps(_as_json(payload, compared, jws), option=orjson.OPT_INDENT_2))
    else:
        _say_statement(payload)
        if compared is not None:
            _say_comparison(compared)
    if compared is not None and not compared.is_balanced:
        sys.exit(1)


def _as_json(payload: dict[str, Any], compared: statements.Comparison | None, jws: str) -> dict[str, Any]:
    value: dict[str, Any] = {"statement": payload, "signed": jws}
    if compared is not None:
        value["device"] = compared.device
        value["is_balanced"] = compared.is_balanced
        value["differences"] = [
            {
                "kind": each.kind,
                "count": each.count,
                "sentence": each.sentence,
                "is_explained": each.is_explained,
                "events": list(each.event_ids),
            }
            for each in compared.differences
        ]
    return value


def _say_statement(payload: dict[str, Any]) -> None:
    click.echo(f"Device {payload['device_id']}, events recorded on {payload['day']} (its own wall date):")
    counts = [f"{payload[name]} {word}" for name, word in COUNTED if payload[name]]
    click.echo(f"  received {payload['received']}" + (f": {', '.join(counts)}" if counts else ""))
    for each in payload["reasons"]:
        click.echo(f"    parked: {each['count']}, {say(ParkReason(each['reason']))}")
    for chain in payload["chains"]:
        if chain["received"] or chain["duplicates"]:
            click.echo(f"  chain {chain['chain_id']}: received {chain['received']}, next place {chain['next_seq']}")
    files = payload["files"]
    if files["named"]:
        click.echo(f"  files: {files['named']} named, {files['verified']} here, {len(files['missing'])} missing")
    for gap in payload["gaps"]:
        places = f"{gap['from_seq']} to {gap['to_seq']} of chain {gap['chain_id']}"
        click.echo(f"  gap: places {places}, {'declared lost' if gap['why'] == 'lost' else 'unknown'}")


COUNTED = (
    ("accepted", "accepted"),
    ("parked", "parked"),
    ("id_reuse", "under an id used before"),
    ("duplicates", "repeated"),
    ("erased", "erased"),
    ("withheld_open", "to come as files"),
)


def _say_comparison(compared: statements.Comparison) -> None:
    told = compared.device
    click.echo(f"  the device says: recorded {told['recorded']}, sent {told['sent']}, accepted {told['accepted']}")
    for each in compared.differences:
        click.echo(f"  {'-' if each.is_explained else '!'} {each.sentence}")
        if not each.is_explained:
            for event_id in each.event_ids[:20]:
                click.echo(f"      {event_id}")
    click.echo("Balanced." if compared.is_balanced else "NOT balanced: see the lines marked !")


@click.command("verify")
@click.option("--device", "device_id", help="One device; every device if left out.")
@click.option("--json", "as_json", is_flag=True, help="Give the verdicts as JSON.")
def verify_command(device_id: str | None, as_json: bool) -> None:
    """Verify whole histories: chains, signatures, erasures. Exit 1 where anything was deleted, edited or reordered."""
    site = open_site()
    is_whole, values, count = True, [], 0
    try:
        found = verifying.verify_site(site) if device_id is None else [verifying.verify_device(site, device_id)]
        for verdict in found:
            count += 1
            is_whole = is_whole and verdict.is_whole
            if as_json:
                values.append(verdict)
            else:
                click.echo("\n".join(verifying.say_verdict(verdict)))
    finally:
        site.store.close()
    if as_json:
        click.echo(orjson.dumps(values, option=orjson.OPT_INDENT_2))
    elif device_id is None:
        click.echo(f"{count} devices verified: {'all whole' if is_whole else 'NOT all whole'}.")
    if not is_whole:
        sys.exit(1)


@click.command("import-outbox")
@click.argument("file", type=A_FILE)
@click.option("--by", default="office", show_default=True, help="Who imports.")
@click.option("--damaged", "folder", type=click.Path(file_okay=False, path_type=Path),
              help="Write what is left of damaged records to files here.")  # fmt: skip
def import_outbox_command(file: Path, by: str, folder: Path | None) -> None:
    """Take in the encrypted outbox that a device exported to FILE; again changes nothing."""
    site = open_site()
    try:
        imported = outboxes.import_outbox(site, file.read_bytes(), by)
    finally:
        site.store.close()
    click.echo(f"Device {imported.device_id} (agent {imported.agent_code}, {imported.state}):")
    for status, count in sorted(imported.statuses.items()):
        click.echo(f"  {count} {status}")
    for reason, count in sorted(imported.reasons.items()):
        click.echo(f"    parked: {count}, {say(ParkReason(reason))}")
    for left in imported.not_taken:
        click.echo(f"  {left.count} NOT taken, chain {left.chain_id} from place {left.from_seq}: {left.sentence}")
    if imported.damaged:
        click.echo(f"  {len(imported.damaged)} damaged records; --damaged FOLDER writes out what is left of them")
    if folder is not None:
        _write_damaged(folder, imported.damaged)
    if imported.not_taken:
        click.echo("Keep the file.")
        sys.exit(1)


@click.command("device-key")
@click.argument("file", type=A_FILE)
@click.option("--by", default="office", show_default=True, help="Who opens it: it is noted.")
def device_key_command(file: Path, by: str) -> None:
    """Open the key of a device whose PIN was wrong too often, from its vault FILE."""
    site = open_site()
    try:
        device, data_key = device_keys.open_data_key(site, file.read_bytes(), by)
    finally:
        site.store.close()
    click.echo(f"Device {device.id} (agent {device.agent_code}, {device.state}). On the device:", err=True)
    click.echo(f"agent-sync recover {data_key}")


def _write_damaged(folder: Path, damaged: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(damaged, start=1):
        (folder / f"damaged-{number:04d}.json").write_bytes(orjson.dumps(each, option=orjson.OPT_INDENT_2))
