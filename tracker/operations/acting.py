"""Acting from a mail: what the page behind a link shows, and what pressing its button records.

A link is dead when it was altered, has ended, or its key is out of force; when the deadline has another
version; and when the assignment is no longer with the office it was sent to. All of these are one
answer. Used twice it gives the receipt of the first time.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft, Entry
from tracker.domain.errors import NotFound
from tracker.domain.link import Action, Link, read
from tracker.domain.snooze import check_snooze, snoozes_offered
from tracker.domain.standing import Progress
from tracker.notify.notice import Notice
from tracker.operations.links import Keys, Tokens, is_theirs, tokens_of
from tracker.operations.moving import commit, prepare
from tracker.operations.notices import notice_of
from tracker.operations.progress import noting
from tracker.operations.recipients import Recipient
from tracker.operations.recording import Step, registry_in_force
from tracker.settings import Settings
from tracker.store import adopted, assignments, ledger, outbox
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection, Store

ASSURANCE = "link"  # whoever had the mail: that it was this person, nobody has shown
KINDS = ("acknowledged", "noted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a link recorded: the entry, its hash, when the server did, and until when reminders rest."""

    seq: int
    hash: str
    recorded_at: datetime
    action: Action
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the page behind a link shows at an instant; `tokens` are of the acts still open, `offered` the days.

    `receipt` is of the link itself, where it was used; `notice` says everything of the task as of now.
    """

    link: Link
    notice: Notice
    receipt: Receipt | None
    tokens: Tokens
    offered: tuple[date, ...]
    at: datetime


def look(store: Store, token: str, *, keys: Keys, settings: Settings, language: str | None, at: datetime) -> Sight:
    """Return what the page behind a link shows, changing nothing; raises NotFound for a dead link."""
    with store.read() as connection:
        head = ledger.position(connection)
        at = instant_of(head, at)
        link, reminder, assignment, registry = _held(connection, token, keys=keys, at=at)
        known = adopted.channel(connection, link.office, link.channel)
        own = (known.language if known else None) or registry.agencies[link.office].language
        notice = notice_of(
            connection,
            replace(reminder, stage=_stage(assignment, registry, at)),
            assignment,
            Recipient(link.office),
            registry=registry,
            settings=settings,
            head=head,
            language=language or own,
            at=at,
        )
        return Sight(
            link=link,
            notice=notice,
            receipt=_receipt(connection, link),
            tokens=tokens_of(link, assignment, registry, keys, at),
            offered=snoozes_offered(assignment.facts, at=at, calendar=registry.calendar),
            at=at,
        )


def act(store: Store, token: str, *, keys: Keys, until: date | None, at: datetime) -> Receipt:
    """Do what a link says, once, and return the receipt; the second time it is the receipt of the first.

    Raises NotFound for a dead link, Refused where there is nothing to acknowledge any more, or the day
    to put reminders off to is not open.
    """
    with store.write() as connection:
        at = instant_of(ledger.position(connection, lock=True), at)  # before anything else, as in `ledger.settle`
        link, _, before, registry = _held(connection, token, keys=keys, at=at, lock=True)
        if done := _receipt(connection, link):
            return done
        actor = f"{link.office}:{ASSURANCE}"
        first = link.action == Action.ACKNOWLEDGE and before.facts.progress == Progress.ASSIGNED
        # taking note does not wake who asked to be left alone
        rests = until if link.action == Action.SNOOZE else before.facts.snoozed_until
        payload = noting(None if first else rests, link.reminder)
        payload |= {"assurance": ASSURANCE, "channel": link.channel, "action": str(link.action)}
        kind = "acknowledged" if first else "noted"
        prepare(connection, before, kind, payload, at=at, actor=actor, seen=None, registry=registry)
        if link.action == Action.SNOOZE:
            latest = until or registry.calendar.civil_day(at)  # a snooze without a day is none, and refused
            check_snooze(before.facts, latest, at=at, calendar=registry.calendar)
        draft = Draft(kind=kind, effective_at=at, actor=actor, assignment=before.ref, payload=payload)
        commit(connection, [Step(before, draft)], at=at, actor=actor, registry=registry)
        made = _receipt(connection, link)
        assert made is not None
        return made


def instant_of(head: Position, at: datetime) -> datetime:
    """Return the instant a page works at: a rehearsal is where it has got to, whatever the wall clock says."""
    return head.high_water if head.is_rehearsal else head.go_on(at)


def _held(
    connection: Connection, token: str, *, keys: Keys, at: datetime, lock: bool = False
) -> tuple[Link, Reminder, Assignment, Registry]:
    """Return what a live link is about; every way of being dead is one answer."""
    link = read(token, keys.accepted, at=at)
    found = assignments.get(connection, [link.assignment], lock=lock) if link else ()
    if link and found and found[0].version == link.version:
        registry = registry_in_force(connection)
        reminder = _reminder(connection, link)
        if reminder is not None and is_theirs(connection, link, found[0], registry, at):
            return link, reminder, found[0], registry
    raise NotFound("this link does not work, or no longer", code="dead-link")


def _reminder(connection: Connection, link: Link) -> Reminder | None:
    sent = outbox.reminders(connection, assignment=link.assignment, agency=link.office)
    return next((one for one in sent if (one.reference, one.channel) == (link.reminder, link.channel)), None)


def _stage(assignment: Assignment, registry: Registry, at: datetime) -> str:
    """Return the stage of what is true now: the mail may have been read days later."""
    limit = assignment.facts.limit
    if limit is None:
        return "review"
    if at >= limit.late_from:
        return "overdue"
    return "due" if registry.calendar.civil_day(at) >= limit.last_day else "before"


def _receipt(connection: Connection, link: Link) -> Receipt | None:
    """Return the receipt of a link that was used."""
    about = ledger.entries(connection, assignment=link.assignment, kinds=KINDS)
    entry = next((one for one in about if _is_by(one, link)), None)
    if entry is None:
        return None
    until = entry.payload.get("until")
    return Receipt(
        seq=entry.seq,
        hash=entry.hash,
        recorded_at=entry.recorded_at,
        action=link.action,
        until=date.fromisoformat(until) if until else None,
    )


def _is_by(entry: Entry, link: Link) -> bool:
    said = entry.payload
    return (
        entry.actor == f"{link.office}:{ASSURANCE}"
        and (said.get("assurance"), said.get("reminder")) == (ASSURANCE, link.reminder)
        and (said.get("action"), said.get("channel")) == (str(link.action), link.channel)
    )
