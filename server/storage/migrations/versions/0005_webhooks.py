"""The tables of the webhooks."""

from __future__ import annotations

from alembic import op

from server.storage.tables import metadata
from server.storage.webhook_tables import delivery, webhook

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = [webhook, delivery]


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=TABLES, checkfirst=True)


def downgrade() -> None:
    """Drop the tables."""
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
