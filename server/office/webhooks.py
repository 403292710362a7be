"""Webhooks: whom the office tells of what happened, what came of it, and what is sent anew."""

from __future__ import annotations

from flask import request

from schemas.errors import FieldError
from server.domain.roles import KEEP, Role, Viewer
from server.domain.webhooks import IN_ALL_S, KINDS, TRIES
from server.office.pages import Answer, Pages, attempt, check_unlimited, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.office.texts import ngettext
from server.services import webhooks as service
from server.services.site import Site
from server.storage import people_rows, webhook_rows
from server.storage.types import is_id

STATES = ("", "dead", "waiting", "done")
MOST_SHOWN = 100


def say_kind(kind: str) -> str:
    """Give what happened, in words."""
    return {
        "visit.created": _("a visit is new"),
        "visit.changed": _("a visit's state, outcome or findings changed"),
        "decision.made": _("a visit was decided on"),
        "case.created": _("a case is new"),
        "case.changed": _("a case changed, or was closed"),
        "complaint.created": _("a complaint is new"),
        "complaint.changed": _("a complaint was matched, acknowledged or answered"),
        "statement.signed_off": _("a device's day was signed off"),
        "test": _("a test"),
    }[kind]


def say_problem(problem: str | None, status: int | None) -> str:
    """Give why a message did not arrive, in words."""
    if problem is None:
        is_redirect = status is not None and 300 <= status < 400
        return _("It answered with another address; redirects are not followed.") if is_redirect else ""
    return {
        "address": _("Its name leads into a private network or to this machine; nothing was sent."),
        "name": _("Its name is not known."),
        "reach": _("It could not be reached, or broke off."),
        "timeout": _("It did not answer in time."),
        "certificate": _("Its certificate is not trusted; nothing was sent."),
        "lost": _("Being sent, or the worker stopped before it was known what came of it."),
    }[problem]


def say_replayed(count: int) -> str:
    """Say how many dead messages are on their way again."""
    return ngettext("%(num)d message is sent anew.", "%(num)d messages are sent anew.", count)


def do_act(site: Site, viewer: Viewer, webhook_id: str, act: str) -> str:
    """Do something to a webhook; give what the next page says."""
    match act:
        case "on" | "off":
            service.switch(site, viewer, webhook_id, is_on=act == "on")
            on, off = _("It is on; what waited is sent."), _("It is off; what happens now is not told to it.")
            return on if act == "on" else off
        case "remove":
            service.remove(site, viewer, webhook_id)
            return _("The webhook is removed, with all that waited for it.")
        case "test":
            service.send_test(site, viewer, webhook_id)
            return _("A test is on its way; it stands in the list below.")
        case "replay":
            return say_replayed(service.replay(site, viewer, webhook_id))
    raise FieldError("not-found")


def add_pages(pages: Pages) -> None:
    """Put these pages on the office, for administrators without a limit; auditors read."""
    site = pages.site

    @pages.get("/webhooks", *KEEP)
    def webhooks(viewer: Viewer) -> Answer:
        """List webhooks, with what waits and what is dead, and take another."""
        check_unlimited(viewer)
        with site.store.read() as connection:
            rows, counts = webhook_rows.list_webhooks(connection), webhook_rows.count_states(connection)
            agencies = {row.id: row.name for row in people_rows.read_agencies(connection).values()}
        return show(
            "webhooks", rows=rows, counts=counts, agencies=agencies, kinds=KINDS, say_kind=say_kind, tries=TRIES,
            hours=round(IN_ALL_S / 3600),
        )  # fmt: skip

    @pages.post("/webhooks", Role.ADMIN)
    def add_webhook(viewer: Viewer) -> Answer:
        """Add a webhook; what its messages are signed with is shown this once."""
        check_unlimited(viewer)
        url, kinds, agency_id = words("url", 1000), request.form.getlist("kind"), words("agency", 36)
        try:
            webhook_id = service.add_webhook(site, viewer, url, kinds, agency_id)
        except FieldError as error:
            tell_error(error)
            return go("webhooks")
        return show("webhook_made", webhook_id=webhook_id, secret=service.secret_of(site, webhook_id))

    @pages.get("/webhooks/<webhook_id>", *KEEP)
    def webhook(viewer: Viewer, webhook_id: str) -> Answer:
        """Show a webhook's latest messages, of one state where one is asked for."""
        check_unlimited(viewer)
        asked = request.args.get("state", "")
        state = asked if asked in STATES else ""
        with site.store.read() as connection:
            rows = {row.id: row for row in webhook_rows.list_webhooks(connection)}
            if webhook_id not in rows:
                raise FieldError("not-found")
            deliveries = webhook_rows.list_deliveries(connection, webhook_id, state, MOST_SHOWN)
            counts = webhook_rows.count_states(connection)
        dead, waiting = (counts.get((webhook_id, each), 0) for each in ("dead", "waiting"))
        return show(
            "webhook", row=rows[webhook_id], deliveries=deliveries, dead=dead, waiting=waiting,
            state_named=state, states=STATES, tries=TRIES, say_kind=say_kind, say_problem=say_problem, most=MOST_SHOWN,
        )  # fmt: skip

    @pages.post("/webhooks/<webhook_id>/<act>", Role.ADMIN)
    def change_webhook(viewer: Viewer, webhook_id: str, act: str) -> Answer:
        """Switch a webhook on or off, remove it, send it a test, or send all that is dead anew."""
        check_unlimited(viewer)
        attempt(lambda: tell(do_act(site, viewer, webhook_id, act)))
        return go("webhooks") if act == "remove" else go("webhook", webhook_id=webhook_id)

    @pages.post("/webhooks/<webhook_id>/deliveries/<delivery_id>/replay", Role.ADMIN)
    def replay_delivery(viewer: Viewer, webhook_id: str, delivery_id: str) -> Answer:
        """Send one dead message anew."""
        check_unlimited(viewer)
        if not is_id(delivery_id):
            raise FieldError("not-found")
        attempt(lambda: tell(say_replayed(service.replay(site, viewer, webhook_id, delivery_id))))
        return go("webhook", webhook_id=webhook_id)
