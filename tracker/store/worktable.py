"""The work table's questions: a page from a place on, and counts by what assignments have in common.

No page is found by counting rows off: each begins after a place, so that the last page of a million costs
what the first does. Cell and standing are asked of the cache, which is true until a row's next moment comes;
`turned` finds the others, which have to be reckoned.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, tuple_

from tracker.domain.assignment import Assignment
from tracker.store.assignments import ASSIGNMENT, read_assignments
from tracker.store.ledger import ENTRY
from tracker.store.queries import Wanted, conditions

Order = Literal["due", "-due", "ref"]
Dimension = Literal["task", "agency", "cell", "standing", "progress", "month", "week"]
_LATE = ASSIGNMENT.c.late_from


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins or ends: at an assignment, by its first late instant and its reference."""

    late_from: datetime | None
    ref: str

    @classmethod
    def of(cls, assignment: Assignment) -> "Place":
        """Return the place of an assignment."""
        limit = assignment.facts.limit
        return cls(limit.late_from if limit else None, assignment.ref)


def page(
    connection: Connection,
    wanted: Wanted,
    *,
    at: datetime,
    order: Order = "due",
    place: Place | None = None,
    backwards: bool = False,
    limit: int,
) -> tuple[Assignment, ...]:
    """Return up to `limit` assignments that follow a place; with `backwards` those before it, the nearest first.

    Where cells or standings are wanted, those whose next moment has come are left out.
    """
    question = select(ASSIGNMENT).where(*conditions(wanted), *_cached(wanted, at))
    found: tuple[Assignment, ...] = ()
    for where, by in _stretches(connection, order, place, backwards):
        part = question.where(*where).order_by(*by).limit(limit - len(found))
        found += read_assignments(connection, part)
        if len(found) == limit:
            break
    return found


def turned(connection: Connection, wanted: Wanted, *, at: datetime) -> tuple[Assignment, ...]:
    """Return the assignments that fit, cell and standing aside, and whose next moment has come: look at them again."""
    return read_assignments(connection, select(ASSIGNMENT).where(*conditions(wanted), ASSIGNMENT.c.next_moment <= at))


def counts(connection: Connection, wanted: Wanted, by: Sequence[Dimension]) -> Mapping[tuple[str, ...], int]:
    """Return how many assignments fit, by what they have in common; cells and standings are the cached ones."""
    columns = [_column(connection, name) for name in by]
    question = select(*columns, func.count()).select_from(ASSIGNMENT).where(*conditions(wanted), *_cached(wanted))
    if wanted.said is not None and connection.dialect.name == "sqlite":
        # it would go through every row in the order of the first index it finds, rather than through those said
        columns = [column.concat("") if column is ASSIGNMENT.c.agency else column for column in columns]
    return {tuple(row[:-1]): row[-1] for row in connection.execute(question.group_by(*columns))}


def counts_among(
    connection: Connection, by: Sequence[Dimension], keys: Collection[str]
) -> Mapping[tuple[str, ...], int]:
    """Return the same for all assignments that have one of some values of the first dimension."""
    columns = [_column(connection, name) for name in by]
    question = select(*columns, func.count()).select_from(ASSIGNMENT).where(columns[0].in_(sorted(keys)))
    return {tuple(row[:-1]): row[-1] for row in connection.execute(question.group_by(*columns))}


def touched(connection: Connection, *, after: int, upto: int, most: int) -> frozenset[tuple[str, str]] | None:
    """Return (task, agency) of the assignments that entries between two positions are about; None of too many."""
    if upto - after > most:
        return None
    refs = select(ENTRY.c.assignment).where(ENTRY.c.seq > after, ENTRY.c.seq <= upto, ENTRY.c.assignment.is_not(None))
    question = select(ASSIGNMENT.c.task, ASSIGNMENT.c.agency).where(ASSIGNMENT.c.ref.in_(refs))
    return frozenset((row[0], row[1]) for row in connection.execute(question))


def unreckoned(wanted: Wanted) -> Wanted:
    """Return what is wanted but for cell and standing, which time alone may change."""
    return replace(wanted, cell=None, cells=None, standing=None, standings=None)


def _cached(wanted: Wanted, at: datetime | None = None) -> Iterator[ColumnElement[bool]]:
    cells = [wanted.cells] if wanted.cells is not None else []
    cells += [frozenset({wanted.cell})] if wanted.cell is not None else []
    standings = [wanted.standings] if wanted.standings is not None else []
    standings += [frozenset({wanted.standing})] if wanted.standing is not None else []
    for cell in cells:
        yield ASSIGNMENT.c.cell.in_(sorted(str(one) for one in cell))
    for standing in standings:
        yield ASSIGNMENT.c.standing.in_(sorted(standing))
    if at is not None and (cells or standings):
        yield or_(ASSIGNMENT.c.next_moment.is_(None), ASSIGNMENT.c.next_moment > at)


_Stretch = tuple[tuple[ColumnElement[bool], ...], tuple[ColumnElement[Any], ...]]


def _stretches(connection: Connection, order: Order, place: Place | None, backwards: bool) -> Iterator[_Stretch]:
    """Yield what to look for, stretch by stretch: those with a date and those without are looked up one by one.

    Databases do not agree on where nothing is sorted to, and neither uses an index for what is not its own way.
    """
    ref = _ref(connection)
    down = backwards != (order == "-due")
    by_ref = ref.desc() if down else ref
    if order == "ref":
        yield _beyond((ref,), (literal(place.ref),) if place else None, down), (by_ref,)
        return
    dated: _Stretch = ((_LATE.is_not(None),), (_LATE.desc() if down else _LATE, by_ref))
    undated: _Stretch = ((_LATE.is_(None),), (by_ref,))
    if place is None:
        yield from (undated, dated) if down else (dated, undated)
    elif place.late_from is not None:
        values = literal(place.late_from, _LATE.type), literal(place.ref)
        yield _beyond((_LATE, ref), values, down), dated[1]
        if not down:
            yield undated
    else:
        yield (*undated[0], *_beyond((ref,), (literal(place.ref),), down)), undated[1]
        if down:
            yield dated


def _beyond(
    columns: tuple[ColumnElement[Any], ...], values: tuple[ColumnElement[Any], ...] | None, down: bool
) -> tuple[ColumnElement[bool], ...]:
    if values is None:
        return ()
    here, there = (columns[0], values[0]) if len(columns) == 1 else (tuple_(*columns), tuple_(*values))
    return (here < there,) if down else (here > there,)


def _ref(connection: Connection) -> ColumnElement[str]:
    """Return the reference as it is sorted: by its characters, in whatever language the database was made."""
    ref: ColumnElement[str] = ASSIGNMENT.c.ref
    return ref.collate("C") if connection.dialect.name == "postgresql" else ref


def _column(connection: Connection, name: Dimension) -> ColumnElement[Any]:
    """Return a column, or what is made of the last day: its month, the Monday of its week; "" without one."""
    if name not in ("month", "week"):
        return ASSIGNMENT.c[name]  # type: ignore[no-any-return]
    day = ASSIGNMENT.c.last_day
    if connection.dialect.name == "postgresql":
        shape = "YYYY-MM" if name == "month" else "YYYY-MM-DD"
        return func.coalesce(func.to_char(day if name == "month" else func.date_trunc("week", day), shape), "")
    made = func.strftime("%Y-%m", day) if name == "month" else func.date(day, "-6 days", "weekday 1")
    return func.coalesce(made, "")
