"""The tables of the office, and what a visit is queued by; visits that were folded before are folded once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.desk_tables import bulk, bulk_visit, export_job, second, statement_sign_off, upload
from server.storage.office_tables import (
    finding_mark,
    office_act,
    office_session,
    office_user,
    recovery_code,
    saved_view,
    visit_claim,
)  # fmt: skip
from server.storage.search_tables import search_due, search_pair, search_text
from server.storage.tables import metadata
from server.storage.visit_tables import visit
from server.storage.voice_tables import complaint_owner

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = [office_user, recovery_code, office_session, office_act, visit_claim, saved_view, finding_mark]
TABLES += [statement_sign_off, export_job, upload, bulk, bulk_visit, second]
TABLES += [complaint_owner, search_text, search_pair, search_due]
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
        op.execute('INSERT INTO search_due SELECT id FROM "case"')


def downgrade() -> None:
    """Drop the tables; the columns stay, unused."""
    metadata.drop_all(op.get_bind(), tables=TABLES, checkfirst=True)
