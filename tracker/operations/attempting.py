"""Attempts: what is written down before a mail leaves, and what when it has, in one transaction or in two.

A mail is about one reminder, or about all that one office is owed on one channel. Which ones leave
together is fixed at their first attempt: every retry is the same mail, under the same Message-ID,
about those of them that still have something to say. They have one attempt, and end alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.announcement import moot
from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft, Payload, stamp
from tracker.domain.errors import TrackerError
from tracker.domain.outbox import BUNDLED, QUIET, TRIES, after_attempt, bundle_of, retry_at
from tracker.notify.digest import Digest, Item
from tracker.notify.message import message_id
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.way import To, public_address
from tracker.operations.alarming import alarm
from tracker.operations.digests import digest_of, item_of, late_by, list_of
from tracker.operations.journal import Journal
from tracker.operations.notices import notice_of
from tracker.operations.recipients import NO_LONGER, Recipient, reader_of
from tracker.operations.recording import registry_in_force
from tracker.operations.ways import Ways
from tracker.settings import Settings
from tracker.store import adopted, assignments, ledger, outbox
from tracker.store.adopted import Channel
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection

# longer than the slowest conversation the sender's time-outs allow
LEASE = timedelta(minutes=5)
UNMADE = "the notice could not be made"
STOPPED = "the worker stopped before it could say what became of this attempt"
ACCEPTED = "taken by the server, as the journal of sends says: the worker could not record it"
# what a notice that cannot be made raises; a database that is away is no fault of the notice
MISTAKES = (TrackerError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt that has been written down and is about to be made; the first member is the one it is kept with."""

    members: tuple[Reminder, ...]
    bundle: str | None
    attempt: int
    delivery: int
    way: To
    notice: Notice | Digest
    started_at: datetime

    @property
    def key(self) -> str:
        """Return what the mail is known by: the key of its bundle or of its only reminder."""
        return self.bundle or self.members[0].key


@dataclass(slots=True)
class Turn:
    """One transaction of a worker: the instant it works at, and where the ledger, which it has locked, ends by now."""

    connection: Connection
    head: Position
    at: datetime
    actor: str
    settings: Settings
    ways: Ways
    journal: Journal = field(default_factory=lambda: Journal(None))
    _registry: Registry | None = field(default=None)

    @property
    def registry(self) -> Registry:
        """Return the registry in force."""
        self._registry = self._registry or registry_in_force(self.connection)
        return self._registry

    def record(self, kind: str, reminder: Reminder, payload: Payload) -> int:
        """Append an entry about a reminder's assignment and return its position."""
        about = reminder.assignment or None
        draft = Draft(kind=kind, effective_at=self.at, actor=self.actor, assignment=about, payload=payload)
        self.head = ledger.append(self.connection, [draft], at=self.at, head=self.head)
        return self.head.seq

    def alarm(self, failed: Sequence[Reminder]) -> None:
        """Tell the secretariat of reminders that failed for good."""
        self.head = alarm(self.connection, failed, registry=self.registry, head=self.head, at=self.at, actor=self.actor)


@dataclass(frozen=True, slots=True)
class Begun:
    """The attempt that was begun with a claimed reminder, if one was, and how reminders were set aside instead."""

    job: Job | None = None
    aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Owed:
    """A reminder that still has something to say: about which assignment, and as what its office hears of it."""

    reminder: Reminder
    assignment: Assignment
    reader: Recipient


@dataclass(frozen=True, slots=True)
class _Began:
    """How an attempt began, which no entry says before it has ended."""

    attempt: int
    address: str
    message_id: str
    started_at: datetime


