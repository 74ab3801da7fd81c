"""Delivery: reminders leave the outbox one by one, each attempt written before it is made.

One transaction ends an attempt and begins the next, so at any moment at most one message of a
worker is between the server's acceptance and our commit. A worker that dies leaves its attempt
visible; when the lease ends it is recorded as unknown and tried again with the same Message-ID:
a rare copy is preferred to a rare silence.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft, Payload, stamp
from tracker.domain.outbox import QUIET, TRIES, after_attempt
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.send import Sender
from tracker.operations.channels import public_address
from tracker.operations.notices import notice_of
from tracker.operations.recipients import NO_LONGER, recipient
from tracker.operations.recording import registry_in_force
from tracker.operations.watching import attend
from tracker.settings import Settings
from tracker.store import adopted, assignments, ledger, outbox
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection, Store

# longer than the slowest conversation the sender's time-outs allow
LEASE = timedelta(minutes=5)


class Sends(Protocol):
    """What delivery needs of a sender."""

    def send(self, channel: str, notice: Notice) -> Outcome:
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

    def plus(self, what: str) -> "Delivered":
        """Return the counts with one more of a kind."""
        counts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Delivered(**{**counts, what: counts[what] + 1})

    @property
    def attempts(self) -> int:
        """Return how many messages were tried."""
        return self.accepted + self.temporary + self.permanent + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt that has been written down and is about to be made."""

    reminder: Reminder
    attempt: int
    token: int
    delivery: int
    address: str
    notice: Notice
    started_at: datetime


@dataclass(frozen=True, slots=True)
class _Ended:
    job: Job
    outcome: Outcome


@dataclass(slots=True)
class _Turn:
    """One transaction of a worker: the instant it works at, and where the ledger, which it has locked, ends by now."""

    connection: Connection
    head: Position
    at: datetime
    actor: str

    def record(self, kind: str, reminder: Reminder, payload: Payload) -> int:
        """Append an entry about a reminder's assignment and return its position."""
        draft = Draft(
            kind=kind, effective_at=self.at, actor=self.actor, assignment=reminder.assignment, payload=payload
        )
        self.head = ledger.append(self.connection, [draft], at=self.at, head=self.head)
        return self.head.seq


def deliver(
    store: Store,
    sender: Sends,
    *,
    settings: Settings,
    clock: Callable[[], datetime],
    actor: str = "deliver",
    limit: int | None = None,
) -> Delivered:
    """Send every reminder that is due and return how the attempts ended; `limit` bounds their number."""
    total, ended = Delivered(), None
    while True:
        with store.write() as connection:
            head = ledger.position(connection, lock=True)  # before anything else, as in `ledger.settle`
            at = head.go_on(clock()) if ended else head.settle(clock())
            if not ended:
                head = attend(connection, "deliver", head=head, at=at, actor=actor, every=settings.watch_limit)
            turn = _Turn(connection, head, at, actor)
            if ended:
                _end(turn, ended)
            job = None
            while job is None and (limit is None or total.attempts < limit):
                reminder = outbox.claim_next(connection, at=turn.at)
                if reminder is None:
                    break
                job, why = _begin(turn, reminder, settings)
                total = total.plus(why) if why else total
        if job is None:
            return total
        outcome = _send(sender, job)
        total = total.plus(outcome.kind)
        ended = _Ended(job, outcome)


def _send(sender: Sends, job: Job) -> Outcome:
    try:
        return sender.send(job.address, job.notice)
    except Exception as error:  # one notice that cannot be written must not hold up the others
        return Outcome("temporary", None, f"the notice could not be made: {type(error).__name__}: {error}")


def _begin(turn: _Turn, reminder: Reminder, settings: Settings) -> tuple[Job | None, str | None]:
    """Write the next attempt at a claimed reminder down, or set the reminder aside and say how."""
    if reminder.state == "sending":
        _give_up_attempt(turn, reminder)
    found = assignments.get(turn.connection, [reminder.assignment])
    channel = adopted.channel(turn.connection, reminder.agency, reminder.channel)  # as it is now, not when it was made
    if why := _void(reminder, found[0] if found else None):
        return None, _set_aside(turn, reminder, "cancelled", why)
    registry = registry_in_force(turn.connection)
    today = registry.calendar.civil_day(turn.at)
    reader = recipient(turn.connection, found[0], reminder.agency, on=today)
    if reader is None:
        return None, _set_aside(turn, reminder, "cancelled", NO_LONGER)
    if channel is None:
        why = f"{reminder.agency} has no channel '{reminder.channel}' any more"
        return None, _set_aside(turn, reminder, "failed", why)
    if reminder.attempts >= TRIES:
        return None, _set_aside(turn, reminder, "failed", f"{TRIES} attempts did not succeed")
    notice = notice_of(
        turn.connection,
        reminder,
        found[0],
        reader,
        registry=registry,
        settings=settings,
        head=turn.head,
        language=channel.language or registry.agencies[reminder.agency].language,
        at=turn.at,
    )
    return _write_down(turn, reminder, channel.address, notice), None


