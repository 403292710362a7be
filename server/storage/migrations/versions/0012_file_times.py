"""From when until when a recording ran that the office added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.types import Ms

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = ("starts_ms", "ends_ms")


def upgrade() -> None:
    """Add the columns where they are not there yet."""
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("office_file")}
    for name in COLUMNS:
        if name not in there:
            op.add_column("office_file", sa.Column(name, Ms))


def downgrade() -> None:
    """Drop them."""
    for name in COLUMNS:
        op.drop_column("office_file", name)
