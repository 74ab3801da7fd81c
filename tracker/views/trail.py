"""The trail of the ledger: its entries in their order after a position, each bound to the one before; and its seals."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from tracker.store import ledger, seals
from tracker.store.store import Connection
from tracker.views.history import EntryRow, entry_row
from tracker.views.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """Entries after a position, the oldest first; `after` is where the next page begins."""

    stamp: Stamp
    entries: tuple[EntryRow, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRow:
    """A seal: how many entries it is of, their root, the last of their hashes, and the signed note itself."""

    size: int
    root: str
    head: str
    sealed_at: datetime
    key: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRows:
    """Seals, the smallest first; `after` is where the next page begins."""

    stamp: Stamp
    seals: tuple[SealRow, ...]
    after: int | None


def trail(
    connection: Connection,
    stamp: Stamp,
    *,
    after: int,
    kinds: frozenset[str] = frozenset(),
    assignment: str | None = None,
    limit: int,
) -> Trail:
    """Return the entries after a position that were recorded by the instant a stamp knows."""
    found = list(
        islice(
            ledger.entries(connection, after=after, until=stamp.known_at, kinds=kinds, assignment=assignment), limit + 1
        )
    )
    last = found[limit - 1].seq if len(found) > limit else None
    return Trail(stamp=stamp, entries=tuple(map(entry_row, found[:limit])), after=last)


def seal_rows(connection: Connection, stamp: Stamp, *, after: int, limit: int) -> SealRows:
    """Return the seals of more than so many entries that were made by the instant a stamp knows."""
    found = [one for one in seals.after(connection, after, limit=limit + 1) if one.sealed_at <= stamp.known_at]
    rows = tuple(
        SealRow(size=one.size, root=one.root, head=one.head, sealed_at=one.sealed_at, key=one.key, note=one.note)
        for one in found[:limit]
    )
    return SealRows(stamp=stamp, seals=rows, after=rows[-1].size if len(found) > limit else None)
