"""Holding: after a long pause, or with very many owed at once, what is not urgent waits for an operator's word.

What is due or overdue always goes. The rest would be a flood, perhaps about days long gone: a person
looks at it first, then releases it or drops it. What was once released is not held again.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from tracker.domain.entry import Draft, Payload
from tracker.domain.errors import Invalid, NotFound
from tracker.domain.outbox import DROPPED, HELD, RELEASED, URGENT
from tracker.store import holds, ledger
from tracker.store.ledger import Position
from tracker.store.store import Connection, Store

LONG = timedelta(hours=24)
NAMED = 1_000  # an entry names so many reminders


def hold_back(
    connection: Connection, head: Position, *, at: datetime, last: datetime | None, above: int, actor: str
) -> Position:
    """Hold what is not urgent where nobody delivered since `last`, or more than `above` are owed; return the new end.

    In a rehearsal, whose clock is chosen, nothing is held. The caller has locked the head.
    """
    if head.is_rehearsal:
        return head
    why = None
    if last is not None and at - last > LONG:
        why = f"nobody delivered for {int((at - last).total_seconds()) // 3600} hours"
    elif (owed := holds.owed(connection, at=at)) > above:
        why = f"{owed:,} were owed at once"
    if why is None:
        return head
    held = holds.hold(connection, at=at, why=why, spared=URGENT)
    return _record(connection, HELD, held, {"why": why}, at=at, actor=actor, head=head)


def release(store: Store, references: Collection[str] | None = None, *, at: datetime, actor: str) -> int:
    """Let held reminders go, all of them where none is named, and return how many; raises NotFound for one not held."""
    with store.write() as connection:
        head = ledger.position(connection, lock=True)
        at = head.settle(at)
        chosen = _chosen(connection, references)
        holds.release(connection, chosen, at=at)
        _record(connection, RELEASED, chosen, {}, at=at, actor=actor, head=head)
        return len(chosen)


def drop(store: Store, references: Collection[str] | None = None, *, why: str, at: datetime, actor: str) -> int:
    """Close held reminders without sending them, all where none is named, and return how many.

    Raises Invalid where nothing says why, NotFound for one not held.
    """
    if not why.strip():
        raise Invalid("say why they are not to be sent: --why", code="bad-note")
    with store.write() as connection:
        head = ledger.position(connection, lock=True)
        at = head.settle(at)
        chosen = _chosen(connection, references)
        holds.drop(connection, chosen, why=why.strip())
        _record(connection, DROPPED, chosen, {"why": why.strip()}, at=at, actor=actor, head=head)
        return len(chosen)


def _chosen(connection: Connection, references: Collection[str] | None) -> tuple[str, ...]:
    held = holds.held(connection)
    if references is None:
        return held
    if strange := sorted(set(references) - set(held)):
        raise NotFound(f"{strange[0]} is not held: see tracker reminder list --held")
    return tuple(sorted(set(references)))


def _record(
    connection: Connection,
    kind: str,
    references: Sequence[str],
    payload: Payload,
    *,
    at: datetime,
    actor: str,
    head: Position,
) -> Position:
    drafts = [
        Draft(kind=kind, effective_at=at, actor=actor, payload={**payload, "reminders": list(some)})
        for some in _some(references)
    ]
    return ledger.append(connection, drafts, at=at, head=head)


def _some(references: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(references), NAMED):
        yield references[start : start + NAMED]
