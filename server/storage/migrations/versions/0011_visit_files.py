"""The files of visits, and what the office added to them."""

from __future__ import annotations

from alembic import op

from server.storage.tables import metadata
from server.storage.visit_file_tables import office_file, visit_file

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MADE = [visit_file, office_file]


def upgrade() -> None:
    """Make the tables where they are not there yet."""
    metadata.create_all(op.get_bind(), tables=MADE, checkfirst=True)


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind(), tables=MADE, checkfirst=True)
