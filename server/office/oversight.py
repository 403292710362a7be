"""How agencies' visits went: conduct and work, with feedback; recovery never, nobody ranked."""

from __future__ import annotations

from datetime import date, timedelta

from flask import request

from server.domain.conduct.periods import local_day
from server.domain.reporting import Figure, say_figure
from server.domain.roles import OVERSEE, Viewer
from server.office.pages import Answer, Pages, show
from server.office.speaking import say_sentence
from server.services.reporting import report_conduct
from server.storage import people_rows, review_rows

FEW = 10  # visits; figures on fewer say little and are shown faint
DAYS = 30
FIRST_DAY = date(2000, 1, 1)  # before any visit of ours


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/oversight", *OVERSEE)
    def oversight(viewer: Viewer) -> Answer:
        """Show the figures of each agency over a period, and how right each finding was held to be."""
        today = local_day(site.now(), site.settings.zone)
        last = min(_read("to", today), today)
        first = min(max(_read("from", today - timedelta(days=DAYS)), FIRST_DAY), last)
        with site.store.read() as connection:
            agencies = [row for row in people_rows.read_agencies(connection).values() if viewer.sees(row.id)]
            marks = review_rows.count_marks(connection, sorted(viewer.agencies))
        told = {
            row.name: [
                (each, say_sentence(say_figure(each)), _share(each))
                for each in report_conduct(site, row.name, first, last)
            ]
            for row in agencies
        }
        return show("oversight", told=told, first=first, last=last, few=FEW, marks=marks)


def _read(name: str, usual: date) -> date:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return usual


def _share(figure: Figure) -> float | None:
    """Give a figure as a share for its bar; None where it is none."""
    return figure.count / figure.of if figure.count is not None and figure.of else None
