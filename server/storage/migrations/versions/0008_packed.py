"""What stood in packets, revision by revision; of revisions before this one nothing is kept."""

from __future__ import annotations

from alembic import op

from server.storage.packed_tables import packed
from server.storage.tables import metadata

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table where it is not there yet."""
    metadata.create_all(op.get_bind(), tables=[packed], checkfirst=True)


def downgrade() -> None:
    """Drop it."""
    metadata.drop_all(op.get_bind(), tables=[packed], checkfirst=True)
