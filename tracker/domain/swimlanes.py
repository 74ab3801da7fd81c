"""Swimlanes: a task graph laid out from left to right, each agency's tasks in a band of their own.

Columns are the layers of `layers`: what comes first stands further left. An arrow that skips columns passes them on a
place of its own in the band it leads to, so that it runs beside the tasks and never through one. Plain numbers, the
same ones for the same graph, whatever order it is given in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tracker.domain.layers import Passage, Spot, layered
from tracker.domain.schedule import Edge, schedule

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The measures of a drawing: a box, the gaps between, the margins and the head of a band."""

    box: Point = (232, 78)
    gap: Point = (64, 14)
    margin: Point = (16, 12)
    passage: float = 8
    head: float = 26
    across: int = 3  # columns at least, where tasks without needs fill them


@dataclass(frozen=True, slots=True)
class Placed:
    """A task with the upper left corner of its box."""

    key: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Band:
    """The band of one lane, from top to bottom."""

    lane: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Arrow:
    """The way of an arrow: the points it leaves and enters each place at, in turn; it is straight inside a place."""

    start: str
    end: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swimlanes:
    """A laid-out graph: its size, bands from top to bottom, boxes and arrows."""

    width: float
    height: float
    bands: tuple[Band, ...]
    boxes: tuple[Placed, ...]
    arrows: tuple[Arrow, ...]


def swimlanes(lanes: Mapping[str, str], pairs: Iterable[tuple[str, str]], sizes: Sizes | None = None) -> Swimlanes:
    """Return the layout of tasks, each given with its lane; the pairs say what is needed by what.

    >>> found = swimlanes({"ask": "BNV", "draft": "BNV", "sign": "CP"}, [("draft", "sign")])
    >>> [band.lane for band in found.bands], [(box.key, box.x) for box in found.boxes]
    (['BNV', 'CP'], [('ask', 312), ('draft', 16), ('sign', 312)])
    """
    sizes = sizes or Sizes()
    arrows = sorted({(start, end) for start, end in pairs if start in lanes and end in lanes})
    found = layered(sorted(lanes), arrows)
    cells = _cells(lanes, found.columns, found.alone, sizes)
    columns = max((column for _, column in cells), default=-1) + 1
    order = _order(lanes, found.columns)
    bands = tuple(_bands(order, cells, sizes))
    places = _places(bands, cells, sizes)
    boxes = [Placed(spot, *at) for spot, at in places.items() if isinstance(spot, str)]
    below = bands[-1].y + bands[-1].height if bands else sizes.margin[1]
    return Swimlanes(
        width=2 * sizes.margin[0] + max(columns, 1) * sizes.box[0] + max(columns - 1, 0) * sizes.gap[0],
        height=below + sizes.margin[1],
        bands=bands,
        boxes=tuple(sorted(boxes, key=lambda box: box.key)),
        arrows=tuple(Arrow(*ends, _points(found.ways[ends], places, sizes)) for ends in arrows),
    )


def collapsed(
    lanes: Mapping[str, str], pairs: Iterable[tuple[str, str]], most: int
) -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, str], int]]:
    """Return a graph too large to be read as groups, one for each lane and step, with how many needs lead between.

    A step is how many needs lie at most before a task, so no circle can come of it. Where the groups are too many
    still, those of the smallest lanes are taken together under the lane ''.

    >>> groups, needs = collapsed({"a": "BNV", "b": "BNV", "c": "CP"}, [("a", "c"), ("b", "c")], most=5)
    >>> groups, needs
    ({'BNV 1': ('a', 'b'), 'CP 2': ('c',)}, {('BNV 1', 'CP 2'): 2})
    """
    arrows = sorted({(start, end) for start, end in pairs if start in lanes and end in lanes})
    step = _steps(lanes, arrows)
    kept = _kept(lanes, step, most)
    home = {key: f"{lane if lane in kept else ''} {step[key] + 1}".strip() for key, lane in lanes.items()}
    groups: dict[str, list[str]] = {}
    for key in sorted(lanes):
        groups.setdefault(home[key], []).append(key)
    needs: dict[tuple[str, str], int] = {}
    for start, end in arrows:
        ends = home[start], home[end]
        needs[ends] = needs.get(ends, 0) + 1
    return {name: tuple(keys) for name, keys in sorted(groups.items())}, dict(sorted(needs.items()))


