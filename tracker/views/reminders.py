"""Reminders: what was to be told to whom, and what became of every attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.outbox import reference_of
from tracker.store.outbox import Delivery, Reminder
from tracker.store.store import Connection
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a reminder; `outcome` is 'sending' while it has none."""

    attempt: int
    address: str
    message_id: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    code: int | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRow:
    """One reminder with its attempts; `due_at` is when it is looked at next.

    Those that left in one mail share a `bundle`, which is that mail's reference; `hold` says why one
    waited, or waits, for an operator.
    """

    reference: str
    assignment: str
    agency: str
    channel: str
    rung: str
    stage: str
    moment: datetime
    made_at: datetime
    state: str
    due_at: datetime | None
    why: str | None
    bundle: str | None
    hold: str | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderList:
    """Some reminders, the newest first; `more` says that the list was cut."""

    stamp: Stamp
    reminders: tuple[ReminderRow, ...]
    more: bool


def reminder_list(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    state: str | None = None,
    agency: str | None = None,
    ref: str | None = None,
    limit: int = 100,
) -> ReminderList:
    """Return the reminders that fit as they were at an instant."""
    seen = sight(connection, at=at, registry=registry, known=known)
    found = seen.reminders(state=state, agency=agency, ref=ref, limit=limit + 1)
    return ReminderList(stamp=seen.stamp, reminders=reminder_rows(seen, found[:limit]), more=len(found) > limit)


def reminder_rows(seen: Sight, found: Sequence[Reminder]) -> tuple[ReminderRow, ...]:
    """Return reminders as rows, each with its attempts."""
    tried: dict[int, list[Delivery]] = {}
    for delivery in seen.deliveries([reminder.id for reminder in found]):
        tried.setdefault(delivery.reminder, []).append(delivery)
    return tuple(_row(reminder, tried.get(reminder.id, ())) for reminder in found)


def _row(reminder: Reminder, tried: Sequence[Delivery]) -> ReminderRow:
    return ReminderRow(
        reference=reminder.reference,
        assignment=reminder.assignment,
        agency=reminder.agency,
        channel=reminder.channel,
        rung=reminder.rung,
        stage=reminder.stage,
        moment=reminder.moment,
        made_at=reminder.made_at,
        state=reminder.state,
        due_at=reminder.due_at,
        why=reminder.why,
        bundle=reference_of(reminder.bundle) if reminder.bundle else None,
        hold=reminder.hold,
        attempts=tuple(
            Attempt(
                attempt=delivery.attempt,
                address=delivery.address,
                message_id=delivery.message_id,
                started_at=delivery.started_at,
                finished_at=delivery.finished_at,
                outcome=delivery.outcome,
                code=delivery.code,
                detail=delivery.detail,
            )
            for delivery in tried
        ),
    )
