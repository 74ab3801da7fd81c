"""Notices: what a reminder will say, reckoned at the instant it is sent."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.announcement import NEWS
from tracker.domain.assignment import Assignment
from tracker.domain.deadline import dated_due
from tracker.domain.directive import Directive, Task
from tracker.domain.ladder import Stage
from tracker.domain.phrase import Phrase
from tracker.domain.standing import SETTLED, next_moment, standing
from tracker.notify.notice import Notice, Peer
from tracker.operations.links import urls_of
from tracker.operations.reading import task_of
from tracker.operations.recipients import Recipient
from tracker.operations.texts import Texts
from tracker.operations.tidings import escalates_on, news_of, told_before
from tracker.settings import Settings
from tracker.store import assignments
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection

PEERS = 5  # a mail names so many tasks that wait, or are waited for; the page has them all


def notice_of(
    connection: Connection,
    reminder: Reminder,
    assignment: Assignment,
    reader: Recipient,
    *,
    registry: Registry,
    settings: Settings,
    head: Position,
    language: str,
    at: datetime,
    texts: Texts | None = None,
) -> Notice:
    """Return the notice of a reminder, with every fact as it is at the instant of sending."""
    texts = texts or Texts(connection)
    directive, task = texts.ordering(assignment)
    policy, limit = registry.policy(assignment.remind), assignment.facts.limit
    coming = next_moment(assignment.facts, at=at, policy=policy, told=reminder.moment)
    return Notice(
        reference=reminder.reference,
        key=reminder.key,
        language=language,
        stage=reminder.stage,
        days=days_told(assignment, reminder.stage, registry, at),
        directive_key=directive.key,
        directive_number=directive.number,
        directive_title=directive.title.in_language(language),
        issued=directive.issued,
        issuer=name_of(registry, directive.issuer, language),
        task=task.id,
        task_title=task.title.in_language(language),
        assignment=assignment.ref,
        agency=assignment.agency,
        agency_name=name_of(registry, assignment.agency, language),
        last_day=limit.last_day if limit else None,
        minute=limit.minute if limit else None,
        zone=registry.calendar.zone,
        late_from=limit.late_from if limit else None,
        words=task.due.words if task.due else None,
        explanation=tuple(_titled(connection, step) for step in explanation(task, directive, registry, assignment)),
        source=task.source.source if task.source else None,
        sentence=task.source.sentence if task.source else None,
        reason=_titled(connection, standing(assignment.facts, at=at, policy=policy).reason),
        deliverable=task.deliverable,
        evidence_required=task.evidence_required,
        waiting_for=_waiting_for(connection, assignment, registry, language, at),
        waited_by=_waited_by(texts, assignment, registry, language, at),
        next_reminder=registry.calendar.civil_day(coming) if coming else None,
        office=settings.office,
        contact=settings.contact,
        sender=settings.sender,
        seq=head.seq,
        head=head.hash,
        as_of=at,
        rehearsal=head.is_rehearsal,
        **_course(connection, reminder, assignment, registry, settings, language, at),
        **_reader(reader, registry, language),
        **_links(f"{settings.base_url.rstrip('/')}/tasks/{assignment.ref}"),
        **_acts(connection, reminder, assignment, registry, settings, at),
    )


def explanation(task: Task, directive: Directive, registry: Registry, assignment: Assignment) -> tuple[Phrase, ...]:
    """Return how the date of a task was set, line by line; nothing for a task without one."""
    if task.due is None:
        return ()
    found = dated_due(
        task.due,
        issued=directive.issued,
        calendar=registry.calendar,
        anchors=assignment.anchors,
        occurrence=assignment.occurrence,
    )
    return found.explanation if found else ()


def _course(
    connection: Connection,
    reminder: Reminder,
    assignment: Assignment,
    registry: Registry,
    settings: Settings,
    language: str,
    at: datetime,
) -> dict[str, Any]:
    """Return what came before a notice and what comes next: dates it had, what was told, what happened."""
    policy, stage = registry.policy(assignment.remind), reminder.stage
    return {
        "version": assignment.version,
        "first_day": assignment.first_day,
        "escalates_on": escalates_on(assignment, policy=policy, at=at) if stage in ("due", "overdue") else None,
        "told": told_before(connection, assignment) if stage == "escalated" else (),
        "news": news_of(connection, reminder, assignment, registry=registry, settings=settings, language=language),
    }


def _reader(reader: Recipient, registry: Registry, language: str) -> dict[str, Any]:
    """Return who reads a notice, and as what."""
    return {
        "recipient_name": name_of(registry, reader.agency, language),
        "role": reader.role,
        "covers_for": name_of(registry, reader.covers_for, language) if reader.covers_for else None,
        "covers_until": reader.until,
    }


def _acts(
    connection: Connection,
    reminder: Reminder,
    assignment: Assignment,
    registry: Registry,
    settings: Settings,
    at: datetime,
) -> dict[str, Any]:
    """Return where a click acts without a login, by the field that says it."""
    urls = urls_of(connection, reminder, assignment, registry=registry, settings=settings, at=at)
    return {f"{action}_url": url for action, url in urls.items()}


def _links(page: str) -> dict[str, Any]:
    return {
        "url": page,
        "report_url": f"{page}/report",
        "extension_url": f"{page}/extension",
        "contest_url": f"{page}/not-ours",
    }


def _titled(connection: Connection, reason: Phrase) -> Phrase:
    """Return the reason with the title of the task waited for, of which the domain knows the key alone."""
    first = reason.values.get("first")
    if not isinstance(first, str):
        return reason
    return replace(reason, values={**reason.values, "first": task_of(connection, first).title})


def days_told(assignment: Assignment, stage: Stage | str, registry: Registry, at: datetime) -> int | None:
    """Return how many working days are left, or days late, where the stage tells of them."""
    limit = assignment.facts.limit
    if limit is None or stage not in ("before", "half", "overdue", "escalated", *NEWS):
        return None
    if stage in ("overdue", "escalated") or (stage in NEWS and at >= limit.late_from):
        return limit.days_late(at)
    calendar = registry.calendar
    return calendar.working_days_between(calendar.civil_day(at), limit.last_day)


def name_of(registry: Registry, code: str, language: str) -> str:
    """Return the name of an office; of one that is not known, its code."""
    agency = registry.agencies.get(code)
    return agency.name.in_language(language) if agency else code


def _waiting_for(
    connection: Connection, assignment: Assignment, registry: Registry, language: str, at: datetime
) -> tuple[Peer, ...]:
    needed = assignment.facts.waiting_for
    if not needed:
        return ()
    own = assignments.of_agency(connection, needed, assignment.agency)
    return _peers(connection, own or assignments.of_tasks(connection, needed), registry, language, at)


def _waited_by(
    texts: Texts, assignment: Assignment, registry: Registry, language: str, at: datetime
) -> tuple[Peer, ...]:
    connection, waiting = texts.connection, texts.waiting_for(assignment.task)
    if not waiting:
        return ()
    own = _held_by(assignment, assignments.of_agency(connection, waiting, assignment.agency))
    found = own or _held_by(assignment, assignments.of_tasks(connection, waiting))
    return _peers(connection, found, registry, language, at)


def _held_by(assignment: Assignment, found: Iterable[Assignment]) -> list[Assignment]:
    return [a for a in found if assignment.task in a.facts.waiting_for]


def _peers(
    connection: Connection, found: Iterable[Assignment], registry: Registry, language: str, at: datetime
) -> tuple[Peer, ...]:
    still_open = [a for a in found if a.facts.progress not in SETTLED][:PEERS]
    return tuple(_peer(connection, a, registry, language, at) for a in still_open)


def _peer(connection: Connection, assignment: Assignment, registry: Registry, language: str, at: datetime) -> Peer:
    limit = assignment.facts.limit
    last_day: date | None = limit.last_day if limit else None
    return Peer(
        title=task_of(connection, assignment.task).title.in_language(language),
        agency=name_of(registry, assignment.agency, language),
        last_day=last_day,
        late=limit is not None and at >= limit.late_from,
    )
