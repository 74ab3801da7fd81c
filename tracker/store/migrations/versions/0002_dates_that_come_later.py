"""Windows, cut-offs, anchors, occurrences and events: dates that are set later, and duties that come again."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("occurrence", sa.Date(), nullable=True),
        sa.Column("opens_at", UTCDateTime(), nullable=True),
        sa.Column("cutoff", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("anchor", sa.String(), nullable=True),
        sa.Column("anchored_on", sa.Date(), nullable=True),
    ):
        op.add_column("assignment", column)
    op.add_column("task", sa.Column("anchor", sa.String(), nullable=True))
    op.add_column("task", sa.Column("materialise_at", UTCDateTime(), nullable=True))
    op.create_index("ix_task_anchor", "task", ["anchor"])
    op.create_index(
        "ix_task_materialise_at",
        "task",
        ["materialise_at"],
        sqlite_where=sa.text("materialise_at IS NOT NULL"),
        postgresql_where=sa.text("materialise_at IS NOT NULL"),
    )
    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("directive", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
        sa.UniqueConstraint("directive", "name", "day", "agency", name="uq_event_directive_name_day_agency"),
    )
    op.create_index("ix_event_directive", "event", ["directive"])


def downgrade() -> None:
    op.drop_table("event")
    op.drop_index("ix_task_materialise_at", "task")
    op.drop_index("ix_task_anchor", "task")
    for name in ("materialise_at", "anchor"):
        op.drop_column("task", name)
    for name in ("anchored_on", "anchor", "cutoff", "opens_at", "occurrence"):
        op.drop_column("assignment", name)
