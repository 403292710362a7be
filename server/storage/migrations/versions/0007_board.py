"""What people said of proposed door positions."""

from __future__ import annotations

from alembic import op

from server.storage.board_tables import door_word
from server.storage.tables import metadata

revision = "0007"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=[door_word], checkfirst=True)


def downgrade() -> None:
    """Drop the table."""
    metadata.drop_all(op.get_bind(), tables=[door_word], checkfirst=True)
