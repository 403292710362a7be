"""The tables of conduct. A new database has them from 0001 on; one of 0.1.0 gets what it lacks."""

from __future__ import annotations

from alembic import op

from server.storage.conduct_tables import judgement, rule_change
from server.storage.door_tables import fact_pair, fact_told
from server.storage.facts_tables import agency_paper, agent_paper, attestation, contact_log, lender_word, preference
from server.storage.notice_tables import notice
from server.storage.priority_tables import priority_word
from server.storage.public_tables import answer_token
from server.storage.retention_tables import legal_hold, retired
from server.storage.review_tables import conduct_seen
from server.storage.tables import metadata
from server.storage.voice_tables import agent_card, card_opening, complaint, feedback, help_call, person_request

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = [
    contact_log, agent_paper, agency_paper, preference, attestation, lender_word, rule_change, judgement, conduct_seen,
    legal_hold, retired, priority_word, fact_told, fact_pair,
]  # fmt: skip
TABLES += [notice, answer_token, agent_card, card_opening, complaint, help_call, feedback, person_request]


def upgrade() -> None:
    """Make the tables that are not there yet."""
    metadata.create_all(op.get_bind(), tables=TABLES, checkfirst=True)


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
