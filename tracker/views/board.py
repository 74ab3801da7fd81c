"""The board: where every directive stands at an instant. The six cells add up to all assignments, always."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.calendar import ONE_DAY, Calendar
from tracker.domain.cells import Cells
from tracker.domain.standing import SETTLED, Cell, Progress
from tracker.store import guards, queries
from tracker.store.guards import Hold
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.reviews import age
from tracker.views.rows import TaskRow, rows
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp

SHOWN = 50
_STILL_TO_REPORT = frozenset(Progress) - SETTLED - {Progress.SUBMITTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveCells:
    """One directive in force, with its cells."""

    key: str
    number: str
    title: str
    version: int
    cells: Cells


@dataclass(frozen=True, slots=True)
class Listing:
    """The first rows of a list, and how many it has in all."""

    rows: tuple[TaskRow, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A report that awaits review, and for how many civil and working days: the reviewer's own clock."""

    row: TaskRow
    age_days: int
    age_working_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the secretariat opens in the morning.

    `asking` and `contested` count where more time is asked for, and what agencies say is not theirs.
    """

    stamp: Stamp
    cells: Cells
    directives: tuple[DirectiveCells, ...]
    overdue: Listing
    due_this_week: Listing
    awaiting_review: tuple[Waiting, ...]
    awaiting_review_total: int
    reminders: Mapping[str, int]
    undelivered: int
    asking: int = 0
    contested: int = 0
    hold: Hold | None = None  # nothing is sent: a restore that nobody looked at yet


def board(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    language: str = "en",
    limit: int = SHOWN,
) -> Board:
    """Return the board of a store at an instant, with at most `limit` rows a list; the counts count all.

    `registry` is the one in force at that instant. Before the ledger's high-water mark the board
    is the one that was shown then, or with a later `known` the one of that day as known since.
    """
    seen = sight(connection, at=at, registry=registry, known=known)
    counts = _by_directive(seen.cells())
    total = Cells.of(_total(counts.values()))
    awaiting = Wanted(progress=frozenset({Progress.SUBMITTED}))
    due = Wanted(progress=_STILL_TO_REPORT, due=(at, week_end(registry.calendar, at)))
    states = seen.reminder_counts()
    lists = _Lists(seen, connection, language, limit)
    return Board(
        stamp=seen.stamp,
        cells=total,
        directives=_directives(seen, connection, counts, language),
        overdue=Listing(lists.rows(Wanted(cell=Cell.OVERDUE)), total.open_overdue),
        due_this_week=Listing(lists.rows(due), seen.count(due)),
        awaiting_review=tuple(_waiting(row, registry.calendar, at) for row in lists.rows(awaiting)),
        awaiting_review_total=seen.count(awaiting),
        reminders=states,
        undelivered=states.get("failed", 0),
        hold=guards.on_hold(connection, until=seen.known),
        asking=seen.count(Wanted(asking=True)),
        contested=seen.count(Wanted(contested=True)),
    )


def week_end(calendar: Calendar, at: datetime) -> datetime:
    """Return the first instant of the coming Monday: a task whose last day is Sunday is late from then."""
    day = calendar.civil_day(at)
    return calendar.instant(day + (7 - day.weekday()) * ONE_DAY)


@dataclass(frozen=True, slots=True)
class _Lists:
    seen: Sight
    connection: Connection
    language: str
    limit: int

    def rows(self, wanted: Wanted) -> tuple[TaskRow, ...]:
        found = self.seen.find(wanted, limit=self.limit)
        return rows(self.seen, self.connection, found.seen, language=self.language)


def _by_directive(counts: Mapping[tuple[str, Cell], int]) -> Mapping[str, Mapping[Cell, int]]:
    found: dict[str, dict[Cell, int]] = {}
    for (task, cell), number in counts.items():
        mine = found.setdefault(task.rpartition("/")[0], {})
        mine[cell] = mine.get(cell, 0) + number
    return found


def _total(groups: Iterable[Mapping[Cell, int]]) -> Mapping[Cell, int]:
    found: dict[Cell, int] = {}
    for counts in groups:
        for cell, number in counts.items():
            found[cell] = found.get(cell, 0) + number
    return found


def _directives(
    seen: Sight, connection: Connection, counts: Mapping[str, Mapping[Cell, int]], language: str
) -> tuple[DirectiveCells, ...]:
    return tuple(
        DirectiveCells(
            key=head.key,
            number=head.number,
            title=head.title,
            version=head.version,
            cells=Cells.of(counts.get(head.key, {})),
        )
        for head in queries.directives_at(connection, seen.adopted_by, language=language)
    )


def _waiting(row: TaskRow, calendar: Calendar, at: datetime) -> Waiting:
    days, working_days = age(row.received_at or at, at, calendar)
    return Waiting(row=row, age_days=days, age_working_days=working_days)
