"""History: entries of the ledger as lists show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.domain.entry import Entry
from tracker.store import ledger, queries
from tracker.store.store import Connection
from tracker.views.stamp import INVENTED, Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One recorded fact. `invented`: the demo made it up."""

    seq: int
    recorded_at: datetime
    effective_at: datetime
    actor: str
    assignment: str | None
    kind: str
    payload: dict[str, Any]
    previous: str
    hash: str
    invented: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Some entries, the newest first; `more` says that the list was cut."""

    stamp: Stamp
    entries: tuple[EntryRow, ...]
    more: bool


def history(
    connection: Connection,
    *,
    at: datetime,
    zone: str,
    known: datetime | None = None,
    assignment: str | None = None,
    kind: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> History:
    """Return the newest entries that fit and had taken effect at an instant, the newest first.

    Only those recorded up to `known`: the same instant, by default.
    """
    known = at if known is None else known
    head = ledger.position(connection)
    found = queries.entries_where(
        connection,
        assignment=assignment,
        kinds=(kind,) if kind else (),
        actor=actor,
        until=known,
        since=since,
        counting_at=at,
        limit=limit + 1,
    )
    seq, digest = queries.end_at(connection, known)
    invented = head.is_rehearsal and queries.is_made_up(connection, until=known)
    stamp = Stamp(
        as_of=at, known_at=known, seq=seq, head=digest, rehearsal=head.is_rehearsal, invented=invented, zone=zone
    )
    return History(stamp=stamp, entries=tuple(map(entry_row, found[:limit])), more=len(found) > limit)


def entry_row(entry: Entry) -> EntryRow:
    """Return an entry as a row."""
    return EntryRow(
        seq=entry.seq,
        recorded_at=entry.recorded_at,
        effective_at=entry.effective_at,
        actor=entry.actor,
        assignment=entry.assignment,
        kind=entry.kind,
        payload=dict(entry.payload),
        previous=entry.previous,
        hash=entry.hash,
        invented=entry.actor.startswith(INVENTED),
    )
