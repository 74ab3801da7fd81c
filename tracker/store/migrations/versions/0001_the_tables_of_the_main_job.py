"""The tables of the main job, and the database's own refusal to change an entry."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "task",
    "reminder",
    "registry",
    "need",
    "head",
    "entry",
    "directive",
    "delivery",
    "channel",
    "assignment",
    "agency",
)


def upgrade() -> None:
    for make in (
        _agency,
        _assignment,
        _channel,
        _delivery,
        _directive,
        _entry,
        _head,
        _need,
        _registry,
        _reminder,
        _task,
    ):
        make()
    for statement in refusals(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_entry_change()")


def refusals(dialect: str) -> list[str]:
    """Return the triggers by which a database refuses to change, remove or empty entries."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER entry_no_{verb} BEFORE {verb} ON entry "
            "BEGIN SELECT RAISE(ABORT, 'entries are never changed or removed'); END"
            for verb in ("update", "delete")
        ]
    function = (
        "CREATE FUNCTION refuse_entry_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'entries are never changed or removed'; END $$"
    )
    call = "FOR EACH STATEMENT EXECUTE FUNCTION refuse_entry_change()"
    triggers = [
        f"CREATE TRIGGER entry_no_{verb} BEFORE {verb} ON entry {call}" for verb in ("update", "delete", "truncate")
    ]
    return [function, *triggers]


def _agency() -> None:
    op.create_table(
        "agency",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_fr", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_agency"),
    )
    op.create_index("ix_agency_kind", "agency", ["kind"])
    op.create_index("ix_agency_parent", "agency", ["parent"])


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("remind", sa.String(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("assigned_at", UTCDateTime(), nullable=False),
        sa.Column("touched_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("minute", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("late_from", UTCDateTime(), nullable=True),
        sa.Column("review", sa.String(), nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=True),
        sa.Column("returned_at", UTCDateTime(), nullable=True),
        sa.Column("missing", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("waiting_for", sa.String(), nullable=False),
        sa.Column("rung", sa.String(), nullable=True),
        sa.Column("told", UTCDateTime(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("next_moment", UTCDateTime(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_assignment"),
    )
    op.create_index("ix_assignment_agency_late_from", "assignment", ["agency", "late_from"])
    op.create_index(
        "ix_assignment_next_moment",
        "assignment",
        ["next_moment"],
        sqlite_where=sa.text("next_moment IS NOT NULL"),
        postgresql_where=sa.text("next_moment IS NOT NULL"),
    )
    op.create_index("ix_assignment_task_agency", "assignment", ["task", "agency"])


def _channel() -> None:
    op.create_table(
        "channel",
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("agency", "name", name="pk_channel"),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("reminder", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("reminder", "attempt", name="uq_delivery_reminder_attempt"),
    )


def _directive() -> None:
    op.create_table(
        "directive",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("issued", sa.Date(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("adopted_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", "version", name="pk_directive"),
    )


def _entry() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("effective_at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_entry"),
    )
    op.create_index("ix_entry_assignment_seq", "entry", ["assignment", "seq"])
    op.create_index("ix_entry_recorded_at", "entry", ["recorded_at"])


def _head() -> None:
    op.create_table(
        "head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("high_water", UTCDateTime(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_head_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_head"),
    )


def _need() -> None:
    op.create_table(
        "need",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("needs", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("task", "needs", name="pk_need"),
    )
    op.create_index("ix_need_needs", "need", ["needs"])


def _registry() -> None:
    op.create_table(
        "registry",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("adopted_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_registry"),
    )


def _reminder() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("rung", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("moment", UTCDateTime(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reminder"),
        sa.UniqueConstraint(
            "assignment",
            "rung",
            "version",
            "agency",
            "channel",
            name="uq_reminder_assignment_rung_version_agency_channel",
        ),
        sa.UniqueConstraint("key", name="uq_reminder_key"),
    )
    op.create_index(
        "ix_reminder_due_at",
        "reminder",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_reminder_reference", "reminder", ["reference"])


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("directive", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title_vi", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("title_fr", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_task"),
    )
    op.create_index("ix_task_directive", "task", ["directive"])
