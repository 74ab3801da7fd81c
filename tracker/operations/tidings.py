"""Tidings: what happened, as a notice tells it, and what a mail about a delay says of what came before and comes next.

What a row of the outbox keeps is what its entry said; names and titles are as they are when the mail is written.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.announcement import ENDED, NEWS
from tracker.domain.assignment import Assignment
from tracker.domain.authority import standpoint
from tracker.domain.entry import instant
from tracker.domain.errors import NotFound
from tracker.domain.standing import Policy, moments
from tracker.notify.notice import News, Peer, Told
from tracker.operations.calendar import MOVED
from tracker.operations.reading import directive_in_force, task_of
from tracker.settings import Settings
from tracker.store import assignments, outbox
from tracker.store.outbox import Reminder
from tracker.store.store import Connection

_LOOKED_AT = 60  # moments ahead: a level of escalation comes within the first few, or none comes


def news_of(
    connection: Connection,
    reminder: Reminder,
    assignment: Assignment,
    *,
    registry: Registry,
    settings: Settings,
    language: str,
) -> News | None:
    """Return what an entry had to tell; None for a reminder of a ladder."""
    if reminder.stage not in NEWS:
        return None
    said: Mapping[str, Any] = json.loads(reminder.payload)
    kind, why = said["kind"], said.get("why")
    if kind == "date_set" and why == MOVED:
        kind, why = "calendar", None
    if kind == "transferred" and why:
        why = why.partition(": ")[2]  # whom it was given to stands beside it
    over = _over(connection, assignment, said, registry, settings, language) if reminder.stage == ENDED else {}
    return News(
        kind=over.pop("kind", kind),
        seq=said["seq"],
        at=instant(said["at"]),
        by=_person(said["actor"], registry, settings, language),
        why=why,
        missing=said.get("missing"),
        instrument=said.get("instrument"),
        document=said.get("document"),
        agreed_by=said.get("agreed_by"),
        done_on=_day(said.get("done_on")),
        old=_day(said.get("old")),
        new=_day(said.get("new")),
        first=_day(said.get("first")),
        asked=_day(said.get("asked")),
        files=tuple(said.get("files", ())),
        done=tuple(_settled(connection, task, assignment, registry, language) for task in said.get("tasks", ())),
        along=_title(connection, said["with"].rpartition("/")[0], language) if kind == "moved_along" else None,
        new_owner=over.pop("owner", None)
        or (_owner(connection, said["by"], registry, language) if kind == "transferred" else None),
        **over,
    )


def ended_by(
    connection: Connection, reminder: Reminder, assignment: Assignment, registry: Registry, language: str
) -> tuple[str, str]:
    """Return how a task came to be owed no longer, and what took its place, as a line of a digest says them."""
    if reminder.stage != ENDED:
        return "", ""
    found = _over(connection, assignment, json.loads(reminder.payload), registry, None, language)
    return found["kind"], found.get("instead") or found.get("owner") or ""


def _over(
    connection: Connection,
    assignment: Assignment,
    said: Mapping[str, Any],
    registry: Registry,
    settings: Settings | None,
    language: str,
) -> dict[str, Any]:
    """Return how a task came to be owed no longer: taken out, replaced, handed on, or done by another."""
    kind, by = said["kind"], said.get("by", "")
    if kind == "withdrawn":
        return {"kind": kind}
    heirs = assignments.get(connection, [by])
    if not heirs:  # a directive, of which nothing restates the task
        return {"kind": kind, "instead": _directive(connection, by, language)}
    heir = heirs[0]
    if kind == "released" or heir.agency != assignment.agency:
        owner = _owner(connection, heir.ref, registry, language)
        return {"kind": kind if kind == "released" else "handed_on", "owner": owner}
    limit, title = heir.facts.limit, _title(connection, heir.task, language)
    last_day = limit.last_day if limit else None
    return {
        "kind": "carried",
        "instead": _directive(connection, heir.task.rpartition("/")[0], language),
        "heir": Peer(title=title, agency=heir.agency, last_day=last_day, late=False),
        "heir_url": f"{settings.base_url.rstrip('/')}/tasks/{heir.ref}" if settings else None,
    }


def _directive(connection: Connection, key: str, language: str) -> str:
    try:
        directive = directive_in_force(connection, key)
    except NotFound:
        return key
    return f"{directive.number} – {directive.title.in_language(language)}"


def told_before(connection: Connection, assignment: Assignment) -> tuple[Told, ...]:
    """Return what the lead was told of an assignment, in order, each with when the mail was accepted."""
    sent = outbox.reminders(connection, state="accepted", agency=assignment.agency, assignment=assignment.ref)
    by_id = {one.id: one for one in sent}
    tried = outbox.deliveries(connection, list(by_id)) if by_id else ()
    return tuple(
        Told(stage=by_id[one.reminder].stage, at=one.finished_at)
        for one in tried
        if one.outcome == "accepted" and one.finished_at and by_id[one.reminder].stage not in NEWS
    )


def escalates_on(assignment: Assignment, *, policy: Policy, at: datetime) -> date | None:
    """Return the day on which a delay is next told over the head of the lead, if nothing is heard of it."""
    if policy.ladder is None or not policy.ladder.escalate:
        return None
    ahead = islice(moments(assignment.facts, policy, since=at), _LOOKED_AT)
    found = next((moment.at for moment in ahead if moment.stage == "escalated" and moment.at > at), None)
    return policy.calendar.civil_day(found) if found else None


def _person(actor: str, registry: Registry, settings: Settings, language: str) -> str:
    """Return who made an entry: the office, and the person where the entry names one."""
    who, name = standpoint(actor, registry), actor.partition(":")[2].strip()
    if who.role == "operator":
        return settings.office  # at the machine, in its place
    agency = registry.agencies.get(who.office or registry.secretariat or "")
    office = agency.name.in_language(language) if agency else settings.office
    return f"{office} ({name})" if name else office


def _settled(connection: Connection, task: str, assignment: Assignment, registry: Registry, language: str) -> Peer:
    own = assignments.of_agency(connection, [task], assignment.agency) or assignments.of_tasks(connection, [task])
    agency = registry.agencies.get(own[0].agency) if len(own) == 1 else None
    name = agency.name.in_language(language) if agency else ""
    return Peer(title=_title(connection, task, language), agency=name, last_day=None, late=False)


def _title(connection: Connection, task: str, language: str) -> str:
    try:
        return task_of(connection, task).title.in_language(language)
    except NotFound:  # no longer in force
        return task


def _owner(connection: Connection, ref: str, registry: Registry, language: str) -> str:
    found = assignments.get(connection, [ref])
    agency = registry.agencies.get(found[0].agency) if found else None
    return agency.name.in_language(language) if agency else ref


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
