"""Delivery: reminders leave the outbox one by one, each attempt written before it is made.

One transaction ends an attempt and begins the next, so at any moment at most one message of a
worker is between the server's acceptance and our commit. A worker that dies leaves its attempt
visible; when the lease ends it is recorded as unknown and tried again with the same Message-ID:
a rare copy is preferred to a rare silence.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tracker.notify.digest import Digest
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.send import Sender
from tracker.operations import guard
from tracker.operations.attempting import LEASE, UNMADE, Job, Turn, begin, end
from tracker.operations.journal import Journal
from tracker.operations.watching import attend
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.store import Store

__all__ = ["LEASE", "Delivered", "Sends", "deliver", "open_sender"]


class Sends(Protocol):
    """What delivery needs of a sender."""

    def send(self, channel: str, notice: Notice | Digest) -> Outcome:
        """Return what became of one notice to one channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How many attempts ended in which way, and how many reminders were set aside before an attempt."""

    accepted: int = 0
    temporary: int = 0
    permanent: int = 0
    unknown: int = 0
    cancelled: int = 0
    failed: int = 0
    known: int = 0  # had left before a restore, as the journal of sends knew

    def plus(self, what: str) -> "Delivered":
        """Return the counts with one more of a kind."""
        counts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Delivered(**{**counts, what: counts[what] + 1})

    @property
    def attempts(self) -> int:
        """Return how many messages were tried."""
        return self.accepted + self.temporary + self.permanent + self.unknown


@dataclass(frozen=True, slots=True)
class _Ended:
    job: Job
    outcome: Outcome


def deliver(
    store: Store,
    sender: Sends,
    *,
    settings: Settings,
    clock: Callable[[], datetime],
    actor: str = "deliver",
    limit: int | None = None,
) -> Delivered:
    """Send every reminder that is due and return how the attempts ended; `limit` bounds their number.

    Raises Refused, with the code on-hold, where the store may send nothing: see `guard`.
    """
    journal = guard.check(store, settings, at=clock(), actor=actor)
    total, ended = Delivered(), None
    while True:
        with store.write() as connection:
            head = ledger.position(connection, lock=True)  # before anything else, as in `ledger.settle`
            at = head.go_on(clock()) if ended else head.settle(clock())
            if not ended:
                head = attend(connection, "deliver", head=head, at=at, actor=actor, every=settings.watch_limit)
            turn = Turn(connection, head, at, actor, settings, journal)
            if ended:
                end(turn, ended.job, ended.outcome)
            job = None
            while job is None and (limit is None or total.attempts < limit):
                reminder = outbox.claim_next(connection, at=turn.at)
                if reminder is None:
                    break
                begun = begin(turn, reminder)
                job = begun.job
                for what in begun.aside:
                    total = total.plus(what)
        if job is None:
            return total
        outcome = _send(sender, job, journal, turn)
        total = total.plus(outcome.kind)
        ended = _Ended(job, outcome)


def _send(sender: Sends, job: Job, journal: Journal, turn: Turn) -> Outcome:
    mail = message_id(job.notice)
    journal.about_to_send(job.members, attempt=job.attempt, message_id=mail, head=turn.head, at=turn.at)
    try:
        outcome = sender.send(job.address, job.notice)
    except Exception as error:  # one notice that cannot be written must not hold up the others
        outcome = Outcome("temporary", None, f"{UNMADE}: {type(error).__name__}: {error}")
    journal.ended(job.members, attempt=job.attempt, outcome=outcome.kind)
    return outcome


@contextmanager
def open_sender(store: Store, settings: Settings) -> Iterator[Sender]:
    """Yield the sender of a store: what a rehearsal sends never leaves this machine."""
    with Sender(settings.smtp_url, rehearsal=store.position().is_rehearsal) as sender:
        yield sender
