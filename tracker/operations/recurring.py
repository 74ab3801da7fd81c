"""Recurring duties: occurrences become assignments as they come into sight, each exactly once.

A task carries the moment at which its next occurrence comes into sight; a sweep asks for those
moments alone. The reference of an occurrence is unique, so nothing can make it twice.
"""

from dataclasses import replace
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.deadline import Every
from tracker.domain.directive import Directive, Task
from tracker.domain.entry import Draft
from tracker.domain.fanout import fan_out
from tracker.domain.recurrence import occurrences
from tracker.operations.agencies import succession
from tracker.operations.duties import HORIZON, Duty, duty_of, next_look
from tracker.operations.events import assign
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import record, registry_in_force
from tracker.operations.waiting import waiting_at_first
from tracker.store import assignments, clocks, ledger
from tracker.store.store import Connection, Store

TASKS = 50
LOOKED_AHEAD = "looked_ahead"


def materialise(store: Store, *, at: datetime, actor: str, batch: int = TASKS) -> int:
    """Make the assignments of every occurrence in sight, and return how many were made.

    After an outage those missed meanwhile are made too: they were owed all the same.
    """
    total = 0
    while (made := _batch(store, at, actor, batch)) is not None:
        total += made
    return total


def _batch(store: Store, at: datetime, actor: str, batch: int) -> int | None:
    """Return how many assignments one transaction made, or None when no task came round."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        due = clocks.claim_recurring(connection, at=at, limit=batch)
        if not due:
            return None
        registry = registry_in_force(connection)
        today = registry.calendar.civil_day(at)
        heirs = succession(connection)
        new: list[Duty] = []
        for key, moment in due.items():
            directive = directive_in_force(connection, key.rsplit("/", 1)[0])
            task = directive.task(key)
            if task is not None:
                since = registry.calendar.civil_day(moment) + HORIZON
                found = _coming(task, directive, registry, since=since, today=today)
                owed = (replace(duty, agency=heirs.of(key, duty.agency, duty.occurrence)) for duty in found)
                new += {duty.ref: duty for duty in owed}.values()
            after = next_look(task, directive, registry, after=today + HORIZON) if task else None
            clocks.set_materialise_at(connection, key, after)
        return _make(connection, new, set(due), at=at, actor=actor, registry=registry)


def _coming(task: Task, directive: Directive, registry: Registry, *, since: date, today: date) -> list[Duty]:
    assert task.due is not None
    assert isinstance(task.due.rule, Every)
    found = []
    agencies = fan_out(task, registry, today)
    for day in occurrences(task.due.rule, issued=directive.issued, zone=registry.calendar.zone, since=since):
        if day > today + HORIZON:
            break
        duty = duty_of(task, "", issued=directive.issued, registry=registry, occurrence=day)
        found += [replace(duty, agency=agency) for agency in agencies]
    return found


def _make(
    connection: Connection, duties: list[Duty], looked_at: set[str], *, at: datetime, actor: str, registry: Registry
) -> int:
    known = {a.ref for a in assignments.get(connection, [duty.ref for duty in duties])}
    new = [duty for duty in duties if duty.ref not in known]
    steps = []
    if new:
        waiting = waiting_at_first(connection, [(duty.task.key, duty.agency) for duty in new])
        steps = [assign(duty, waiting[duty.task.key, duty.agency], at=at, actor=actor) for duty in new]
    notes = _looked_ahead(looked_at - {duty.task.key for duty in new}, at=at, actor=actor, registry=registry)
    record(connection, steps, at=at, registry=registry, others=notes)
    return len(new)


def _looked_ahead(tasks: set[str], *, at: datetime, actor: str, registry: Registry) -> list[Draft]:
    """Return the note that tasks came round and nobody was to do them: when they do so next follows from it."""
    until = registry.calendar.civil_day(at) + HORIZON
    payload = {"tasks": sorted(tasks), "until": until.isoformat()}
    return [Draft(kind=LOOKED_AHEAD, effective_at=at, actor=actor, payload=payload)] if tasks else []
