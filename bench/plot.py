"""Plots: lines over sizes, both axes in powers of ten, as an SVG file that needs nothing but itself."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from math import ceil, floor, log10

from bench.figures import Point

WIDTH, HEIGHT = 860, 460
LEFT, RIGHT, TOP, BOTTOM = 96, 250, 44, 52
Scale = Callable[[float], float]
APART = 17  # between two labels
# the palette of Okabe and Ito: told apart by whoever sees fewer colours, and by their marks without any
INKS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")
MARKS = (
    "<circle cx='{x}' cy='{y}' r='4' fill='{ink}'/>",
    "<rect x='{left}' y='{up}' width='8' height='8' fill='{ink}'/>",
    "<path d='M{x} {up} l5 9 h-10 z' fill='{ink}'/>",
    "<circle cx='{x}' cy='{y}' r='3.5' fill='white' stroke='{ink}' stroke-width='2'/>",
)


def plot(title: str, points: Sequence[Point]) -> str:
    """Return the picture of a question: its lines, named at their ends."""
    right, top = _span(point.x for point in points), _span(point.y for point in points)
    lines: dict[str, list[Point]] = {}
    for point in points:
        lines.setdefault(point.line, []).append(point)

    def x(value: float) -> float:
        return round(LEFT + _share(value, right) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - _share(value, top) * (HEIGHT - TOP - BOTTOM), 1)

    drawn = [_axes(points[0], right, top, x, y)]
    ends = []
    for number, (name, of) in enumerate(lines.items()):
        ink, mark = INKS[number % len(INKS)], MARKS[(number + number // len(INKS)) % len(MARKS)]
        places = [(x(point.x), y(point.y)) for point in sorted(of, key=lambda point: point.x)]
        path = " ".join(f"{left},{up}" for left, up in places)
        drawn.append(f"<polyline points='{path}' fill='none' stroke='{ink}' stroke-width='2'/>")
        drawn += [mark.format(x=a, y=b, left=a - 4, up=b - 4, ink=ink) for a, b in places]
        ends.append((places[-1], name, ink))
    drawn += _labels(ends)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' "
        f"aria-label='{escape(title, quote=True)}' font-family='sans-serif' font-size='12'>\n"
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>\n"
        f"<text x='{LEFT}' y='22' font-size='15'>{escape(title)}</text>\n" + "\n".join(drawn) + "\n</svg>\n"
    )


def _span(values: Iterable[float]) -> tuple[int, int]:
    """Return the powers of ten between which some values lie; at least one apart.

    >>> _span([1_000, 100_000]), _span([3.0, 40.0]), _span([10])
    ((3, 5), (0, 2), (1, 2))
    """
    found = [log10(value) for value in values if value > 0]
    low, high = floor(min(found)), ceil(max(found))
    return low, max(high, low + 1)


def _share(value: float, span: tuple[int, int]) -> float:
    return (log10(max(value, 10 ** span[0])) - span[0]) / (span[1] - span[0])


def _axes(of: Point, right: tuple[int, int], top: tuple[int, int], x: Scale, y: Scale) -> str:
    low, foot, end = y(10 ** top[1]), y(10 ** top[0]), x(10 ** right[1])
    parts = []
    for power in range(right[0], right[1] + 1):
        at = x(10**power)
        parts.append(f"<path d='M{at} {low} V{foot}' stroke='#ddd'/>")
        parts.append(f"<text x='{at}' y='{foot + 18}' text-anchor='middle'>{_told(power)}</text>")
    for power in range(top[0], top[1] + 1):
        at = y(10**power)
        parts.append(f"<path d='M{LEFT} {at} H{end}' stroke='#ddd'/>")
        parts.append(f"<text x='{LEFT - 8}' y='{at + 4}' text-anchor='end'>{_told(power)} {escape(of.unit)}</text>")
    parts.append(f"<text x='{(LEFT + end) / 2}' y='{HEIGHT - 12}' text-anchor='middle'>{escape(of.of)}</text>")
    return "\n".join(parts)


def _told(power: int) -> str:
    """Return a power of ten in figures.

    >>> _told(5), _told(0), _told(-2)
    ('100,000', '1', '0.01')
    """
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}"


def _labels(ends: Sequence[tuple[tuple[float, float], str, str]]) -> Iterable[str]:
    """Yield the names of the lines beside their ends, moved down as far as they would touch."""
    last = 0.0
    for (left, up), name, ink in sorted(ends, key=lambda end: end[0][1]):
        last = max(up + 4, last + APART)
        yield f"<text x='{left + 10}' y='{round(last, 1)}' fill='{ink}'>{escape(name)}</text>"
