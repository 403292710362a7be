"""A person: their cases across agencies, as far as the viewer may see them, and what is protective of them."""

from __future__ import annotations

from schemas.errors import FieldError
from server.domain.roles import CASE_READERS, Role, Viewer
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.texts import gettext as _
from server.services.auditing import note_look
from server.services.matching import decide_match
from server.storage import desk_rows
from server.storage.types import is_id

JOINERS = (Role.DISPATCHER, Role.SUPERVISOR)


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/people/<person_id>", *CASE_READERS)
    def person(viewer: Viewer, person_id: str) -> Answer:
        """Show a person with their cases, visits and halts."""
        agencies = sorted(viewer.agencies)
        with site.store.read() as connection:
            cases = desk_rows.read_cases_of(connection, person_id, agencies) if is_id(person_id) else []
            if not cases:
                raise FieldError("not-found", detail=_("There is no such person among those of your agencies."))
            known = {
                "visits": desk_rows.read_visits(connection, [each.id for each in cases], agencies),
                "holds": desk_rows.read_holds(connection, [each.id for each in cases], person_id),
                "preferences": desk_rows.read_preferences(connection, person_id),
                "matches": desk_rows.read_matches(connection, person_id, agencies),
            }
        note_look(site, viewer, "person", person_id)
        return show("person", cases=cases, may_join=viewer.may(JOINERS), **known)

    @pages.post("/people/<person_id>/matches/<other_id>", *JOINERS)
    def decide_pair(viewer: Viewer, person_id: str, other_id: str) -> Answer:
        """Say that two persons are one, who then share halts, wishes and counts, or that they are two."""
        act, pair = words("act", 10), (person_id, other_id)
        with site.store.read() as connection:
            is_known = all(is_id(each) for each in pair)
            if not is_known or not desk_rows.read_pairs(connection, sorted(viewer.agencies), 1, of=pair):
                raise FieldError("not-found", detail=_("There is no such pair, or it was decided meanwhile."))
        if act not in {"same", "different"}:
            tell(_("say that they are one person, or two"), "stop")
            return go("conflicts")
        said = {
            "same": _("They are one person from now on: halts, wishes and counts are shared, packets are made anew."),
            "different": _("They stay two persons; this pair is not shown again."),
        }
        pages.do(
            viewer, "joined_persons" if act == "same" else "parted_persons", ("person", min(pair)),
            lambda: decide_match(site, *pair, is_same=act == "same", by=viewer.name), lambda _none: said[act],
            other=max(pair),
        )  # fmt: skip
        return go("conflicts")
