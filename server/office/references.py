"""A case named by its reference, as people type it: one of the viewer's agencies, or said to be none."""

from __future__ import annotations

from schemas.errors import FieldError
from server.domain.roles import Viewer
from server.office.texts import gettext as _
from server.services.site import Site
from server.storage import case_rows, desk_rows


def find_referenced(site: Site, viewer: Viewer, reference: str, lender: str) -> str:
    """
    Give the id of a case by its reference, and its lender where two use the same.

    Raises `invalid`: in the same words whether there is none at all or it is another agency's.
    """
    with site.store.read() as connection:
        named = case_rows.find_reference(connection, reference, lender or None)
        own = [each for each in named if desk_rows.find_case(connection, each, sorted(viewer.agencies)) is not None]
    if len(own) == 1:
        return own[0]
    said = _("is used by more than one lender; name one") if own else _("is no case's reference in your agencies")
    raise FieldError("invalid", {reference: [said]})
