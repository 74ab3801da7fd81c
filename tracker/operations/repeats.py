"""Repeats: a request that was sent before gets the answer it got, for a day, and is not carried out again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.store import repeats
from tracker.store.store import Store

KEPT_FOR = timedelta(hours=24)
# one that began so long ago and has no answer will get none: who carried it out is gone
GIVEN_UP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Kept:
    """A request known by its key: what was asked, and the answer, None while it is carried out."""

    mark: str
    answer: str | None


def begin(store: Store, account: str, key: str, mark: str, *, at: datetime) -> Kept | None:
    """Return what is known of a request; None where it is new, and now being carried out.

    Of two that come at once only one is new.
    """
    with store.write() as connection:
        repeats.clear(connection, before=at - KEPT_FOR, given_up=at - GIVEN_UP)
        if repeats.add(connection, account, key, mark, at=at):
            return None
        found = repeats.get(connection, account, key)
        assert found is not None  # the writer's lock is ours
        return Kept(*found)


def keep(store: Store, account: str, key: str, answer: str) -> None:
    """Keep the answer to a request that was carried out."""
    with store.write() as connection:
        repeats.answer(connection, account, key, answer)


def forget(store: Store, account: str, key: str) -> None:
    """Forget a request that recorded nothing: it may be sent again, and corrected."""
    with store.write() as connection:
        repeats.remove(connection, account, key)
