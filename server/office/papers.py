"""Letters and slips for what a crew has, printed from the board; that letters were sent."""

from __future__ import annotations

from datetime import date

from flask import request
from werkzeug.wrappers import Response

from schemas.errors import FieldError
from server.domain.roles import Role, Viewer
from server.office.cases import read_until
from server.office.handing_out import chosen_cases, chosen_crew
from server.office.pages import Answer, Pages, go, tell, tell_error, words
from server.office.texts import gettext as _
from server.office.texts import ngettext
from server.services import crew_papers
from server.services.auditing import noted
from server.services.crew_papers import Papers

MOST_CASES = 200  # papers on one page
MOST_SAID = 10
# A page to print brings its own style and no script; whatever a name on it holds can do nothing.
PRINTED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.post("/dispatch/letters", Role.DISPATCHER)
    def print_letters(viewer: Viewer) -> Answer:
        """Make letters for the chosen cases and give them as a page to print; why a case got none is said next."""
        cases, is_again = chosen_cases()[:MOST_CASES], request.form.get("again") == "yes"
        try:
            day, hours = _read_day("notice_day"), f"{words('starts', 5)}-{words('ends', 5)}"
            with noted(site, viewer, "made_letters", "cases", "", cases=cases, day=day.isoformat(), again=is_again):
                papers = crew_papers.make_letters(site, viewer, cases, chosen_crew(), day, hours, is_again=is_again)
        except FieldError as error:
            tell_error(error)
            return go("dispatch", way="given")
        if papers.before:
            tell(ngettext(
                "%(num)d person has a letter for a day to come already; tick “again” to make another.",
                "%(num)d persons have a letter for a day to come already; tick “again” to make another.",
                papers.before,
            ), "look")  # fmt: skip
        return _answer(papers)

    @pages.post("/dispatch/slips", Role.DISPATCHER)
    def print_slips(viewer: Viewer) -> Answer:
        """Make slips for the chosen cases and give them as a page to print."""
        cases = chosen_cases()[:MOST_CASES]
        try:
            with noted(site, viewer, "made_slips", "cases", "", cases=cases):
                papers = crew_papers.make_slips(site, viewer, cases)
        except FieldError as error:
            tell_error(error)
            return go("dispatch", way="given")
        return _answer(papers)

    @pages.post("/dispatch/letters/sent", Role.DISPATCHER)
    def mark_letters_sent(viewer: Viewer) -> Answer:
        """Write that the newest letters of the chosen cases were sent: only then does the gate count them."""
        cases = chosen_cases()
        try:
            day = _read_day("sent_on")
            with noted(site, viewer, "sent_letters", "cases", "", cases=cases, day=day.isoformat()):
                report = crew_papers.mark_letters_sent(site, viewer, cases, day)
        except FieldError as error:
            tell_error(error)
            return go("dispatch", way="given")
        count = report.counts["sent"]
        tell(ngettext("%(num)d letter counts as sent.", "%(num)d letters count as sent.", count))
        for notice, sentence in report.refused[:MOST_SAID]:
            tell(f"{notice[-8:]}: {sentence}", "stop")
        return go("dispatch", way="given")


def _read_day(name: str) -> date:
    day = read_until(words(name, 10))
    if day is None:
        raise FieldError("invalid", {"day": [_("name it first; nothing was made")]})
    return day


def _answer(papers: Papers) -> Answer:
    """Give the page to print; what else is to be said stands on the next page."""
    for reference, sentence in papers.refused[:MOST_SAID]:
        tell(f"{reference}: {sentence}", "stop")
    rest = len(papers.refused) - MOST_SAID
    if rest > 0:
        tell(ngettext("%(num)d more got none.", "%(num)d more got none.", rest), "stop")
    if not papers.page:
        if not papers.refused and not papers.before:
            tell(_("Choose cases that a crew has; nothing was made."), "stop")
        return go("dispatch", way="given")
    tell(ngettext(
        "%(num)d paper was made to print. Its code stands on the paper and nowhere else.",
        "%(num)d papers were made to print. Their codes stand on the papers and nowhere else.", papers.made,
    ))  # fmt: skip
    return Response(papers.page, mimetype="text/html", headers={"Content-Security-Policy": PRINTED})
