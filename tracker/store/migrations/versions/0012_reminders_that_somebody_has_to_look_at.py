"""Reminders that somebody has to look at, counted and listed without reading any other: Today asks at every drawing."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# said with OR, and not with IN: SQLite knows then that each of the two lies within
TROUBLED = sa.text("state = 'failed' OR state = 'held'")


def upgrade() -> None:
    op.create_index(
        "ix_reminder_troubled",
        "reminder",
        ["state", "made_at", "id"],
        sqlite_where=TROUBLED,
        postgresql_where=TROUBLED,
    )


def downgrade() -> None:
    op.drop_index("ix_reminder_troubled", "reminder")
