"""Rows: one assignment as lists show it, with the names a reader knows it by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import MOVES, Assignment
from tracker.domain.calendar import civil_day
from tracker.domain.phrase import Phrase
from tracker.domain.standing import CLOSED_OUT, Cell, Progress, Standing
from tracker.store import queries
from tracker.store.store import Connection
from tracker.views.sight import Seen, Sight
from tracker.views.stamp import INVENTED


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One assignment at an instant: what, who, when, where it stands and why.

    `days_late` counts civil days after the last day (0 on the last day itself, after its minute),
    `days_late_first` those after the first date it ever had;
    `working_days_left` is there only while the task is still to be reported in time.
    `invented`: somebody of the demo moved it. `version` counts the deadlines it has had, from 1.
    """

    ref: str
    directive: str
    number: str
    task: str
    title: str
    agency: str
    agency_name: str
    progress: str
    standing: str
    cell: str
    reason: Phrase
    first_day: date | None
    last_day: date | None
    late_from: datetime | None
    days_late: int | None
    working_days_left: int | None
    received_at: datetime | None
    waiting_for: tuple[str, ...]
    invented: bool
    changed: int = 0
    days_late_first: int | None = None
    done_on: date | None = None
    accepted_at: datetime | None = None
    asked_day: date | None = None
    contested_at: datetime | None = None
    delegate: str | None = None
    version: int = 1
    touched_at: datetime | None = None


def rows(sight: Sight, connection: Connection, seen: Sequence[Seen], *, language: str) -> tuple[TaskRow, ...]:
    """Return assignments as rows, in their order."""
    titles = sight.titles(frozenset(assignment.task for assignment, _ in seen), language)
    numbers = {key: number for key, number, _ in sight.marks()} if seen else {}
    refs = [assignment.ref for assignment, _ in seen]
    made_up: frozenset[str] = frozenset()
    if sight.stamp.invented:
        made_up = queries.refs_of_actor(connection, INVENTED, refs, _MOVED, until=sight.known)
    return tuple(
        _row(sight, assignment, now, titles, numbers, invented=assignment.ref in made_up, language=language)
        for assignment, now in seen
    )


_MOVED = frozenset(MOVES)


def _row(
    sight: Sight,
    assignment: Assignment,
    now: Standing,
    titles: Mapping[str, str],
    numbers: Mapping[str, str],
    *,
    invented: bool,
    language: str,
) -> TaskRow:
    directive, _, task = assignment.task.rpartition("/")
    limit = assignment.facts.limit
    return TaskRow(
        ref=assignment.ref,
        directive=directive,
        number=numbers.get(directive, directive),
        task=task,
        title=titles.get(assignment.task, task),
        agency=assignment.agency,
        agency_name=agency_name(sight.registry, assignment.agency, language),
        progress=str(assignment.facts.progress),
        standing=now.name,
        cell=str(now.cell),
        reason=now.reason,
        first_day=assignment.first_day,
        last_day=limit.last_day if limit else None,
        late_from=limit.late_from if limit else None,
        days_late=_days_late(assignment, now, sight.at),
        working_days_left=_days_left(assignment, now, sight),
        received_at=assignment.facts.received_at,
        waiting_for=assignment.facts.waiting_for,
        invented=invented,
        changed=assignment.changed,
        days_late_first=days_late_first(assignment, sight.at),
        done_on=assignment.facts.done_on,
        accepted_at=assignment.facts.accepted_at,
        asked_day=assignment.asked_day,
        contested_at=assignment.contested_at,
        delegate=assignment.delegate,
        version=assignment.version,
        touched_at=assignment.facts.touched_at,
    )


def days_late_first(assignment: Assignment, at: datetime) -> int | None:
    """Return by how many days an assignment is late against its first date; None without one, or closed out."""
    limit, first = assignment.facts.limit, assignment.first_day
    if first is None or limit is None or assignment.facts.progress in CLOSED_OUT:
        return None
    return max(0, (civil_day(limit.zone, measured_at(assignment, at)) - first).days)


def measured_at(assignment: Assignment, at: datetime) -> datetime:
    """Return the instant by which an assignment is late or not: received, or at rest since, or the present one."""
    facts = assignment.facts
    return facts.received_at or facts.suspended_at or at


def agency_name(registry: Registry, code: str, language: str) -> str:
    """Return the name of an agency, or its code where this registry has no such agency."""
    agency = registry.agencies.get(code)
    return agency.name.in_language(language) if agency else code


def _days_late(assignment: Assignment, now: Standing, at: datetime) -> int | None:
    limit = assignment.facts.limit
    if limit is None or now.cell not in (Cell.OVERDUE, Cell.LATE):
        return None
    return limit.days_late(measured_at(assignment, at))


def _days_left(assignment: Assignment, now: Standing, sight: Sight) -> int | None:
    limit = assignment.facts.limit
    if limit is None or now.cell != Cell.IN_TIME or assignment.facts.progress == Progress.SUBMITTED:
        return None
    calendar = sight.registry.calendar
    return calendar.working_days_between(calendar.civil_day(sight.at), limit.last_day)
