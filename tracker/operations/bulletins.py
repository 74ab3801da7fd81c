"""Bulletins: what the lists of a Monday say, each office's open tasks as they are when its mail is written."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.entry import instant
from tracker.domain.errors import NotFound
from tracker.domain.outbox import reference_of
from tracker.domain.standing import SETTLED, Cell, Progress
from tracker.files.workbook import Table, Value, workbook
from tracker.notify.bulletin import COUNTED, MONDAY, WEEKLY, Bulletin, Figure, cell_name, columns
from tracker.notify.digest import SHOWN, Item
from tracker.operations.reading import directive_in_force
from tracker.settings import Settings
from tracker.store import assignments
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection

BULLETINS = (WEEKLY, MONDAY)
_LATE = timedelta(hours=1)


def bulletin_of(
    connection: Connection,
    reminder: Reminder,
    *,
    registry: Registry,
    settings: Settings,
    head: Position,
    language: str,
    at: datetime,
) -> Bulletin:
    """Return the list or report of a Monday for one office."""
    page, said = settings.base_url.rstrip("/"), json.loads(reminder.payload)
    weekly = reminder.stage == WEEKLY
    found = assignments.find(connection, agency=reminder.agency if weekly else None)
    unsettled = [one for one in found if one.facts.progress not in SETTLED]
    agency = registry.agencies.get(reminder.agency)
    late = at - reminder.moment
    return Bulletin(
        reference=reference_of(reminder.key),
        key=reminder.key,
        language=language,
        agency=reminder.agency,
        recipient_name=agency.name.in_language(language) if agency else reminder.agency,
        items=tuple(_item(connection, one, registry, page, language, at) for one in unsettled[:SHOWN])
        if weekly
        else (),
        url=f"{page}/tasks?agency={quote(reminder.agency)}" if weekly else f"{page}/tasks",
        late_by=late if late > _LATE else None,
        zone=registry.calendar.zone,
        office=settings.office,
        contact=settings.contact,
        sender=settings.sender,
        seq=head.seq,
        head=head.hash,
        as_of=at,
        rehearsal=head.is_rehearsal,
        kind=reminder.stage,
        of_day=date.fromisoformat(reminder.rung.partition("-")[2]),
        count=len(unsettled),
        late=sum(_is_late(one, at) for one in unsettled),
        since=_since(said, registry),
        figures=tuple(Figure(cell=cell, **line) for cell, line in _lines(said)),
        undelivered=said.get("undelivered", 0),
        failures_url=f"{page}/reminders?state=failed",
        workbook=b"" if weekly else _workbook(connection, said, unsettled, registry, language, at),
    )


def _lines(said: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """Return the lines of the six cells in their order, which a canonical document does not keep."""
    return [(str(cell), said["cells"][cell]) for cell in Cell] if "cells" in said else []


def _since(said: dict[str, Any], registry: Registry) -> date | None:
    return registry.calendar.civil_day(instant(said["since"])) if said.get("since") else None


def _is_late(one: Assignment, at: datetime) -> bool:
    limit = one.facts.limit
    return limit is not None and at >= limit.late_from and one.facts.progress not in (Progress.SUBMITTED,)


def _item(connection: Connection, one: Assignment, registry: Registry, page: str, language: str, at: datetime) -> Item:
    number, title = _named(connection, one, language)
    limit, late = one.facts.limit, _is_late(one, at)
    left = registry.calendar.working_days_between(registry.calendar.civil_day(at), limit.last_day) if limit else 0
    return Item(
        reference="",
        stage="overdue" if late else "open",
        days=limit.days_late(at) if late and limit else left,
        directive_number=number,
        task_title=title,
        assignment=one.ref,
        last_day=limit.last_day if limit else None,
        agency=None,
        covers_for=None,
        url=f"{page}/tasks/{one.ref}",
        version=one.version,
    )


def _named(connection: Connection, one: Assignment, language: str) -> tuple[str, str]:
    """Return the number of the directive and the title of the task; their keys, where no text in force has it."""
    key = one.task.rpartition("/")[0]
    try:
        directive = directive_in_force(connection, key)
    except NotFound:
        return key, one.task
    task = directive.task(one.task)
    return directive.number, task.title.in_language(language) if task else one.task


def _workbook(
    connection: Connection,
    said: dict[str, Any],
    unsettled: Sequence[Assignment],
    registry: Registry,
    language: str,
    at: datetime,
) -> bytes:
    """Return the figures, and every open task, as a workbook."""
    said_by = columns(language)
    figures: list[tuple[Value, ...]] = [
        (cell_name(cell, language), *(line[name] for name in COUNTED)) for cell, line in _lines(said)
    ]
    rows = [_row(connection, one, registry, language, at) for one in unsettled]
    return workbook(
        [
            Table(name=said_by.figures, header=("", *said_by.counted), rows=figures),
            Table(name=said_by.tasks, header=said_by.task, rows=rows),
        ],
        at=at,
    )


def _row(
    connection: Connection, one: Assignment, registry: Registry, language: str, at: datetime
) -> tuple[str | int | date | None, ...]:
    number, title = _named(connection, one, language)
    agency, limit = registry.agencies.get(one.agency), one.facts.limit
    return (
        number,
        title,
        agency.name.in_language(language) if agency else one.agency,
        limit.last_day if limit else None,
        one.first_day,
        limit.days_late(at) if limit and _is_late(one, at) else None,
        one.ref,
    )
