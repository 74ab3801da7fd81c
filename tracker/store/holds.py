"""Reminders that wait for an operator's word: `held`, with the reason in `hold`, which stays when they go on."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from tracker.store.outbox import REMINDER, Reminder

_ONE = update(REMINDER).where(REMINDER.c.reference == bindparam("of"), REMINDER.c.state == "held")
# never tried, and never held before
_NEW = (REMINDER.c.state == "pending", REMINDER.c.attempts == 0, REMINDER.c.hold.is_(None))


def owed(connection: Connection, *, at: datetime) -> int:
    """Return how many reminders are due that nobody tried to send yet."""
    question = select(func.count()).select_from(REMINDER).where(REMINDER.c.due_at <= at, *_NEW)
    return int(connection.execute(question).scalar_one())


def hold(connection: Connection, *, at: datetime, why: str, spared: Collection[str]) -> tuple[str, ...]:
    """Hold what is due and was never tried, but for some stages; return the references in their order."""
    chosen = (REMINDER.c.due_at <= at, *_NEW, REMINDER.c.stage.not_in(sorted(spared)))
    statement = update(REMINDER).where(*chosen).values(state="held", hold=why, due_at=None)
    return tuple(sorted(connection.execute(statement.returning(REMINDER.c.reference)).scalars()))


def held(connection: Connection) -> tuple[str, ...]:
    """Return the references of everything held, in their order."""
    question = select(REMINDER.c.reference).where(REMINDER.c.state == "held").order_by(REMINDER.c.reference)
    return tuple(connection.execute(question).scalars())


def release(connection: Connection, references: Sequence[str], *, at: datetime) -> None:
    """Let held reminders be sent from an instant on."""
    _change(connection, references, state="pending", due_at=at)


def drop(connection: Connection, references: Sequence[str], *, why: str) -> None:
    """Close held reminders."""
    _change(connection, references, state="cancelled", due_at=None, why=why)


def retry(connection: Connection, reminders: Sequence[Reminder], *, at: datetime, hold: str) -> tuple[str, ...]:
    """Let failed reminders be sent from an instant on, with those of the same mail; return the references."""
    bundles = {one.bundle for one in reminders if one.bundle}
    chosen = or_(REMINDER.c.id.in_([one.id for one in reminders]), REMINDER.c.bundle.in_(sorted(bundles)))
    change = {"state": "pending", "due_at": at, "hold": hold}
    statement = update(REMINDER).where(chosen, REMINDER.c.state == "failed").values(**change)
    return tuple(sorted(connection.execute(statement.returning(REMINDER.c.reference)).scalars()))


def _change(connection: Connection, references: Sequence[str], **values: Any) -> None:
    if references:
        connection.execute(_ONE.values(**values), [{"of": reference} for reference in references])
