"""A file's kind, which limits go by, and its media type as its own bytes show it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = ("kind", "media_type")


def upgrade() -> None:
    """Add the columns where they are not there yet."""
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("wanted_file")}
    for name in COLUMNS:
        if name not in there:
            op.add_column("wanted_file", sa.Column(name, sa.Text))


def downgrade() -> None:
    """Drop them."""
    for name in COLUMNS:
        op.drop_column("wanted_file", name)
