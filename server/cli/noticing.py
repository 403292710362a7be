"""`fairvisit notices`: letters that tell a person of a visit, what became of them, and slips for where nobody was."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, pick, read_day, say_time, show_json, show_table, who
from server.domain.notices import Letter, Slip
from server.services import choosing, notice_papers, notice_sending, noticing, slips
from server.services.site import Site
from server.storage import notice_rows

SHOWN = 20
NOTICE = ("id", "lender", "reference", "day", "starts", "ends", "agency", "agents", "content", "made_ms", "made_by",
          "sent", "returned_on")  # fmt: skip
lender_option = click.option("--lender", help="Whose references these are; whose cases.")
folder = click.option(
    "--out", "out", default=".", show_default=True, type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to. What is written holds names and tokens: print it, then delete it.",
)  # fmt: skip
day_option = click.option("--on", "on", metavar="DAY", required=True, help="The day it was, YYYY-MM-DD.")


@click.group("notices")
def notices_command() -> None:
    """Letters that tell a person of a visit before it may happen, and slips for where nobody was met."""


@notices_command.command("make")
@click.argument("references", nargs=-1)
@lender_option
@click.option("--all-due", is_flag=True, help="Every open case that nobody has and whose person was not told yet.")
@click.option("--area", help="With --all-due: of this area only.")
@click.option("--agent", "lead", metavar="CODE", required=True, help="Who would come and lead.")
@click.option("--companion", "companions", multiple=True, metavar="CODE", help="Who would come too; may be repeated.")
@click.option("--day", metavar="DAY", required=True, help="The day of the visit, YYYY-MM-DD.")
@click.option("--hours", metavar="HH:MM-HH:MM", required=True, help="Between when and when, local to the place.")
@click.option("--again", "is_again", is_flag=True, help="Also for persons who have a notice of a day to come.")
@folder
def make_notices(
    references: tuple[str, ...],
    lender: str | None,
    all_due: bool,
    area: str | None,
    lead: str,
    companions: tuple[str, ...],
    day: str,
    hours: str,
    is_again: bool,
    out: Path,
) -> None:
    """
    Make a letter for each case, ready to print, and a file of links for the lender's own messages.

    A letter carries a token and a code that nothing keeps: one that is lost is made again with --again. Nothing is
    told until `fairvisit notices sent` says that it was.
    """
    if bool(references) == all_due:
        raise FieldError("invalid", detail="Name cases, or --all-due.")
    if area is not None and not all_due:
        raise FieldError("invalid", detail="--area goes with --all-due.")
    plan = noticing.Plan.read([lead, *companions], read_day("--day", day), hours)
    with opened_site() as site:
        address = notice_papers.public_address(site)
        case_ids = choosing.find_due(site, area, lender) if all_due else choosing.find_cases(site, references, lender)
        letters_path, links_path = _named(site, out, "letters", "html"), _named(site, out, "links", "csv")

        def keep(letters: Sequence[Letter]) -> None:
            files.write(letters_path, notice_papers.render_letters(address, letters))
            files.write(links_path, notice_papers.write_links(address, letters), "utf-8-sig")

        with _Files() as files, click.progressbar(length=len(case_ids), label="Writing") as bar:
            report = noticing.make_notices(site, case_ids, plan, who(), keep, is_again=is_again, on_progress=bar.update)
    click.echo(f"Letters made: {len(report.letters)}.")
    if report.before:
        click.echo(f"Told already of a day to come: {report.before}; --again makes another for them.")
    _say_refused(report.refused)
    if report.letters:
        click.echo(f"Print one-sided at 100 %, for window envelopes: {letters_path}")
        click.echo(f"Links for the lender's own messages: {links_path}")
        click.echo(f"Once they are sent: fairvisit notices sent {links_path} --on DAY. Then delete both.")


def _named(site: Site, out: Path, what: str, kind: str) -> Path:
    stamp = datetime.fromtimestamp(site.now() / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    return out / f"{what}-{stamp}.{kind}"


class _Files:
    """Files that nobody else may read, and that are gone again if what they tell of did not come about."""

    def __init__(self) -> None:
        self.written: list[Path] = []

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        for path in self.written if kind is not None else ():
            path.unlink(missing_ok=True)

    def write(self, path: Path, text: str, encoding: str = "utf-8") -> None:
        """Write a new file; raise `conflict` where there is one already."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise FieldError("conflict", detail=f"{path} is there already; move it, or name another --out.") from None
        self.written.append(path)
        with open(descriptor, "w", encoding=encoding, newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _say_refused(refused: Sequence[tuple[str, str]]) -> None:
    for name, sentence in refused[:SHOWN]:
        click.echo(f"  not {name}: {sentence}")
    if len(refused) > SHOWN:
        click.echo(f"  and {len(refused) - SHOWN} more")


@notices_command.command("sent")
@click.argument("which", nargs=-1, required=True)
@day_option
@click.option("--by", "medium", type=click.Choice(list(notice_sending.MEDIA)), default="letter", show_default=True,
              help="How they were sent.")  # fmt: skip
def mark_sent(which: tuple[str, ...], on: str, medium: str) -> None:
    """Write that notices were sent: their ids, the ends of them, or a file of links that `make` wrote."""
    day = read_day("--on", on)
    with opened_site() as site:
        report = notice_sending.mark_sent(site, _chosen(site, which), medium, day, who())
    click.echo(f"Sent by {medium}: {report.counts['sent']}, known before: {report.counts['unchanged']}.")
    _say_refused([(notice[-8:], sentence) for notice, sentence in report.refused])


def _chosen(site: Site, which: Sequence[str]) -> list[str]:
    """Give the notices that are named, or that stand in files that are."""
    texts: list[str] = []
    for each in which:
        if not Path(each).is_file():
            texts.append(each)
            continue
        rows = csv.DictReader(io.StringIO(Path(each).read_text("utf-8-sig"), newline=""))
        if "notice" not in (rows.fieldnames or ()):
            raise FieldError("invalid", {each: ["has no column 'notice'; name a file of links that `make` wrote"]})
        texts += [row["notice"].strip() for row in rows if row["notice"]]
    return notice_sending.find_notices(site, texts)


@notices_command.command("returned")
@click.argument("notice", nargs=-1, required=True)
@day_option
def mark_returned(notice: tuple[str, ...], on: str) -> None:
    """Write that letters came back: the number above the address, which is the end of the notice's id."""
    day = read_day("--on", on)
    with opened_site() as site:
        report = notice_sending.mark_returned(site, notice_sending.find_notices(site, notice), day, who())
    click.echo(f"Came back: {report.counts['returned']}, known before: {report.counts['unchanged']}.")
    _say_refused([(each[-8:], sentence) for each, sentence in report.refused])
    if report.held:
        click.echo(f"With a crew already: {len(report.held)}. Nobody was told of these visits; take them back with")
        click.echo("`fairvisit unassign`, or tell the person otherwise.")


@notices_command.command("list")
@lender_option
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def list_notices(lender: str | None, is_json: bool) -> None:
    """Show every notice, the newest first."""
    with opened_site() as site, site.store.read() as connection:
        rows = [pick(row, NOTICE) for row in notice_rows.read_notices(connection, lender)]
    if is_json:
        show_json(rows)
        return
    table = [
        (row["id"][-8:], row["lender"], row["reference"], f"{row['day']} {row['starts']}-{row['ends']}",
         row["agents"], say_time(row["made_ms"]), [f"{medium} {day}" for medium, day in sorted(row["sent"].items())],
         row["returned_on"])
        for row in rows
    ]  # fmt: skip
    titles = ("notice", "lender", "case", "visit", "agents", "made", "sent", "came back")
    show_table(titles, table, "No notice was made yet; `fairvisit notices make` does.")


@notices_command.command("slips")
@click.argument("references", nargs=-1)
@lender_option
@click.option("--agent", "code", metavar="CODE", help="Every case this agent leads.")
@folder
def make_slips(references: tuple[str, ...], lender: str | None, code: str | None, out: Path) -> None:
    """Make slips to leave, folded and sealed, where nobody is met; each carries a token of its own."""
    if bool(references) == bool(code):
        raise FieldError("invalid", detail="Name cases, or an agent with --agent CODE.")
    with opened_site() as site:
        address = notice_papers.public_address(site)
        case_ids = choosing.find_cases(site, references, lender) if references else choosing.find_led(site, code or "")
        path = _named(site, out, "slips", "html")

        with _Files() as files:

            def keep(made: Sequence[Slip]) -> None:
                files.write(path, notice_papers.render_slips(address, made))

            report = slips.make_slips(site, case_ids, who(), keep)
    click.echo(f"Slips made: {len(report.slips)}.")
    _say_refused(report.refused)
    if report.slips:
        click.echo(f"Print two-sided, A6, fold with the name outside, seal: {path}. Then delete it.")
