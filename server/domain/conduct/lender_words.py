"""
Words of the lender: what nobody here can see, and the lender says of all its debts or of one.

A word is one that a rulebook in force asks for, or one of those below. What was never said is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from server.domain.conduct.before import DIGITAL_CONTACT
from server.domain.conduct.facts import Contact
from server.domain.conduct.places import BANS
from server.domain.conduct.rules import Rulebook, RuleType

TRANSFERRED = "debt_transferred"  # the claim has another owner than it began with
NOT_TIME_BARRED = "found_not_time_barred"
HARDSHIP_OFFER_SENT = "hardship_offer_sent"
HARDSHIP_OFFER = "hardship_offer"  # as a contact's content names it
PLACES = {f"place_is_{kind}": kind for kind in ("home", "work", "agreed", "other")}  # what its addresses are
_CONSENT, _WITHDRAWN = "consent_", "withdrawn_"


def words_asked(rulebooks: Iterable[Rulebook]) -> list[str]:
    """Give every word that a lender may say under these rulebooks."""
    found = {TRANSFERRED, NOT_TIME_BARRED, *PLACES}
    for rule in (rule for rulebook in rulebooks for rule in rulebook.rules):
        if rule.type is RuleType.PRIOR_STEP:
            found.update(rule.params.requires)
        if rule.type is RuleType.PLACE_LIMIT:
            found.update(BANS[word].step for word in rule.params.forbidden if word in BANS)
            found.update(f"{word}_tried" for word in rule.params.order)
    return sorted(found - {DIGITAL_CONTACT, ""})


def place_kind(steps: Mapping[str, bool]) -> str | None:
    """
    Give what kind of place is visited, where the lender says so.

    >>> place_kind({"place_is_home": True}), place_kind({"place_is_work": False})
    ('home', None)
    """
    return next((kind for word, kind in PLACES.items() if steps.get(word)), None)


def with_offer(steps: Mapping[str, bool], contacts: Sequence[Contact] | None) -> dict[str, bool]:
    """
    Add what the log tells of an offer of help: one that was sent and did not come back.

    A lender that says so is believed without the log; a log that holds no offer says that none was sent.
    """
    found = dict(steps)
    if contacts is not None and not found.get(HARDSHIP_OFFER_SENT):
        sent = [each for each in contacts if HARDSHIP_OFFER in each.content and each.result != "returned"]
        found[HARDSHIP_OFFER_SENT] = bool(sent)
    return found


def consents(contacts: Sequence[Contact] | None) -> frozenset[str] | None:
    """
    Give what the person agreed to by the log, the oldest contact first: `consent_enter_home`, `withdrawn_enter_home`.

    >>> consents(None), consents([])
    (None, frozenset())
    """
    if contacts is None:
        return None
    given: set[str] = set()
    for word in (word for contact in contacts for word in contact.content):
        if word.startswith(_CONSENT):
            given.add(word.removeprefix(_CONSENT))
        elif word.startswith(_WITHDRAWN):
            given.discard(word.removeprefix(_WITHDRAWN))
    return frozenset(given)
