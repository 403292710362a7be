"""`fairvisit export`: the files that the office's exports give, written where it is said, without the office."""

from __future__ import annotations

from pathlib import Path

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, who
from server.domain.roles import Viewer
from server.services import exporting
from server.services.auditing import noted


@click.command("export")
@click.argument("kind", type=click.Choice(list(exporting.KINDS)))
@click.option("--format", "form", type=click.Choice(exporting.FORMATS), default="csv", show_default=True)
@click.option(
    "--profile", type=click.Choice(exporting.PROFILES), default=exporting.NO_PERSONS, show_default=True,
    help="All that is known, or nothing a person can be told by.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Replaced where it exists.")
def export_command(kind: str, form: str, profile: str, out: Path) -> None:
    """Write every row of a KIND into a file, and a manifest beside it that counts and hashes them."""
    exporting.check_export(kind, form, profile)
    if not out.parent.is_dir():
        raise FieldError("invalid", detail=f"There is no folder {out.parent}; make it, or name another file.")
    with opened_site() as site:
        viewer = Viewer("", who(), frozenset())
        with noted(site, viewer, "exported", "export", "", kind=kind, format=form, profile=profile):
            manifest = exporting.write_export(site, kind, form, profile, out)
    click.echo(f"{out.name}: {manifest['rows']} rows, {manifest['bytes']} bytes, SHA-256 {manifest['sha256']}.")
    click.echo(f"Its manifest: {exporting.manifest_of(out).name}")
