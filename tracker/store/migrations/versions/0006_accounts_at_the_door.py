"""Accounts, how they prove who they are, sessions, tokens, attempts to log in; rows that only their offices see."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from tracker.store import rowlevel

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DELEGATED = sa.text("delegate IS NOT NULL")


def upgrade() -> None:
    accounts()
    sessions()
    # a unit sees what was passed on to it
    op.create_index(
        "ix_assignment_delegate",
        "assignment",
        ["delegate"],
        sqlite_where=DELEGATED,
        postgresql_where=DELEGATED,
    )
    rowlevel.protect(op.get_bind())


def accounts() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("disabled_at", UTCDateTime(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_index("ix_account_office", "account", ["office"])
    op.create_table(
        "credential",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("password_at", UTCDateTime(), nullable=True),
        sa.Column("totp", sa.Text(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("issuer", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("account", name="pk_credential"),
        sa.UniqueConstraint("issuer", "subject", name="uq_credential_issuer_subject"),
    )
    op.create_index("ix_credential_email", "credential", ["email"])


def sessions() -> None:
    op.create_table(
        "session",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("rotated_from", sa.String(), nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_session"),
    )
    op.create_index("ix_session_account", "session", ["account"])
    op.create_index("ix_session_ends_at", "session", ["ends_at"])
    op.create_table(
        "token",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("hash", name="uq_token_hash"),
    )
    op.create_index("ix_token_account", "token", ["account"])
    op.create_table(
        "login_attempt",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_attempt"),
    )
    op.create_index("ix_login_attempt_at", "login_attempt", ["at"])
    op.create_index("ix_login_attempt_who_at", "login_attempt", ["who", "at"])
    op.create_index("ix_login_attempt_address_at", "login_attempt", ["address", "at"])


def downgrade() -> None:
    rowlevel.lay_open(op.get_bind())
    op.drop_index("ix_assignment_delegate", "assignment")
    for table in ("login_attempt", "token", "session", "credential", "account"):
        op.drop_table(table)