def _steps(lanes: Mapping[str, str], arrows: Sequence[tuple[str, str]]) -> dict[str, int]:
    plan = schedule(dict.fromkeys(sorted(lanes), 1), (Edge(start, end) for start, end in arrows))
    return {key: start for key, start, _ in plan.finishes()}


def _kept(lanes: Mapping[str, str], step: Mapping[str, int], most: int) -> set[str]:
    """Return the lanes that keep groups of their own: the largest ones, as far as there is room."""
    sizes: dict[str, int] = {}
    groups: dict[str, set[int]] = {}
    for key, lane in lanes.items():
        sizes[lane] = sizes.get(lane, 0) + 1
        groups.setdefault(lane, set()).add(step[key])
    if sum(map(len, groups.values())) <= most:
        return set(lanes.values())
    room = most - len(set(step.values()))
    kept: set[str] = set()
    for lane in sorted(groups, key=lambda lane: (-sizes[lane], lane)):
        room -= len(groups[lane])
        if room < 0:
            break
        kept.add(lane)
    return kept


# ── Where it stands ───────────────────────────────────────────────────────────────────────────────────────────

_Cells = dict[tuple[str, int], list[Spot]]


def _cells(lanes: Mapping[str, str], columns: Sequence[Sequence[Spot]], alone: Sequence[str], sizes: Sizes) -> _Cells:
    """Return what stands in each lane and column, from top to bottom; tasks without needs fill where room is left."""
    found: _Cells = {}
    for number, column in enumerate(columns):
        for spot in column:
            lane = lanes[spot.end if isinstance(spot, Passage) else spot]
            found.setdefault((lane, number), []).append(spot)
    across = max(len(columns), sizes.across)
    for key in alone:
        lane = lanes[key]
        heights = [(_stacked(found.get((lane, number), ()), sizes), number) for number in range(across)]
        found.setdefault((lane, min(heights)[1]), []).append(key)
    return found


def _order(lanes: Mapping[str, str], columns: Sequence[Sequence[Spot]]) -> list[str]:
    """Return the lanes from top to bottom: those that begin earlier first, those without any need last."""
    spots: dict[str, list[int]] = {}
    for number, column in enumerate(columns):
        for spot in column:
            if isinstance(spot, str):
                spots.setdefault(lanes[spot], []).append(number)
    last = len(columns)
    means = {lane: sum(spots[lane]) / len(spots[lane]) if lane in spots else last for lane in set(lanes.values())}
    return sorted(means, key=lambda lane: (means[lane], lane))


def _bands(order: Sequence[str], cells: _Cells, sizes: Sizes) -> Iterable[Band]:
    y = sizes.margin[1]
    tall: dict[str, float] = {}
    for (lane, _), spots in cells.items():
        tall[lane] = max(tall.get(lane, 0.0), _stacked(spots, sizes))
    for lane in order:
        height = sizes.head + tall[lane] + sizes.gap[1]
        yield Band(lane, y, height)
        y += height


def _places(bands: Sequence[Band], cells: _Cells, sizes: Sizes) -> dict[Spot, Point]:
    """Return the upper left corner of each place; what stands in one cell is centred in its band."""
    found: dict[Spot, Point] = {}
    tops = {band.lane: band for band in bands}
    for (lane, column), spots in cells.items():
        band = tops[lane]
        room = band.height - sizes.head - sizes.gap[1]
        y = band.y + sizes.head + (room - _stacked(spots, sizes)) / 2
        x = sizes.margin[0] + column * (sizes.box[0] + sizes.gap[0])
        for spot in spots:
            found[spot] = x, round(y, 1)
            y += _tall(spot, sizes) + sizes.gap[1]
    return found


def _stacked(spots: Sequence[Spot], sizes: Sizes) -> float:
    return sum(_tall(spot, sizes) for spot in spots) + sizes.gap[1] * max(len(spots) - 1, 0)


def _tall(spot: Spot, sizes: Sizes) -> float:
    return sizes.box[1] if isinstance(spot, str) else sizes.passage


def _points(way: Sequence[Spot], places: Mapping[Spot, Point], sizes: Sizes) -> tuple[Point, ...]:
    found: list[Point] = []
    for here, there in pairwise(way):
        x, y = places[here]
        found.append((x + sizes.box[0], round(y + _tall(here, sizes) / 2, 1)))
        x, y = places[there]
        found.append((x, round(y + _tall(there, sizes) / 2, 1)))
    return tuple(found)
