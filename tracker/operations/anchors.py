"""Anchors: dates that are set when a task is completed.

A duty of a fan-out waits for its own agency where the anchor task fans out to that agency too;
otherwise until every assignment of that task is settled and one of them completed. The day counts
on which the completion was accepted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.calendar import Calendar
from tracker.domain.deadline import Anchor, dated_due
from tracker.domain.entry import Draft
from tracker.domain.standing import SETTLED, Progress
from tracker.domain.terms import anchor_document, limit_document
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import Step
from tracker.store import assignments, clocks
from tracker.store.store import Connection

# task -> agency -> its assignments
Known = Mapping[str, Mapping[str, Sequence[Assignment]]]


def by_task(found: Iterable[Assignment]) -> dict[str, dict[str, list[Assignment]]]:
    """Return assignments by their task and their agency."""
    known: dict[str, dict[str, list[Assignment]]] = {}
    for assignment in found:
        known.setdefault(assignment.task, {}).setdefault(assignment.agency, []).append(assignment)
    return known


def completed_on(task: str, agency: str, known: Known, *, owners: int, calendar: Calendar) -> date | None:
    """Return the day a task counts as completed for one of `owners` agencies that wait for it; None: not yet."""
    owed = still_owed(known.get(task, {}))
    pairwise = agency in owed and owners > 1 and len(owed) > 1
    relevant = owed[agency] if pairwise else [assignment for found in owed.values() for assignment in found]
    if not all(assignment.facts.progress in SETTLED for assignment in relevant):
        return None
    completed = (a.facts.touched_at for a in relevant if a.facts.progress == Progress.COMPLETED)
    last = max(completed, default=None)
    return None if last is None else calendar.civil_day(last)


def still_owed(known: Mapping[str, Sequence[Assignment]]) -> dict[str, list[Assignment]]:
    """Return the assignments of a task by agency, without those superseded: they go on elsewhere.

    At another agency, that is, or under another text; who has none but those owes the task no more.
    """
    found = {code: [a for a in owed if a.facts.progress != Progress.SUPERSEDED] for code, owed in known.items()}
    return {code: owed for code, owed in found.items() if owed}


def resolved(
    connection: Connection, changed: Collection[Assignment], *, at: datetime, actor: str, registry: Registry
) -> list[Step]:
    """Return the steps for assignments whose date is set because some others are settled.

    `changed` are those others as they will be; they need not be written yet. One among them that is
    open again, and whose date was known in the meantime, gets it too.
    """
    settled = {a.ref: a for a in changed if a.facts.progress in SETTLED}
    again = {a.ref: a for a in changed if is_waiting_for_its_date(a)}
    anchored = dict(clocks.anchored(connection, {str(Anchor("task", a.task)) for a in settled.values()}))
    if again:
        anchors = clocks.anchors_of(connection, {a.task for a in again.values()})
        anchored |= {task: anchor for task, anchor in anchors.items() if anchor.startswith("task:")}
    if not anchored:
        return []
    tasks = set(anchored) | {anchor.partition(":")[2] for anchor in anchored.values()}
    as_they_are = {**settled, **again}
    found = [as_they_are.get(a.ref, a) for a in assignments.of_tasks(connection, tasks, lock=True)]
    known = by_task(found)
    steps = []
    for assignment in found:
        if assignment.task not in anchored or not is_waiting_for_its_date(assignment):
            continue
        # by the key it goes under now: the task it was counted from may have been restated or renamed
        owners, name = len(still_owed(known[assignment.task])), anchored[assignment.task].partition(":")[2]
        day = completed_on(name, assignment.agency, known, owners=owners, calendar=registry.calendar)
        if day is not None:
            steps.append(date_set(connection, assignment, day, at=at, actor=actor, registry=registry))
    return steps


def is_waiting_for_its_date(assignment: Assignment) -> bool:
    """Return whether an assignment still to be settled has a date that waits for a task or an event."""
    return assignment.facts.is_unresolved and assignment.facts.progress not in SETTLED


def date_set(
    connection: Connection, assignment: Assignment, day: date, *, at: datetime, actor: str, registry: Registry
) -> Step:
    """Return the step that gives an assignment its date, counted from the day its anchor came."""
    directive = directive_in_force(connection, assignment.task.rsplit("/", 1)[0])
    task = directive.task(assignment.task)
    assert task is not None
    assert task.due is not None
    anchor = task.due.anchor
    assert anchor is not None
    limit = dated_due(task.due, issued=directive.issued, calendar=registry.calendar, anchors={anchor: day})
    payload = {
        "limit": limit_document(limit),
        "review": None,
        "remind": assignment.remind,
        "version": assignment.version + 1,
        **anchor_document(anchor, day),
    }
    draft = Draft(kind="date_set", effective_at=at, actor=actor, assignment=assignment.ref, payload=payload)
    return Step(assignment, draft)
