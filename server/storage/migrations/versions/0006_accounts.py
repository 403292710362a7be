"""The tables of signing in by the house's own provider."""

from __future__ import annotations

from alembic import op

from server.storage.oidc_tables import oidc_session, oidc_subject
from server.storage.tables import metadata

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = [oidc_subject, oidc_session]


def upgrade() -> None:
    """Make what is not there yet."""
    metadata.create_all(op.get_bind(), tables=TABLES, checkfirst=True)


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
