"""Layers: where the tasks of a graph stand in a drawing, so that arrows run one way and cross little.

A task stands in the layer after the last of those it needs. An arrow that skips layers passes each of them at a place
of its own, so that it runs beside the tasks and not through them. Plain numbers; whoever draws gives them a size.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tracker.domain.schedule import Edge, schedule

_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Passage:
    """Where an arrow passes a layer between its ends."""

    start: str
    end: str
    layer: int


Spot = str | Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The columns of a drawing from left to right, each from top to bottom, and the way of each arrow through them."""

    columns: Sequence[Sequence[Spot]]
    ways: Mapping[tuple[str, str], Sequence[Spot]]
    alone: Sequence[str]


def layered(tasks: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Layers:
    """Return the layers of tasks whose pairs say what is needed by what; those without any stand `alone`.

    >>> found = layered(["a", "b", "c", "z"], [("a", "b"), ("b", "c"), ("a", "c")])
    >>> [[str(spot) if isinstance(spot, str) else "|" for spot in column] for column in found.columns], found.alone
    ([['a'], ['b', '|'], ['c']], ['z'])
    """
    arrows = sorted(set(pairs))
    joined = {end for pair in arrows for end in pair}
    depth = _depths(sorted(joined), arrows)
    ways: dict[tuple[str, str], Sequence[Spot]] = {}
    columns: list[list[Spot]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for task in sorted(joined):
        columns[depth[task]].append(task)
    for start, end in arrows:
        between = [Passage(start, end, layer) for layer in range(depth[start] + 1, depth[end])]
        for passage in between:
            columns[passage.layer].append(passage)
        ways[start, end] = (start, *between, end)
    _untangle(columns, ways)
    return Layers(columns=columns, ways=ways, alone=sorted(set(tasks) - joined))


def _depths(tasks: Sequence[str], arrows: Sequence[tuple[str, str]]) -> dict[str, int]:
    steps = schedule(dict.fromkeys(tasks, 1), (Edge(start, end) for start, end in arrows))
    depth = {task: start for task, start, _ in steps.finishes()}
    # what needs nothing stands right before the first that needs it, not far off at the left
    first: dict[str, int] = {}
    for start, end in arrows:
        first[start] = min(first.get(start, depth[end]), depth[end])
    needing = {end for _, end in arrows}
    return {task: layer if task in needing else first.get(task, 1) - 1 for task, layer in depth.items()}


def _untangle(columns: list[list[Spot]], ways: Mapping[tuple[str, str], Sequence[Spot]]) -> None:
    """Sort each column by the middle of its neighbours, to and fro, and keep the order with the fewest crossings."""
    before: dict[Spot, list[Spot]] = {}
    after: dict[Spot, list[Spot]] = {}
    for way in ways.values():
        for left, right in pairwise(way):
            after.setdefault(left, []).append(right)
            before.setdefault(right, []).append(left)
    best, fewest = [list(column) for column in columns], _crossings(columns, after)
    for sweep in range(_SWEEPS):
        rightwards = sweep % 2 == 0
        neighbours = before if rightwards else after
        for column in columns if rightwards else reversed(columns):
            _sort(column, neighbours, columns)
        crossings = _crossings(columns, after)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    for column, found in zip(columns, best, strict=True):
        column[:] = found


def _sort(column: list[Spot], neighbours: Mapping[Spot, Sequence[Spot]], columns: Sequence[Sequence[Spot]]) -> None:
    place = {spot: n for other in columns for n, spot in enumerate(other)}
    middles = {
        spot: sum(place[one] for one in neighbours[spot]) / len(neighbours[spot]) if spot in neighbours else place[spot]
        for spot in column
    }
    column.sort(key=lambda spot: middles[spot])


def _crossings(columns: Sequence[Sequence[Spot]], after: Mapping[Spot, Sequence[Spot]]) -> int:
    found = 0
    for left, right in pairwise(columns):
        place = {spot: n for n, spot in enumerate(right)}
        ends = [sorted(place[one] for one in after.get(spot, ())) for spot in left]
        line = [end for some in ends for end in some]
        found += sum(line[a] > line[b] for a in range(len(line)) for b in range(a + 1, len(line)))
    return found
