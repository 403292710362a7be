"""Tables of the board: what people said of proposed door positions (only added to), and plans sent to crews."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text

from server.storage.tables import metadata
from server.storage.types import Id, Ms

door_word = Table(
    "door_word", metadata,  # holds no position
    Column("place_id", Id, ForeignKey("place.id"), primary_key=True),
    Column("evidence", Text, primary_key=True),  # a hash of the visits that it rested on
    Column("is_confirmed", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)  # fmt: skip
plan_stop = Table(
    "plan_stop", metadata,  # the newest plan that a case stands in; it counts while this agent leads the case
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False, index=True),
    Column("day", Text, nullable=False),  # YYYY-MM-DD where the crew is
    Column("place", Integer, nullable=False),  # in the day's order, from 1
    Column("starts", Text, nullable=False),  # local time with its offset
    Column("by", Text, nullable=False),
    Column("made_ms", Ms, nullable=False),
)  # fmt: skip
