"""Reminders that leave together, wait for an operator, or say more; channels with secrets; answers and snoozes."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reminder", sa.Column("bundle", sa.String(), nullable=True))
    op.add_column("reminder", sa.Column("hold", sa.String(), nullable=True))
    op.add_column("reminder", sa.Column("payload", sa.Text(), nullable=False, server_default="{}"))
    op.create_index("ix_reminder_bundle", "reminder", ["bundle"])
    open_ones = sa.text("due_at IS NOT NULL")  # what an office is owed on a channel, of the few that are not finished
    op.create_index(
        "ix_reminder_agency_channel",
        "reminder",
        ["agency", "channel"],
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.add_column("channel", sa.Column("kind", sa.String(), nullable=False, server_default="mail"))
    op.add_column("channel", sa.Column("secret", sa.Text(), nullable=True))
    # an address with a scheme was a service of Apprise; it is encrypted when it is set again
    op.execute("UPDATE channel SET kind = 'apprise' WHERE address LIKE '%://%'")
    op.add_column("assignment", sa.Column("answered_at", UTCDateTime(), nullable=True))
    op.add_column("assignment", sa.Column("snoozed_until", sa.Date(), nullable=True))
    # what entries already say of the last sign of life
    op.execute(
        "UPDATE assignment SET answered_at = (SELECT max(recorded_at) FROM entry WHERE entry.assignment ="
        " assignment.ref AND kind IN ('acknowledged', 'started', 'submitted', 'extension_requested', 'contested',"
        " 'delegated', 'delegation_ended'))"
    )


def downgrade() -> None:
    op.drop_column("assignment", "snoozed_until")
    op.drop_column("assignment", "answered_at")
    op.drop_column("channel", "secret")
    op.drop_column("channel", "kind")
    op.drop_index("ix_reminder_agency_channel", "reminder")
    op.drop_index("ix_reminder_bundle", "reminder")
    for name in ("payload", "hold", "bundle"):
        op.drop_column("reminder", name)
