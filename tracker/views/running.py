"""Running sums: of thousands of lines, only those that are others than the last time are summed again."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, TypeVar

Line = TypeVar("Line")


class Running:
    """Keeps so many sums, each with the lines it was made of; a line is another when it is another object."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, tuple[Mapping[str, Any], Counter[Any]]] = OrderedDict()

    def sum(
        self, key: Hashable, lines: Mapping[str, Line], add: Callable[[Mapping[str, Line]], Mapping[Any, int]]
    ) -> Mapping[Any, int]:
        """Return what `add` makes of all lines; `key` names the question, and neither lines nor sum are changed."""
        with self._lock:
            before, known = self._kept.pop(key, ({}, Counter()))
        gone = {name: line for name, line in before.items() if lines.get(name) is not line}
        come = {name: line for name, line in lines.items() if before.get(name) is not line}
        found = known.copy() if gone or come else known
        if gone:
            found.subtract(add(gone))
        if come:
            found.update(add(come))
        with self._lock:
            self._kept[key] = lines, found
            while len(self._kept) > self.room:
                self._kept.popitem(last=False)
        return found
