"""Tallies: how many assignments of each agency there are of each kind, counted by the database in one go."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from tracker.domain.assignment import Assignment
from tracker.domain.lifecycle import OPEN
from tracker.domain.standing import Progress
from tracker.store.assignments import ASSIGNMENT, read_assignments
from tracker.store.ledger import ENTRY

_OPEN = sorted(str(progress) for progress in OPEN)
_SUBMITTED = str(Progress.SUBMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The assignments of one agency in one cached cell: how many, and how many of them are what."""

    agency: str
    cell: str
    count: int
    idle: int
    submitted: int
    asking: int
    contested: int


def lines(
    connection: Connection, *, idle_before: datetime, agencies: Collection[str] | None = None
) -> tuple[Line, ...]:
    """Return the lines of some agencies, of all by default; `idle`: open, and untouched since before an instant."""
    found = ASSIGNMENT.c
    question = select(
        found.agency,
        found.cell,
        func.count().label("count"),
        _sum(_is_idle(idle_before)).label("idle"),
        _sum(found.progress == _SUBMITTED).label("submitted"),
        _sum(found.asked_at.is_not(None)).label("asking"),
        _sum(found.contested_at.is_not(None)).label("contested"),
    )
    if agencies is not None:
        question = question.where(found.agency.in_(sorted(agencies)))
    rows = connection.execute(question.group_by(found.agency, found.cell))
    return tuple(Line(**row._mapping) for row in rows)


def due_lines(
    connection: Connection, within: tuple[datetime, datetime], agencies: Collection[str] | None = None
) -> tuple[tuple[str, datetime, int], ...]:
    """Return (agency, first late instant, how many): what is still to be reported and late from within a period."""
    found = ASSIGNMENT.c
    question = select(found.agency, found.late_from, func.count()).where(
        found.progress.in_(_OPEN), found.late_from > within[0], found.late_from <= within[1]
    )
    if agencies is not None:
        question = question.where(found.agency.in_(sorted(agencies)))
    return tuple(
        (row[0], row[1], row[2]) for row in connection.execute(question.group_by(found.agency, found.late_from))
    )


def stale_lines(connection: Connection, *, at: datetime) -> Mapping[tuple[str, str], int]:
    """Return (agency, cached cell) -> how many, of the assignments whose next moment has come: not true any more."""
    found = ASSIGNMENT.c
    question = select(found.agency, found.cell, func.count()).where(found.next_moment <= at)
    return {(row[0], row[1]): row[2] for row in connection.execute(question.group_by(found.agency, found.cell))}


def agencies_touched(connection: Connection, *, after: int, upto: int, most: int) -> frozenset[str] | None:
    """Return whose assignments have an entry between two positions; None where it is more than so many entries."""
    if upto - after > most:
        return None
    refs = select(ENTRY.c.assignment).where(ENTRY.c.seq > after, ENTRY.c.seq <= upto, ENTRY.c.assignment.is_not(None))
    question = select(ASSIGNMENT.c.agency).distinct().where(ASSIGNMENT.c.ref.in_(refs))
    return frozenset(connection.execute(question).scalars())


def hash_at(connection: Connection, seq: int) -> str | None:
    """Return the hash of the entry at a position."""
    found: str | None = connection.execute(select(ENTRY.c.hash).where(ENTRY.c.seq == seq)).scalar_one_or_none()
    return found


def longest_idle(connection: Connection, *, before: datetime, limit: int) -> tuple[Assignment, ...]:
    """Return what is open and untouched since before an instant, the longest first."""
    question = select(ASSIGNMENT).where(_is_idle(before)).order_by(ASSIGNMENT.c.touched_at, ASSIGNMENT.c.ref)
    return read_assignments(connection, question.limit(limit))


def oldest_reports(connection: Connection, *, limit: int) -> tuple[Assignment, ...]:
    """Return the reports that await review, the oldest first."""
    question = select(ASSIGNMENT).where(ASSIGNMENT.c.progress == _SUBMITTED)
    return read_assignments(connection, question.order_by(ASSIGNMENT.c.received_at, ASSIGNMENT.c.ref).limit(limit))


def kinds_between(connection: Connection, *, since: datetime, until: datetime) -> Mapping[str, int]:
    """Return how many entries of each kind were recorded from an instant on, up to another."""
    question = select(ENTRY.c.kind, func.count()).where(ENTRY.c.recorded_at >= since, ENTRY.c.recorded_at <= until)
    return {row[0]: row[1] for row in connection.execute(question.group_by(ENTRY.c.kind))}


def late_between(connection: Connection, *, after: datetime, upto: datetime) -> int:
    """Return how many that are still to be reported became late within a period."""
    question = select(func.count()).select_from(ASSIGNMENT)
    question = question.where(
        ASSIGNMENT.c.progress.in_(_OPEN), ASSIGNMENT.c.late_from > after, ASSIGNMENT.c.late_from <= upto
    )
    return int(connection.execute(question).scalar_one())


def _is_idle(before: datetime) -> ColumnElement[bool]:
    return and_(ASSIGNMENT.c.progress.in_(_OPEN), ASSIGNMENT.c.touched_at < before)


def _sum(what: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((what, 1), else_=0))
