"""Approving many clean visits at once, after a sample of them was looked at one by one."""

from __future__ import annotations

from urllib.parse import urlencode

from schemas.errors import FieldError
from server.domain.roles import DECIDERS, Viewer
from server.domain.sampling import sample_size
from server.office import queue
from server.office.pages import Answer, Pages, attempt, go, show, tell, tell_error
from server.office.texts import gettext as _
from server.office.texts import ngettext
from server.services import bulking
from server.storage import bulk_rows


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/bulk", *DECIDERS)
    def bulk_start(viewer: Viewer) -> Answer:
        """Say how many clean visits of a selection there are, and how many of them would be looked at."""
        count = len(bulking.find_candidates(site, queue.read_wanted(site, viewer)))
        with site.store.read() as connection:
            begun = bulk_rows.list_open(connection, viewer.id)
        return show(
            "bulk_start", count=count, sample=sample_size(count), filters=urlencode(queue.chosen_filters()), begun=begun
        )  # fmt: skip

    @pages.post("/bulk", *DECIDERS)
    def begin_bulk(viewer: Viewer) -> Answer:
        """Draw the sample."""
        try:
            bulk_id = bulking.begin_bulk(site, viewer, queue.read_wanted(site, viewer))
        except FieldError as error:
            tell_error(error)
            return go("queue", **queue.chosen_filters())
        return go("bulk", bulk_id=bulk_id)

    @pages.get("/bulk/<bulk_id>", *DECIDERS)
    def bulk(viewer: Viewer, bulk_id: str) -> Answer:
        """Show how far the sample is."""
        return show("bulk", bulk=bulking.read_bulk(site, viewer, bulk_id))

    @pages.post("/bulk/<bulk_id>/<act>", *DECIDERS)
    def end_bulk(viewer: Viewer, bulk_id: str, act: str) -> Answer:
        """Approve the rest, or give the bulk up."""
        bulking.read_bulk(site, viewer, bulk_id)
        if act not in {"finish", "cancel"}:
            raise FieldError("not-found")
        if act == "cancel":
            if attempt(lambda: bulking.cancel_bulk(site, viewer, bulk_id)):
                tell(_("Given up. What you decided one by one stays decided."))
            return go("queue")
        try:
            approved, left = bulking.finish_bulk(site, viewer, bulk_id)
        except FieldError as error:
            tell_error(error)
            return go("bulk", bulk_id=bulk_id)
        tell(ngettext("%(num)d visit was approved.", "%(num)d visits were approved.", approved))
        if left:
            ids = ", ".join(each[-8:] for each in left)
            tell(_("Left out, since they changed or are open elsewhere: %(ids)s", ids=ids), "look")
        return go("queue")
