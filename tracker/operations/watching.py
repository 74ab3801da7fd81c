"""Watching the watchers: each sweep, delivery run and sealing run says that it works; a gap is an entry.

A live store that nobody swept for a while tells it itself, when somebody does so again. In a
rehearsal the clock is chosen, and a gap would say nothing.
"""

from datetime import datetime, timedelta

from tracker.domain.entry import Draft, stamp
from tracker.store import ledger, watches
from tracker.store.ledger import Position
from tracker.store.store import Connection, Store

EVERY = timedelta(minutes=5)


def attended(store: Store, work: str, *, at: datetime, actor: str, every: timedelta = EVERY) -> None:
    """Note, in one transaction of its own, that a kind of work is done at an instant: see `attend`."""
    with store.write() as connection:
        head = ledger.position(connection, lock=True)
        attend(connection, work, head=head, at=head.settle(at), actor=actor, every=every)


def attend(
    connection: Connection, work: str, *, head: Position, at: datetime, actor: str, every: timedelta = EVERY
) -> Position:
    """Note that a kind of work is done, and return the end of the ledger, which the caller has locked.

    Where a live store's last time was longer ago than `every`, an entry says since when nobody did.
    A clock that stepped back is no gap: the instant noted never goes back.
    """
    last = watches.last(connection, work)
    if last is not None and at <= last:
        return head
    watches.note(connection, work, at)
    if last is None or head.is_rehearsal or at - last <= every:
        return head
    payload = {"work": work, "from": stamp(last), "to": stamp(at)}
    return ledger.append(
        connection, [Draft(kind=watches.GAP, effective_at=last, actor=actor, payload=payload)], at=at, head=head
    )
