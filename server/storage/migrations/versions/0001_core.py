"""The core's tables, as they stand at the first release."""

from __future__ import annotations

from alembic import op

from server.storage import conduct_tables, facts_tables, portfolio_tables, proof_tables, visit_tables  # noqa: F401  (registers their tables)
from server.storage.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table. Frozen to explicit statements at the first release."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop every table."""
    metadata.drop_all(op.get_bind())
