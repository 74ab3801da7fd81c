"""What a tick needs before it works: to be the only one, its clock, and the name of its store."""

from collections.abc import Callable
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.errors import Refused
from tracker.operations.recording import registry_in_force
from tracker.store import ledger
from tracker.store.lock import tick_lock
from tracker.store.store import Store

__all__ = ["clock_of", "registry_of", "store_name", "tick_lock"]


def clock_of(store: Store, at: datetime | None, *, wall: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return the clock a store is worked by; in a rehearsal one instant, told or where it has got to.

    Raises Refused for an instant told to a live store: nobody back-dates it.
    """
    position = store.position()
    if position.is_rehearsal:
        chosen = at or position.high_water
        return lambda: chosen
    if at is not None:
        raise Refused("a live store reads its own clock; only a rehearsal is told the time", code="live-clock")
    return store.clock(wall)


def registry_of(store: Store) -> Registry:
    """Return the registry in force; raises NotFound before the first was adopted."""
    with store.read() as connection:
        return registry_in_force(connection)


def store_name(store: Store) -> str:
    """Return a short name of a store, the same from every machine: the start of its first entry's hash."""
    with store.read() as connection:
        first = next(ledger.entries(connection), None)
        return first.hash[:12] if first else "empty"
