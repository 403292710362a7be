"""Words of lenders: which are asked for, and what they and the log of contacts say of a case."""

from __future__ import annotations

import pytest

from server.domain.conduct.facts import Contact
from server.domain.conduct.lender_words import consents, place_kind, with_offer, words_asked
from server.services.rulebooks import load_shipped


def contact(*content: str, result: str = "sent") -> Contact:
    """Give a contact that held these."""
    return Contact("k", 1, "letter", result, "c", "p", content=content)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("FLOOR", {"found_lawful", "found_not_refused_by_court", "hardship_offer_sent"}),
        ("AU", {"visit_necessary", "permission_cannot_be_asked", "home_tried"}),
        ("EU", {"forbearance_considered"}),
    ],
)
def test_a_rulebook_asks_for_what_it_cannot_see(name: str, asked: set[str]) -> None:
    """Steps before a visit, what opens a place, what was tried first; never what the log of contacts tells itself."""
    found = set(words_asked([load_shipped(name)]))

    assert asked <= found
    assert {"debt_transferred", "found_not_time_barred", "place_is_home"} <= found
    assert not {"digital_contact", ""} & found
    assert asked.isdisjoint(words_asked([]))


@pytest.mark.parametrize(
    ("said", "log", "is_sent"),
    [
        ({}, None, None),
        ({}, (), False),
        ({}, (contact("purpose"),), False),
        ({}, (contact("purpose", "hardship_offer"),), True),
        ({}, (contact("hardship_offer", result="returned"),), False),
        ({"hardship_offer_sent": True}, (), True),
        ({"hardship_offer_sent": False}, (contact("hardship_offer"),), True),
        ({"hardship_offer_sent": False}, None, False),
    ],
)
def test_an_offer_is_told_by_the_log_or_by_the_lender(
    said: dict[str, bool], log: tuple[Contact, ...] | None, is_sent: bool | None
) -> None:
    """Who says so is believed; a log without an offer that arrived says that there was none; without a log, nobody."""
    assert is_sent is with_offer(said, log).get("hardship_offer_sent")


def test_the_last_word_on_a_consent_counts() -> None:
    """Given, withdrawn and given again it holds; another's withdrawal leaves it alone."""
    log = [contact("consent_enter_home"), contact("withdrawn_enter_home", "consent_filming")]

    assert frozenset({"filming"}) == consents(log)
    assert frozenset({"filming", "enter_home"}) == consents([*log, contact("consent_enter_home")])
    assert None is consents(None)


def test_a_place_is_what_the_lender_says_it_is() -> None:
    """One word that is so names it; words that are not so name nothing."""
    assert "work" == place_kind({"place_is_home": False, "place_is_work": True})
    assert None is place_kind({"place_is_home": False})
