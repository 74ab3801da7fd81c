"""The clock delivery works by: whether it can be trusted, and from when on leases may be taken over again.

Leases end by the clock of a store. A clock that jumps forward ends them while their workers are still
sending; so after a jump nobody is taken over for as long as a lease lasts. That it jumped is an entry.
Only who knows how long the machine has been up can tell a jump forward from a pause; a jump back
shows by the ledger alone, which is ahead then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from platform import node

from tracker.domain.entry import Draft, stamp
from tracker.operations.turn import LEASE
from tracker.store import ledger, watches
from tracker.store.ledger import Position
from tracker.store.store import Connection

STEPPED = "clock_stepped"
BACK, FORWARD = timedelta(seconds=5), timedelta(minutes=5)
Uptime = Callable[[], timedelta]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trust:
    """The end of the ledger after looking at the clock, whether leases that have ended may be taken over, its jump."""

    head: Position
    steal: bool = True
    jumped: timedelta = timedelta()


def look_at_clock(
    connection: Connection, head: Position, read: datetime, *, uptime: Uptime | None, actor: str
) -> Trust:
    """Return whether the clock, as just read, went on as it should; the caller has locked the head."""
    if head.is_rehearsal:
        return Trust(head)
    at = head.go_on(read)
    by, told = _jump(connection, read, uptime), uptime is not None
    if by is None:  # nobody knows: the ledger may be ahead
        by, told = min(read - head.high_water, timedelta()), False
    jumped = by > FORWARD or by < -BACK
    doubted = watches.last(connection, "clock")
    if jumped and (told or doubted is None or at - doubted > LEASE):
        payload = {"by": int(by.total_seconds()), "from": stamp(read - by), "to": stamp(read)}
        head = ledger.append(
            connection, [Draft(kind=STEPPED, effective_at=at, actor=actor, payload=payload)], at=at, head=head
        )
    if jumped:
        watches.note(connection, "clock", at)
        doubted = at
    return Trust(head, doubted is None or at - doubted >= LEASE, by if jumped else timedelta())


def _jump(connection: Connection, read: datetime, uptime: Uptime | None) -> timedelta | None:
    """Return how far the clock strayed since the last look, where the machine's uptime tells; and keep both."""
    if uptime is None:
        return None
    up = _EPOCH + uptime()
    here = (f"clock read {node()}", f"clock uptime {node()}")  # each machine has been up for a time of its own
    last_read, last_up = (watches.last(connection, name) for name in here)
    for name, seen in zip(here, (read, up), strict=True):
        watches.note(connection, name, seen)
    if last_read is None or last_up is None or up < last_up:  # started anew meanwhile: nobody knows
        return None
    return (read - last_read) - (up - last_up)
