"""
Vouching: somebody answers, until a day, for what software cannot decide: the house for a rule, a lender for its debts.

An attestation is kept with name, reason and day, and is never changed: another one for a later day goes further. So is
a lender's word; of one word the newest counts, and what is said of one case counts before what is said of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from schemas.errors import FieldError
from server.domain.conduct.judging import can_be_vouched_for
from server.domain.conduct.lender_words import words_asked
from server.domain.conduct.rules import Rule
from server.services.rule_changes import day_of
from server.services.rulebooks import rulebooks_in_force
from server.services.site import Site
from server.storage import facts_rows
from server.storage.types import AnyRow


def attest_rule(site: Site, rule_id: str, by: str, reason: str, until: date) -> None:
    """
    Keep that *by* vouches for a rule until the end of a day.

    Raises `not-found` for a rule that is not in force, `conflict` for one that takes nobody's word, and `invalid` for a
    day that is over and where name or reason is missing.
    """
    rule = _find(site, rule_id)
    if not can_be_vouched_for(rule):
        detail = f"{rule_id} is decided by what is known of each case: nobody can vouch for it."
        raise FieldError("conflict", detail=detail)
    _check(site, by, reason, until)
    row = {
        "id": site.new_id(), "rule_id": rule_id, "by": by.strip(), "reason": reason.strip(),
        "until": until.isoformat(), "made_ms": site.now(),
    }  # fmt: skip
    site.store.write(lambda connection: facts_rows.add_attestation(connection, row))


def state_words(
    site: Site, lender: str, words: Mapping[str, bool], by: str, reason: str, until: date, case_id: str | None = None
) -> None:
    """
    Keep what *lender* says, by the mouth of *by*, of all its cases or of one, until the end of a day.

    Raises `not-found` for a lender without a case, and `invalid` for a word that no rulebook in force asks for, for a
    day that is over and where name or reason is missing.
    """
    asked = words_asked(rulebooks_in_force(site))
    strange = [word for word in words if word not in asked]
    if strange or not words:
        raise FieldError("invalid", {word: [f"is no word that is asked for: {', '.join(asked)}"] for word in strange})
    _check(site, by, reason, until)
    with site.store.read() as connection:
        if not facts_rows.is_lender(connection, lender):
            raise FieldError("not-found", detail=f"No case is of a lender called {lender!r}.")
    said = {
        "lender": lender, "case_id": case_id, "by": by.strip(), "reason": reason.strip(), "until": until.isoformat(),
        "made_ms": site.now(),
    }  # fmt: skip
    rows = [said | {"id": site.new_id(), "word": word, "is_so": is_so} for word, is_so in sorted(words.items())]
    site.store.write(lambda connection: facts_rows.add_lender_words(connection, rows))


def list_words(site: Site) -> Sequence[AnyRow]:
    """Give everything that lenders ever said, by lender and word, the newest first."""
    with site.store.read() as connection:
        return facts_rows.list_lender_words(connection)


def _check(site: Site, by: str, reason: str, until: date) -> None:
    wrong = {name: ["is missing"] for name, text in (("by", by), ("reason", reason)) if not text.strip()}
    if until < day_of(site, site.now()):
        wrong["until"] = [f"{until.isoformat()} is over; name today or a later day"]
    if wrong:
        raise FieldError("invalid", wrong)


def _find(site: Site, rule_id: str) -> Rule:
    for book in rulebooks_in_force(site):
        rule = book.rule(rule_id)
        if rule is not None:
            return rule
    detail = f"No rulebook in force has a rule {rule_id}; `fairvisit rulebooks list` shows which are."
    raise FieldError("not-found", detail=detail)


def list_attestations(site: Site) -> Sequence[AnyRow]:
    """Give everything that was ever vouched for, by rule, the newest first."""
    with site.store.read() as connection:
        return facts_rows.read_attestations(connection)
