"""Events: something happened on a day, and the clocks that wait for it start, in the same transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, assignment_ref
from tracker.domain.directive import Directive, Task
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, Invalid, NotFound
from tracker.domain.standing import Progress
from tracker.operations.anchors import date_set, is_waiting_for_its_date
from tracker.operations.duties import Duty, duty_of, event_days, shared_out
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import Step, record, registry_in_force
from tracker.operations.waiting import waiting_at_first
from tracker.store import assignments, clocks, ledger
from tracker.store.clocks import Event
from tracker.store.store import Connection, Store

_ENDED = frozenset({Progress.DISCONTINUED, Progress.SUPERSEDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording an event did: its position in the ledger, the dates it set, the occurrences it made."""

    seq: int
    dated: tuple[str, ...] = ()
    made: tuple[str, ...] = ()


def record_event(
    store: Store, directive_key: str, name: str, day: date, *, agency: str | None = None, at: datetime, actor: str
) -> Recorded:
    """Record that an event of a directive happened on a day, for all its agencies or for one.

    The first event dates a duty that waits for it; each later one makes an occurrence of its own.
    Raises NotFound for an event no task of the directive names or an agency that owes none of them,
    Invalid for a day still to come, Conflict for an event that is recorded already.
    """
    with store.write() as connection:
        at = ledger.settle(connection, at)
        registry = registry_in_force(connection)
        clocks.lock_tasks(connection, directive_key)
        directive = directive_in_force(connection, directive_key)
        event = Event(directive=directive_key, name=name, day=day, agency=agency)
        tasks = _tasks_of(directive, name)
        before = clocks.events(connection, directive_key)
        _check(event, before, today=registry.calendar.civil_day(at))
        found = assignments.of_tasks(connection, tasks, lock=True)
        # by the duty each tracks: a task may have had another id when it was assigned
        kept = {assignment_ref(a.task, a.agency, a.occurrence): a for a in found}
        owners = _owners(event, found, registry)
        dated, new = _changes(directive, tasks, owners, kept, (*before, event), registry=registry)
        steps = [date_set(connection, a, on, at=at, actor=actor, registry=registry) for a, on in dated]
        steps += _assigned(connection, new, at=at, actor=actor)
        position, _ = record(connection, steps, at=at, registry=registry, others=[_draft(event, registry, actor)])
        seq = position.seq - len(steps)
        clocks.add_event(connection, event, seq=seq)
        return Recorded(seq=seq, dated=tuple(a.ref for a, _ in dated), made=tuple(duty.ref for duty in new))


def _tasks_of(directive: Directive, name: str) -> dict[str, Task]:
    named = {task.due.anchor_event for task in directive.tasks if task.due} - {None}
    if name not in named:
        known = ", ".join(sorted(event for event in named if event)) or "none"
        sentence = f"no task of {directive.key} waits for an event '{name}'; it knows: {known}"
        raise NotFound(sentence, code="unknown-event")
    return {task.key: task for task in directive.tasks if task.due and task.due.anchor_event == name}


def _check(event: Event, before: Collection[Event], *, today: date) -> None:
    if event.day > today:
        raise Invalid(f"the event '{event.name}' cannot be recorded for {event.day}: that day is still to come")
    if event in before:
        raise Conflict(f"the event '{event.name}' of {event.day} is recorded already", code="event-known")


def _owners(event: Event, kept: Collection[Assignment], registry: Registry) -> tuple[tuple[str, str], ...]:
    """Return the (task, agency) pairs an event is about."""
    if event.agency is not None and event.agency not in registry.agencies:
        raise NotFound(f"the registry has no agency '{event.agency}'", code="unknown-agency")
    # what was withdrawn, or handed on to another agency, starts nothing any more
    ended = {(a.task, a.agency) for a in kept if a.occurrence is None and a.facts.progress in _ENDED}
    found = {(a.task, a.agency) for a in kept if event.agency in (None, a.agency)} - ended
    if not found and event.agency is not None:
        raise NotFound(f"{event.agency} owes nothing that waits for the event '{event.name}'", code="unknown-agency")
    return tuple(sorted(found))


def _changes(
    directive: Directive,
    tasks: Mapping[str, Task],
    owners: Collection[tuple[str, str]],
    kept: Mapping[str, Assignment],
    events: Collection[Event],
    *,
    registry: Registry,
) -> tuple[list[tuple[Assignment, date]], list[Duty]]:
    """Return which assignments get their date, counted from which day, and which occurrences are new."""
    dated: list[tuple[Assignment, date]] = []
    new: list[Duty] = []
    for key, agency in owners:
        task = tasks[key]
        assert task.due is not None
        base = kept.get(assignment_ref(key, agency))
        days = event_days(task.due.anchor_event or "", agency, events)
        first, more = shared_out(base, days)
        if base is not None and first is not None and is_waiting_for_its_date(base):
            dated.append((base, first))
        found = (
            duty_of(task, agency, issued=directive.issued, registry=registry, anchored_on=day, occurrence=day)
            for day in more
        )
        new += [duty for duty in found if duty.ref not in kept]
    return dated, new


def _assigned(connection: Connection, new: Collection[Duty], *, at: datetime, actor: str) -> list[Step]:
    waiting = waiting_at_first(connection, [(duty.task.key, duty.agency) for duty in new])
    return [assign(duty, waiting[duty.task.key, duty.agency], at=at, actor=actor) for duty in new]


def assign(duty: Duty, waiting_for: Collection[str], *, at: datetime, actor: str) -> Step:
    """Return the step that makes the assignment of a duty."""
    payload = duty.payload(waiting_for)
    return Step(None, Draft(kind="assigned", effective_at=at, actor=actor, assignment=duty.ref, payload=payload))


def _draft(event: Event, registry: Registry, actor: str) -> Draft:
    payload = {
        "directive": event.directive,
        "event": event.name,
        "day": event.day.isoformat(),
        "agency": event.agency,
    }
    return Draft(kind="event", effective_at=registry.calendar.instant(event.day), actor=actor, payload=payload)
