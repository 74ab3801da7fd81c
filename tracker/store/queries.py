"""Questions of the faces: counts, lists and positions, now or at a past instant. Nothing here writes."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from tracker.domain.assignment import Assignment
from tracker.domain.entry import GENESIS, Entry
from tracker.domain.standing import SETTLED, Cell, Progress
from tracker.store.adopted import AGENCY, CHANNEL, DIRECTIVE, REGISTRY, TASK, Channel
from tracker.store.assignments import ASSIGNMENT, read_assignments
from tracker.store.ledger import ENTRY, read_entries
from tracker.store.outbox import REMINDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A directive as it was in force at an instant: its head, and its document for who needs more."""

    key: str
    number: str
    issued: date
    version: int
    fingerprint: str
    adopted_at: datetime
    document: Mapping[str, Any]


def end_at(connection: Connection, at: datetime) -> tuple[int, str]:
    """Return the position and hash of the last entry recorded up to an instant; zero before the first."""
    question = select(ENTRY.c.seq, ENTRY.c.hash).where(ENTRY.c.recorded_at <= at).order_by(ENTRY.c.seq.desc()).limit(1)
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
    limit: int | None = None,
) -> tuple[Entry, ...]:
    """Return the newest entries that fit, the newest first."""
    question = select(ENTRY).order_by(ENTRY.c.seq.desc())
    if assignment is not None:
        question = question.where(ENTRY.c.assignment == assignment)
    if kinds:
        question = question.where(ENTRY.c.kind.in_(sorted(kinds)))
    if actor is not None:
        question = question.where(ENTRY.c.actor == actor)
    if until is not None:
        question = question.where(ENTRY.c.recorded_at <= until)
    if since is not None:
        question = question.where(ENTRY.c.recorded_at >= since)
    return tuple(read_entries(connection, question.limit(limit)))


def has_actor(connection: Connection, prefix: str, *, until: datetime | None = None) -> bool:
    """Return whether any entry was made by an actor whose name starts so."""
    question = select(ENTRY.c.seq).where(ENTRY.c.actor.startswith(prefix, autoescape=True)).limit(1)
    if until is not None:
        question = question.where(ENTRY.c.recorded_at <= until)
    return connection.execute(question).first() is not None


def refs_of_actor(connection: Connection, prefix: str, refs: Collection[str], kinds: Collection[str]) -> frozenset[str]:
    """Return those of some assignments that have an entry of these kinds by an actor whose name starts so."""
    question = select(ENTRY.c.assignment).distinct().where(ENTRY.c.assignment.in_(sorted(refs)))
    question = question.where(ENTRY.c.actor.startswith(prefix, autoescape=True), ENTRY.c.kind.in_(sorted(kinds)))
    return frozenset(connection.execute(question).scalars())


def cell_counts(connection: Connection, *, at: datetime) -> Mapping[tuple[str, str], int]:
    """Return (task, cached cell) -> how many, of the assignments whose cache still says what is true at `at`."""
    settled = or_(ASSIGNMENT.c.next_moment.is_(None), ASSIGNMENT.c.next_moment > at)
    question = select(ASSIGNMENT.c.task, ASSIGNMENT.c.cell, func.count()).where(settled)
    rows = connection.execute(question.group_by(ASSIGNMENT.c.task, ASSIGNMENT.c.cell))
    return {(row[0], row[1]): row[2] for row in rows}


def stale(connection: Connection, *, at: datetime) -> tuple[Assignment, ...]:
    """Return the assignments whose next moment has come but was not yet looked at: their cache may be old."""
    return read_assignments(connection, select(ASSIGNMENT).where(ASSIGNMENT.c.next_moment <= at))


def candidates(
    connection: Connection,
    *,
    at: datetime,
    agency: str | None = None,
    directive: str | None = None,
    task: str | None = None,
    cell: Cell | None = None,
    progress: Progress | None = None,
    due: tuple[datetime, datetime] | None = None,
    offset: int = 0,
    limit: int,
) -> tuple[Assignment, ...]:
    """Return assignments that fit, the earliest deadline first; those of a cell, and those that may be in it by now.

    `due` bounds the first late instant: after the first, up to the second.
    """
    question = select(ASSIGNMENT).order_by(ASSIGNMENT.c.late_from.is_(None), ASSIGNMENT.c.late_from, ASSIGNMENT.c.ref)
    for condition in _conditions(agency, directive, task, progress, due):
        question = question.where(condition)
    if cell is not None:
        question = question.where(or_(ASSIGNMENT.c.cell == str(cell), ASSIGNMENT.c.next_moment <= at))
    return read_assignments(connection, question.offset(offset).limit(limit))


def _conditions(
    agency: str | None,
    directive: str | None,
    task: str | None,
    progress: Progress | None,
    due: tuple[datetime, datetime] | None,
) -> Iterable[ColumnElement[bool]]:
    if agency is not None:
        yield ASSIGNMENT.c.agency == agency
    if directive is not None:
        yield ASSIGNMENT.c.task.startswith(f"{directive}/", autoescape=True)
    if task is not None:
        yield ASSIGNMENT.c.task == task
    if progress is not None:
        yield ASSIGNMENT.c.progress == str(progress)
    if due is not None:
        yield ASSIGNMENT.c.late_from > due[0]
        yield ASSIGNMENT.c.late_from <= due[1]


def oldest_moment(connection: Connection) -> datetime | None:
    """Return the earliest instant at which an assignment needs a look, or None."""
    found: datetime | None = connection.execute(select(func.min(ASSIGNMENT.c.next_moment))).scalar_one()
    return found


def directives_at(connection: Connection, at: datetime) -> tuple[Adopted, ...]:
    """Return the directives in force at an instant, by date of issue and key."""
    newest = (
        select(DIRECTIVE.c.key, func.max(DIRECTIVE.c.version).label("version"))
        .where(DIRECTIVE.c.adopted_at <= at)
        .group_by(DIRECTIVE.c.key)
        .subquery()
    )
    fits = (DIRECTIVE.c.key == newest.c.key) & (DIRECTIVE.c.version == newest.c.version)
    question = select(DIRECTIVE).join(newest, fits).order_by(DIRECTIVE.c.issued, DIRECTIVE.c.key)
    return tuple(
        Adopted(
            key=row.key,
            number=row.number,
            issued=row.issued,
            version=row.version,
            fingerprint=row.fingerprint,
            adopted_at=row.adopted_at,
            document=json.loads(row.document),
        )
        for row in connection.execute(question)
    )


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
    rows = connection.execute(question)
    return tuple(Channel(agency=r.agency, name=r.name, address=r.address, language=r.language) for r in rows)


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


def registry_seq_at(connection: Connection, at: datetime) -> int | None:
    """Return the position of the entry by which the registry in force at an instant was adopted, or None."""
    question = select(func.max(REGISTRY.c.seq)).where(REGISTRY.c.adopted_at <= at)
    found: int | None = connection.execute(question).scalar_one()
    return found


def agencies_known(connection: Connection, codes: Sequence[str]) -> frozenset[str]:
    """Return those codes that the registry in force knows."""
    return frozenset(connection.execute(select(AGENCY.c.code).where(AGENCY.c.code.in_(codes))).scalars())


def oldest_unsent(connection: Connection, *, at: datetime) -> datetime | None:
    """Return since when the reminder that has been due longest waits to be sent, or None."""
    question = select(func.min(REMINDER.c.due_at)).where(REMINDER.c.due_at <= at, REMINDER.c.state == "pending")
    found: datetime | None = connection.execute(question).scalar_one()
    return found
