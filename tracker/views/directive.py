"""One directive as it was in force at an instant: its version, and how far each of its tasks was then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.deadline import rule_text
from tracker.domain.directive import Directive, Task
from tracker.domain.errors import NotFound
from tracker.domain.standing import Cell
from tracker.domain.waiting import Mark, children, marks_of
from tracker.store import queries
from tracker.store.store import Connection
from tracker.views.rows import agency_name
from tracker.views.sight import Seen, Sight, sight
from tracker.views.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """How many of the offices below one agency have completed a task of a cascade; those let off are not counted."""

    agency: str
    agency_name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """One task of a directive at an instant: of `total` agencies that owe it or did, `done` have completed it."""

    task: str
    title: str
    rule: str | None
    needs: tuple[str, ...]
    done: int
    total: int
    overdue: int
    closed_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveView:
    """A directive in the version in force at an instant."""

    stamp: Stamp
    key: str
    number: str
    issued: str
    title: str
    kind: str
    status: str
    version: int
    adopted_at: datetime
    tasks: tuple[TaskState, ...]


def directive_show(
    connection: Connection,
    directive: Directive,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    language: str = "en",
) -> DirectiveView:
    """Return how far a directive was at an instant; `directive` is the version in force then."""
    seen = sight(connection, at=at, registry=registry, known=known)
    head = next((one for one in queries.directives_at(connection, seen.adopted_by) if one.key == directive.key), None)
    if head is None:
        raise NotFound(f"no directive '{directive.key}' had been adopted at {at.isoformat()}")
    return DirectiveView(
        stamp=seen.stamp,
        key=directive.key,
        number=directive.number,
        issued=directive.issued.isoformat(),
        title=directive.title.in_language(language),
        kind=directive.kind,
        status=directive.status,
        version=head.version,
        adopted_at=head.adopted_at,
        tasks=tuple(_state(task, seen.of_task(task.key), language) for task in directive.tasks),
    )


def roll_up(
    connection: Connection, task: str, *, at: datetime, registry: Registry, language: str = "en"
) -> tuple[RollUp, ...]:
    """Return for each agency of a cascade how many of those below it have completed the task, by its code."""
    marks = _marks(sight(connection, at=at, registry=registry), task)
    return tuple(
        RollUp(
            agency=agency, agency_name=agency_name(registry, agency, language), **_counts(marks[code] for code in below)
        )
        for agency, below in sorted(children(marks, registry).items())
    )


def _marks(seen: Sight, task: str) -> Mapping[str, Mark]:
    return marks_of(assignment for assignment, _ in seen.of_task(task)).get(task, {})


def _counts(marks: Iterable[Mark]) -> dict[str, int]:
    live = [one for one in marks if one.completed or not one.settled]
    return {"done": sum(one.completed for one in live), "total": len(live)}


def _state(task: Task, seen: tuple[Seen, ...], language: str) -> TaskState:
    marks = marks_of(assignment for assignment, _ in seen).get(task.key, {})
    cells = [now.cell for _, now in seen]
    return TaskState(
        task=task.id,
        title=task.title.in_language(language),
        rule=rule_text(task.due.rule) if task.due else None,
        needs=tuple(need.task for need in task.needs),
        overdue=cells.count(Cell.OVERDUE),
        closed_out=cells.count(Cell.CLOSED_OUT),
        **_counts(marks.values()),
    )
