"""The days off of the calendar in force, year by year, each with the authority it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tracker.domain.calendar import Calendar, SpecialDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """A day that differs from its week: off, worked though it is a weekend, or expected off and taken out again."""

    what: Literal["off", "worked", "removed"]
    day: SpecialDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The special days of one year, in their order."""

    year: int
    days: tuple[Special, ...]


def years(calendar: Calendar) -> tuple[Year, ...]:
    """Return the years that the calendar knows, the latest first."""
    found = [
        *_of("off", calendar.days_off.values()),
        *_of("worked", calendar.make_up_days.values()),
        *_of("removed", calendar.removed.values()),
    ]
    known = sorted({one.day.day.year for one in found}, reverse=True)
    return tuple(
        Year(year=year, days=tuple(sorted((one for one in found if one.day.day.year == year), key=_order)))
        for year in known
    )


def _of(what: Literal["off", "worked", "removed"], days: Iterable[SpecialDay]) -> list[Special]:
    return [Special(what=what, day=day) for day in days]


def _order(special: Special) -> tuple[object, ...]:
    return special.day.day, special.what
