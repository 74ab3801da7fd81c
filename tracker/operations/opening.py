"""Making, opening and upgrading a store."""

from datetime import datetime

from tracker.domain.entry import Draft
from tracker.store import ledger, store
from tracker.store.store import Store, open_store

__all__ = ["init", "open_store", "upgrade"]


def init(url: str, *, rehearsal: bool, at: datetime, actor: str) -> Store:
    """Make a store and return it, open; its first entry says whether it is live or a rehearsal, for ever."""
    made = store.create(url, rehearsal=rehearsal, at=at)
    with made.write() as connection:
        mode = ledger.position(connection).mode
        ledger.append(
            connection, [Draft(kind="store_made", effective_at=at, actor=actor, payload={"mode": mode})], at=at
        )
    return made


def upgrade(url: str) -> str:
    """Bring an existing store to this program's migrations and return the revision it is at now."""
    return store.upgrade(url)
