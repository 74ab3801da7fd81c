"""The tables, as SQLModel classes. Rows (`table=True`) do not validate: the domain does, only this room builds them.

Every instant is aware and kept as UTC. Lists and documents are kept as canonical JSON text, so
that both databases hold the same bytes.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

# SQLite gives row ids only to INTEGER keys; PostgreSQL wants room for billions
BigKey = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", BigKey, primary_key=True, autoincrement=True)


def _partial(name: str, *columns: str, where: str) -> Index:
    """Return an index of some rows alone."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Head(SQLModel, table=True):
    """The one locked row: what kind of store this is, and where its ledger ends."""

    __tablename__ = "head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    mode: str
    created_at: datetime
    seq: int = Field(sa_type=BigInteger)
    hash: str
    high_water: datetime


class EntryRow(SQLModel, table=True):
    """One recorded fact. `body` is the canonical text that was hashed; the other columns repeat it for queries."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("ix_entry_assignment_seq", "assignment", "seq"),
        Index("ix_entry_recorded_at_seq", "recorded_at", "seq"),
    )

    seq: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    recorded_at: datetime
    effective_at: datetime
    actor: str
    assignment: str | None = None
    kind: str
    body: str = Field(sa_type=Text)
    previous: str
    hash: str


class RegistryRow(SQLModel, table=True):
    """An adopted version of the registry: agencies, sets, calendar, ladders, as one document."""

    __tablename__ = "registry"

    version: int = Field(primary_key=True)
    fingerprint: str
    document: str = Field(sa_type=Text)
    seq: int = Field(sa_type=BigInteger)
    adopted_at: datetime


class AgencyRow(SQLModel, table=True):
    """An office of the adopted registry, for joins and lists."""

    __tablename__ = "agency"

    code: str = Field(primary_key=True)
    kind: str = Field(index=True)
    name_vi: str
    name_en: str
    name_fr: str
    parent: str | None = Field(default=None, index=True)
    language: str


class ChannelRow(SQLModel, table=True):
    """Where an agency is reached: a name that stays, and an address that may change.

    `kind` says by what (mail, webhook, an Apprise service); of all but mail, `address` is what may
    be shown and `secret` the rest, encrypted.
    """

    __tablename__ = "channel"

    agency: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    address: str
    language: str | None = None
    kind: str = "mail"
    secret: str | None = Field(default=None, sa_type=Text)


class DirectiveRow(SQLModel, table=True):
    """An adopted version of a directive; the current one is the one tasks are read from."""

    __tablename__ = "directive"

    key: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    current: bool
    number: str
    issued: date
    issuer: str
    fingerprint: str
    document: str = Field(sa_type=Text)
    seq: int = Field(sa_type=BigInteger)
    adopted_at: datetime


class TaskRow(SQLModel, table=True):
    """A task of a current directive, in the order of its file.

    `anchor` is the task or event its period is counted from. `materialise_at` is when the next
    occurrence of a recurring task comes into sight; null where none ever will.
    """

    __tablename__ = "task"
    __table_args__ = (_partial("ix_task_materialise_at", "materialise_at", where="materialise_at IS NOT NULL"),)

    key: str = Field(primary_key=True)
    directive: str = Field(index=True)
    position: int
    title_vi: str
    title_en: str
    title_fr: str
    anchor: str | None = Field(default=None, index=True)
    materialise_at: datetime | None = None


class EventRow(SQLModel, table=True):
    """An event that was recorded for a directive, or for one of its agencies: clocks of duties start with it."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("directive", "name", "day", "agency"),)

    seq: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    directive: str = Field(index=True)
    name: str
    day: date
    agency: str = ""  # all of them; a null would not be held unique


class NeedRow(SQLModel, table=True):
    """An edge of the task graph: `task` waits for `needs`."""

    __tablename__ = "need"

    task: str = Field(primary_key=True)
    needs: str = Field(primary_key=True, index=True)


