"""What a real visit becomes at the door."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.vocabulary import ContactResult, Disposition, HoldReason, Identity, is_possible
from server.demo.conversing import MAX_NOTE, imagine_talk
from server.demo.portfolio import Stop, load_portfolio

DAY = date(2016, 10, 11)


def stop(kind: str, score: int | None = None, notes: str = "") -> Stop:
    """Give a stop of the public file."""
    return Stop("SF-1", DAY, kind, score, notes)


@pytest.mark.parametrize(
    ("kind", "score", "notes", "turn", "contact", "disposition"),
    [
        ("Routine - Unscheduled", 96, "", 0, "person", "promise"),
        ("Routine - Unscheduled", 95, "", 0, "person", "cannot_decide"),
        ("Routine - Unscheduled", 90, "", 1, "person", "appointment"),
        ("Routine - Scheduled", 92, "", 2, "person", "says_paid"),
        ("Routine - Unscheduled", 89, "", 0, "person", "hardship"),
        ("Routine - Unscheduled", 79, "", 0, "person", "disputes"),
        ("Routine - Unscheduled", None, "", 0, "person", "none"),
        ("Reinspection/Followup", None, "", 0, "nobody", "none"),
        ("Reinspection/Followup", None, "", 1, "other_adult", "none"),
        ("Complaint Reinspection/Followup", None, "", 3, "person", "says_paid"),
        ("Complaint", None, "Low Risk: …", 0, "person", "refuses"),
        ("Complaint", None, "", 0, "other_adult", "none"),
        ("New Ownership", None, "", 0, "moved", "none"),
        ("New Construction", None, "", 0, "no_access", "none"),
        ("Structural Inspection", None, "", 0, "no_access", "none"),
        ("Administrative or Document Review", None, "", 0, "person", "represented"),
        ("Non-inspection site visit", None, "", 0, "not_found", "none"),
    ],
)
def test_a_kind_of_visit_becomes_its_talk(
    kind: str, score: int | None, notes: str, turn: int, contact: str, disposition: str
) -> None:
    """Each line of the table in the module's docstring is what happens."""
    talk = imagine_talk(stop(kind, score, notes), turn)

    assert (contact, disposition) == (talk.contact.value, talk.disposition.value)


def test_every_real_visit_becomes_a_possible_talk() -> None:
    """No real visit becomes a pair of contact and disposition that cannot be."""
    for portfolio in (load_portfolio("sf"), load_portfolio("zh")):
        for turn, each in enumerate(portfolio.stops):
            talk = imagine_talk(each, turn)

            assert is_possible(talk.contact, talk.disposition)
            assert len(talk.note) <= MAX_NOTE


def test_who_is_met_says_who_they_are() -> None:
    """Identity is confirmed with a person who talks, declined by one who does not, and asked of nobody else."""
    assert imagine_talk(stop("Routine - Unscheduled", 100), 0).is_met
    assert Identity.DECLINED is imagine_talk(stop("Routine - Unscheduled"), 0).identity
    assert imagine_talk(stop("New Ownership"), 0).identity is None


def test_a_dispute_asks_for_a_hold() -> None:
    """Who disputes the matter is left in peace."""
    talk = imagine_talk(stop("Routine - Unscheduled", 70), 0)

    expected = (ContactResult.PERSON, Disposition.DISPUTES, HoldReason.DISPUTE)

    assert expected == (talk.contact, talk.disposition, talk.hold)
