"""Queues read in the order they are kept in: with equal instants, a claim need not sort all that wait."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# (table, the instant, what comes first among equals)
QUEUES = (("assignment", "next_moment", "ref"), ("reminder", "due_at", "id"))


def upgrade() -> None:
    for table, instant, tie in QUEUES:
        op.drop_index(f"ix_{table}_{instant}", table)
        _index(table, [instant, tie])


def downgrade() -> None:
    for table, instant, tie in QUEUES:
        op.drop_index(f"ix_{table}_{instant}_{tie}", table)
        _index(table, [instant])


def _index(table: str, columns: list[str]) -> None:
    waiting = sa.text(f"{columns[0]} IS NOT NULL")
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns, sqlite_where=waiting, postgresql_where=waiting)
