"""The tables of the office, and what a visit is queued by; visits that were folded before are folded once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.office_tables import (
    finding_mark,
    office_act,
    office_session,
    office_user,
    recovery_code,
    saved_view,
    visit_claim,
)  # fmt: skip
from server.storage.tables import metadata
from server.storage.visit_tables import visit

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = [office_user, recovery_code, office_session, office_act, visit_claim, saved_view, finding_mark]
COLUMNS = (visit.c.rank, visit.c.agency_id, visit.c.area)


def upgrade() -> None:
    """Make what is not there yet."""
    bind = op.get_bind()
    metadata.create_all(bind, tables=TABLES, checkfirst=True)
    has = {each["name"] for each in sa.inspect(bind).get_columns("visit")}
    if "rank" not in has:
        for column in COLUMNS:
            op.add_column("visit", sa.Column(column.name, column.type, server_default=column.server_default))
        for index in visit.indexes:
            index.create(bind, checkfirst=True)
        op.execute("UPDATE visit SET due = due + 1 WHERE state IS NOT NULL")


def downgrade() -> None:
    """Drop the tables; the columns stay, unused."""
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
