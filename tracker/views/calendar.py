"""The calendar: its days off and make-up days with their authority, and how days are counted, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.calendar import ONE_DAY, WEEKLY_DAY_OFF, Calendar, Certainty, Span, SpecialDay
from tracker.domain.period import end_of_period, left_out
from tracker.domain.phrase import Phrase
from tracker.store.store import Connection
from tracker.views.sight import sight
from tracker.views.stamp import Stamp

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One day that is not what its weekday says, or that a count leaves out.

    `kind` is `day off`, `make-up day`, `weekly day off` or `removed`: expected off, and taken out
    again. `known_on` is None where nobody wrote down since when the public could know.
    """

    day: date
    kind: str
    name: str
    authority: str | None
    known_on: date | None
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """The days of a year or month; with `as_known`, only what the public knew on that day."""

    stamp: Stamp
    period: str
    as_known: date | None
    weekend: tuple[str, ...]
    roll: str
    working_days: int
    days: tuple[DayRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Days counted from `start`, which is not counted itself, up to and including `end`.

    `steps` tell it line by line; `days` are those that were left out of working days, and make-up days.
    """

    stamp: Stamp
    as_known: date | None
    start: date
    end: date
    calendar_days: int
    working_days: int
    steps: tuple[Phrase, ...]
    days: tuple[DayRow, ...]


def calendar_days(
    connection: Connection,
    first: date,
    last: date,
    *,
    period: str,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    as_known: date | None = None,
    language: str = "en",
) -> CalendarView:
    """Return the days off and make-up days from a day to another, both included."""
    calendar = _as_known(registry.calendar, as_known)
    return CalendarView(
        stamp=sight(connection, at=at, registry=registry, known=known).stamp,
        period=period,
        as_known=as_known,
        weekend=tuple(_WEEKDAYS[day] for day in sorted(calendar.weekend)),
        roll=calendar.roll,
        working_days=calendar.working_days_between(first - ONE_DAY, last),
        days=tuple(_rows(calendar, first, last, language)),
    )


def count_span(
    connection: Connection,
    start: date,
    span: Span,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    as_known: date | None = None,
    language: str = "en",
) -> Count:
    """Return where a span from a day ends, as a period of that length would, with its roll."""
    calendar = _as_known(registry.calendar, as_known)
    end, steps = end_of_period(span, start, calendar, roll=calendar.roll)
    stamp = sight(connection, at=at, registry=registry, known=known).stamp
    return _count(stamp, start, end, tuple(steps), calendar, as_known, language)


def count_between(
    connection: Connection,
    start: date,
    end: date,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    as_known: date | None = None,
    language: str = "en",
) -> Count:
    """Return how many working days lie after a day up to and including another."""
    calendar = _as_known(registry.calendar, as_known)
    stamp = sight(connection, at=at, registry=registry, known=known).stamp
    return _count(stamp, start, end, tuple(left_out(start, end, calendar)), calendar, as_known, language)


def _count(
    stamp: Stamp,
    start: date,
    end: date,
    steps: tuple[Phrase, ...],
    calendar: Calendar,
    as_known: date | None,
    language: str,
) -> Count:
    after = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    told = (day for day in after if not calendar.is_working(day) or day in calendar.make_up_days)
    return Count(
        stamp=stamp,
        as_known=as_known,
        start=start,
        end=end,
        calendar_days=(end - start).days,
        working_days=calendar.working_days_between(start, end),
        steps=steps,
        days=tuple(_row_of(calendar, day, language) for day in told),
    )


def _as_known(calendar: Calendar, on: date | None) -> Calendar:
    return calendar if on is None else calendar.as_known(on)


def _rows(calendar: Calendar, first: date, last: date, language: str) -> Iterator[DayRow]:
    kinds = (("day off", calendar.days_off), ("make-up day", calendar.make_up_days), ("removed", calendar.removed))
    found = [(day, kind, special) for kind, days in kinds for day, special in days.items() if first <= day <= last]
    for _, kind, special in sorted(found, key=lambda one: one[:2]):
        yield _row(special, kind, language)


def _row_of(calendar: Calendar, day: date, language: str) -> DayRow:
    if day in calendar.make_up_days:
        return _row(calendar.make_up_days[day], "make-up day", language)
    if day in calendar.days_off:
        return _row(calendar.days_off[day], "day off", language)
    name = WEEKLY_DAY_OFF.in_language(language)
    return DayRow(day=day, kind="weekly day off", name=name, authority=None, known_on=None, certainty="decided")


def _row(special: SpecialDay, kind: str, language: str) -> DayRow:
    return DayRow(
        day=special.day,
        kind=kind,
        name=special.name.in_language(language),
        authority=special.source,
        known_on=special.known_on,
        certainty=special.certainty,
    )
