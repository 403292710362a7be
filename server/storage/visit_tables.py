"""
Tables of what is made of the events: visits, who was at them, what was found, what was decided, proposals.

Decisions are only ever added; the rest is folded anew from the events whenever there is news.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, UniqueConstraint, text

from server.storage.tables import metadata
from server.storage.types import Id, Json, Ms

visit = Table(
    "visit",
    metadata,
    Column("case_id", Id, primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("due", BigInteger, nullable=False),  # > 0: has news the fold has not seen
    Column("lead_agent_id", Id),
    Column("state", Text),  # none until folded
    Column("folded", Json),
    Column("started_ms", Ms),
    Column("contact_result", Text),
    Column("disposition", Text),
    Column("updated_ms", Ms, nullable=False),
    Column("look_again_ms", Ms),  # when time alone may change what is found; none while nobody is awaited
    Column("rank", Integer, server_default="3"),  # by its gravest finding: 0 stop, 1 look, 2 note, 3 none
    Column("agency_id", Id),  # the lead's, when it was folded
    Column("area", Text),  # of the case
    sqlite_with_rowid=False,
)
Index(
    "ix_visit_look_again",
    visit.c.look_again_ms,
    sqlite_where=text("look_again_ms IS NOT NULL"),
    postgresql_where=text("look_again_ms IS NOT NULL"),
)
Index("ix_visit_due", visit.c.updated_ms, sqlite_where=text("due > 0"), postgresql_where=text("due > 0"))
Index(
    "ix_visit_state",
    visit.c.state,
    visit.c.started_ms,
    sqlite_where=text("state IS NOT NULL"),
    postgresql_where=text("state IS NOT NULL"),
)
Index("ix_visit_id", visit.c.visit_id)
_MET = text("contact_result = 'person'")
Index("ix_visit_met", visit.c.started_ms, visit.c.visit_id, sqlite_where=_MET, postgresql_where=_MET)
Index("ix_visit_queue", visit.c.state, visit.c.rank, visit.c.started_ms, visit.c.visit_id)
Index("ix_visit_agency", visit.c.agency_id, visit.c.state, visit.c.rank, visit.c.started_ms, visit.c.visit_id)
Index("ix_visit_lead", visit.c.lead_agent_id, visit.c.state, visit.c.started_ms)
visit_crew = Table(
    "visit_crew",
    metadata,  # who was at a visit and when, to find an agent's neighbouring visits
    Column("agent_id", Id, primary_key=True),
    Column("case_id", Id, primary_key=True),
    Column("visit_id", Id, primary_key=True),
    Column("started_ms", Ms, nullable=False),
)
Index("ix_visit_crew_when", visit_crew.c.agent_id, visit_crew.c.started_ms)
finding = Table(
    "finding",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id),
    Column("visit_id", Id),
    Column("device_id", Id),
    Column("agent_id", Id),
    Column("code", Text, nullable=False),
    Column("key", Text, nullable=False),  # tells two findings of one code on one visit apart
    Column("severity", Text, nullable=False),  # note, look, stop
    Column("facts", Json, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("found_ms", Ms, nullable=False),
    Column("gone_ms", Ms),  # no longer found; kept, since someone may have acted on it
    Column("contested", Text),  # the agent's reason
    UniqueConstraint("case_id", "visit_id", "device_id", "code", "key"),
)
Index("ix_finding_code", finding.c.code)
decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, nullable=False),
    Column("visit_id", Id, nullable=False),
    Column("act", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("question", Text),
    Column("amendment", Json),  # {"field": {"before", "after"}}
    Column("at_ms", Ms, nullable=False),
    Column("answered_ms", Ms),
    Column("answer", Text),
)
Index("ix_decision_visit", decision.c.case_id, decision.c.visit_id)
proposal = Table(
    "proposal",
    metadata,
    Column("event_id", Id, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("agent_id", Id, nullable=False),
    Column("case_id", Id, nullable=False),
    Column("person_id", Id, nullable=False, index=True),
    Column("device_id", Id, nullable=False),
    Column("chain_number", Integer, nullable=False),  # of the device's chains, in the order they were heard of
    Column("seq", BigInteger, nullable=False),
    Column("packet_rev", BigInteger),
    Column("base", Text),
    Column("new", Text, nullable=False),
    Column("state", Text, nullable=False),  # applied, already, replaced, clash; accepted, kept once a person decided
    Column("grade", Text),  # soft, hard
    Column("against", Json),  # the other proposals it stands against
    Column("made_ms", Ms, nullable=False),
    Column("decided_ms", Ms),
    Column("decided_by", Text),
)
