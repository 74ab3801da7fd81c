"""Gantt: assignments on an axis of days: a bar to the last day, marks beside it, arrows to what waits.

Plain numbers from civil days; what is drawn with them is for a page to say. A day stands at its beginning, so a bar
that ends on a last day ends where the next day begins, as a deadline does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Step = Literal["week", "month", "quarter", "year"]
Point = tuple[float, float]

_ONE = timedelta(1)
# which step of the axis up to how many days, so that its words have room
_STEPS: tuple[tuple[int, Step], ...] = ((75, "week"), (500, "month"), (1500, "quarter"))
# beyond so many years, only every second, third, … one
_YEARS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The days of one assignment: when it was assigned, its last day now and at first, when a report came.

    `end` is None for one without a date; `closed` is the day on which it came to rest otherwise. A `group` without a
    name has no head.
    """

    ref: str
    group: str
    start: date
    end: date | None = None
    first: date | None = None
    received: date | None = None
    closed: date | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """An assignment that waits for another one: as the text says or as it implies, still blocked or not any more."""

    needed: str
    ref: str
    inferred: bool = False
    blocking: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The measures of the drawing."""

    width: float = 1210
    label: float = 490
    row: float = 22
    head: float = 44
    group: float = 24
    margin: float = 12
    bar: float = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One row: its top, its bar from and to, and where its marks stand; None where it has none.

    `late` is where the time after the last day ends, as long as nothing was received; `open_end`: there is no date.
    """

    ref: str
    y: float
    start: float
    end: float
    open_end: bool
    deadline: float | None
    ghost: float | None
    received: float | None
    late: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis, with the day it stands for."""

    x: float
    day: date


@dataclass(frozen=True, slots=True)
class Head:
    """The line that begins a group of rows."""

    group: str
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gantt:
    """A laid-out timeline. Arrows have the corners they turn at."""

    width: float
    height: float
    sizes: Sizes
    step: Step
    ticks: tuple[Tick, ...]
    today: float | None
    heads: tuple[Head, ...]
    rows: tuple[Drawn, ...]
    arrows: tuple[tuple[Link, tuple[Point, ...]], ...]


def gantt(lines: Sequence[Line], links: Iterable[Link] = (), *, today: date, sizes: Sizes | None = None) -> Gantt:
    """Return the layout of some assignments, in the order given; those of one group stand together under its head."""
    sizes = sizes or Sizes()
    first, last = _span(lines, today)
    axis = _Axis(first, last, sizes)
    heads, tops, height = _tops(lines, sizes)
    rows = tuple(_drawn(line, tops[line.ref], axis, today) for line in lines)
    by_ref = {row.ref: row for row in rows}
    step, ticks = ticks_of(first, last)
    return Gantt(
        width=sizes.width,
        height=height + sizes.margin,
        sizes=sizes,
        step=step,
        ticks=tuple(Tick(axis.x(day), day) for day in ticks),
        today=axis.x(today) if lines else None,
        heads=heads,
        rows=rows,
        arrows=tuple(
            (link, _corners(by_ref[link.needed], by_ref[link.ref], sizes))
            for link in links
            if link.needed in by_ref and link.ref in by_ref and link.needed != link.ref
        ),
    )


def ticks_of(first: date, last: date) -> tuple[Step, tuple[date, ...]]:
    """Return by what an axis from one day to another steps, and the days on it where a step begins."""
    step: Step = next((step for most, step in _STEPS if (last - first).days <= most), "year")
    return step, tuple(_ticks(first, last, step))


@dataclass(frozen=True, slots=True)
class _Axis:
    first: date
    last: date
    sizes: Sizes
    left: float = field(init=False)
    scale: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "left", self.sizes.label + self.sizes.margin)
        room = self.sizes.width - self.left - self.sizes.margin
        object.__setattr__(self, "scale", room / max((self.last - self.first).days, 1))

    def x(self, day: date) -> float:
        return round(self.left + (day - self.first).days * self.scale, 1)


def _span(lines: Sequence[Line], today: date) -> tuple[date, date]:
    """Return the first and the last day of the axis, with room at both ends."""
    days = [day for line in lines for day in (line.start, line.end, line.first, line.received, line.closed) if day]
    days.append(today)
    first, last = min(days), max(days)
    room = max((last - first).days // 40, 2)
    return first - timedelta(room), last + timedelta(room + 1)


def _ticks(first: date, last: date, step: Step) -> Iterator[date]:
    if step == "week":
        day = first + timedelta(-first.weekday() % 7)
        while day <= last:
            yield day
            day += timedelta(7)
        return
    months = {"month": 1, "quarter": 3, "year": 12 * ((last.year - first.year) // _YEARS + 1)}[step]
    number = first.year * 12 + first.month - 1
    number += -number % months
    while (day := date(number // 12, number % 12 + 1, 1)) <= last:
        if day >= first:
            yield day
        number += months


def _tops(lines: Sequence[Line], sizes: Sizes) -> tuple[tuple[Head, ...], Mapping[str, float], float]:
    heads: list[Head] = []
    tops: dict[str, float] = {}
    y = sizes.head
    for n, line in enumerate(lines):
        if line.group and (n == 0 or lines[n - 1].group != line.group):
            heads.append(Head(line.group, y))
            y += sizes.group
        tops[line.ref] = y
        y += sizes.row
    return tuple(heads), tops, y


def _drawn(line: Line, y: float, axis: _Axis, today: date) -> Drawn:
    until = line.end or line.received or line.closed or max(today, line.start)
    late = None
    if line.end is not None:
        stopped = line.received or line.closed or (today if line.is_open else None)
        if stopped is not None and stopped > line.end:
            late = axis.x(stopped + _ONE)
    return Drawn(
        ref=line.ref,
        y=y,
        start=axis.x(line.start),
        end=max(axis.x(until + _ONE), axis.x(line.start) + 2),
        open_end=line.end is None,
        deadline=axis.x(line.end + _ONE) if line.end else None,
        ghost=axis.x(line.first + _ONE) if line.first and line.first != line.end else None,
        received=axis.x(line.received) if line.received else None,
        late=late,
    )


def _corners(needed: Drawn, waiting: Drawn, sizes: Sizes) -> tuple[Point, ...]:
    """Return the way of an arrow: out of the end of one bar, down or up between the rows, into the start of another."""
    middle = sizes.row / 2
    x, y = needed.end + 6, needed.y + middle  # past the diamond
    end_x, end_y = waiting.start, waiting.y + middle
    if end_x >= x + 14:
        turn = end_x - 8
        return (x, y), (turn, y), (turn, end_y), (end_x - 1, end_y)
    between = waiting.y if needed.y < waiting.y else waiting.y + sizes.row
    return (x, y), (x + 5, y), (x + 5, between), (end_x - 8, between), (end_x - 8, end_y), (end_x - 1, end_y)
