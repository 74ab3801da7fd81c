"""The outbox: reminders written before anything is sent, claimed one at a time, each attempt with its outcome.

A reminder is `pending` (due for a try), `sending` (leased by a worker), `accepted`, `failed` (for
good: a person has to look) or `cancelled`. A worker that dies leaves `sending`; when its lease ends
the attempt is recorded as unknown and the reminder is tried again with the same Message-ID.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from tracker.store.tables import DeliveryRow, ReminderRow

REMINDER = ReminderRow.__table__  # type: ignore[attr-defined]
DELIVERY = DeliveryRow.__table__  # type: ignore[attr-defined]

# statements of every message are built once: building one takes longer than running it
_DUE = (
    select(REMINDER)
    .where(REMINDER.c.due_at <= bindparam("at"))
    .order_by(REMINDER.c.due_at, REMINDER.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_CHANGE = update(REMINDER).where(REMINDER.c.id == bindparam("one"))
_CHANGE_HELD = _CHANGE.where(REMINDER.c.token == bindparam("held"), REMINDER.c.state == "sending")
_BEGIN = insert(DELIVERY)
_END = update(DELIVERY).where(DELIVERY.c.id == bindparam("one"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One row of the outbox."""

    id: int
    reference: str
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
    due_at: datetime | None
    token: int
    attempts: int
    why: str | None
    bundle: str | None = None
    hold: str | None = None
    payload: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt at a reminder."""

    id: int
    reminder: int
    attempt: int
    address: str
    message_id: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    code: int | None
    detail: str | None


def make(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write reminders that are not there yet and return how many were new; the unique key decides."""
    if not rows:
        return 0
    conflict_free = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    statement = conflict_free(REMINDER).on_conflict_do_nothing().returning(REMINDER.c.id)
    return len(connection.execute(statement, [dict(row) for row in rows]).fetchall())


def claim_next(connection: Connection, *, at: datetime) -> Reminder | None:
    """Return the reminder that has been due longest, held for this transaction; None when nothing is due."""
    row = connection.execute(_DUE, {"at": at}).one_or_none()
    return _reminder(row) if row else None


def lease(connection: Connection, reminder: Reminder, *, until: datetime) -> None:
    """Mark a claimed reminder as being sent, by a new token, until a worker that died is given up."""
    leased = {"state": "sending", "token": reminder.token + 1, "attempts": reminder.attempts + 1, "due_at": until}
    connection.execute(_CHANGE, {"one": reminder.id, **leased})


def finish(
    connection: Connection, reminder: int, *, token: int, state: str, due_at: datetime | None, why: str | None
) -> bool:
    """Record how an attempt left its reminder; False when another worker holds it by now (the token differs)."""
    change = {"state": state, "due_at": due_at, "why": why}
    return connection.execute(_CHANGE_HELD, {"one": reminder, "held": token, **change}).rowcount == 1


def set_aside(connection: Connection, reminder: int, *, state: str, why: str) -> None:
    """Close a reminder without an attempt: `failed` for a person to look at, `cancelled` with nothing left to say."""
    connection.execute(_CHANGE, {"one": reminder, "state": state, "due_at": None, "why": why})


def cancel(connection: Connection, assignment: str, *, why: str) -> tuple[str, ...]:
    """Cancel what is still pending for an assignment and return the references; what is being sent stays."""
    statement = (
        update(REMINDER)
        .where(REMINDER.c.assignment == assignment, REMINDER.c.state == "pending")
        .values(state="cancelled", due_at=None, why=why)
        .returning(REMINDER.c.reference)
    )
    return tuple(sorted(connection.execute(statement).scalars()))


def begin_attempt(connection: Connection, row: Mapping[str, Any]) -> int:
    """Write an attempt as being sent and return its id."""
    key = connection.execute(_BEGIN, {**row, "outcome": "sending"}).inserted_primary_key
    assert key is not None
    return int(key[0])


def end_attempt(
    connection: Connection,
    attempt: int,
    *,
    outcome: str,
    code: int | None,
    detail: str,
    at: datetime,
    seq: int,
) -> None:
    """Write the outcome of an attempt and the position of the entry that records it."""
    change = {"outcome": outcome, "code": code, "detail": detail, "finished_at": at, "seq": seq}
    connection.execute(_END, {"one": attempt, **change})


def unfinished(connection: Connection, reminder: int) -> Delivery | None:
    """Return the attempt at a reminder that never got an outcome, if there is one."""
    question = select(DELIVERY).where(DELIVERY.c.reminder == reminder, DELIVERY.c.outcome == "sending")
    row = connection.execute(question).one_or_none()
    return _delivery(row) if row else None


def next_due(connection: Connection) -> datetime | None:
    """Return when the delivery engine next has something to do, or None."""
    found: datetime | None = connection.execute(select(func.min(REMINDER.c.due_at))).scalar_one()
    return found


def reminders(
    connection: Connection,
    *,
    state: str | None = None,
    agency: str | None = None,
    assignment: str | None = None,
    limit: int | None = None,
) -> tuple[Reminder, ...]:
    """Return reminders, the newest first."""
    question = select(REMINDER).order_by(REMINDER.c.made_at.desc(), REMINDER.c.id.desc())
    for column, value in (("state", state), ("agency", agency), ("assignment", assignment)):
        if value is not None:
            question = question.where(REMINDER.c[column] == value)
    return tuple(_reminder(row) for row in connection.execute(question.limit(limit) if limit else question))


def deliveries(connection: Connection, reminders: Sequence[int] | None = None) -> tuple[Delivery, ...]:
    """Return the attempts at some reminders (all of them by default), in their order."""
    question = select(DELIVERY).order_by(DELIVERY.c.id)
    if reminders is not None:
        question = question.where(DELIVERY.c.reminder.in_(list(reminders)))
    return tuple(_delivery(row) for row in connection.execute(question))


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many reminders are in each state."""
    rows = connection.execute(
        select(REMINDER.c.state, func.count()).group_by(REMINDER.c.state).order_by(REMINDER.c.state)
    )
    return {row[0]: row[1] for row in rows}


def _reminder(row: Row[Any]) -> Reminder:
    return Reminder(**row._mapping)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})
