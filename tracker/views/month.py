"""A month: its weeks day by day, what falls due on each, and which days are off, on whose authority."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.calendar import ONE_DAY
from tracker.domain.errors import Invalid
from tracker.domain.scope import EVERYTHING, Scope
from tracker.store import ledger
from tracker.store.monthly import last_days
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.calendar import DayRow, calendar_days
from tracker.views.rows import TaskRow, rows
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp

LISTED = 200  # deadlines of a month that are listed; the numbers of its days are of all
IN_A_DAY = 3
_ALL = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCell:
    """One day of the grid: how many deadlines fall on it, the first of them, and whether it is off and why."""

    day: date
    in_month: bool
    is_today: bool
    is_off: bool
    about: DayRow | None
    count: int
    tasks: tuple[TaskRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month with its deadlines; `more` says that not all of them are listed."""

    stamp: Stamp
    first: date
    last: date
    before: date
    after: date
    weeks: tuple[tuple[DayCell, ...], ...]
    tasks: tuple[TaskRow, ...]
    total: int
    more: bool
    days_off: tuple[DayRow, ...]
    working_days: int


def month_from(said: str, today: date) -> date:
    """Return the first day of a month as people write it, of the present one where nothing is said; raises Invalid.

    >>> month_from("2025-08", date(2026, 1, 5)).isoformat(), month_from("", date(2026, 1, 5)).isoformat()
    ('2025-08-01', '2026-01-01')
    """
    if not said:
        return today.replace(day=1)
    try:
        first = date.fromisoformat(f"{said}-01")
        if not 1950 <= first.year <= 2150:
            raise ValueError(said)
    except ValueError:
        raise Invalid(f"'{said[:40]}' is no month: write 2025-08", code="bad-month") from None
    return first


def month(
    connection: Connection,
    first: date,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    agency: str | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> Month:
    """Return a month by its first day, with the deadlines in sight: all of them or one agency's."""
    last = (first + timedelta(days=31)).replace(day=1) - ONE_DAY
    begin, end = first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    wanted = Wanted(agency=agency, days=(begin, end), due=_late_between(registry, begin, end))
    found = seen.find(wanted, limit=LISTED)
    counts = _counts(seen, connection, wanted)
    listed = rows(seen, connection, found.seen, language=language)
    days = calendar_days(
        connection, begin, end, period=f"{first:%Y-%m}", at=at, registry=registry, known=known, language=language
    )
    told = {one.day: one for one in days.days}
    today = registry.calendar.civil_day(at)

    def cell(day: date) -> DayCell:
        return DayCell(
            day=day,
            in_month=first <= day <= last,
            is_today=day == today,
            is_off=not registry.calendar.is_working(day),
            about=told.get(day),
            count=counts.get(day, 0),
            tasks=tuple(row for row in listed if row.last_day == day)[:IN_A_DAY],
        )

    grid = [cell(begin + timedelta(days=n)) for n in range((end - begin).days + 1)]
    total = sum(count for day, count in counts.items() if first <= day <= last)
    mine = tuple(row for row in listed if row.last_day is not None and first <= row.last_day <= last)
    return Month(
        stamp=seen.stamp,
        first=first,
        last=last,
        before=(first - ONE_DAY).replace(day=1),
        after=last + ONE_DAY,
        weeks=_weeks(grid),
        tasks=mine,
        total=total,
        more=len(mine) < total,
        days_off=tuple(one for one in days.days if first <= one.day <= last),
        working_days=registry.calendar.working_days_between(first - ONE_DAY, last),
    )


def _weeks(grid: Sequence[DayCell]) -> tuple[tuple[DayCell, ...], ...]:
    return tuple(tuple(grid[start : start + 7]) for start in range(0, len(grid), 7))


def _late_between(registry: Registry, begin: date, end: date) -> tuple[datetime, datetime]:
    """Return between which instants what falls due on some days becomes late: within the last day or at its end."""
    return registry.calendar.instant(begin), registry.calendar.instant(end + ONE_DAY)


def _counts(seen: Sight, connection: Connection, wanted: Wanted) -> Mapping[date, int]:
    if min(seen.at, seen.known) >= ledger.position(connection).high_water:
        return last_days(connection, seen.narrowed(wanted))
    found = (one.facts.limit for one, _ in seen.find(wanted, limit=_ALL).seen)
    return Counter(limit.last_day for limit in found if limit)
