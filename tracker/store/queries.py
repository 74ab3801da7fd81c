"""Questions of the faces: counts, lists and positions, now or at a past instant. Nothing here writes."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    cast,
    false,
    func,
    or_,
    select,
    true,
    type_coerce,
)

from tracker.domain.assignment import Assignment
from tracker.domain.entry import GENESIS, Entry
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.search import Way
from tracker.domain.standing import SETTLED, Cell, Progress
from tracker.store.adopted import CHANNEL, DIRECTIVE, REGISTRY, TASK, Channel
from tracker.store.assignments import ASSIGNMENT, read_assignments
from tracker.store.ledger import ENTRY, MADE_UP, read_entries
from tracker.store.outbox import REMINDER

# the order of the index: entries recorded later stand later, and those of one instant are many
NEWEST = (ENTRY.c.recorded_at.desc(), ENTRY.c.seq.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A directive as it was in force at an instant: what lists show of it."""

    key: str
    number: str
    issued: date
    issuer: str
    title: str
    version: int
    fingerprint: str
    adopted_at: datetime
    seq: int


def last_seq(at: datetime) -> ScalarSelect[int]:
    """Return, for a condition of a question, the position of the last entry recorded up to an instant."""
    found = select(ENTRY.c.seq).where(ENTRY.c.recorded_at <= at).order_by(*NEWEST).limit(1)
    return found.scalar_subquery()


def first_seq(at: datetime) -> ScalarSelect[int]:
    """Return, for a condition of a question, the position of the first entry recorded from an instant on."""
    found = select(ENTRY.c.seq).where(ENTRY.c.recorded_at >= at).order_by(ENTRY.c.recorded_at, ENTRY.c.seq).limit(1)
    return found.scalar_subquery()


def end_at(connection: Connection, at: datetime, *, upto: int | None = None) -> tuple[int, str]:
    """Return the position and hash of the last entry recorded up to an instant; zero before the first.

    With `upto`, of the last one that lies no later than that position either.
    """
    question = select(ENTRY.c.seq, ENTRY.c.hash).where(ENTRY.c.recorded_at <= at).order_by(*NEWEST).limit(1)
    if upto is not None:
        question = question.where(ENTRY.c.seq <= upto)
    row = connection.execute(question).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


def entries_where(
    connection: Connection,
    *,
    assignment: str | None = None,
    kinds: Collection[str] = (),
    actor: str | None = None,
    until: datetime | None = None,
    since: datetime | None = None,
    counting_at: datetime | None = None,
    limit: int | None = None,
) -> tuple[Entry, ...]:
    """Return the newest entries that fit, the newest first; with `counting_at`, those that had taken effect by then.

    An entry takes effect when its author says, and at the latest when it is recorded.
    """
    question = select(ENTRY).order_by(ENTRY.c.seq.desc())
    if assignment is not None:
        question = question.where(ENTRY.c.assignment == assignment)
    if kinds:
        question = question.where(ENTRY.c.kind.in_(sorted(kinds)))
    if actor is not None:
        question = question.where(ENTRY.c.actor == actor)
    if until is not None:
        question = question.where(ENTRY.c.seq <= last_seq(until))
    if since is not None:
        question = question.where(ENTRY.c.seq >= first_seq(since))
    if counting_at is not None:
        question = question.where(or_(ENTRY.c.effective_at <= counting_at, ENTRY.c.recorded_at <= counting_at))
    return tuple(read_entries(connection, question.limit(limit)))


def is_made_up(connection: Connection, *, until: datetime | None = None, upto: int | None = None) -> bool:
    """Return whether any entry was made up for a demo: its actor's name begins with "demo"."""
    first = connection.execute(select(ENTRY.c.seq, ENTRY.c.recorded_at).where(MADE_UP).order_by(ENTRY.c.seq).limit(1))
    found = first.one_or_none()
    if found is None:
        return False
    return (until is None or found.recorded_at <= until) and (upto is None or found.seq <= upto)


