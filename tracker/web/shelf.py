"""The shelf: pages printed a moment ago, for whoever asks for the same while nothing of it has changed."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

PAGES, BYTES = 128, 8_000_000


class Shelf:
    """Keeps the pages last asked for, of one process: so many, and no more than so many bytes together."""

    def __init__(self, pages: int = PAGES, size: int = BYTES) -> None:
        self.pages, self.size = pages, size
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._held = 0
        self._presses: dict[Hashable, Lock] = {}

    def page(self, key: Hashable, print_: Callable[[], bytes]) -> bytes:
        """Return the page of a key, printed where it is not here; who comes meanwhile waits, and prints nothing."""
        with self._lock:
            if (found := self._found(key)) is not None:
                return found
            press = self._presses.setdefault(key, Lock())
        with press:
            with self._lock:
                if (found := self._found(key)) is not None:
                    return found
            try:
                found = print_()
                with self._lock:
                    self._keep(key, found)
            finally:
                with self._lock:
                    self._presses.pop(key, None)
        return found

    def _found(self, key: Hashable) -> bytes | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: Hashable, page: bytes) -> None:
        self._held += len(page) - len(self._kept.pop(key, b""))
        self._kept[key] = page
        while self._kept and (len(self._kept) > self.pages or self._held > self.size):
            self._held -= len(self._kept.popitem(last=False)[1])
