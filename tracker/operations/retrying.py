"""Retrying: what failed for good is let go once more, because a person put right what was wrong."""

from collections.abc import Collection
from datetime import datetime

from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound, Refused
from tracker.domain.outbox import RELEASED
from tracker.domain.remedy import RETRIED, may_retry
from tracker.store import ledger, outbox
from tracker.store.holds import retry as let_go
from tracker.store.store import Store


def retry(store: Store, references: Collection[str], *, at: datetime, actor: str) -> int:
    """Let reminders that failed be tried once more, all that left in one mail together, and return how many.

    Each has one more try; one that fails again has failed again. Raises NotFound for a reference nobody knows,
    Refused for one that did not fail or had no channel to fail on.
    """
    with store.write() as connection:
        head = ledger.position(connection, lock=True)
        at = head.settle(at)
        found = outbox.by_reference(connection, sorted(set(references)))
        if strange := sorted(set(references) - {one.reference for one in found}):
            raise NotFound(f"there is no reminder '{strange[0]}': see tracker reminder list")
        for one in found:
            if not may_retry(one.state, channel=one.channel):
                raise Refused(f"{one.reference} is {one.state} on '{one.channel}': only what failed is tried again")
        chosen = let_go(connection, found, at=at, hold=RETRIED)
        payload = {"reminders": list(chosen), "failed": True, "hold": RETRIED}
        draft = Draft(kind=RELEASED, effective_at=at, actor=actor, payload=payload)
        ledger.append(connection, [draft], at=at, head=head)
        return len(chosen)
