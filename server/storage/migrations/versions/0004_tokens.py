"""The tables of the REST API: tokens and answers."""

from __future__ import annotations

from alembic import op

from server.storage.tables import metadata
from server.storage.token_tables import api_answer, api_token

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = [api_token, api_answer]


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=TABLES, checkfirst=True)


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
