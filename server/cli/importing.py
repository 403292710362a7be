"""`fairvisit import`, `payments` and `geocode`: a lender's files in, with progress, counts and a file of rejects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from server.cli.showing import opened_site
from server.importing.geocoders import GEOCODERS, make_geocoder
from server.services.importing import FileOrder, ImportReport, import_portfolio
from server.services.payments import import_payments

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
REASONS = {
    "identity": "one identity number",
    "name_phone": "one name and phone",
    "name_address": "one name and address",
}
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


Command = Callable[..., None]


def _adding(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in options:
            command = option(command)
        return command

    return add


REJECTS = click.option("--rejects", "rejects_path", type=NEW_FILE, help="Where bad rows go [FILE.rejects.csv].")
CURRENCY = click.option("--currency", default="", help="Code of the amounts' currency, where the file does not say it.")
ENCODING = click.option("--encoding", default="", help="Encoding of a text file, where its bytes do not tell.")
LENDER = click.option("--lender", default="", help="Whose file it is, where the mapping does not say it.")
MAPPING = click.option("--mapping", "mapping_path", type=A_FILE, help="YAML: which column is what.")
FILE = click.argument("file", type=A_FILE)
# What an import takes: of a file with amounts, of a log without, of papers that belong to no lender.
file_options = _adding(REJECTS, CURRENCY, ENCODING, LENDER, MAPPING, FILE)
log_options = _adding(REJECTS, ENCODING, LENDER, MAPPING, FILE)
paper_options = _adding(REJECTS, ENCODING, MAPPING, FILE)


@click.command("import")
@file_options
def import_command(file: Path, mapping_path: Path | None, lender: str, encoding: str, currency: str,
                   rejects_path: Path | None) -> None:  # fmt: skip
    """
    Import a lender's portfolio from CSV or XLSX.

    Idempotent by the lender's reference: an unchanged row changes nothing, a changed one makes a new packet revision.
    Bad rows go to a rejects file, which can be mended and imported itself. After a crash, run it again.
    """
    order = FileOrder(file, mapping_path, lender, encoding, currency, rejects_path)
    with opened_site() as site, shown_progress(file.name) as on_progress:
        report = import_portfolio(site, order, on_progress)
    say_report(report, "new", "changed", "unchanged")
    counts = report.counts
    if counts["unplaced"]:
        click.echo(f"{counts['unplaced']} places have no coordinates yet; run: fairvisit geocode")
    _say_doubts(report)
    if counts["matches"]:
        click.echo(f"{counts['matches']} pairs of persons may be one; a person decides: fairvisit matches")
    if counts["closed"]:
        click.echo(f"{counts['closed']} changed rows are about closed cases, which stay closed.")
    if report.ignored:
        click.echo(f"Columns not used: {', '.join(report.ignored)}")


def say_report(report: ImportReport, *names: str) -> None:
    """Tell what became of the rows, counts only."""
    if report.broke_off_at is not None:
        click.echo(f"An earlier run of this file broke off near line {report.broke_off_at}; it is complete now.")
    counts = report.counts
    told = [f"{counts[name]} {name}" for name in (*names, "repeated", "rejected") if counts[name] or name in names]
    whose = f" for {report.lender}" if report.lender else ""
    click.echo(f"{counts['rows']} rows{whose} ({report.encoding}): {', '.join(told)}.")
    if report.rejects_path:
        click.echo(f"Rejected rows, each with its cure: {report.rejects_path} (mend it and import it)")


def _say_doubts(report: ImportReport) -> None:
    """Tell what was taken with a doubt: where and why, without the value."""
    if report.doubts:
        click.echo("Taken as it stands, for a person to look at:")
    for line, column, sentence in report.doubts:
        click.echo(f"  line {line}, {column}: {sentence}")
    if report.doubts_path:
        click.echo(f"  and {report.counts['doubts'] - len(report.doubts)} more; all of them: {report.doubts_path}")


@contextmanager
def shown_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal that fills as the file is read."""
    bars: list[Any] = []

    def on_progress(done: int, size: int) -> None:
        if not bars:
            bars.append(click.progressbar(length=size, label=label))
            bars[0].__enter__()
        bars[0].update(done - bars[0].pos)

    try:
        yield on_progress
    finally:
        for bar in bars:
            bar.__exit__(None, None, None)


