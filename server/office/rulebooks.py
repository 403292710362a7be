"""The rules in force: text, citation, confidence, departures; and a visit to try them on."""

from __future__ import annotations

from flask import request

from schemas.errors import FieldError
from server.domain.conduct.plain import compare, describe, say_limit
from server.domain.conduct.rules import Rulebook
from server.domain.roles import ROLES, STATEMENT_READERS, Viewer
from server.office.pages import Answer, Pages, show
from server.office.references import find_referenced
from server.office.speaking import say_error
from server.office.texts import gettext as _
from server.services import rulebooks
from server.services.auditing import note_look
from server.services.rule_changes import read_changes
from server.services.trying import try_crews
from server.storage import field_rows


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    def standing() -> tuple[list[Rulebook], set[str]]:
        here = rulebooks.rulebooks_in_force(site)
        names = {book.name for book in here}
        others = [rulebooks.load_shipped(name) for name in rulebooks.shipped_names() if name not in names]
        return [*here, *others], names

    def find(name: str) -> Rulebook:
        book = next((each for each in standing()[0] if each.name == name), None)
        if book is None:
            raise FieldError("not-found", detail=_("There is no rulebook of this name."))
        return book

    @pages.get("/rulebooks", *ROLES)
    def rulebooks_page(viewer: Viewer) -> Answer:
        """List the rulebooks, those in force first, and the house's departures."""
        books, here = standing()
        changes = [each for book in books if book.name in here for each in read_changes(site, book.name, site.now())]
        return show("rulebooks", books=books, here=here, changes=changes, may_try=viewer.may(STATEMENT_READERS))

    @pages.get("/rulebooks/<name>", *ROLES)
    def rulebook(viewer: Viewer, name: str) -> Answer:
        """Show every rule of a rulebook, or how it differs from another."""
        book, other = find(name), request.args.get("against", "")
        differences = list(compare(find(other), book)) if other else None
        names = [each.name for each in standing()[0] if each.name != name]
        rules = [(rule, say_limit(rule), describe(rule)) for rule in book.rules]
        return show("rulebook", book=book, rules=rules, other=other, names=names, differences=differences)

    @pages.get("/try", *STATEMENT_READERS)
    def try_visit(viewer: Viewer) -> Answer:
        """Ask the rules about a case and a crew; nothing is kept."""
        asked = {name: request.args.get(name, "").strip()[:200] for name in ("reference", "lender", "crew")}
        tried, trouble, case_id = None, "", ""
        if asked["reference"]:
            try:
                case_id = find_referenced(site, viewer, asked["reference"], asked["lender"])
                with site.store.read() as connection:
                    known = {row.code: row.id for row in field_rows.list_agents(connection, sorted(viewer.agencies))}
                strangers = [each for each in asked["crew"].split() if each not in known]
                if strangers:
                    raise FieldError("invalid", {each: [_("is no agent of your agencies")] for each in strangers})
                crew = [known[each] for each in asked["crew"].split()]
                tried = try_crews(site, {case_id: crew})[case_id]
                note_look(site, viewer, "case", case_id)
            except FieldError as error:
                trouble = "; ".join(say_error(error))
        return show("try_visit", asked=asked, tried=tried, trouble=trouble, case_id=case_id)