def begin(turn: Turn, claimed: Reminder) -> Begun:
    """Write the next attempt at a claimed reminder and its bundle down, or set aside what needs none."""
    found = outbox.members(turn.connection, claimed.bundle) if claimed.bundle else ()
    members = found or outbox.mates(turn.connection, claimed, at=turn.at)
    if claimed.state == "sending" and _give_up_attempt(turn, members) == "accepted":
        return Begun(None, ("known",))
    channel = adopted.channel(turn.connection, claimed.agency, claimed.channel)  # as it is now, not when it was made
    if not claimed.assignment:
        return _begin_list(turn, claimed, channel)
    owed, aside = _still_owed(turn, members)
    if owed and (why := _hopeless(claimed, channel)):
        aside += _fail(turn, [one.reminder for one in owed], why)
    elif owed and channel is not None:
        job, unmade = _prepared(turn, owed, channel, bundle=claimed.bundle)
        return Begun(job, (*aside, *unmade))
    return Begun(None, tuple(aside))


def _begin_list(turn: Turn, claimed: Reminder, channel: Channel | None) -> Begun:
    """Begin an attempt at what is about no single assignment; it is never void."""
    if why := turn.journal.sent_before(claimed):
        _set_aside(turn, claimed, "accepted", why)
        return Begun(None, ("known",))
    if (why := _hopeless(claimed, channel)) or channel is None:
        return Begun(None, tuple(_fail(turn, [claimed], str(why))))
    try:
        digest = list_of(
            turn.connection,
            claimed,
            registry=turn.registry,
            settings=turn.settings,
            head=turn.head,
            language=_language(turn, channel),
            at=turn.at,
        )
    except MISTAKES as error:
        return Begun(None, (_could_not(turn, claimed, channel, error),))
    return Begun(_written(turn, [claimed], channel, digest, None))


def end(turn: Turn, job: Job, outcome: Outcome) -> None:
    """Record how an attempt ended; a worker whose lease was taken over changes only its own attempt."""
    # a mail that could not be made never left: its members go alone from now on, and only one of them fails again
    bundle = None if outcome.detail.startswith(UNMADE) else job.bundle
    began = _Began(job.attempt, public_address(job.way), message_id(job.notice), job.started_at)
    again = retry_at(outcome.kind, job.key, attempt=job.attempt, at=turn.at, asked=outcome.retry_after)
    state, _, why = after_attempt(outcome.kind, outcome.detail, attempt=job.attempt, at=turn.at)
    mine = outbox.finish(turn.connection, job.members, state=state, due_at=again, why=why, bundle=bundle)
    said = _said(job.members, began, outcome, bundle=bundle, again=again, late=not mine)
    _end_attempt(turn, job.delivery, outcome, seq=turn.record("delivery", job.members[0], said))
    if state == "failed" and mine:
        turn.alarm(job.members)


def _still_owed(turn: Turn, members: Sequence[Reminder]) -> tuple[list[_Owed], list[str]]:
    """Return the reminders that still have something to say; the others are closed."""
    refs = {reminder.assignment for reminder in members}
    known = {assignment.ref: assignment for assignment in assignments.get(turn.connection, refs)}
    owed, aside = [], []
    for reminder in members:
        assignment = known.get(reminder.assignment)
        if assignment is None or (why := _void(reminder, assignment)):
            why = "the assignment is gone" if assignment is None else why
            aside.append(_set_aside(turn, reminder, "cancelled", str(why)))
        elif why := turn.journal.sent_before(reminder):
            _set_aside(turn, reminder, "accepted", why)
            aside.append("known")
        elif (reader := _reader(turn, reminder, assignment)) is None:
            aside.append(_set_aside(turn, reminder, "cancelled", NO_LONGER))
        else:
            owed.append(_Owed(reminder, assignment, reader))
    return owed, aside


def _reader(turn: Turn, reminder: Reminder, assignment: Assignment) -> Recipient | None:
    today = turn.registry.calendar.civil_day(turn.at)
    return reader_of(turn.connection, assignment, reminder.agency, stage=reminder.stage, on=today)


