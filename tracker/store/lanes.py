"""Lanes: reminders by the server they go through, so that one that is slow or away holds up nobody else's.

All mail goes through one relay; every other channel goes to its host, or to a service of its kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Integer, Select, and_, bindparam, exists, func, or_, select

from tracker.store.adopted import CHANNEL
from tracker.store.outbox import DELIVERY, REMINDER, Reminder

MAIL = "mail"


@dataclass(frozen=True, slots=True, order=True)
class Lane:
    """The channels that lead to one server: all of a kind, or those of a kind with one public address."""

    kind: str = MAIL
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an attempt ended, and the kind and public address of the channel it went by, where it is still there."""

    kind: str
    address: str
    outcome: str
    code: int | None
    detail: str
    finished_at: datetime


# a mailbox, or a channel that is gone: what was to go by it fails wherever it is looked at
_ITS_CHANNEL = and_(CHANNEL.c.agency == REMINDER.c.agency, CHANNEL.c.name == REMINDER.c.channel)
_IS_SERVICE = or_(CHANNEL.c.kind != MAIL, CHANNEL.c.address.contains("://"))
# who was leased it may still be sending, where the clock cannot be trusted: then nobody else takes it over
_FREE = or_(REMINDER.c.state != "sending", bindparam("steal", type_=Boolean))
_DUE = select(REMINDER).where(REMINDER.c.due_at <= bindparam("at"), _FREE)


def _next(question: Select[Any]) -> Select[Any]:
    ordered = question.order_by(REMINDER.c.due_at, REMINDER.c.id).limit(bindparam("most", type_=Integer))
    return ordered.with_for_update(of=REMINDER, skip_locked=True)


def _by_service(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(CHANNEL.c.name).where(_ITS_CHANNEL, _IS_SERVICE, *more))


_OF_KIND = CHANNEL.c.kind == bindparam("kind")
# statements of every message are built once: building one takes longer than running it
_ANY_MAIL = _DUE.where(~_by_service()).limit(1)
_NEXT_MAIL = _next(_DUE.where(~_by_service()))
_NEXT_OF_KIND = _next(_DUE.where(_by_service(_OF_KIND)))
_NEXT_OF_HOST = _next(_DUE.where(_by_service(_OF_KIND, CHANNEL.c.address == bindparam("address"))))


# an attempt has its Message-ID as soon as there is a mail
_MADE = DELIVERY.c.message_id != ""
_BEGUN_AFTER = select(func.count().filter(_MADE), func.max(DELIVERY.c.id).filter(_MADE))
_BEGUN_AFTER = _BEGUN_AFTER.where(DELIVERY.c.id > bindparam("last"))


def claim(connection: Connection, lane: Lane, *, at: datetime, most: int, steal: bool = True) -> tuple[Reminder, ...]:
    """Return the reminders of a lane that have been due longest, `most` at a time, held for this transaction.

    Without `steal` one that somebody is sending is left to them, though their lease has ended.
    """
    values: dict[str, Any] = {"at": at, "steal": steal, "most": most}
    question = _NEXT_MAIL
    if lane.kind != MAIL:
        values["kind"], question = lane.kind, _NEXT_OF_KIND
    if lane.address is not None:
        values["address"], question = lane.address, _NEXT_OF_HOST
    return tuple(Reminder(**row._mapping) for row in connection.execute(question, values))


def due(connection: Connection, *, at: datetime, steal: bool = True) -> tuple[tuple[str, str | None], ...]:
    """Return the kinds and public addresses of channels by which something is due; all mail is one."""
    values = {"at": at, "steal": steal}
    by_mail = connection.execute(_ANY_MAIL, values).one_or_none()
    question = select(CHANNEL.c.kind, CHANNEL.c.address).distinct().join(REMINDER, _ITS_CHANNEL)
    rows = connection.execute(question.where(REMINDER.c.due_at <= bindparam("at"), _FREE, _IS_SERVICE), values)
    return (*([(MAIL, None)] if by_mail else []), *sorted((row.kind, row.address) for row in rows))


def last_ends(connection: Connection, *, limit: int) -> Sequence[Ended]:
    """Return how the last attempts ended, the newest first."""
    question = select(
        CHANNEL.c.kind,
        CHANNEL.c.address,
        DELIVERY.c.outcome,
        DELIVERY.c.code,
        DELIVERY.c.detail,
        DELIVERY.c.finished_at,
    )
    question = question.select_from(DELIVERY).join(REMINDER, REMINDER.c.id == DELIVERY.c.reminder)
    question = question.join(CHANNEL, _ITS_CHANNEL).where(DELIVERY.c.outcome != "sending")
    rows = connection.execute(question.order_by(DELIVERY.c.id.desc()).limit(limit)).mappings()
    return [Ended(**row) for row in rows]


def begun_since(connection: Connection, since: datetime, *, limit: int) -> tuple[int, int]:
    """Return how many attempts were begun after an instant, of the last `limit`, and the number of the last."""
    last = select(DELIVERY.c.id, DELIVERY.c.started_at).where(_MADE).order_by(DELIVERY.c.id.desc()).limit(limit)
    found = last.subquery()
    begun = select(func.count()).select_from(found).where(found.c.started_at > since)
    newest = connection.execute(select(func.max(DELIVERY.c.id)).where(_MADE)).scalar_one()
    return int(connection.execute(begun).scalar_one()), newest or 0


def begun_after(connection: Connection, last: int) -> tuple[int, int]:
    """Return how many attempts were begun, by whomever, after one, and the number of the last; its cost is theirs."""
    row = connection.execute(_BEGUN_AFTER, {"last": last}).one()
    return int(row[0]), max(last, row[1] or 0)
