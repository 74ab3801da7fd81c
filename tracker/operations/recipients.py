"""Recipients: who hears of an assignment's reminders, and why.

The lead does, the unit it delegated to, and for the time of an absence the deputies of both. Others
hear of the rungs that a ladder means for them: who cooperates, the office above the lead, the
secretariat, the head of the office. Who a reminder was made for stands in its entry; that it still
is, is asked when it is sent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound
from tracker.domain.ladder import AUDIENCES, Audience, Call, Moment
from tracker.operations.reading import task_of
from tracker.operations.recording import registry_in_force
from tracker.store import assignments, deputies, ledger, outbox
from tracker.store.deputies import Deputy
from tracker.store.store import Connection

Role = Literal["lead", "delegate", "deputy", "with", "parent", "secretariat", "head", "reporter"]
NO_LONGER = "no longer delegated to, or deputy, before it was sent"
ABOUT_REPORTS = frozenset({"received", "returned"})
Offices = Sequence[tuple[str, Role]]


@dataclass(frozen=True, slots=True)
class Recipient:
    """An office that hears of an assignment, and as what; a deputy for whom, and until which day."""

    agency: str
    role: Role = "lead"
    covers_for: str | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """One moment of an assignment and the offices that hear of it."""

    moment: Moment
    to: tuple[Recipient, ...]


def tellings_of(
    connection: Connection,
    called: Sequence[tuple[Assignment, Sequence[Call]]],
    *,
    registry: Registry,
    on: date,
) -> Mapping[str, tuple[Telling, ...]]:
    """Return who is told what in a look on a day, by reference; each office hears once, of the latest moment."""
    meant = {
        assignment.ref: [(call, _meant(connection, assignment, call.to, registry, on)) for call in calls]
        for assignment, calls in called
    }
    offices = {code for found in meant.values() for _, named in found for code, _ in named}
    covering = deputies.covering(connection, offices, on) if offices else {}
    return {ref: _tellings(found, covering) for ref, found in meant.items()}


def recipients_of(
    connection: Connection, found: Collection[Assignment], *, on: date
) -> Mapping[str, tuple[Recipient, ...]]:
    """Return who answers for some assignments on a day, by reference: the lead first, each office once."""
    own = {assignment.ref: _own(assignment) for assignment in found}
    offices = {code for named in own.values() for code, _ in named}
    covering = deputies.covering(connection, offices, on) if offices else {}
    return {ref: _recipients(named, covering) for ref, named in own.items()}


def recipient(connection: Connection, assignment: Assignment, agency: str, *, on: date) -> Recipient | None:
    """Return as what an office hears of an assignment on a day, by whatever rung; None where it does not."""
    if agency == assignment.agency:
        return Recipient(agency)
    known = recipients_of(connection, [assignment], on=on)[assignment.ref]
    return next((one for one in known if one.agency == agency), None) or _beyond(connection, assignment, agency, on)


def reader_of(connection: Connection, assignment: Assignment, agency: str, *, stage: str, on: date) -> Recipient | None:
    """Return as what an office reads a mail of some stage; who made a report hears of it, whatever it is by now."""
    found = recipient(connection, assignment, agency, on=on)
    return Recipient(agency, "reporter") if found is None and stage in ABOUT_REPORTS else found


def recall(connection: Connection, agency: str, *, at: datetime, actor: str) -> int:
    """Cancel what was not sent yet to an office about assignments it has no more to do with; return how many.

    What answers a report stays on its way: who made the report hears of it, whatever it is by now.
    """
    found = outbox.reminders(connection, state="pending", agency=agency)
    waiting = [reminder for reminder in found if reminder.stage not in ABOUT_REPORTS]
    owed = {a.ref: a for a in assignments.get(connection, {reminder.assignment for reminder in waiting})}
    today = registry_in_force(connection).calendar.civil_day(at)
    known = recipients_of(connection, owed.values(), on=today)
    drafts = []
    for reminder in waiting:
        about = reminder.assignment
        if any(one.agency == agency for one in known.get(about, ())):
            continue
        if about in owed and _beyond(connection, owed[about], agency, today):
            continue
        outbox.set_aside(connection, reminder.id, state="cancelled", why=NO_LONGER)
        payload = {"reminder": reminder.reference, "rung": reminder.rung, "state": "cancelled", "why": NO_LONGER}
        drafts.append(Draft(kind="reminder_closed", effective_at=at, actor=actor, assignment=about, payload=payload))
    ledger.append(connection, drafts, at=at)
    return len(drafts)


def recall_unit(connection: Connection, unit: str, *, at: datetime, actor: str) -> None:
    """Cancel what was not sent yet to a unit that a task is with no longer, and to those who cover for it."""
    covering = deputies.covering(connection, [unit], registry_in_force(connection).calendar.civil_day(at))
    for office in (unit, *(named.deputy for named in covering.get(unit, ()))):
        recall(connection, office, at=at, actor=actor)


def _own(assignment: Assignment) -> Offices:
    """Return the offices that answer: the lead, and the unit it delegated to."""
    unit = assignment.delegate
    return ((assignment.agency, "lead"),) if unit is None else ((assignment.agency, "lead"), (unit, "delegate"))


def _beyond(connection: Connection, assignment: Assignment, agency: str, on: date) -> Recipient | None:
    """Return as what an office hears that does not answer itself: it cooperates, or stands above."""
    others: list[Audience] = [audience for audience in AUDIENCES if audience != "lead"]
    named = _meant(connection, assignment, others, registry_in_force(connection), on)
    covering = deputies.covering(connection, [code for code, _ in named], on) if named else {}
    return next((one for one in _recipients(named, covering, assignment.agency) if one.agency == agency), None)


def _meant(
    connection: Connection, assignment: Assignment, to: Iterable[Audience], registry: Registry, on: date
) -> Offices:
    """Return the offices of some audiences, those that exist on that day; the same one may stand in several."""
    found: list[tuple[str, Role]] = []
    for audience in to:
        if audience == "lead":
            found += _own(assignment)
            continue
        for code in _offices(connection, assignment, audience, registry, on):
            agency = registry.agencies.get(code)
            if agency is not None and agency.is_valid(on):
                found.append((code, audience))
    return found


def _offices(
    connection: Connection, assignment: Assignment, audience: Audience, registry: Registry, on: date
) -> Iterable[str]:
    match audience:
        case "with":
            return _supporting(connection, assignment, registry, on)
        case "parent":
            lead = registry.agencies.get(assignment.agency)
            return (lead.parent,) if lead is not None and lead.parent is not None else ()
        case "secretariat":
            return (registry.secretariat,) if registry.secretariat else ()
        case "head":
            head = _head(assignment, registry)
            return (head,) if head else ()
        case "lead":
            return (assignment.agency,)


def _head(assignment: Assignment, registry: Registry) -> str | None:
    ladder = registry.ladders.get(assignment.remind)
    return ladder.head if ladder is not None and ladder.head else registry.head


def _supporting(connection: Connection, assignment: Assignment, registry: Registry, on: date) -> Iterable[str]:
    """Return who cooperates in a task that is still in force, the lead itself left out."""
    try:
        task = task_of(connection, assignment.task)
        named = dict.fromkeys(code for name in task.supporting for code in registry.members(name, on=on))
    except NotFound:
        return ()
    return [code for code in named if code != assignment.agency]


def _tellings(found: Sequence[tuple[Call, Offices]], covering: Mapping[str, Sequence[Deputy]]) -> tuple[Telling, ...]:
    told: set[str] = set()
    tellings: list[Telling] = []
    for call, named in found:
        to = tuple(one for one in _recipients(named, covering) if one.agency not in told)
        told.update(one.agency for one in to)
        if to or not tellings:  # the latest moment is dealt with even where nobody is there to hear of it
            tellings.append(Telling(call.moment, to))
    return tuple(tellings)


def _recipients(named: Offices, covering: Mapping[str, Sequence[Deputy]], *without: str) -> tuple[Recipient, ...]:
    """Return some offices and the deputies who cover for them, each once, as what it was named first."""
    lead = next((code for code, role in named if role == "lead"), None)
    found: dict[str, Recipient] = {}
    for code, role in named:
        found.setdefault(code, Recipient(code, role, lead if role == "delegate" else None))
    for code, _ in named:
        for deputy in covering.get(code, ()):
            found.setdefault(deputy.deputy, Recipient(deputy.deputy, "deputy", code, deputy.until_day))
    return tuple(one for code, one in found.items() if code not in without)
