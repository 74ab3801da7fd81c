"""The journal: entries of the ledger, chosen by kind, actor, task, agency and day, a page at a time; and one alone."""

from dataclasses import dataclass
from datetime import datetime

from tracker.domain.errors import NotFound
from tracker.store import journal as book
from tracker.store import seals
from tracker.store.journal import Sought
from tracker.store.store import Connection
from tracker.views.changes import stamp_at
from tracker.views.history import EntryRow, entry_row
from tracker.views.stamp import Stamp

__all__ = ["EntryPage", "Journal", "Sought", "entry_page", "journal"]

LISTED = 50
NEWEST = 50_000  # the kinds of so many entries are offered with their numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A page of the journal; `after` is the position the next page begins below, None on the last.

    `kinds` are those of the newest entries (`counted` of them), each with how many there are.
    """

    stamp: Stamp
    entries: tuple[EntryRow, ...]
    after: int | None
    kinds: tuple[tuple[str, int], ...]
    counted: int
    sealed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """One entry, as it was hashed; `sealed` is how many entries the last seal covers."""

    stamp: Stamp
    entry: EntryRow
    body: str
    sealed: int


def journal(
    connection: Connection,
    sought: Sought,
    *,
    at: datetime,
    known: datetime,
    zone: str,
    after: int | None = None,
    limit: int = LISTED,
) -> Journal:
    """Return the newest entries that fit and had taken effect at an instant, the newest first."""
    found = book.page(connection, sought, at=at, known=known, limit=limit + 1, after=after)
    last, stamp = seals.last(connection), stamp_at(connection, known, zone)
    return Journal(
        stamp=stamp,
        entries=tuple(map(entry_row, found[:limit])),
        after=found[limit - 1].seq if len(found) > limit else None,
        kinds=book.kinds(connection, until=known, newest=NEWEST),
        counted=min(NEWEST, stamp.seq),
        sealed=last.size if last else 0,
    )


def entry_page(connection: Connection, seq: int, *, at: datetime, zone: str) -> EntryPage:
    """Return one entry by its position; raises NotFound where the ledger does not reach there, or did not yet."""
    entry = seals.entry_at(connection, seq)
    if entry is None or entry.recorded_at > at:
        raise NotFound(f"the ledger has no entry {seq}")
    last = seals.last(connection)
    return EntryPage(
        stamp=stamp_at(connection, at, zone),
        entry=entry_row(entry),
        body=entry.body,
        sealed=last.size if last else 0,
    )
