"""What people said of proposed door positions, and plans sent to crews."""

from __future__ import annotations

from alembic import op

from server.storage.board_tables import door_word, plan_stop
from server.storage.tables import metadata

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = [door_word, plan_stop]


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=TABLES, checkfirst=True)


def downgrade() -> None:
    """Drop the tables."""
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
