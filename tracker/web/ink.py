"""Ink: what a picture drawn on the server needs that a template cannot reckon: how wide words are, and curved lines.

Nobody tells the server which font will be there. Widths are those of a wide one (DejaVu Sans), so that words that fit
here fit anywhere.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

Point = tuple[float, float]
NARROWEST = 0.33  # of a letter, in its size of type

_NARROW, _THIN, _WIDE = frozenset("fijlrtIJ()[]{}/\\|!:;-\"'’ "), frozenset("ijl.,'|’"), frozenset("mwMWÆŒ@%…—–→")


def width(words: str, size: float) -> float:
    """Return about how wide words are at a size of type; never less than they are.

    >>> round(width("Bộ Nội vụ", 12)) == round(width("Bo Noi vu", 12))
    True
    """
    return round(sum(_letter(one) for one in unicodedata.normalize("NFC", words)) * size, 1)


def wrapped(words: str, room: float, size: float, lines: int = 2) -> tuple[str, ...]:
    """Return words on as many lines as they need, up to some; what has no room is left out, with dots.

    >>> wrapped("Báo cáo kết quả thực hiện", 90, 12)
    ('Báo cáo kết', 'quả thực hiện')
    """
    found: list[str] = []
    rest = words.split()
    while rest and len(found) < lines:
        likely = min(len(rest), _most(room, size))
        count = next((n for n in range(likely, 0, -1) if width(" ".join(rest[:n]), size) <= room), 0)
        if len(found) == lines - 1 and count < len(rest):
            return (*found, clipped(" ".join(rest), room, size))
        if count == 0:
            return (*found, clipped(rest[0], room, size))
        found.append(" ".join(rest[:count]))
        rest = rest[count:]
    return tuple(found)


def clipped(words: str, room: float, size: float) -> str:
    """Return words as far as they have room, with dots where they do not end.

    >>> clipped("BNV", 90, 12), clipped("Bộ Nội vụ chủ trì", 60, 12)
    ('BNV', 'Bộ Nội…')
    """
    if width(words, size) <= room:
        return words
    for end in range(min(len(words), _most(room, size)), 0, -1):
        short = words[:end].rstrip(" ,.;:") + "…"
        if width(short, size) <= room:
            return short
    return ""


def _most(room: float, size: float) -> int:
    """Return how many letters have room at the very most: what somebody wrote may be as long as a page."""
    return int(room / (NARROWEST * size)) + 1


def curve(points: Sequence[Point], *, tip: float = 1) -> str:
    """Return the path of an arrow through the places it leaves and enters in turn; it ends before its tip.

    >>> curve([(0, 0), (20, 10)])
    'M0,0 C10,0 9,10 19,10'
    """
    drawn = [f"M{_said(points[0])}"]
    last = len(points) - 1
    for n, ((x, y), (next_x, next_y)) in enumerate(pairwise(points)):
        if n % 2:  # straight on beside what stands there
            drawn.append(f"L{_said((next_x, next_y))}")
            continue
        bend = (next_x - x) / 2
        end = next_x - tip if n + 1 == last else next_x
        drawn.append(f"C{_said((x + bend, y))} {_said((end - bend, next_y))} {_said((end, next_y))}")
    return " ".join(drawn)


def polyline(points: Iterable[Point]) -> str:
    """Return points as the attribute of a polyline has them.

    >>> polyline([(0, 1.5), (2.25, 3)])
    '0,1.5 2.2,3'
    """
    return " ".join(map(_said, points))


def steps(points: Sequence[Point]) -> str:
    """Return the path of a line that holds each height until the next point.

    >>> steps([(0, 5), (10, 3)])
    'M0,5 H10 V3'
    """
    return " ".join([f"M{_said(points[0])}", *_turns(points)]) if points else ""


def _turns(points: Sequence[Point]) -> Iterator[str]:
    for x, y in points[1:]:
        yield f"H{x:.1f} V{y:.1f}".replace(".0", "")


def _said(point: Point) -> str:
    return ",".join(f"{one:.1f}".removesuffix(".0") for one in point)


def _letter(one: str) -> float:
    if one in _THIN:
        return NARROWEST
    if one in _NARROW:
        return 0.42
    if one in _WIDE:
        return 1.0
    return 0.73 if one.isupper() else 0.64
