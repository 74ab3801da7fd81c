"""The lock of a tick: one worker at a time on one store, free again the moment its holder dies.

It lives in the kernel (SQLite) or in the session (PostgreSQL), not in a row: `kill -9` leaves nothing behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tracker.store.store import Store, away

# one number a work for all workers of one PostgreSQL database; advisory locks of other programs use others
KEY = 0x7472_6163_6B_65  # "tracke"
KEYS = {"tick": KEY, "seal": KEY + 1, "tell": KEY + 2, "adopt": KEY + 3}


@contextmanager
def tick_lock(store: Store, work: str = "tick") -> Iterator[bool]:
    """Yield whether this worker alone may do its work now; it never waits. Sealing does not wait for ticks."""
    locked = _advisory(store, KEYS[work]) if store.engine.dialect.name == "postgresql" else _beside(store, work)
    with locked as mine:
        yield mine


@contextmanager
def _beside(store: Store, work: str) -> Iterator[bool]:
    # the path is made absolute and free of links, so that every name of one file is one lock
    database = Path(str(store.engine.url.database)).resolve()
    lock = FileLock(f"{database}.{work}", is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def _advisory(store: Store, key: int) -> Iterator[bool]:
    # autocommit: a transaction open for the whole tick would keep the server from cleaning up
    with away(), store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one())
        try:
            yield mine
        finally:
            if mine:
                with suppress(DBAPIError):  # a session that broke meanwhile has let go already
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
