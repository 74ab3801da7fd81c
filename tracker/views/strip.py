"""A strip: a few dates laid out on lines below each other, for a picture of what a later day does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.calendar import civil_day
from tracker.views.life import Effect

WIDTH, MARGIN, TOP, LINE = 600, 20, 44, 40
MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One task: where its last day lies, and where it would lie after; `moves` where these differ."""

    label: str
    y: int
    before: int
    after: int
    moves: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The lines with the size of the picture, and where today lies, if it does."""

    width: int
    height: int
    lines: tuple[Line, ...]
    today: int | None


def strip(effect: Effect, *, at: datetime) -> Strip | None:
    """Return a task and those that depend on it as lines of days; None where the task has no date."""
    last = effect.row.last_day
    if last is None:
        return None
    today = civil_day(effect.stamp.zone, at)
    dated = [(one.row.agency_name, day) for one in effect.dependents if (day := one.row.last_day) is not None][:MOST]
    days = [today, last, effect.day, *(day for _, day in dated)]
    rows = [(effect.row.agency_name, last, effect.day), *((name, day, day) for name, day in dated)]
    return Strip(
        width=WIDTH,
        height=TOP + LINE * (len(rows) - 1) + 12,
        lines=tuple(
            Line(label=label, y=TOP + LINE * n, before=_x(before, days), after=_x(after, days), moves=before != after)
            for n, (label, before, after) in enumerate(rows)
        ),
        today=_x(today, days),
    )


def _x(day: date, days: Sequence[date]) -> int:
    """Return where a day lies between the first and the last of some.

    >>> week = [date(2025, 8, 11), date(2025, 8, 18)]
    >>> [_x(day, week) for day in week], _x(week[0], week[:1])
    ([20, 580], 20)
    """
    start, end = min(days), max(days)
    span = (end - start).days or 1
    return MARGIN + round((day - start).days / span * (WIDTH - 2 * MARGIN))