def _void(reminder: Reminder, assignment: Assignment) -> str | None:
    """Return why a reminder has nothing left to say, or None."""
    if reminder.stage not in BUNDLED:
        return moot(reminder.stage, assignment, version=reminder.version)
    if assignment.facts.progress in QUIET:
        return f"the assignment is {assignment.facts.progress}"
    if assignment.version != reminder.version:
        return "the deadline has changed"
    return None


def _hopeless(claimed: Reminder, channel: Channel | None) -> str | None:
    if channel is None:
        return f"{claimed.agency} has no channel '{claimed.channel}' any more"
    return f"{TRIES} attempts did not succeed" if claimed.attempts >= TRIES else None


def _prepared(
    turn: Turn, owed: Sequence[_Owed], channel: Channel, *, bundle: str | None
) -> tuple[Job | None, list[str]]:
    """Return the attempt at what is owed, written down; what of it cannot be made fails alone."""
    language = _language(turn, channel)
    if bundle is None and len(owed) == 1:
        return _alone(turn, owed[0], channel, language)
    parts: list[tuple[_Owed, Item]] = []
    unmade: list[str] = []
    for one in owed:
        try:
            parts.append((one, _item(turn, one, language)))
        except MISTAKES as error:
            unmade.append(_could_not(turn, one.reminder, channel, error))
    if bundle is None and len(parts) == 1:
        job, failed = _alone(turn, parts[0][0], channel, language)
        return job, unmade + failed
    if not parts:
        return None, unmade
    members = [one.reminder for one, _ in parts]
    bundle = bundle or bundle_of(reminder.key for reminder in members)
    digest = digest_of(
        [item for _, item in parts],
        key=bundle,
        agency=channel.agency,
        language=language,
        late=max(turn.at - reminder.moment for reminder in members),
        registry=turn.registry,
        settings=turn.settings,
        head=turn.head,
        at=turn.at,
    )
    return _written(turn, members, channel, digest, bundle), unmade


def _language(turn: Turn, channel: Channel) -> str:
    return channel.language or turn.registry.agencies[channel.agency].language


def _alone(turn: Turn, owed: _Owed, channel: Channel, language: str) -> tuple[Job | None, list[str]]:
    """Return the attempt at one reminder that is a mail of its own."""
    try:
        notice = notice_of(
            turn.connection,
            owed.reminder,
            owed.assignment,
            owed.reader,
            registry=turn.registry,
            settings=turn.settings,
            head=turn.head,
            language=language,
            at=turn.at,
        )
    except MISTAKES as error:
        return None, [_could_not(turn, owed.reminder, channel, error)]
    if owed.reminder.stage in BUNDLED:
        notice = replace(notice, late_by=late_by(owed.reminder, turn.at))
    return _written(turn, [owed.reminder], channel, notice, None), []


def _item(turn: Turn, owed: _Owed, language: str) -> Item:
    return item_of(
        turn.connection,
        owed.reminder,
        owed.assignment,
        owed.reader,
        registry=turn.registry,
        settings=turn.settings,
        language=language,
        at=turn.at,
    )


def _written(
    turn: Turn, members: Sequence[Reminder], channel: Channel, notice: Notice | Digest, bundle: str | None
) -> Job:
    outbox.lease(turn.connection, members, until=turn.at + LEASE, bundle=bundle)
    way, attempt = turn.ways.of(channel), members[0].attempts + 1
    row = {
        "reminder": members[0].id,
        "attempt": attempt,
        "address": public_address(way),
        "message_id": message_id(notice),
        "started_at": turn.at,
        "seq": notice.seq,
    }
    return Job(
        members=tuple(members),
        bundle=bundle,
        attempt=attempt,
        delivery=outbox.begin_attempt(turn.connection, row),
        way=way,
        notice=notice,
        started_at=turn.at,
    )