def refs_of_actor(
    connection: Connection, prefix: str, refs: Collection[str], kinds: Collection[str], *, until: datetime
) -> frozenset[str]:
    """Return those of some assignments that have an entry of these kinds by an actor whose name starts so."""
    question = select(ENTRY.c.assignment).distinct().where(ENTRY.c.assignment.in_(sorted(refs)))
    question = question.where(ENTRY.c.actor.startswith(prefix, autoescape=True), ENTRY.c.kind.in_(sorted(kinds)))
    question = question.where(ENTRY.c.recorded_at <= until)
    return frozenset(connection.execute(question).scalars())


def within(scope: Scope) -> Iterator[ColumnElement[bool]]:
    """Yield what holds of an assignment that may be seen; nothing where all may."""
    if scope.offices is not None:
        offices = sorted(scope.offices)
        yield or_(ASSIGNMENT.c.agency.in_(offices), ASSIGNMENT.c.delegate.in_(offices))


def cell_counts(connection: Connection, *, at: datetime, scope: Scope = EVERYTHING) -> Mapping[tuple[str, str], int]:
    """Return (task, cached cell) -> how many, of the assignments whose cache still says what is true at `at`."""
    settled = or_(ASSIGNMENT.c.next_moment.is_(None), ASSIGNMENT.c.next_moment > at)
    question = select(ASSIGNMENT.c.task, ASSIGNMENT.c.cell, func.count()).where(settled, *within(scope))
    rows = connection.execute(question.group_by(ASSIGNMENT.c.task, ASSIGNMENT.c.cell))
    return {(row[0], row[1]): row[2] for row in rows}


