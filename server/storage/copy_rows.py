"""
Rows for a person's copy: what is held of them, without the names of the office's people and without others.

Every function takes the connection first and runs one statement.
"""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from server.storage.conduct_tables import judgement
from server.storage.facts_tables import contact_log, lender_word, preference
from server.storage.notice_tables import notice
from server.storage.priority_tables import priority_word
from server.storage.tables import agent, appointment, assignment, case, hold, payment, person, place
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, finding
from server.storage.voice_tables import complaint, help_call, person_request


def read_person(connection: Connection, person_id: str) -> AnyRow:
    """Give a person."""
    return connection.execute(select(person).where(person.c.id == person_id)).one()


def read_cases(connection: Connection, person_id: str) -> list[AnyRow]:
    """Give a person's cases with where they are visited."""
    joined = select(case, place.c.address, place.c.postal_code).join(place, place.c.id == case.c.place_id)
    return list(connection.execute(joined.where(case.c.person_id == person_id).order_by(case.c.lender, case.c.id)))


def read_preferences(connection: Connection, person_id: str) -> list[AnyRow]:
    """Give what a person ever asked for."""
    shown = select(
        preference.c.kind, preference.c.starts, preference.c.ends, preference.c.weekdays, preference.c.value,
        preference.c.given_ms, preference.c.ended_ms,
    )  # fmt: skip
    return list(connection.execute(shown.where(preference.c.person_id == person_id).order_by(preference.c.given_ms)))


def read_requests(connection: Connection, person_id: str) -> list[AnyRow]:
    """Give what a person ever asked of us."""
    shown = select(person_request.c.kind, person_request.c.made_ms, person_request.c.done_ms)
    mine = shown.where(person_request.c.person_id == person_id)
    return list(connection.execute(mine.order_by(person_request.c.made_ms)))


def read_findings(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what was found about the visits of a case and still stands."""
    shown = select(finding.c.code, finding.c.severity, finding.c.sentence, finding.c.found_ms)
    mine = shown.where(finding.c.case_id == case_id, finding.c.gone_ms.is_(None))
    return list(connection.execute(mine.order_by(finding.c.found_ms, finding.c.id)))


def read_decisions(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what was decided about the visits of a case, without by whom."""
    shown = select(decision.c.act, decision.c.reason, decision.c.question, decision.c.answer, decision.c.at_ms)
    return list(connection.execute(shown.where(decision.c.case_id == case_id).order_by(decision.c.at_ms)))


def read_contacts(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what was logged of contacts on a case."""
    shown = select(
        contact_log.c.at_ms, contact_log.c.channel, contact_log.c.result, contact_log.c.number, contact_log.c.content
    )
    return list(connection.execute(shown.where(contact_log.c.case_id == case_id).order_by(contact_log.c.at_ms)))


def read_payments(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what was paid on a case."""
    shown = select(payment.c.paid_on, payment.c.currency, payment.c.amount, payment.c.receipt)
    return list(connection.execute(shown.where(payment.c.case_id == case_id).order_by(payment.c.paid_on)))


def read_appointments(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the appointments on a case."""
    shown = select(appointment.c.starts, appointment.c.ends, appointment.c.made_by, appointment.c.made_ms)
    return list(connection.execute(shown.where(appointment.c.case_id == case_id).order_by(appointment.c.made_ms)))


def read_holds(connection: Connection, case_id: str, person_id: str) -> list[AnyRow]:
    """Give the halts ever placed on a case or its person, without by whom."""
    shown = select(hold.c.reason, hold.c.source, hold.c.placed_ms, hold.c.until_ms, hold.c.lifted_ms)
    mine = or_(hold.c.case_id == case_id, hold.c.person_id == person_id)
    return list(connection.execute(shown.where(mine).order_by(hold.c.placed_ms)))


def read_judgements(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what rulebooks answered about a case and its visits."""
    shown = select(judgement.c.visit_id, judgement.c.made_ms, judgement.c.is_open, judgement.c.rulebooks,
                   judgement.c.answers)  # fmt: skip
    return list(connection.execute(shown.where(judgement.c.case_id == case_id).order_by(judgement.c.made_ms)))


def read_complaints(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the complaints on a case."""
    shown = select(complaint.c.codes, complaint.c.words, complaint.c.made_ms, complaint.c.acknowledged_ms,
                   complaint.c.answered_ms, complaint.c.answer)  # fmt: skip
    return list(connection.execute(shown.where(complaint.c.case_id == case_id).order_by(complaint.c.made_ms)))


def read_calls(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the calls for help on a case."""
    shown = select(help_call.c.channel, help_call.c.reach, help_call.c.made_ms, help_call.c.taken_ms,
                   help_call.c.closed_ms, help_call.c.result)  # fmt: skip
    return list(connection.execute(shown.where(help_call.c.case_id == case_id).order_by(help_call.c.made_ms)))


def read_notices(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the letters and slips made of a case, and whether they went and came back."""
    shown = select(notice.c.day, notice.c.starts, notice.c.ends, notice.c.agency, notice.c.content, notice.c.made_ms,
                   notice.c.sent, notice.c.returned_on)  # fmt: skip
    return list(connection.execute(shown.where(notice.c.case_id == case_id).order_by(notice.c.made_ms)))


def read_lender_words(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what the lender said of this one case, without by whom."""
    shown = select(lender_word.c.word, lender_word.c.is_so, lender_word.c.reason, lender_word.c.made_ms)
    return list(connection.execute(shown.where(lender_word.c.case_id == case_id).order_by(lender_word.c.made_ms)))


def read_priority_words(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what people said of the case's place in the order of work, without by whom."""
    shown = select(priority_word.c.kind, priority_word.c.value, priority_word.c.reason, priority_word.c.made_ms)
    return list(connection.execute(shown.where(priority_word.c.case_id == case_id).order_by(priority_word.c.made_ms)))


def read_held(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give who had a case, from when until when."""
    shown = select(agent.c.name, assignment.c.from_ms, assignment.c.until_ms)
    joined = shown.join(assignment, assignment.c.agent_id == agent.c.id).where(assignment.c.case_id == case_id)
    return list(connection.execute(joined.order_by(assignment.c.from_ms, agent.c.code)))
