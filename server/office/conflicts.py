"""Contact corrections that contradict each other, side by side; positions of doors to confirm."""

from __future__ import annotations

from schemas.errors import FieldError
from server.domain.roles import DISPATCH, REVIEW, VISIT_READERS, Role, Viewer
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.people import JOINERS
from server.office.texts import gettext as _
from server.services import door_positions
from server.services.auditing import note_look
from server.services.reviewing import resolve_clash
from server.storage import desk_rows
from server.storage.types import is_id

DECIDERS = (Role.REVIEWER, Role.SUPERVISOR, Role.DISPATCHER)
MOST_SHOWN = 200
MOST_DOORS = MOST_PAIRS = 50
ACTS = {"confirm": "confirmed_door", "refuse": "refused_door"}  # as they are noted


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/conflicts", *DISPATCH, *REVIEW)
    def conflicts(viewer: Viewer) -> Answer:
        """Show each correction beside what it was based on and what is held now."""
        with site.store.read() as connection:
            rows = desk_rows.read_clashes(connection, sorted(viewer.agencies), MOST_SHOWN)
            doors = door_positions.list_doors(connection, site, viewer)
            pairs = desk_rows.read_pairs(connection, sorted(viewer.agencies), MOST_PAIRS)
            persons = {each for pair in pairs for each in (pair.person_id, pair.other_id)}
            cases = desk_rows.read_cases_of_all(connection, persons, sorted(viewer.agencies))
        if rows or doors or pairs:
            note_look(site, viewer, "conflicts", "")
        return show(
            "conflicts", rows=rows, pairs=pairs, cases=cases, may_join=viewer.may(JOINERS),
            doors=doors[:MOST_DOORS], more=max(0, len(doors) - MOST_DOORS),
            most_visits=door_positions.MOST_VISITS, sees_visits=viewer.may(VISIT_READERS), may=viewer.may(DECIDERS),
        )  # fmt: skip

    @pages.post("/conflicts/doors/<place_id>", *DECIDERS)
    def decide_door(viewer: Viewer, place_id: str) -> Answer:
        """Take the position that visits propose for a door, or keep what is held."""
        with site.store.read() as connection:
            if not is_id(place_id) or not door_positions.list_doors(connection, site, viewer, place_id):
                raise FieldError("not-found", detail=_("There is no such position, or it was decided meanwhile."))
        act, evidence = words("act", 10), words("evidence", 64)
        if act not in ACTS:
            tell(_("confirm it, or keep what is held"), "stop")
            return go("conflicts")
        said = {
            "confirm": _("Confirmed. The place has this position, and packets with it are made anew."),
            "refuse": _("Kept as it was. This position is shown again only when another visit speaks for it."),
        }
        pages.do(
            viewer, ACTS[act], ("place", place_id),
            lambda: door_positions.decide_door(site, viewer, place_id, evidence, is_confirmed=act == "confirm"),
            lambda _none: said[act], evidence=evidence,
        )  # fmt: skip
        return go("conflicts")

    @pages.post("/conflicts/<event_id>/<field>", *DECIDERS)
    def decide_conflict(viewer: Viewer, event_id: str, field: str) -> Answer:
        """Take the agent's value, keep what is held, or write another."""
        with site.store.read() as connection:
            own = sorted(viewer.agencies)
            if not is_id(event_id) or not desk_rows.read_clashes(connection, own, 1, of=(event_id, field)):
                raise FieldError("not-found", detail=_("There is no such conflict, or it was decided meanwhile."))
        act, written = words("act", 10), words("value", 300)
        if act not in {"accept", "keep", "edit"} or (act == "edit" and not written):
            tell(_("accept it, keep what is held, or write another value"), "stop")
            return go("conflicts")
        pages.do(
            viewer, f"{act}_contact", ("event", event_id),
            lambda: resolve_clash(
                site, event_id, field, viewer.name, accept=act != "keep", instead=written if act == "edit" else None
            ),
            lambda _none: _("Decided. Packets with this contact are made anew."), field=field,
        )  # fmt: skip
        return go("conflicts")
