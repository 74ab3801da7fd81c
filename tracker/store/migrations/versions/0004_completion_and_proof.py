"""The whole life of an assignment, evidence, deputies, seals and their witnesses, and when work was last done."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def new_columns() -> tuple["sa.Column[Any]", ...]:
    return (
        sa.Column("changed", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("ordered_day", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("accepted_at", UTCDateTime(), nullable=True),
        sa.Column("suspended_at", UTCDateTime(), nullable=True),
        sa.Column("contested_at", UTCDateTime(), nullable=True),
        sa.Column("asked_at", UTCDateTime(), nullable=True),
        sa.Column("asked_day", sa.Date(), nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("delegate", sa.String(), nullable=True),
    )


def upgrade() -> None:
    for column in new_columns():
        op.add_column("assignment", column)
    # what entries already say of the columns that old entries determine
    op.execute(
        "UPDATE assignment SET ordered_day = last_day,"
        " changed = COALESCE((SELECT max(seq) FROM entry WHERE entry.assignment = assignment.ref"
        " AND kind NOT IN ('swept', 'waiting', 'renamed', 'delivery', 'reminder_closed')), 0),"
        " accepted_at = CASE WHEN progress = 'completed' THEN (SELECT max(recorded_at) FROM entry"
        " WHERE entry.assignment = assignment.ref AND kind = 'completed') END"
    )
    create_people_and_evidence()
    create_proof()


def create_people_and_evidence() -> None:
    op.create_table(
        "deputy",
        sa.Column("seq", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("deputy", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_deputy"),
    )
    op.create_index("ix_deputy_agency", "deputy", ["agency"])
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stored_at", UTCDateTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_evidence"),
    )
    op.create_table(
        "proof",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_proof"),
        sa.UniqueConstraint("seq", "position", name="uq_proof_seq_position"),
    )
    for name in ("assignment", "sha256", "number"):
        op.create_index(f"ix_proof_{name}", "proof", [name])


def create_proof() -> None:
    op.create_table(
        "seal",
        sa.Column("size", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("sealed_at", UTCDateTime(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("frontier", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_seal"),
    )
    op.create_table(
        "witness",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pushed_at", UTCDateTime(), nullable=True),
        sa.Column("tried_at", UTCDateTime(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("place", name="pk_witness"),
    )
    op.create_table(
        "watch",
        sa.Column("work", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("work", name="pk_watch"),
    )


def downgrade() -> None:
    for table in ("watch", "witness", "seal", "proof", "evidence", "deputy"):
        op.drop_table(table)
    for column in reversed(new_columns()):
        op.drop_column("assignment", column.name)
