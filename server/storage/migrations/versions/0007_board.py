"""What people said of proposed door positions, plans sent to crews, and indexes that the board reads along."""

from __future__ import annotations

from alembic import op

from server.storage.board_tables import door_word, plan_stop
from server.storage.conduct_tables import judgement
from server.storage.tables import metadata
from server.storage.visit_tables import visit

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = [door_word, plan_stop]
NAMES = {"ix_visit_met", "ix_judgement_refused"}
INDEXES = [each for table in (visit, judgement) for each in table.indexes if each.name in NAMES]


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=TABLES, checkfirst=True)
    for index in INDEXES:
        index.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Drop the tables and indexes."""
    for index in INDEXES:
        index.drop(op.get_bind(), checkfirst=True)
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