def _write_down(turn: _Turn, reminder: Reminder, address: str, notice: Notice) -> Job:
    attempt = reminder.attempts + 1
    outbox.lease(turn.connection, reminder, until=turn.at + LEASE)
    row = {
        "reminder": reminder.id,
        "attempt": attempt,
        "address": public_address(address),
        "message_id": message_id(notice),
        "started_at": turn.at,
        "seq": notice.seq,
    }
    delivery = outbox.begin_attempt(turn.connection, row)
    token = reminder.token + 1
    return Job(
        reminder=reminder,
        attempt=attempt,
        token=token,
        delivery=delivery,
        address=address,
        notice=notice,
        started_at=turn.at,
    )


def _void(reminder: Reminder, assignment: Assignment | None) -> str | None:
    """Return why a reminder has nothing left to say, or None."""
    if assignment is None:
        return "the assignment is gone"
    if assignment.facts.progress in QUIET:
        return f"the assignment is {assignment.facts.progress}"
    if assignment.version != reminder.version:
        return "the deadline has changed"
    return None


def _end(turn: _Turn, ended: _Ended) -> None:
    """Record how an attempt ended; a worker whose lease was taken over changes only its own attempt."""
    job, outcome = ended.job, ended.outcome
    state, due_at, why = after_attempt(outcome.kind, outcome.detail, attempt=job.attempt, at=turn.at)
    held = outbox.finish(turn.connection, job.reminder.id, token=job.token, state=state, due_at=due_at, why=why)
    began = _Began(job.attempt, public_address(job.address), message_id(job.notice), job.started_at)
    said = _said(job.reminder, began, outcome, late=not held)
    _end_attempt(turn, job.delivery, outcome, seq=turn.record("delivery", job.reminder, said))


def _give_up_attempt(turn: _Turn, reminder: Reminder) -> None:
    attempt = outbox.unfinished(turn.connection, reminder.id)
    if attempt is None:
        return
    outcome = Outcome("unknown", None, "the worker stopped before it could say what became of this attempt")
    began = _Began(attempt.attempt, attempt.address, attempt.message_id, attempt.started_at)
    said = _said(reminder, began, outcome)
    _end_attempt(turn, attempt.id, outcome, seq=turn.record("delivery", reminder, said))


def _end_attempt(turn: _Turn, attempt: int, outcome: Outcome, *, seq: int) -> None:
    kind, code, detail = outcome.kind, outcome.code, outcome.detail
    outbox.end_attempt(turn.connection, attempt, outcome=kind, code=code, detail=detail, at=turn.at, seq=seq)


def _set_aside(turn: _Turn, reminder: Reminder, state: str, why: str) -> str:
    outbox.set_aside(turn.connection, reminder.id, state=state, why=why)
    payload = {"reminder": reminder.reference, "rung": reminder.rung, "state": state, "why": why}
    turn.record("reminder_closed", reminder, payload)
    return state


@dataclass(frozen=True, slots=True)
class _Began:
    """How an attempt began, which no entry says before it has ended."""

    attempt: int
    address: str
    message_id: str
    started_at: datetime


def _said(reminder: Reminder, began: _Began, outcome: Outcome, *, late: bool = False) -> Payload:
    return {
        "reminder": reminder.reference,
        "rung": reminder.rung,
        "agency": reminder.agency,
        "channel": reminder.channel,
        "attempt": began.attempt,
        "address": began.address,
        "message_id": began.message_id,
        "started_at": stamp(began.started_at),
        "outcome": outcome.kind,
        "code": outcome.code,
        "detail": outcome.detail,
        "after_lease": late,
    }


@contextmanager
def open_sender(store: Store, settings: Settings) -> Iterator[Sender]:
    """Yield the sender of a store: what a rehearsal sends never leaves this machine."""
    with Sender(settings.smtp_url, rehearsal=store.position().is_rehearsal) as sender:
        yield sender