def stale(connection: Connection, *, at: datetime, scope: Scope = EVERYTHING) -> tuple[Assignment, ...]:
    """Return the assignments whose next moment has come but was not yet looked at: their cache may be old."""
    return read_assignments(connection, select(ASSIGNMENT).where(ASSIGNMENT.c.next_moment <= at, *within(scope)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which assignments a list is about; `due` bounds the first late instant: after the first, up to the second.

    `scope` leaves those that whoever asks may see.
    `months` are those of the last day, "2025-08", and "" for those without one; `days` are the first and the last
    of the last days that are wanted. `said` are the ways in which the words of a search are said.
    `asking` and `contested` leave those where a question is open; `undecided` those, and reports that await review.
    """

    agency: str | None = None
    directive: str | None = None
    task: str | None = None
    cell: Cell | None = None
    standing: str | None = None
    progress: frozenset[Progress] | None = None
    due: tuple[datetime, datetime] | None = None
    asking: bool = False
    contested: bool = False
    undecided: bool = False
    scope: Scope = EVERYTHING
    directives: frozenset[str] | None = None
    agencies: frozenset[str] | None = None
    cells: frozenset[Cell] | None = None
    standings: frozenset[str] | None = None
    months: frozenset[str] | None = None
    days: tuple[date | None, date | None] = (None, None)
    said: tuple[Way, ...] | None = None


def get_within(connection: Connection, refs: Collection[str], scope: Scope) -> tuple[Assignment, ...]:
    """Return assignments by reference as far as they may be seen, in the order of the references."""
    question = select(ASSIGNMENT).where(ASSIGNMENT.c.ref.in_(sorted(refs)), *within(scope))
    return read_assignments(connection, question.order_by(ASSIGNMENT.c.ref))


def of_task_within(connection: Connection, task: str, scope: Scope) -> tuple[Assignment, ...]:
    """Return the assignments of a task that may be seen, in the order of the references."""
    question = select(ASSIGNMENT).where(ASSIGNMENT.c.task == task, *within(scope)).order_by(ASSIGNMENT.c.ref)
    return read_assignments(connection, question)


def count_where(connection: Connection, wanted: Wanted) -> int:
    """Return how many assignments fit, cell and standing aside: those have to be reckoned."""
    question = select(func.count()).select_from(ASSIGNMENT).where(*conditions(wanted))
    return int(connection.execute(question).scalar_one())


def conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Yield what holds of an assignment that is wanted, cell and standing aside: those have to be reckoned."""
    yield from within(wanted.scope)
    if wanted.agency is not None:
        yield ASSIGNMENT.c.agency == wanted.agency
    if wanted.directive is not None:
        yield _of_directive(wanted.directive)
    if wanted.task is not None:
        yield ASSIGNMENT.c.task == wanted.task
    if wanted.progress is not None:
        yield ASSIGNMENT.c.progress.in_(sorted(str(p) for p in wanted.progress))
    if wanted.due is not None:
        yield ASSIGNMENT.c.late_from > wanted.due[0]
        yield ASSIGNMENT.c.late_from <= wanted.due[1]
    if wanted.asking:
        yield ASSIGNMENT.c.asked_at.is_not(None)
    if wanted.contested:
        yield ASSIGNMENT.c.contested_at.is_not(None)
    if wanted.undecided:
        submitted = ASSIGNMENT.c.progress == str(Progress.SUBMITTED)
        yield or_(submitted, ASSIGNMENT.c.asked_at.is_not(None), ASSIGNMENT.c.contested_at.is_not(None))
    if wanted.directives is not None:
        yield or_(false(), *map(_of_directive, sorted(wanted.directives)))
    if wanted.agencies is not None:
        yield ASSIGNMENT.c.agency.in_(sorted(wanted.agencies))
    if wanted.months is not None:
        yield or_(false(), *map(_in_month, sorted(wanted.months)))
    if wanted.days[0] is not None:
        yield ASSIGNMENT.c.last_day >= wanted.days[0]
    if wanted.days[1] is not None:
        yield ASSIGNMENT.c.last_day <= wanted.days[1]
    if wanted.said is not None:
        yield or_(false(), *map(_says, wanted.said))


def _of_directive(key: str) -> ColumnElement[bool]:
    task: ColumnElement[str] = ASSIGNMENT.c.task
    return task.startswith(f"{key}/", autoescape=True)


def _in_month(month: str) -> ColumnElement[bool]:
    last_day: ColumnElement[date] = ASSIGNMENT.c.last_day
    if not month:
        return last_day.is_(None)
    first = date.fromisoformat(f"{month}-01")
    return and_(last_day >= first, last_day < (first + timedelta(days=31)).replace(day=1))


def _says(way: Way) -> ColumnElement[bool]:
    tasks = ASSIGNMENT.c.task.in_(sorted(way.tasks)) if way.tasks is not None else true()
    return and_(tasks, ASSIGNMENT.c.agency.in_(sorted(way.agencies)) if way.agencies is not None else true())


def oldest_moment(connection: Connection) -> datetime | None:
    """Return the earliest instant at which an assignment needs a look, or None."""
    # SQLite finds the least by a partial index only where the question says what the index says
    question = select(func.min(ASSIGNMENT.c.next_moment)).where(ASSIGNMENT.c.next_moment.is_not(None))
    found: datetime | None = connection.execute(question).scalar_one()
    return found


def directives_at(connection: Connection, at: datetime, *, language: str = "en") -> tuple[Head, ...]:
    """Return the directives in force at an instant, by date of issue and key."""
    newest = (
        select(DIRECTIVE.c.key, func.max(DIRECTIVE.c.version).label("version"))
        .where(DIRECTIVE.c.adopted_at <= at)
        .group_by(DIRECTIVE.c.key)
        .subquery()
    )
    text = DIRECTIVE.c.document
    document = cast(text, JSON) if connection.dialect.name == "postgresql" else type_coerce(text, JSON)
    title = document["title"][language].as_string().label("title")
    columns = [DIRECTIVE.c[name] for name in Head.__dataclass_fields__ if name != "title"]
    fits = (DIRECTIVE.c.key == newest.c.key) & (DIRECTIVE.c.version == newest.c.version)
    question = select(*columns, title).join(newest, fits).order_by(DIRECTIVE.c.issued, DIRECTIVE.c.key)
    return tuple(Head(**row._mapping) for row in connection.execute(question))


def marks_at(connection: Connection, at: datetime) -> tuple[tuple[str, str, str], ...]:
    """Return key, number and fingerprint of the directives in force at an instant, by date of issue and key."""
    newest = (
        select(DIRECTIVE.c.key, func.max(DIRECTIVE.c.version).label("version"))
        .where(DIRECTIVE.c.adopted_at <= at)
        .group_by(DIRECTIVE.c.key)
        .subquery()
    )
    fits = (DIRECTIVE.c.key == newest.c.key) & (DIRECTIVE.c.version == newest.c.version)
    question = select(DIRECTIVE.c.key, DIRECTIVE.c.number, DIRECTIVE.c.fingerprint).join(newest, fits)
    rows = connection.execute(question.order_by(DIRECTIVE.c.issued, DIRECTIVE.c.key))
    return tuple((row[0], row[1], row[2]) for row in rows)


def document_at(connection: Connection, key: str, at: datetime) -> Mapping[str, Any] | None:
    """Return the document of a directive as it was in force at an instant, or None."""
    question = select(DIRECTIVE.c.document).where(DIRECTIVE.c.key == key, DIRECTIVE.c.adopted_at <= at)
    text = connection.execute(question.order_by(DIRECTIVE.c.version.desc()).limit(1)).scalar_one_or_none()
    return json.loads(text) if text is not None else None


def registry_document_at(connection: Connection, at: datetime, *, upto: int | None = None) -> Mapping[str, Any] | None:
    """Return the document of the registry in force at an instant, or at a position before that; or None."""
    question = select(REGISTRY.c.document).where(REGISTRY.c.adopted_at <= at)
    if upto is not None:
        question = question.where(REGISTRY.c.seq <= upto)
    text = connection.execute(question.order_by(REGISTRY.c.version.desc()).limit(1)).scalar_one_or_none()
    return json.loads(text) if text is not None else None


def titles_of(connection: Connection, tasks: Collection[str], language: str) -> Mapping[str, str]:
    """Return the titles of some current tasks by key, in a language."""
    column = TASK.c[f"title_{language}"]
    question = select(TASK.c.key, column).where(TASK.c.key.in_(sorted(tasks)))
    return {row[0]: row[1] for row in connection.execute(question)}


def channels_where(connection: Connection, agency: str | None = None) -> tuple[Channel, ...]:
    """Return the channels of one agency or of all, by agency and name."""
    question = select(CHANNEL).order_by(CHANNEL.c.agency, CHANNEL.c.name)
    if agency is not None:
        question = question.where(CHANNEL.c.agency == agency)
    return tuple(Channel(**row._mapping) for row in connection.execute(question))


def unreachable(connection: Connection) -> tuple[str, ...]:
    """Return the agencies that still owe something and have no channel, in the order of their codes."""
    question: Select[Any] = (
        select(ASSIGNMENT.c.agency)
        .distinct()
        .where(ASSIGNMENT.c.progress.not_in([str(p) for p in SETTLED]))
        .where(ASSIGNMENT.c.agency.not_in(select(CHANNEL.c.agency)))
    )
    return tuple(sorted(connection.execute(question).scalars()))


def count_assignments(connection: Connection) -> int:
    """Return how many assignments there are."""
    return int(connection.execute(select(func.count()).select_from(ASSIGNMENT)).scalar_one())


def oldest_unsent(connection: Connection, *, at: datetime) -> datetime | None:
    """Return since when the reminder that has been due longest waits to be sent, or None."""
    question = select(func.min(REMINDER.c.due_at)).where(REMINDER.c.due_at <= at, REMINDER.c.state == "pending")
    found: datetime | None = connection.execute(question).scalar_one()
    return found
