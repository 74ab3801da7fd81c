"""Attempts: what is written down before a mail leaves; what when it has, stands in `ending`.

A mail is about one reminder, or about all that one office is owed on one channel. Which ones leave
together is fixed at their first attempt: every retry is the same mail, under the same Message-ID,
about those of them that still have something to say. They have one attempt, and end alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracker.domain.announcement import moot
from tracker.domain.assignment import Assignment
from tracker.domain.errors import TrackerError
from tracker.domain.outbox import BUNDLED, QUIET, bundle_of
from tracker.domain.patience import TRIES, blamed
from tracker.domain.remedy import RETRIED
from tracker.notify.digest import Digest, Item
from tracker.notify.notice import Notice
from tracker.operations.digests import digest_of, item_of, late_by, list_of
from tracker.operations.ending import could_not, fail, set_aside, tries_of
from tracker.operations.notices import notice_of
from tracker.operations.recipients import NO_LONGER, Recipient, reader_of
from tracker.operations.turn import LEASE, Job, Turn
from tracker.store import outbox
from tracker.store.adopted import Channel
from tracker.store.outbox import Reminder

__all__ = ["LEASE", "Begun", "begin"]

# what a notice that cannot be made raises; a database that is away is no fault of the notice
MISTAKES = (TrackerError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of a claimed reminder: its attempt, if one was begun, and how reminders were set aside instead.

    `dealt` are the rows that were looked at on the way, in whatever mail they leave.
    """

    job: Job | None = None
    aside: tuple[str, ...] = ()
    dealt: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Owed:
    """A reminder that still has something to say: about which assignment, and as what its office hears of it."""

    reminder: Reminder
    assignment: Assignment
    reader: Recipient


def begin(turn: Turn, claimed: Reminder) -> Begun:
    """Begin the next attempt at a claimed reminder and its bundle, or set aside what needs none."""
    found = outbox.members(turn.connection, claimed.bundle) if claimed.bundle else ()
    members = found or turn.mates(claimed)
    dealt = frozenset(reminder.id for reminder in members)
    channel = turn.channel(claimed.agency, claimed.channel)  # as it is now, not when it was made
    if not claimed.assignment:
        job, aside = _begin_list(turn, claimed, channel)
        return Begun(job, tuple(aside), dealt)
    owed, aside = _still_owed(turn, members)
    if owed and (why := _hopeless(turn, claimed, channel)):
        aside += fail(turn, [one.reminder for one in owed], why)
    elif owed and channel is not None:
        job, unmade = _prepared(turn, owed, channel, bundle=claimed.bundle)
        return Begun(job, (*aside, *unmade), dealt)
    return Begun(None, tuple(aside), dealt)


def _begin_list(turn: Turn, claimed: Reminder, channel: Channel | None) -> tuple[Job | None, list[str]]:
    """Begin an attempt at what is about no single assignment; it is never void."""
    if why := turn.journal.sent_before(claimed):
        set_aside(turn, claimed, "accepted", why)
        return None, ["known"]
    if (why := _hopeless(turn, claimed, channel)) or channel is None:
        return None, fail(turn, [claimed], str(why))
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
        return None, [could_not(turn, claimed, channel, error)]
    return _job(turn, [claimed], channel, digest, None), []


def _still_owed(turn: Turn, members: Sequence[Reminder]) -> tuple[list[_Owed], list[str]]:
    """Return the reminders that still have something to say; the others are closed."""
    known = turn.assignments({reminder.assignment for reminder in members})
    owed, aside = [], []
    for reminder in members:
        assignment = known.get(reminder.assignment)
        if assignment is None or (why := _void(reminder, assignment)):
            why = "the assignment is gone" if assignment is None else why
            aside.append(set_aside(turn, reminder, "cancelled", str(why)))
        elif why := turn.journal.sent_before(reminder):
            set_aside(turn, reminder, "accepted", why)
            aside.append("known")
        elif (reader := _reader(turn, reminder, assignment)) is None:
            aside.append(set_aside(turn, reminder, "cancelled", NO_LONGER))
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


def _hopeless(turn: Turn, claimed: Reminder, channel: Channel | None) -> str | None:
    if channel is None:
        return f"{claimed.agency} has no channel '{claimed.channel}' any more"
    if claimed.hold == RETRIED or claimed.attempts < TRIES or blamed(tries_of(turn, claimed)) < TRIES:
        return None
    return f"{TRIES} attempts did not succeed"


def _prepared(
    turn: Turn, owed: Sequence[_Owed], channel: Channel, *, bundle: str | None
) -> tuple[Job | None, list[str]]:
    """Return the attempt at what is owed, begun; what of it cannot be made fails alone."""
    language = _language(turn, channel)
    if bundle is None and len(owed) == 1:
        return _alone(turn, owed[0], channel, language)
    parts: list[tuple[_Owed, Item]] = []
    unmade: list[str] = []
    for one in owed:
        try:
            parts.append((one, _item(turn, one, language)))
        except MISTAKES as error:
            unmade.append(could_not(turn, one.reminder, channel, error))
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
    return _job(turn, members, channel, digest, bundle), unmade


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
            texts=turn.texts,
        )
    except MISTAKES as error:
        return None, [could_not(turn, owed.reminder, channel, error)]
    if owed.reminder.stage in BUNDLED:
        notice = replace(notice, late_by=late_by(owed.reminder, turn.at))
    return _job(turn, [owed.reminder], channel, notice, None), []


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
        texts=turn.texts,
    )


def _job(turn: Turn, members: Sequence[Reminder], channel: Channel, notice: Notice | Digest, bundle: str | None) -> Job:
    return turn.begin(
        Job(
            members=tuple(members),
            bundle=bundle,
            attempt=members[0].attempts + 1,
            way=turn.ways.of(channel),
            notice=notice,
            started_at=turn.at,
        )
    )
