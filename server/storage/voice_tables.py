"""
Tables of what persons tell us and ask of us on the public pages, and of the cards that agents show them.

What a person wrote (`words`, `reach`, `answer`, `result`) is blanked when the person asks for erasure; that something
was said, when, and what became of it stays.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text

from server.storage.tables import metadata
from server.storage.types import Hash, Id, Json, Ms

agent_card = Table(
    "agent_card", metadata,
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("number", Text, nullable=False, unique=True),  # printed on the card; short, not guessable
    Column("photo", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),  # image/jpeg, image/png
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
card_opening = Table(
    "card_opening", metadata,  # a code opens once: from which address it did; forgotten after a day
    Column("code", Hash, primary_key=True),  # hash of what was signed
    Column("address", Hash, nullable=False),  # keyed hash of the network address
    Column("opened_ms", Ms, nullable=False, index=True),
)  # fmt: skip
complaint = Table(
    "complaint", metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), index=True),  # none until it is matched
    Column("visit_id", Id),
    Column("agent_id", Id),  # whose card was scanned, where one was
    Column("channel", Text, nullable=False),  # answer, verify, office
    Column("codes", Json, nullable=False),  # the conduct that is complained of, as reviews name it
    Column("words", Text, nullable=False),
    Column("reach", Text, nullable=False),  # how the person wants to be answered
    Column("made_ms", Ms, nullable=False),
    Column("triage_by_ms", Ms),  # until when it is to be matched; none where it came with its case
    Column("acknowledge_by_ms", Ms, nullable=False),
    Column("answer_by_ms", Ms, nullable=False),
    Column("matched_ms", Ms),
    Column("matched_by", Text),
    Column("acknowledged_ms", Ms),
    Column("acknowledged_by", Text),
    Column("answered_ms", Ms),
    Column("answered_by", Text),
    Column("answer", Text),
)  # fmt: skip
Index("ix_complaint_open", complaint.c.answered_ms, complaint.c.made_ms)
complaint_owner = Table(
    "complaint_owner", metadata,  # who of the office answers for a complaint
    Column("complaint_id", Id, ForeignKey("complaint.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("since_ms", Ms, nullable=False),
)  # fmt: skip
help_call = Table(
    "help_call", metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), index=True),
    Column("agent_id", Id),
    Column("channel", Text, nullable=False),  # answer, verify, telephone
    Column("reach", Text, nullable=False),
    Column("made_ms", Ms, nullable=False),
    Column("alerted_ms", Ms),  # nobody had taken it in time: a supervisor was told
    Column("taken_ms", Ms),
    Column("taken_by", Text),
    Column("closed_ms", Ms),
    Column("closed_by", Text),
    Column("result", Text),
)  # fmt: skip
Index("ix_help_call_open", help_call.c.closed_ms, help_call.c.made_ms)
feedback = Table(
    "feedback", metadata,  # five one-tap answers on one visit; the last word counts
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("answers", Json, nullable=False),  # question -> yes, no, unsure
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
person_request = Table(
    "person_request", metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("case_id", Id, ForeignKey("case.id"), nullable=False),
    Column("kind", Text, nullable=False),  # copy, erasure, hardship, wrong_address
    Column("made_ms", Ms, nullable=False),
    Column("done_ms", Ms),
    Column("done_by", Text),
    Column("certificate", Text),  # of an erasure: JWS by the server's key over what was removed and what is kept
)  # fmt: skip
