"""
Papers for cases that are with a crew, made from the board: letters that tell of a day, slips for where nobody is met.

Comes in: cases, a day and hours. Goes out: one page to print, and why a case got none. Codes and tokens are on the page
and nowhere else: what is not printed is made again, on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from schemas.errors import FieldError
from server.domain.notices import Letter, Slip
from server.domain.roles import Viewer
from server.services import notice_papers, noticing, slips
from server.services.notice_sending import SentReport, mark_sent
from server.services.site import Site
from server.storage import case_rows, dispatch_rows, notice_rows

NOBODY = "is with no crew; hand it out first"


@dataclass
class Papers:
    """A page to print with so many papers on it, cases that were told before, and why others got none."""

    page: str = ""
    made: int = 0
    before: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # reference, sentence


def make_letters(
    site: Site, viewer: Viewer, case_ids: Sequence[str], crew: Sequence[str], day: date, hours: str, *, is_again: bool
) -> Papers:
    """
    Make a letter for each of these cases, in the name of the crew that has it; of *crew* (codes) where nobody has it.

    A case whose person has a letter for a day to come gets another only if *is_again*. Raises `invalid` for a day that
    is too soon and hours that are none, and where the public pages' address is not set.
    """
    address, papers = notice_papers.public_address(site), Papers()
    letters: list[Letter] = []

    def keep(made: Sequence[Letter]) -> None:
        notice_papers.render_letters(address, made)  # what cannot be printed is not remembered
        letters.extend(made)

    groups = _by_crew(site, viewer, case_ids, papers, tuple(crew))
    for codes, mine in groups.items():
        try:
            plan = noticing.Plan.read(codes, day, hours)
            report = noticing.make_notices(site, mine, plan, viewer.name, keep, is_again=is_again)
        except FieldError as error:
            if not letters:  # the same for every crew, or nothing was made yet: nothing is lost
                raise FieldError(error.code, {_plain(path): said for path, said in error.fields.items()},
                                 error.detail) from None  # fmt: skip
            papers.refused += [(", ".join(codes), error.detail)]
            continue
        papers.before += report.before
        papers.refused += report.refused
    papers.made = len(letters)
    papers.page = notice_papers.render_letters(address, letters) if letters else ""
    return papers


def _plain(path: str) -> str:
    """Give a field as a form names it: the command calls it by its option."""
    return path.lstrip("-")


def _by_crew(
    site: Site, viewer: Viewer, case_ids: Sequence[str], papers: Papers, otherwise: tuple[str, ...] = ()
) -> dict[tuple[str, ...], list[str]]:
    """
    Give the viewer's cases by the crew that has them, or would *otherwise* (codes, the lead first); note the others.

    Raises `invalid` for somebody of another agency among those who would.
    """
    crews: dict[str, list[str]] = {}
    groups: dict[tuple[str, ...], list[str]] = {}
    with site.store.read() as connection:
        agencies = sorted(viewer.agencies)
        strangers = sorted(set(otherwise) - {row.code for row in dispatch_rows.list_crews(connection, agencies)})
        rows = dispatch_rows.read_open(connection, case_ids, agencies)
        for chunk in case_rows.chunks([row.id for row in rows]):
            for row in case_rows.read_crews(connection, chunk):
                crews.setdefault(row.case_id, []).append(row.code)
    if strangers:
        raise FieldError("invalid", {"crew": [f"'{code}' is no active agent of your agencies" for code in strangers]})
    for row in rows:
        codes = tuple(crews.get(row.id, otherwise))
        if codes:
            groups.setdefault(codes, []).append(row.id)
        else:
            papers.refused.append((row.reference, NOBODY))
    return groups


def make_slips(site: Site, viewer: Viewer, case_ids: Sequence[str]) -> Papers:
    """Make a slip for each of these cases, each with a token of its own."""
    address, papers = notice_papers.public_address(site), Papers()
    mine = [each for group in _by_crew(site, viewer, case_ids, papers).values() for each in group]

    def keep(made: Sequence[Slip]) -> None:
        papers.page, papers.made = notice_papers.render_slips(address, made), len(made)

    papers.refused += slips.make_slips(site, mine, viewer.name, keep).refused
    return papers


def mark_letters_sent(site: Site, viewer: Viewer, case_ids: Sequence[str], day: date) -> SentReport:
    """Write that the newest letter of each of these cases was sent on a day; raise `invalid` for a day to come."""
    with site.store.read() as connection:
        mine = [row.id for row in dispatch_rows.read_open(connection, case_ids, sorted(viewer.agencies))]
        newest = {row.case_id: row.id for row in notice_rows.read_printed(connection, mine)}
    try:
        return mark_sent(site, sorted(newest.values()), "letter", day, viewer.name)
    except FieldError as error:
        raise FieldError(error.code, {"day": error.fields["--on"]}, error.detail) from None