class AssignmentRow(SQLModel, table=True):
    """One (task, agency) pair. Every column is determined by entries; `rebuild` reproduces them bit for bit."""

    __tablename__ = "assignment"
    __table_args__ = (
        _partial("ix_assignment_next_moment_ref", "next_moment", "ref", where="next_moment IS NOT NULL"),
        Index("ix_assignment_task_agency", "task", "agency"),
        # on PostgreSQL these hold the reference by its characters (migration 0008)
        Index("ix_assignment_late_from_ref", "late_from", "ref"),
        Index("ix_assignment_cell_late_from_ref", "cell", "late_from", "ref"),
        Index("ix_assignment_agency_late_from_ref", "agency", "late_from", "ref"),
        Index("ix_assignment_progress_touched_at", "progress", "touched_at"),
        *(
            _partial(f"ix_assignment_{name}", name, where=there)
            for name, there in (
                ("asked_at", "asked_at IS NOT NULL"),
                ("contested_at", "contested_at IS NOT NULL"),
                ("delegate", "delegate IS NOT NULL"),
            )
        ),
    )

    ref: str = Field(primary_key=True)
    task: str
    agency: str
    remind: str
    progress: str
    assigned_at: datetime
    touched_at: datetime
    version: int
    first_day: date | None = None
    last_day: date | None = None
    minute: str | None = None
    zone: str | None = None
    late_from: datetime | None = None
    review: str | None = None
    received_at: datetime | None = None
    returned_at: datetime | None = None
    missing: str | None = None
    why: str | None = None
    waiting_for: str = "[]"
    rung: str | None = None
    told: datetime | None = None
    standing: str
    cell: str
    next_moment: datetime | None = None
    seq: int = Field(sa_type=BigInteger)
    occurrence: date | None = None
    opens_at: datetime | None = None
    cutoff: bool = False
    anchor: str | None = None
    anchored_on: date | None = None
    changed: int = Field(sa_type=BigInteger)
    ordered_day: date | None = None
    done_on: date | None = None
    accepted_at: datetime | None = None
    suspended_at: datetime | None = None
    contested_at: datetime | None = None
    asked_at: datetime | None = None
    asked_day: date | None = None
    extensions: int = 0
    delegate: str | None = None
    answered_at: datetime | None = None
    snoozed_until: date | None = None


class ReminderRow(SQLModel, table=True):
    """An intention to tell one agency on one channel about one rung: the outbox.

    Once-only is the unique `key`: assignment, rung, deadline version, recipient, channel.
    `due_at` is when the delivery engine looks at it next: the next try while pending, the end of
    the lease while being sent, null once it is finished. Those that leave in one mail share a
    `bundle`, fixed at the first attempt; `hold` says why one waits for an operator's word.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("assignment", "rung", "version", "agency", "channel"),
        _partial("ix_reminder_agency_channel", "agency", "channel", where="due_at IS NOT NULL"),
        _partial("ix_reminder_due_at_id", "due_at", "id", where="due_at IS NOT NULL"),
        _partial("ix_reminder_troubled", "state", "made_at", "id", where="state = 'failed' OR state = 'held'"),
    )

    id: int | None = Field(default=None, sa_column=_id())
    reference: str = Field(index=True)
    key: str
    assignment: str
    rung: str
    stage: str
    version: int
    agency: str
    channel: str
    moment: datetime
    made_at: datetime
    state: str
    due_at: datetime | None = None
    token: int = 0
    attempts: int = 0
    why: str | None = None
    bundle: str | None = Field(default=None, index=True)
    hold: str | None = None
    payload: str = Field(default="{}", sa_type=Text)


class DeliveryRow(SQLModel, table=True):
    """One attempt to send a reminder, written as `sending` before anything leaves, then its outcome."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("reminder", "attempt"),)

    id: int | None = Field(default=None, sa_column=_id())
    reminder: int = Field(sa_type=BigInteger)
    attempt: int
    address: str
    message_id: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str
    code: int | None = None
    detail: str | None = Field(default=None, sa_type=Text)
    seq: int = Field(sa_type=BigInteger)


class DeputyRow(SQLModel, table=True):
    """An office that covers for another between two days, both included; `seq` is the entry that named it."""

    __tablename__ = "deputy"

    seq: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    agency: str = Field(index=True)
    deputy: str
    from_day: date
    until_day: date


class EvidenceRow(SQLModel, table=True):
    """A file that shows something, known by the SHA-256 of its bytes; the bytes lie in the evidence folder."""

    __tablename__ = "evidence"

    sha256: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    media_type: str
    name: str
    stored_at: datetime
    seq: int = Field(sa_type=BigInteger)


class ProofRow(SQLModel, table=True):
    """That a report names a piece of evidence or a document: `seq` is the entry of the report.

    `number` and `dated` are those printed on the document; a report may name a document without a file.
    """

    __tablename__ = "proof"
    __table_args__ = (UniqueConstraint("seq", "position"),)

    id: int | None = Field(default=None, sa_column=_id())
    seq: int = Field(sa_type=BigInteger)
    position: int
    assignment: str = Field(index=True)
    sha256: str | None = Field(default=None, index=True)
    number: str | None = Field(default=None, index=True)
    dated: date | None = None


class SealRow(SQLModel, table=True):
    """A signed checkpoint of the first `size` entries: what was signed, by which key, as it went outside."""

    __tablename__ = "seal"

    size: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    root: str
    head: str
    sealed_at: datetime
    key: str
    note: str = Field(sa_type=Text)
    frontier: str = Field(sa_type=Text)


class WitnessRow(SQLModel, table=True):
    """A place outside that seals are pushed to, and the last one it is known to hold."""

    __tablename__ = "witness"

    place: str = Field(primary_key=True)
    size: int = Field(default=0, sa_type=BigInteger)
    pushed_at: datetime | None = None
    tried_at: datetime | None = None
    why: str | None = None


class WatchRow(SQLModel, table=True):
    """When a kind of work (sweep, deliver, seal) was last done, whether or not it found anything to do."""

    __tablename__ = "watch"

    work: str = Field(primary_key=True)
    at: datetime
