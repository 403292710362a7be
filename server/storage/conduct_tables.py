"""Tables of the rulebooks: what the house changed of its own rules, and what the gate answered for each case."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from server.storage.tables import metadata
from server.storage.types import Id, Json, Ms

rule_change = Table(
    "rule_change", metadata,  # only added to: one that is over, or that a later one replaces, stays for later reviews
    Column("id", Id, primary_key=True),
    Column("rulebook", Text, nullable=False, index=True),
    Column("rule_id", Text, nullable=False),
    Column("params", Json, nullable=False),  # the parameters that are different
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Text, nullable=False),  # the last day it holds, YYYY-MM-DD in the office's zone
    Column("made_ms", Ms, nullable=False),
    Column("signature", Text, nullable=False),  # JWS by the server's key, over all of the above
)  # fmt: skip
judgement = Table(
    # What the gate answered when a case was to be handed out: only added to; and of each visit. An assignment names the
    # one that let it through. Where no rulebook was in force it says so: `rulebooks` is empty, and so is what follows.
    "judgement", metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), nullable=False),
    Column("visit_id", Id),  # the visit judged again, replaced when its facts or rulebooks change; none: the gate's
    Column("agent_id", Id, nullable=False),  # who would have led, or led
    Column("crew", Json, nullable=False),  # everybody who would have gone, or went, by id: the lead first
    Column("made_ms", Ms, nullable=False),
    Column("lease_until_ms", Ms, nullable=False),  # of a visit: when it ended at the latest
    Column("is_open", Boolean, nullable=False),  # the case went through; the visit broke no rule
    Column("override", Json),  # {by, second, reason}: who let it through where it was warned of
    Column("rulebooks", Json, nullable=False),  # [{name, version, digest}]
    Column("facts", Json, nullable=False),
    Column("answers", Json, nullable=False),  # rule -> pass, fail, unknown
    Column("troubles", Json, nullable=False),  # the verdicts that did not pass, whole
    Column("limits", Json, nullable=False),  # compiled for the packet
    UniqueConstraint("id", "case_id", "agent_id", "lease_until_ms", "is_open", name="uq_judgement_let_through"),
)  # fmt: skip
Index("ux_judgement_visit", judgement.c.case_id, judgement.c.visit_id, unique=True)  # the gate's have none: any number
Index("ix_judgement_case", judgement.c.case_id, judgement.c.made_ms)
Index(
    "ix_judgement_refused", judgement.c.case_id, sqlite_where=text("is_open = 0 AND visit_id IS NULL"),
    postgresql_where=text("NOT is_open AND visit_id IS NULL"),
)  # fmt: skip
