"""The arithmetic of a schedule on bare arrays: an order, earliest and latest starts, the longest chain.

Tasks are numbers here and arrows run between them; names, days and directives are unknown. rustworkx finds the
order, the two passes are ours: its longest path tells one chain, not how much room every task has.

For a million tasks and two million arrows the arrays take about 70 MB and the passes a second. Arrows that come in
order already (each task after all it needs) skip the sorting, which costs more than the passes do.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, compress, islice
from operator import add, eq, sub
from typing import Any, Protocol

# Arrows are handed to the library in pieces: a tuple each for all of them at once would be the largest thing in memory.
_PIECE = 8192


class NoOrder(Exception):
    """The arrows run in a circle somewhere; which one is for the caller to say, in its own names."""


class _Key(Protocol):
    """Something that can be compared with its like."""

    def __lt__(self, other: Any, /) -> bool:
        """Return whether this comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrows:
    """Parallel arrays: task `tasks[n]` may start `gaps[n]` after the start of `needed[n]`, not before."""

    needed: "array[int]"
    tasks: "array[int]"
    gaps: "array[int]"

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Yield each arrow as the needed task, the task and the gap."""
        return zip(self.needed, self.tasks, self.gaps, strict=True)

    def __reversed__(self) -> Iterator[tuple[int, int, int]]:
        """Yield the arrows from the last to the first."""
        return zip(reversed(self.needed), reversed(self.tasks), reversed(self.gaps), strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Tasks in an order, with their starts. `order[n]` is the number that the caller gave to task n."""

    order: Sequence[int]
    durations: "array[int]"
    arrows: Arrows
    earliest: "array[int]"
    latest: "array[int]"
    length: int


def network(durations: "array[int]", arrows: Arrows) -> Network:
    """Return the tasks in an order with their earliest and latest starts; raises NoOrder where there is none.

    >>> found = network(array("q", [3, 2]), Arrows(needed=array("i", [1]), tasks=array("i", [0]), gaps=array("q", [2])))
    >>> found.length, list(found.order), list(found.earliest)
    (5, [1, 0], [0, 2])
    """
    order: Sequence[int] = range(len(durations))
    earliest = _earliest(len(durations), arrows)
    if earliest is None:
        order = _order(len(durations), arrows)
        durations = array("q", map(durations.__getitem__, order))
        arrows = _sorted(arrows, order)
        earliest = _earliest(len(durations), arrows) or array("q")
    length = max(map(add, earliest, durations), default=0)
    latest = latest_starts(durations, arrows, [length] * len(durations))
    return Network(order=order, durations=durations, arrows=arrows, earliest=earliest, latest=latest, length=length)


def latest_starts(durations: "array[int]", arrows: Arrows, ends: Sequence[int]) -> "array[int]":
    """Return the latest starts with which every task finishes by its own end and holds up no later one."""
    found = list(map(sub, ends, durations))
    for needed, task, gap in reversed(arrows):
        start = found[task] - gap
        if start < found[needed]:
            found[needed] = start
    return array("q", found)


def bounded(net: Network, ends: Sequence[int]) -> Network:
    """Return the network with the latest starts that keep these ends, one for each task."""
    return replace(net, latest=latest_starts(net.durations, net.arrows, ends))


def longest_chain(net: Network, name: Callable[[int], _Key]) -> tuple[int, ...]:
    """Return a chain from the start to the end in which each task starts the moment the one before lets it.

    Where several are as long, the choice falls on the smallest name, at the start and at each step from there.
    """
    critical = array("i", compress(range(len(net.earliest)), map(eq, net.earliest, net.latest)))
    next_ones: dict[int, list[int]] = {}
    ready: list[int] = []
    for task in critical:
        holders = _holders(net, task)
        for needed in holders:
            next_ones.setdefault(needed, []).append(task)
        if not holders:
            ready.append(task)
    chain: list[int] = []
    while ready:
        chain.append(min(ready, key=name))
        ready = next_ones.get(chain[-1], [])
    return tuple(chain)


def moved(net: Network, task: int, by: int) -> dict[int, int]:
    """Return how much later each task starts, of those that do, when one starts `by` later."""
    found = {task: by}
    for needed, later, gap in net.arrows:
        if needed in found:
            push = net.earliest[needed] + found[needed] + gap - net.earliest[later]
            if push > found.get(later, 0):
                found[later] = push
    return found


def _holders(net: Network, task: int) -> list[int]:
    """Return the tasks that hold up another to the moment; what holds up a critical task is critical itself."""
    arrows, start = net.arrows, net.earliest[task]
    first = bisect_left(arrows.tasks, task)
    here = range(first, bisect_right(arrows.tasks, task, first))
    return [arrows.needed[n] for n in here if net.earliest[arrows.needed[n]] + arrows.gaps[n] == start]


def _earliest(count: int, arrows: Arrows) -> "array[int] | None":
    """Return the earliest starts, or None where the arrows are not in order.

    In order: each leads to a higher number than it comes from, and they stand sorted by the task they lead to.
    """
    found = [0] * count
    last = 0
    for needed, task, gap in arrows:
        if needed >= task or task < last:
            return None
        last = task
        start = found[needed] + gap
        if start > found[task]:
            found[task] = start
    return array("q", found)


def _order(count: int, arrows: Arrows) -> "array[int]":
    # Imported on use: only this work needs it, and every command would wait for it.
    from rustworkx import DAGHasCycle, PyDiGraph, topological_sort

    graph: PyDiGraph[None, None] = PyDiGraph(node_count_hint=count, edge_count_hint=len(arrows.tasks))
    graph.add_nodes_from([None] * count)
    pairs = zip(arrows.needed, arrows.tasks, strict=True)
    while piece := list(islice(pairs, _PIECE)):
        graph.add_edges_from_no_data(piece)
    try:
        return array("i", topological_sort(graph))
    except DAGHasCycle as error:
        raise NoOrder from error


def _sorted(arrows: Arrows, order: Sequence[int]) -> Arrows:
    """Return the arrows in the numbers of an order, sorted by the task they lead to (a counting sort)."""
    place = array("i", bytes(4 * len(order)))
    for now, before in enumerate(order):
        place[before] = now
    tasks = array("i", map(place.__getitem__, arrows.tasks))
    counts = array("i", bytes(4 * (len(order) + 1)))
    for task in tasks:
        counts[task + 1] += 1
    free = array("i", accumulate(counts))
    taken = array("i", bytes(4 * len(tasks)))
    for arrow, task in enumerate(tasks):
        taken[free[task]] = arrow
        free[task] += 1
    return Arrows(
        needed=array("i", map(place.__getitem__, map(arrows.needed.__getitem__, taken))),
        tasks=array("i", map(tasks.__getitem__, taken)),
        gaps=array("q", map(arrows.gaps.__getitem__, taken)),
    )
