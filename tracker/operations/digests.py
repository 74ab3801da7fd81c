"""Digests: one mail about all that one office is owed on one channel, reckoned at the instant it is sent."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.errors import Invalid, NotFound
from tracker.domain.link import Action
from tracker.domain.outbox import ALARM, reference_of
from tracker.notify.digest import Digest, Item
from tracker.operations.bulletins import BULLETINS, bulletin_of
from tracker.operations.links import urls_of
from tracker.operations.notices import days_told, name_of
from tracker.operations.reading import directive_in_force, task_of
from tracker.operations.recipients import Recipient
from tracker.operations.texts import Texts
from tracker.operations.tidings import ended_by
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection

GATHERED = timedelta(hours=1)  # alarms wait so long for each other
LATE = timedelta(hours=1)  # a reminder that leaves later than this after its moment says so


def item_of(
    connection: Connection,
    reminder: Reminder,
    assignment: Assignment,
    reader: Recipient,
    *,
    registry: Registry,
    settings: Settings,
    language: str,
    at: datetime,
    texts: Texts | None = None,
) -> Item:
    """Return what a digest says of one reminder, with every fact as it is at the instant of sending."""
    directive, task = (texts or Texts(connection)).ordering(assignment)
    limit = assignment.facts.limit
    ended, instead = ended_by(connection, reminder, assignment, registry, language)
    return Item(
        reference=reminder.reference,
        stage=reminder.stage,
        days=days_told(assignment, reminder.stage, registry, at),
        directive_number=directive.number,
        task_title=task.title.in_language(language),
        assignment=assignment.ref,
        last_day=limit.last_day if limit else None,
        # who answers is named only where the reader does not
        agency=None if reader.role == "lead" else name_of(registry, assignment.agency, language),
        covers_for=name_of(registry, reader.covers_for, language)
        if reader.role == "deputy" and reader.covers_for
        else None,
        url=f"{settings.base_url.rstrip('/')}/tasks/{assignment.ref}",
        version=assignment.version,
        ended=ended,
        instead=instead,
        # the page behind it offers both
        act_url=urls_of(connection, reminder, assignment, registry=registry, settings=settings, at=at).get(
            Action.ACKNOWLEDGE
        ),
    )


def late_by(reminder: Reminder, at: datetime) -> timedelta | None:
    """Return how long after its moment a reminder leaves, where that is worth saying."""
    late = at - reminder.moment
    return late if late > LATE else None


def digest_of(
    items: Sequence[Item],
    *,
    key: str,
    agency: str,
    language: str,
    late: timedelta,
    registry: Registry,
    settings: Settings,
    head: Position,
    at: datetime,
) -> Digest:
    """Return the digest of some items for one office; `late` is how long after its moment the latest of them leaves."""
    return Digest(
        reference=reference_of(key),
        key=key,
        language=language,
        agency=agency,
        recipient_name=name_of(registry, agency, language),
        items=tuple(items),
        url=f"{settings.base_url.rstrip('/')}/tasks?agency={quote(agency)}",
        late_by=late if late > LATE else None,
        zone=registry.calendar.zone,
        office=settings.office,
        contact=settings.contact,
        sender=settings.sender,
        seq=head.seq,
        head=head.hash,
        as_of=at,
        rehearsal=head.is_rehearsal,
    )


def list_of(
    connection: Connection,
    reminder: Reminder,
    *,
    registry: Registry,
    settings: Settings,
    head: Position,
    language: str,
    at: datetime,
) -> Digest:
    """Return the mail of a reminder that is about no single assignment; raises Invalid for a stage that makes none."""
    if reminder.stage in BULLETINS:
        return bulletin_of(
            connection, reminder, registry=registry, settings=settings, head=head, language=language, at=at
        )
    if reminder.stage != ALARM:
        raise Invalid(f"no mail is made for '{reminder.stage}'")
    failed = outbox.by_reference(connection, json.loads(reminder.payload)["failed"])
    digest = digest_of(
        [_failure(connection, one, registry=registry, settings=settings, language=language) for one in failed],
        key=reminder.key,
        agency=reminder.agency,
        language=language,
        late=at - reminder.moment - GATHERED,
        registry=registry,
        settings=settings,
        head=head,
        at=at,
    )
    return replace(digest, url=f"{settings.base_url.rstrip('/')}/reminders?state=failed")


def _failure(
    connection: Connection, failed: Reminder, *, registry: Registry, settings: Settings, language: str
) -> Item:
    about = failed.assignment.rpartition("/")[0]
    try:
        title, number = (
            (
                task_of(connection, about).title.in_language(language),
                directive_in_force(connection, about.rpartition("/")[0]).number,
            )
            if about
            else (failed.stage, "")
        )
    except NotFound:  # no longer in force: its reference says which it was
        title, number = failed.assignment, ""
    return Item(
        reference=failed.reference,
        stage=ALARM,
        days=None,
        directive_number=number,
        task_title=title,
        assignment=failed.assignment,
        last_day=None,
        agency=name_of(registry, failed.agency, language),
        covers_for=None,
        url=f"{settings.base_url.rstrip('/')}/tasks/{failed.assignment}",
        way=failed.channel,
        why=failed.why or "",
    )
