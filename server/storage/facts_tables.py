"""
Tables that conduct is judged by and that nothing else fills: contacts, papers, wishes, attestations, lenders' words.

Days are texts (YYYY-MM-DD) in the place's own zone; an empty `valid_from` is a day that nobody told.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Json, Ms

contact_log = Table(
    "contact_log", metadata,  # what the lender did by phone, message, letter, app or at the door
    Column("lender", Text, primary_key=True),
    Column("reference", Text, primary_key=True),  # the lender's own number of the contact
    Column("case_id", Id, ForeignKey("case.id"), nullable=False, index=True),  # the person is the case's
    Column("at_ms", Ms, nullable=False),
    Column("channel", Text, nullable=False),  # visit, call, message, letter, app
    Column("result", Text, nullable=False),  # made, attempt, sent, returned
    Column("number", Text, nullable=False),  # the number or address it went to, where it is told
    Column("content", Json, nullable=False),  # what a notice held: ["purpose", "date", …]
    Column("source", Text, nullable=False),  # lender, office
    Column("digest", Hash, nullable=False),
    Column("imported_ms", Ms, nullable=False),
)  # fmt: skip
agent_paper = Table(
    "agent_paper", metadata,
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # certificate, training, background_check, letter, card
    Column("name", Text, primary_key=True),  # the certificate's, the topic, the card's
    Column("principal", Text, primary_key=True),  # the lender a letter speaks for
    Column("valid_from", Text, primary_key=True),  # of a background check: its day
    Column("valid_until", Text),  # the last day it is good for
    Column("hours", Integer),  # of a training
    Column("imported_ms", Ms, nullable=False),
)  # fmt: skip
agency_paper = Table(
    "agency_paper", metadata,
    Column("agency_id", Id, ForeignKey("agency.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # contract, inspection, licence, listing
    Column("name", Text, primary_key=True),  # the licence's
    Column("principal", Text, primary_key=True),  # the lender of a contract or of a published list
    Column("valid_from", Text, primary_key=True),  # of an inspection: its day
    Column("valid_until", Text),
    Column("imported_ms", Ms, nullable=False),
)  # fmt: skip
preference = Table(
    "preference", metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # not_between, only_between, not_on, not_at, not_by
    Column("starts", Text, nullable=False, server_default=""),  # HH:MM
    Column("ends", Text, nullable=False, server_default=""),
    Column("weekdays", Json, nullable=False),  # [1, …, 7], Monday first
    Column("value", Text, nullable=False, server_default=""),  # a kind of place, a medium
    Column("given_ms", Ms, nullable=False),
    Column("source", Text, nullable=False),  # who told it: person, or the name of somebody else
    Column("ended_ms", Ms),  # none while it lasts
)  # fmt: skip
attestation = Table(
    "attestation", metadata,  # somebody of the house vouches for what software cannot decide
    Column("id", Id, primary_key=True),
    Column("rule_id", Text, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Text, nullable=False),  # the last day it stands
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
lender_word = Table(
    "lender_word", metadata,  # what a lender says of all its debts or of one; only added to: the newest counts
    Column("id", Id, primary_key=True),
    Column("lender", Text, nullable=False, index=True),
    Column("case_id", Id, ForeignKey("case.id")),  # none: of all of them
    Column("word", Text, nullable=False),  # found_lawful, debt_transferred, hardship_offer_sent …
    Column("is_so", Boolean, nullable=False),
    Column("by", Text, nullable=False),  # who says it
    Column("reason", Text, nullable=False),
    Column("until", Text, nullable=False),  # the last day it stands
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