@click.command("payments")
@file_options
def payments_command(file: Path, mapping_path: Path | None, lender: str, encoding: str, currency: str,
                     rejects_path: Path | None) -> None:  # fmt: skip
    """
    Import a lender's ledger of payments from CSV or XLSX.

    Idempotent by the lender's receipt. Visits with a promise are reconciled again where money came in; cases on which
    nothing is owed any more are taken back from their crews.
    """
    order = FileOrder(file, mapping_path, lender, encoding, currency, rejects_path)
    with opened_site() as site, shown_progress(file.name) as on_progress:
        report = import_payments(site, order, on_progress)
    say_report(report, "new", "unchanged")
    if report.counts["recalled"]:
        click.echo(f"Taken back from their crews, as nothing is owed any more: {report.counts['recalled']}.")


@click.command("matches")
@click.option("--same", "same", nargs=2, metavar="ONE OTHER", help="They are one person: join them.")
@click.option("--different", "different", nargs=2, metavar="ONE OTHER", help="They are two persons.")
@click.option("--by", default="", help="Who decides, with --same or --different; it is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def matches_command(same: tuple[str, str] | None, different: tuple[str, str] | None, by: str, as_json: bool) -> None:
    """List pairs of persons that may be one, or decide on a pair."""
    from server.services.matching import decide_match, list_matches

    pair = same or different
    if pair and not by:
        raise click.UsageError("Say who decides: --by NAME.")
    with opened_site() as site:
        if pair:
            decide_match(site, *pair, is_same=bool(same), by=by)
            click.echo("They are one person from now on." if same else "They stay two persons.")
            return
        found = list_matches(site)
    if as_json:
        names = ("person_id", "other_id", "reason", "name", "other_name")
        click.echo(json.dumps([{name: getattr(row, name) for name in names} for row in found], ensure_ascii=False))
        return
    for row in found:
        click.echo(f"{row.person_id}  {row.other_id}  {REASONS[row.reason]}: {row.name} / {row.other_name}")
    click.echo(f"{len(found)} pairs to decide on." if found else "Nothing to decide.")


@click.command("geocode")
@click.option("--known", "known_path", type=A_FILE, help="CSV or XLSX of known addresses, instead of a geocoder.")
@click.option("--mapping", "mapping_path", type=A_FILE, help="YAML: which column of --known is what.")
@click.option("--encoding", default="", help="Encoding of --known, where its bytes do not tell.")
@click.option("--geocoder", type=click.Choice(list(GEOCODERS)), help="Which geocoder to ask [FAIRVISIT_GEOCODER].")
@click.option("--geocoder-url", default="", help="Its address, if it is your own [FAIRVISIT_GEOCODER_URL].")
@click.option("--delay", "delay_s", type=click.FloatRange(0), default=1.0, show_default=True,
              help="Seconds between two questions; public geocoders ask for at least 1.")  # fmt: skip
@click.option("--region", default="", help="Added to every address, e.g. “San Francisco, CA”.")
@click.option("--again", is_flag=True, help="Ask once more for addresses that were not found before.")
def geocode_command(known_path: Path | None, mapping_path: Path | None, encoding: str, geocoder: str | None,
                    geocoder_url: str, delay_s: float, region: str, again: bool) -> None:  # fmt: skip
    """
    Fill in the coordinates that places lack.

    From a file of known addresses, or from a geocoder: Nominatim, Photon, Pelias or Baidu (its key is read from
    FAIRVISIT_GEOCODER_KEY). Answers are kept; run it again to go on where it stopped. Addresses leave this machine
    when a geocoder is asked: use your own where they must not.
    """
    from server.services.geocoding import place_from_geocoder, place_from_known

    if known_path is not None and geocoder:
        raise click.UsageError("Say either --known FILE or --geocoder NAME.")
    with opened_site() as site, shown_progress("places") as on_progress:
        name, url = geocoder or site.settings.geocoder, geocoder_url or site.settings.geocoder_url
        if known_path is None and not name:
            raise click.UsageError("Say --known FILE or --geocoder NAME, or set FAIRVISIT_GEOCODER.")
        if known_path is not None:
            counts = place_from_known(site, FileOrder(known_path, mapping_path, encoding=encoding), on_progress)
        else:
            ask = make_geocoder(name, url, site.settings.geocoder_key, delay_s)
            counts = place_from_geocoder(site, name, ask, region=region, asks_again=again, on_progress=on_progress)
    click.echo(f"{counts['found']} places found, {counts['missing']} still without coordinates.")
    if counts["asked"]:
        click.echo(f"{counts['asked']} addresses were asked for; the rest was known from earlier answers.")
    if counts["rejected"]:
        click.echo(f"{counts['rejected']} rows of the file of known addresses could not be read.")