def _could_not(turn: Turn, reminder: Reminder, channel: Channel, error: Exception) -> str:
    """Record an attempt at a reminder of which no mail can be made; it holds up nobody else."""
    outcome = Outcome("temporary", None, f"{UNMADE}: {type(error).__name__}: {error}")
    attempt = reminder.attempts + 1
    again = retry_at(outcome.kind, reminder.key, attempt=attempt, at=turn.at)
    state, _, why = after_attempt(outcome.kind, outcome.detail, attempt=attempt, at=turn.at)
    began = _Began(attempt, public_address(channel.address), "", turn.at)
    outbox.lease(turn.connection, [reminder], until=turn.at)
    row = {"reminder": reminder.id, "attempt": attempt, "address": began.address, "message_id": "", "seq": 0}
    delivery = outbox.begin_attempt(turn.connection, {**row, "started_at": turn.at})
    outbox.finish(turn.connection, [reminder], state=state, due_at=again, why=why)
    said = _said([reminder], began, outcome, again=again)
    _end_attempt(turn, delivery, outcome, seq=turn.record("delivery", reminder, said))
    if state == "failed":
        turn.alarm([reminder])
    return outcome.kind


def _give_up_attempt(turn: Turn, members: Sequence[Reminder]) -> str | None:
    """Record how the attempt of a worker that stopped ended: unknown, but where the journal says it was accepted."""
    attempt = outbox.unfinished(turn.connection, [reminder.id for reminder in members])
    if attempt is None:
        return None
    # the attempt is kept with one of them, which the entry names first, as a worker that comes back will
    ordered = sorted(members, key=lambda reminder: reminder.id != attempt.reminder)
    began = _Began(attempt.attempt, attempt.address, attempt.message_id, attempt.started_at)
    if turn.journal.outcome_of(ordered[0].reference, attempt.attempt) == "accepted":
        outcome, again = Outcome("accepted", None, ACCEPTED), None
        held = [replace(reminder, token=reminder.token - 1) for reminder in ordered]  # as they were before it
        outbox.finish(turn.connection, held, state="accepted", due_at=None, why=None, bundle=ordered[0].bundle)
    else:
        outcome, again = Outcome("unknown", None, STOPPED), turn.at
    said = _said(ordered, began, outcome, bundle=ordered[0].bundle, again=again)
    _end_attempt(turn, attempt.id, outcome, seq=turn.record("delivery", ordered[0], said))
    return outcome.kind


def _end_attempt(turn: Turn, attempt: int, outcome: Outcome, *, seq: int) -> None:
    kind, code, detail = outcome.kind, outcome.code, outcome.detail
    outbox.end_attempt(turn.connection, attempt, outcome=kind, code=code, detail=detail, at=turn.at, seq=seq)


def _fail(turn: Turn, reminders: Sequence[Reminder], why: str) -> list[str]:
    aside = [_set_aside(turn, reminder, "failed", why) for reminder in reminders]
    turn.alarm(reminders)
    return aside


def _set_aside(turn: Turn, reminder: Reminder, state: str, why: str) -> str:
    outbox.set_aside(turn.connection, reminder.id, state=state, why=why)
    payload = {"reminder": reminder.reference, "rung": reminder.rung, "state": state, "why": why}
    turn.record("reminder_closed", reminder, payload)
    return state


def _said(
    members: Sequence[Reminder],
    began: _Began,
    outcome: Outcome,
    *,
    bundle: str | None = None,
    again: datetime | None = None,
    late: bool = False,
) -> Payload:
    first, *others = members
    together: Payload = {"bundle": bundle, "with": [one.reference for one in others]} if bundle or others else {}
    return {
        "reminder": first.reference,
        "rung": first.rung,
        "agency": first.agency,
        "channel": first.channel,
        "attempt": began.attempt,
        "address": began.address,
        "message_id": began.message_id,
        "started_at": stamp(began.started_at),
        "outcome": outcome.kind,
        "code": outcome.code,
        "detail": outcome.detail,
        "retry_at": stamp(again) if again else None,
        "after_lease": late,
        **together,
    }
