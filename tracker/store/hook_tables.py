"""The tables of the API: what was sent before, who is told of entries as they are made, and what became of that.

Subscriptions are noted in the ledger; these rows are what works on them, and hold what is secret.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tracker.store.tables import BigKey


class RepeatRow(SQLModel, table=True):
    """A request that was sent with a key: `mark` is of what it asked, `answer` what it got; null meanwhile."""

    __tablename__ = "idempotency"

    account: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    mark: str
    at: datetime = Field(index=True)
    answer: str | None = Field(default=None, sa_type=Text)


class HookRow(SQLModel, table=True):
    """Somebody who is told of entries: `kinds` as a JSON list, none for all; `secret` is sealed, with the URL.

    `failing_since` is when the first of those that failed in a row did; `changed` the entry that changed it last.
    """

    __tablename__ = "hook"

    reference: str = Field(primary_key=True)
    address: str
    kinds: str = "[]"
    secret: str = Field(sa_type=Text)
    made_at: datetime
    made_by: str
    disabled_at: datetime | None = None
    failing_since: datetime | None = None
    why: str | None = None
    changed: int = Field(sa_type=BigInteger)


class HookDeliveryRow(SQLModel, table=True):
    """One entry to be told to one hook: written with the entry; `due_at` is the next try, null once it is finished."""

    __tablename__ = "hook_delivery"
    __table_args__ = (
        UniqueConstraint("hook", "entry"),
        Index(
            "ix_hook_delivery_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column("id", BigKey, primary_key=True, autoincrement=True))
    hook: str
    entry: int = Field(sa_type=BigInteger)
    identity: str
    state: str = "pending"
    attempts: int = 0
    made_at: datetime
    due_at: datetime | None = None
    tried_at: datetime | None = None
    code: int | None = None
    why: str | None = None
