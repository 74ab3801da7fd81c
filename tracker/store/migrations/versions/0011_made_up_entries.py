"""Entries that were made up for a demo, found without looking at any other: every page of a rehearsal asks."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

MADE_UP = sa.text("actor >= 'demo' AND actor < 'demp'")


def upgrade() -> None:
    op.create_index("ix_entry_made_up", "entry", ["seq"], sqlite_where=MADE_UP, postgresql_where=MADE_UP)


def downgrade() -> None:
    op.drop_index("ix_entry_made_up", "entry")
