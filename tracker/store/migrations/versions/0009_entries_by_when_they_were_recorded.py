"""Entries found by when they were recorded and where they stand: what a store knew at an instant, in one step.

The ledger stays one table. Split by month it was slower in all that was measured, and a month could not be
taken out of a chain that is checked from its first entry: bench/README.md has the figures.
"""

from alembic import op

revision = "0009"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_entry_recorded_at_seq", "entry", ["recorded_at", "seq"])
    op.drop_index("ix_entry_recorded_at", "entry")


def downgrade() -> None:
    op.create_index("ix_entry_recorded_at", "entry", ["recorded_at"])
    op.drop_index("ix_entry_recorded_at_seq", "entry")
