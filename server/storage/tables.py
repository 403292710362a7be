"""
Every table, in the order data flows: who and where, what is handed out, what comes in, what is made of it.

Facts (event, link, payment, decision) are only ever added. Later issues add tables and columns; what stands here
should not have to change. `portfolio_tables.py` holds what only the import needs, `facts_tables.py` what conduct is
judged by, `conduct_tables.py` what only the rulebooks need.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from server.storage.sealed_fields import SealedJson, SealedText
from server.storage.types import Hash, Id, Json, Ms, Serial

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
SHARED_SCOPE = "00000000-0000-0000-0000-000000000000"

# -- the server itself ------------------------------------------------------------------------------------------

server_state = Table(
    "server_state",
    metadata,
    Column("name", Text, primary_key=True),  # epoch, nonce_secret, person_secret, paused, restored_ms …
    Column("value", Text, nullable=False),
)
server_key = Table(
    "server_key",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jwk", Json, nullable=False),
    Column(
        "private_pem", SealedText("server_key.private_pem")
    ),  # none once retired; the public part stays as long as the events (A6)
    Column("published_ms", Ms, nullable=False),
    Column("active_from_ms", Ms, nullable=False),
    Column("retired_ms", Ms),
)

# -- who and where ----------------------------------------------------------------------------------------------

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # "ref:<lender>:<reference>" or "hmac:<hex>"; never a name
    Column("name", Text, nullable=False),
    Column("language", Text),
    Column("contacts", Json, nullable=False),  # {"phone": …, "email": …}: what the office holds, without proposals
    Column("merged", Json),  # with the agents' proposals merged in; none while there are none
    Column("updated_ms", Ms, nullable=False),
)
place = Table(
    "place",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Text, nullable=False),
    Column("area", Text),
    Column("postal_code", Text),
    Column("lat_e7", BigInteger),  # 1e-7 degree, WGS-84; none while unknown
    Column("lon_e7", BigInteger),
    Column("precision", Text),
    Column("source", Text),  # lender, geocoder's name, agent, known
    Column("updated_ms", Ms, nullable=False),
)
Index("ix_place_unknown", place.c.id, sqlite_where=text("lat_e7 IS NULL"), postgresql_where=text("lat_e7 IS NULL"))
case = Table(
    "case",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lender", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("place_id", Id, ForeignKey("place.id"), nullable=False, index=True),
    Column("role", Text, nullable=False, server_default="borrower"),  # borrower, guarantor, joint
    Column("product", Text),
    Column("grade", Text),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units
    Column("overdue", BigInteger),
    Column("days_past_due", Integer),
    Column("area", Text),
    Column("sealed", SealedJson("case.sealed"), nullable=False),  # what else goes into the sealed part
    Column("status", Text, nullable=False),  # open, paid, closed, expired
    Column("digest", Hash, nullable=False),  # of the lender's row: an unchanged row changes nothing
    Column("rev", BigInteger, nullable=False),  # of the packet
    Column("updated_ms", Ms, nullable=False),
    Column("closed_ms", Ms),
    UniqueConstraint("lender", "reference"),
)
Index("ix_case_status_area", case.c.status, case.c.area)
payment = Table(
    "payment",
    metadata,
    Column("lender", Text, primary_key=True),
    Column("receipt", Text, primary_key=True),  # the lender's own number of the payment
    Column("case_id", Id, ForeignKey("case.id"), nullable=False, index=True),
    Column("paid_on", Text, nullable=False),  # YYYY-MM-DD
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("digest", Hash, nullable=False),
    Column("imported_ms", Ms, nullable=False),
)
agency = Table(
    "agency",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False, server_default="active"),
)
team = Table(
    "team",
    metadata,
    Column("id", Id, primary_key=True),
    Column("agency_id", Id, ForeignKey("agency.id"), nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("certificates", Json, nullable=False),  # ["consumer-credit", …]
    Column("languages", Json, nullable=False),
    Column("capacity", Integer, nullable=False),  # open cases an agent of this team can carry
)
agent = Table(
    "agent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("agency_id", Id, ForeignKey("agency.id"), nullable=False),
    Column("team_id", Id, ForeignKey("team.id"), index=True),
    Column("certificates", Json, nullable=False),
    Column("languages", Json, nullable=False),
    Column("lat_e7", BigInteger),
    Column("lon_e7", BigInteger),
    Column("status", Text, nullable=False, server_default="active"),
)

# -- devices ----------------------------------------------------------------------------------------------------

device = Table(
    "device",
    metadata,
    Column("id", Id, primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False, index=True),
    Column("jkt", Text, nullable=False, unique=True),
    Column("jwk", Json, nullable=False),
    Column("kind", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("state", Text, nullable=False),  # awaiting, active, upload_only, gone
    Column("enrolled_ms", Ms, nullable=False),
    Column("seen_ms", Ms, nullable=False),  # last contact while unlocked, or last code entered (A4)
    Column("manifest_requests", Integer, nullable=False, server_default="0"),
)
enrol_code = Table(
    "enrol_code",
    metadata,
    Column("code_hash", Hash, primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False),
    Column("replaces", Id, ForeignKey("device.id")),
    Column("needs_approval", Boolean, nullable=False),
    Column("made_ms", Ms, nullable=False),
    Column("expires_ms", Ms, nullable=False),
    Column("jkt", Text),  # the key it was first presented with
    Column("device_id", Id),
    Column("decided_ms", Ms),
    Column("refused", Boolean, nullable=False, server_default=text("false")),
)
clock_sample = Table(
    "clock_sample",
    metadata,
    Column("device_id", Id, primary_key=True),
    Column("received_ms", Ms, primary_key=True),
    Column("boot", Text, nullable=False),
    Column("mono_ms", BigInteger, nullable=False),
    Column("mono", Text, nullable=False),
    Column("wall", Text, nullable=False),
    Column("last_server_ms", Ms),
    Column("last_mono_ms", BigInteger),
    Column("last_rtt_ms", BigInteger),
    sqlite_with_rowid=False,
)
directive = Table(
    "directive",
    metadata,
    Column("id", Id, primary_key=True),
    Column("device_id", Id, ForeignKey("device.id"), nullable=False, index=True),
    Column("chain_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("jws", Text, nullable=False),
    Column("issued_ms", Ms, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("done_ms", Ms),
    Column("result", Text),
)

# -- what is handed out -----------------------------------------------------------------------------------------

assignment = Table(
    "assignment",
    metadata,
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("from_ms", Ms, primary_key=True),
    Column("role", Text, nullable=False),  # lead, companion
    Column("lead_agent_id", Id, nullable=False),
    Column("lease_until_ms", Ms, nullable=False),
    Column("until_ms", Ms),  # none while it lasts
    Column("reason", Text),  # why it ended: unassigned, closed, expired, paid
    Column("by", Text, nullable=False),
    Column("judgement_id", Id, nullable=False),
    Column("is_let_through", Boolean, nullable=False, server_default=text("true")),
    # Nothing is handed out past the gate: the judgement is of this case, lead and lease, and let the case through.
    CheckConstraint("is_let_through", name="ck_assignment_let_through"),
    ForeignKeyConstraint(
        ["judgement_id", "case_id", "lead_agent_id", "lease_until_ms", "is_let_through"],
        ["judgement.id", "judgement.case_id", "judgement.agent_id", "judgement.lease_until_ms", "judgement.is_open"],
        name="fk_assignment_judgement",
    ),
)
Index("ix_assignment_agent", assignment.c.agent_id, assignment.c.case_id)
packet_revision = Table(
    "packet_revision",
    metadata,
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("rev", BigInteger, primary_key=True),
    Column("made_ms", Ms, nullable=False),
    Column("mattered", Boolean, nullable=False),  # whether it changed what matters at the door
)
scope = Table(
    "scope",
    metadata,
    Column("id", Id, primary_key=True),  # the agent's id, or SHARED_SCOPE
    Column("seq", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("sum", BigInteger, nullable=False),
)
feed = Table(
    "feed",
    metadata,
    Column("scope_id", Id, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("object_id", Id, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("op", Text, nullable=False),  # put, del
    Column("rev", BigInteger, nullable=False),
    Column("sha256", Hash),
    Column("weight", BigInteger, nullable=False),  # what it adds to the scope's sum; 0 for a del
    Column("item", LargeBinary, nullable=False),  # the wire's bytes of the whole item, written once
)
Index("ix_feed_scope_seq", feed.c.scope_id, feed.c.seq, unique=True)
appointment = Table(
    "appointment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("case.id"), nullable=False, index=True),
    Column("starts", Text, nullable=False),  # local time with offset, as agreed
    Column("ends", Text, nullable=False),
    Column("made_by", Text, nullable=False),  # person, agent, office
    Column("event_id", Id),  # its proof, where a device recorded it
    Column("agent_id", Id),
    Column("made_ms", Ms, nullable=False),
)
hold = Table(
    "hold",
    metadata,
    Column("id", Id, primary_key=True),  # the id of `hold_placed` where a device placed it
    Column("case_id", Id, ForeignKey("case.id"), index=True),
    Column("person_id", Id, ForeignKey("person.id"), index=True),  # set where the person's other cases halt too
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),  # device, office, public
    Column("agent_id", Id),
    Column("owner", Text),  # who answers for it: the office person who placed or confirmed it
    Column("is_provisional", Boolean, nullable=False),  # its event is parked: in force until a person decides
    Column("confirmed_ms", Ms),
    Column("confirm_reason", Text),
    Column("placed_ms", Ms, nullable=False),
    Column("until_ms", Ms),
    Column("review_ms", Ms),
    Column("lifted_ms", Ms),
    Column("lifted_by", Text),
    Column("lift_reason", Text),
    Column("rev", BigInteger, nullable=False),
)

# -- what comes in ----------------------------------------------------------------------------------------------

chain = Table(
    "chain",
    metadata,
    Column("pos", Serial, primary_key=True, autoincrement=True),
    Column("device_id", Id, ForeignKey("device.id"), nullable=False),
    Column("chain_id", Id, nullable=False),
    Column("next_seq", BigInteger, nullable=False),
    Column("head_hash", Hash, nullable=False),
    Column("previous", Id),
    Column("after_seq", BigInteger),
    Column("lost", Json),
    Column("opened_ms", Ms, nullable=False),
    Column("checkpoint", Text),  # the device's last good signature over a head
    Column("checkpoint_seq", BigInteger, nullable=False, server_default="0"),
    Column("bad_from_seq", BigInteger),  # events from here on lie under a bad checkpoint, until a good one
    Column("countersignature", Text),
    UniqueConstraint("device_id", "chain_id"),
)
event = Table(
    "event",
    metadata,
    Column("pos", Serial, primary_key=True, autoincrement=True),
    Column("agent_id", Id, nullable=False),
    Column("id", Id, nullable=False),
    Column("digest", Hash, nullable=False),
    Column("content", LargeBinary),  # as received; none once erased, or while withheld
    Column("kind", Text),
    Column("case_id", Id),
    Column("visit_id", Id),
    Column("status", Text, nullable=False),  # accepted, parked, id_reuse: as judged last
    Column("problem", Text),
    Column("first_received_ms", Ms, nullable=False),
    Column("erased", Json),  # {"by", "at", "reason"}
    UniqueConstraint("agent_id", "id", "digest"),
)
Index(
    "ix_event_visit",
    event.c.case_id,
    event.c.visit_id,
    sqlite_where=text("visit_id IS NOT NULL"),
    postgresql_where=text("visit_id IS NOT NULL"),
)
Index(
    "ix_event_parked",
    event.c.status,
    event.c.pos,
    sqlite_where=text("status <> 'accepted'"),
    postgresql_where=text("status <> 'accepted'"),
)
link = Table(
    "link",
    metadata,
    Column("chain_pos", BigInteger, ForeignKey("chain.pos"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event_pos", BigInteger),  # the event kept for it; none where only the place is known
    Column("event_id", Id, nullable=False),
    Column("digest", Hash, nullable=False),
    Column("hash", Hash, nullable=False),
    Column("status", Text, nullable=False),  # the receipt, which never changes (E8)
    Column("first", Text),
    Column("received_ms", Ms, nullable=False),
    Column("flags", Text),  # comma-separated
    Column("problem", Text),
    Column("withheld", BigInteger),
    sqlite_with_rowid=False,
)
Index("ix_link_event_pos", link.c.event_pos)
due_event = Table(
    "due_event",
    metadata,  # an event that something follows from once it is taken: an answer, a proposal …
    Column("agent_id", Id, primary_key=True),
    Column("event_id", Id, primary_key=True),
)
erasure = Table(
    "erasure",
    metadata,
    Column("id", Id, primary_key=True),
    Column("agent_id", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
)
wanted_file = Table(
    "wanted_file",
    metadata,
    Column("device_id", Id, primary_key=True),
    Column("sha256", Hash, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("role", Text, nullable=False),  # "content" for a withheld event
    Column("agent_id", Id, nullable=False),
    Column("case_id", Id),
    Column("visit_id", Id),
    Column("named_ms", Ms, nullable=False),
    Column("state", Text, nullable=False),  # wanted, verified, discarded
    Column("offset", BigInteger, nullable=False, server_default="0"),
    Column("state_ms", Ms),
    Column("kind", Text),  # which limits go by: a FileKind; None where it was named before there were any
    Column("media_type", Text),  # what its own first bytes show, once it is verified
)
Index("ix_wanted_file_visit", wanted_file.c.case_id, wanted_file.c.visit_id)
