"""Data keys and the names of the master keys they lie under, and files that were erased by themselves."""

from __future__ import annotations

from alembic import op

from server.storage.key_tables import data_key, master_key
from server.storage.retention_tables import erased_file
from server.storage.tables import metadata

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables where they are not there yet."""
    metadata.create_all(op.get_bind(), tables=[master_key, data_key, erased_file], checkfirst=True)


def downgrade() -> None:
    """Leave them: without its keys what is sealed could never be read again."""
