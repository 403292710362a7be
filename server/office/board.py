"""What the dispatch board lists: free cases in order of priority, cases that somebody has, cases the gate refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from server.domain.priority import Ranked
from server.domain.roles import Viewer
from server.office.speaking import language
from server.services import dispatching
from server.services.blocked import MOST_READ, Blocked, Group, read_blocked
from server.services.site import Site
from server.storage import dispatch_rows
from server.storage.dispatch_rows import Way
from server.storage.types import AnyRow, is_id

PAGE = 100
OWN_WORDS: Mapping[str, LazyString] = {  # of the gate itself, which stands in no rulebook
    "GATE-PAID": _("This is paid: nobody goes there."),
    "GATE-HOLD": _("There is a halt: nobody goes there until it is lifted."),
}


@dataclass
class Board:
    """A page of the board: rows in order, where it goes on, and what is known beside each row."""

    rows: Sequence[AnyRow]
    more: str = ""
    ranked: Mapping[str, Ranked] = field(default_factory=dict)
    blocked: Mapping[str, Blocked] = field(default_factory=dict)
    group: Group | None = None
    is_too_many: bool = False  # more are free than are put in order


def list_board(site: Site, viewer: Viewer, area: str, way: Way, before: str) -> Board:
    """Give a page of cases, free ones by priority where they are few enough, else the newest first."""
    agencies = sorted(viewer.agencies)
    ranked = dispatching.rank_board(site, area) if way is Way.FREE else None
    if ranked is not None:
        return _list_ranked(site, agencies, ranked, int(before) if before.isdecimal() and len(before) < 10 else 0)
    with site.store.read() as connection:
        rows = dispatch_rows.list_open(
            connection, agencies, area, way, before if is_id(before) else None, PAGE + 1
        )  # fmt: skip
    return Board(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else "", is_too_many=way is Way.FREE)


def _list_ranked(site: Site, agencies: Sequence[str], ranked: Sequence[Ranked], start: int) -> Board:
    """Give the cases from a place of the order on."""
    chosen = {each.standing.case_id: each for each in ranked[start : start + PAGE]}
    with site.store.read() as connection:
        rows = {row.id: row for row in dispatch_rows.read_open(connection, list(chosen), agencies)}
    more = str(start + PAGE) if len(ranked) > start + PAGE else ""
    return Board([rows[each] for each in chosen if each in rows], more, chosen)


def list_groups(site: Site, area: str) -> tuple[Sequence[Group], int, bool]:
    """Give what keeps cases back, how many cases that is, and whether there may be more than were read."""
    groups, count = read_blocked(site, area)
    return groups, count, count == MOST_READ


def list_group(site: Site, area: str, rule: str, before: str) -> Board:
    """Give a page of the cases that one rule keeps back, the newest first."""
    group = next((each for each in read_blocked(site, area)[0] if each.rule_id == rule), None)
    cases = [] if group is None else [each for each in group.cases if not is_id(before) or each.row.id < before]
    shown = cases[:PAGE]
    more = shown[-1].row.id if len(cases) > PAGE else ""
    return Board([each.row for each in shown], more, blocked={each.row.id: each for each in shown}, group=group)


def say_rule(group: Group) -> str:
    """Give a rule's sentence in the language in hand; in English where its rulebook says it in no other."""
    said = OWN_WORDS.get(group.rule_id)
    return str(said) if said is not None else group.says.get(language(), group.says["en"])
