"""The footing of a page: its stamp, and when the tracker last swept. Cheap: it replays nothing."""

from dataclasses import dataclass
from datetime import datetime

from tracker.store import ledger, queries, watches
from tracker.store.ground import Ground, ground
from tracker.store.store import Connection
from tracker.views.stamp import Stamp

__all__ = ["Footing", "Ground", "footing", "ground", "now_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """As of when a page is true; `swept` is when assignments were last looked at, None where never."""

    stamp: Stamp
    swept: datetime | None
    is_past: bool


def now_of(connection: Connection, wall: datetime) -> datetime:
    """Return the instant pages work at: a rehearsal is where it has got to, whatever the wall clock says.

    It is asked of the very transaction that reads: what somebody else records meanwhile would make it the past.
    """
    head = ledger.position(connection)
    return head.high_water if head.is_rehearsal else head.go_on(wall)


def footing(
    connection: Connection, *, at: datetime, known: datetime, zone: str, found: Ground | None = None
) -> Footing:
    """Return the footing of what is shown of an instant, as known by another; `found` is the ground, where known."""
    head = found.head if found else ledger.position(connection)
    is_past = min(at, known) < head.high_water
    seq, digest = queries.end_at(connection, known) if is_past else (head.seq, head.hash)
    invented = head.is_rehearsal and queries.is_made_up(connection, until=known)
    stamp = Stamp(
        as_of=at,
        known_at=known,
        seq=seq,
        head=digest,
        rehearsal=head.is_rehearsal,
        invented=invented,
        zone=zone,
    )
    swept = found.swept if found else watches.last(connection, "sweep")
    return Footing(stamp=stamp, swept=swept, is_past=is_past)
