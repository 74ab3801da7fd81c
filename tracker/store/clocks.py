"""What starts clocks: anchors of tasks, events that were recorded, and when recurring tasks come round again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from tracker.store.tables import EventRow, NeedRow, TaskRow

TASK = TaskRow.__table__  # type: ignore[attr-defined]
NEED = NeedRow.__table__  # type: ignore[attr-defined]
EVENT = EventRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened on a day, for every agency of a directive or for one of them."""

    directive: str
    name: str
    day: date
    agency: str | None = None


def anchored(connection: Connection, anchors: Iterable[str]) -> Mapping[str, str]:
    """Return the tasks whose period is counted from one of some anchors, each with its anchor."""
    question = select(TASK.c.key, TASK.c.anchor).where(TASK.c.anchor.in_(sorted(anchors))).order_by(TASK.c.key)
    return {row[0]: row[1] for row in connection.execute(question)}


def anchors_of(connection: Connection, tasks: Iterable[str]) -> Mapping[str, str]:
    """Return what the periods of some tasks are counted from; tasks without an anchor are left out."""
    question = select(TASK.c.key, TASK.c.anchor).where(TASK.c.key.in_(sorted(tasks)), TASK.c.anchor.is_not(None))
    return {row[0]: row[1] for row in connection.execute(question)}


def move_anchor(connection: Connection, task: str, heir: str) -> None:
    """Let every period that is counted from a task be counted from the one that took its place."""
    statement = update(TASK).where(TASK.c.anchor == f"task:{task}").values(anchor=f"task:{heir}")
    connection.execute(statement)


def lock_tasks(connection: Connection, directive: str) -> None:
    """Hold the tasks of a directive for this transaction: no sweep makes occurrences of them meanwhile."""
    connection.execute(select(TASK.c.key).where(TASK.c.directive == directive).order_by(TASK.c.key).with_for_update())


def claim_recurring(connection: Connection, *, at: datetime, limit: int) -> Mapping[str, datetime]:
    """Return up to `limit` recurring tasks that come round by an instant, held for this transaction alone."""
    question = (
        select(TASK.c.key, TASK.c.materialise_at)
        .where(TASK.c.materialise_at <= at)
        .order_by(TASK.c.materialise_at, TASK.c.key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return {row[0]: row[1] for row in connection.execute(question)}


def set_materialise_at(connection: Connection, task: str, at: datetime | None) -> None:
    """Write when the next occurrence of a task comes into sight."""
    connection.execute(update(TASK).where(TASK.c.key == task).values(materialise_at=at))


def needs_of(connection: Connection, tasks: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return for each of some tasks the tasks it needs directly."""
    found: dict[str, list[str]] = {}
    question = select(NEED.c.task, NEED.c.needs).where(NEED.c.task.in_(sorted(tasks))).order_by(NEED.c.needs)
    for task, needed in connection.execute(question):
        found.setdefault(task, []).append(needed)
    return {task: tuple(needed) for task, needed in found.items()}


def events(connection: Connection, directive: str) -> tuple[Event, ...]:
    """Return the events recorded for a directive, in the order they were recorded."""
    question = select(EVENT).where(EVENT.c.directive == directive).order_by(EVENT.c.seq)
    return tuple(
        Event(directive=row.directive, name=row.name, day=row.day, agency=row.agency or None)
        for row in connection.execute(question)
    )


def clear_events(connection: Connection) -> None:
    """Remove every event."""
    connection.execute(EVENT.delete())


def moments(connection: Connection) -> Mapping[str, datetime]:
    """Return when each task that comes round does so next."""
    question = select(TASK.c.key, TASK.c.materialise_at).where(TASK.c.materialise_at.is_not(None))
    return {row[0]: row[1] for row in connection.execute(question)}


def add_event(connection: Connection, event: Event, *, seq: int) -> None:
    """Write an event with the position of its entry; the database refuses one it already has."""
    row = {
        "seq": seq,
        "directive": event.directive,
        "name": event.name,
        "day": event.day,
        "agency": event.agency or "",
    }
    connection.execute(insert(EVENT).values(**row))
