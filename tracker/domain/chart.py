"""Charts: lines of numbers over days, laid out: where days and numbers stand, and labels that do not touch."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from tracker.domain.gantt import Step, Tick, ticks_of

Point = tuple[float, float]
_ROUND = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The measures of a chart: the whole, and the margins around its field."""

    width: float = 960
    height: float = 340
    left: float = 56
    right: float = 190
    top: float = 24
    bottom: float = 36
    label: float = 18  # between two labels, at least


@dataclass(frozen=True, slots=True)
class Label:
    """The words at the end of a line: where they stand, and the point they belong to."""

    name: str
    value: int
    y: float
    at: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A laid-out chart: its lines by name, numbers up the side, days along the foot, and a label at each line's end."""

    sizes: Sizes
    lines: Mapping[str, tuple[Point, ...]]
    labels: tuple[Label, ...]
    numbers: tuple[tuple[float, int], ...]
    step: Step
    days: tuple[Tick, ...]
    marks: tuple[float, ...]
    foot: float


def chart(
    series: Mapping[str, Sequence[tuple[date, int]]], *, marks: Sequence[date] = (), sizes: Sizes | None = None
) -> Chart | None:
    """Return the layout of some lines, each a number a day in the order of the days; None where there is none.

    `marks` are days to be marked; each has its place in the answer, in their order.
    """
    sizes = sizes or Sizes()
    days = sorted({day for line in series.values() for day, _ in line})
    if not days:
        return None
    first, last = days[0], days[-1]
    numbers = _numbers(max((value for line in series.values() for _, value in line), default=0))
    foot = sizes.height - sizes.bottom

    def x(day: date) -> float:
        share = (day - first).days / max((last - first).days, 1)
        return round(sizes.left + share * (sizes.width - sizes.left - sizes.right), 1)

    def y(number: int) -> float:
        return round(foot - number / numbers[-1] * (foot - sizes.top), 1)

    lines = {name: tuple((x(day), y(value)) for day, value in line) for name, line in series.items() if line}
    step, ticks = ticks_of(first, last)
    return Chart(
        sizes=sizes,
        lines=lines,
        labels=_labels({name: (line[-1], series[name][-1][1]) for name, line in lines.items()}, sizes),
        numbers=tuple((y(number), number) for number in numbers),
        step=step,
        days=tuple(Tick(x(day), day) for day in ticks),
        marks=tuple(x(min(max(day, first), last)) for day in marks),
        foot=foot,
    )


def _numbers(most: int) -> tuple[int, ...]:
    """Return round numbers from 0 up to or above the largest one: six at most.

    >>> _numbers(0), _numbers(7), _numbers(356)
    ((0, 1), (0, 2, 4, 6, 8), (0, 100, 200, 300, 400))
    """
    steps = sorted(base * 10**power for power in range(9) for base in _ROUND)
    step = steps[bisect_left(steps, -(-most // 5), hi=len(steps) - 1)]
    return tuple(range(0, max(-(-most // step), 1) * step + 1, step))


def _labels(ends: Mapping[str, tuple[Point, int]], sizes: Sizes) -> tuple[Label, ...]:
    """Return the labels from top to bottom, each as near to its line's end as the others leave room."""
    ordered = sorted(ends, key=lambda name: (ends[name][0][1], name))
    tops = _apart([ends[name][0][1] for name in ordered], sizes)
    return tuple(
        Label(name, ends[name][1], round(top, 1), ends[name][0]) for name, top in zip(ordered, tops, strict=True)
    )


def _apart(wanted: Iterable[float], sizes: Sizes) -> list[float]:
    down = list(accumulate(wanted, lambda above, one: max(one, above + sizes.label)))
    below = sizes.height - sizes.bottom
    for n in range(len(down) - 1, -1, -1):
        down[n] = min(down[n], below)
        below = down[n] - sizes.label
    return down
