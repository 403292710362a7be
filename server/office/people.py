"""A person: their cases across agencies, as far as the viewer may see them, and what is protective of them."""

from __future__ import annotations

from schemas.errors import FieldError
from server.domain.roles import Viewer
from server.office.cases import READERS
from server.office.pages import Answer, Pages, show
from server.office.texts import gettext as _
from server.services.auditing import note_look
from server.storage import desk_rows
from server.storage.types import is_id


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/people/<person_id>", *READERS)
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
                "matches": desk_rows.read_matches(connection, person_id),
            }
        note_look(site, viewer, "person", person_id)
        return show("person", cases=cases, **known)
