"""Bars laid out: some numbers in each of several columns, stacked, as rectangles of a picture of a given size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle, measured from the top left; `part` says which of the column's numbers it is."""

    part: str
    x: float
    y: float
    width: float
    height: float
    count: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale: where it lies and which number it stands for."""

    y: float
    count: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture: its size, its rectangles column by column, the lines of its scale, where each column's middle is."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    middles: tuple[float, ...]


def bars(
    columns: Sequence[Mapping[str, int]], parts: Sequence[str], *, width: int = 720, height: int = 180, left: int = 44
) -> Bars:
    """Return columns of numbers as stacked bars, the first part at the bottom.

    >>> one = bars([{"accepted": 3, "failed": 1}], ("accepted", "failed"), width=144, height=100)
    >>> [(bar.part, bar.y, bar.height) for bar in one.bars], [tick.count for tick in one.ticks]
    ([('accepted', 25.0, 75.0), ('failed', 0.0, 25.0)], [0, 2, 4])
    """
    top = _top(max((sum(column.get(part, 0) for part in parts) for column in columns), default=0))
    room = (width - left) / max(len(columns), 1)
    found: list[Bar] = []
    for place, column in enumerate(columns):
        base = float(height)
        for part in parts:
            count = column.get(part, 0)
            if count:
                tall = round(count / top * height, 2)
                base = round(base - tall, 2)
                found.append(
                    Bar(part, round(left + place * room + room * 0.1, 2), base, round(room * 0.8, 2), tall, count)
                )
    ticks = tuple(Tick(round(height - count / top * height, 2), count) for count in (0, top // 2, top))
    middles = tuple(round(left + (place + 0.5) * room, 2) for place in range(len(columns)))
    return Bars(width, height, tuple(found), ticks, middles)


def _top(most: int) -> int:
    """Return the round and even number a scale ends at.

    >>> [_top(n) for n in (0, 3, 11, 180)]
    [2, 4, 20, 200]
    """
    power = 1
    while True:
        for step in _STEPS:
            if (step * power) % 2 == 0 and step * power >= max(most, 2):
                return step * power
        if most <= 4:
            return 4
        power *= 10
