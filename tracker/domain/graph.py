"""The task graph: order, cycles with their whole path, what waits for what.

Nodes are full task keys; an edge says that a task needs another to be completed first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from tracker.domain.directive import Task


@dataclass(frozen=True, slots=True)
class Graph:
    """For each task key, the keys it needs."""

    needs: Mapping[str, tuple[str, ...]]

    def cycle(self) -> tuple[str, ...] | None:
        """Return one cycle as the path that leads back to its start, or None when there is an order.

        Each task of the path needs the one after it.

        >>> Graph({"a": ("b",), "b": ("c",), "c": ("a",)}).cycle()
        ('a', 'b', 'c', 'a')
        """
        try:
            TopologicalSorter(self.needs).prepare()
        except CycleError as error:
            return _from_smallest(tuple(reversed(error.args[1])))
        return None

    def order(self) -> tuple[str, ...]:
        """Return the keys so that every task comes after what it needs; equals stand in the order of their keys.

        Raises graphlib.CycleError: a directive with a cycle never gets this far (`cycle` is a finding).

        >>> Graph({"b": ("a",), "c": ("b",), "a": ()}).order()
        ('a', 'b', 'c')
        """
        sorter = TopologicalSorter(self.needs)
        sorter.prepare()
        found: list[str] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            found += ready
            sorter.done(*ready)
        return tuple(found)

    def waits_for(self, key: str) -> tuple[str, ...]:
        """Return everything that must be completed before a task, near or far, in the order of the keys."""
        return tuple(sorted(_reach(self.needs, key)))

    def waited_by(self, key: str) -> tuple[str, ...]:
        """Return everything that cannot be completed before a task is, near or far, in the order of the keys."""
        return tuple(sorted(_reach(self.turned(), key)))

    def turned(self) -> Mapping[str, tuple[str, ...]]:
        """Return for each task key the keys that need it directly."""
        found: dict[str, list[str]] = {key: [] for key in self.needs}
        for key, needed in self.needs.items():
            for other in needed:
                found.setdefault(other, []).append(key)
        return {key: tuple(sorted(waiting)) for key, waiting in found.items()}


def graph_of(tasks: Iterable[Task]) -> Graph:
    """Return the graph of some tasks, which may belong to several directives."""
    return Graph({task.key: tuple(need.task for need in task.needs) for task in tasks})


def _reach(edges: Mapping[str, tuple[str, ...]], start: str) -> set[str]:
    return set(_walk(edges, start)) - {start}


def _walk(edges: Mapping[str, tuple[str, ...]], start: str) -> Iterator[str]:
    seen = {start}
    stack = [start]
    while stack:
        key = stack.pop()
        yield key
        fresh = [other for other in edges.get(key, ()) if other not in seen]
        seen.update(fresh)
        stack += fresh


def _from_smallest(path: tuple[str, ...]) -> tuple[str, ...]:
    """Turn a closed path so that it starts with its smallest key: the same cycle reads the same every run."""
    ring = path[:-1]
    start = ring.index(min(ring))
    turned = ring[start:] + ring[:start]
    return (*turned, turned[0])
