"""Recipients: who hears of an assignment's reminders, and why.

The lead always does; so does the unit it delegated to, and for the time of an absence the deputies of
both. Who a reminder was made for stands in its entry; that it still is, is asked when it is sent.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft
from tracker.operations.recording import registry_in_force
from tracker.store import assignments, deputies, ledger, outbox
from tracker.store.deputies import Deputy
from tracker.store.store import Connection

Role = Literal["lead", "delegate", "deputy"]
NO_LONGER = "no longer delegated to, or deputy, before it was sent"


@dataclass(frozen=True, slots=True)
class Recipient:
    """An office that hears of an assignment, and as what; a deputy for whom, and until which day."""

    agency: str
    role: Role = "lead"
    covers_for: str | None = None
    until: date | None = None


def recipients_of(
    connection: Connection, found: Collection[Assignment], *, on: date
) -> Mapping[str, tuple[Recipient, ...]]:
    """Return who hears of some assignments on a day, by reference: the lead first, each office once."""
    offices = {office for assignment in found for office in _offices(assignment)}
    covering = deputies.covering(connection, offices, on) if offices else {}
    return {assignment.ref: _recipients(assignment, covering) for assignment in found}


def recipient(connection: Connection, assignment: Assignment, agency: str, *, on: date) -> Recipient | None:
    """Return as what an office hears of an assignment on a day; None where it does not."""
    if agency == assignment.agency:
        return Recipient(agency)
    known = recipients_of(connection, [assignment], on=on)[assignment.ref]
    return next((one for one in known if one.agency == agency), None)


def recall(connection: Connection, agency: str, *, at: datetime, actor: str) -> int:
    """Cancel what was not sent yet to an office about assignments it has no more to do with; return how many."""
    waiting = outbox.reminders(connection, state="pending", agency=agency)
    found = assignments.get(connection, {reminder.assignment for reminder in waiting})
    known = recipients_of(connection, found, on=registry_in_force(connection).calendar.civil_day(at))
    drafts = []
    for reminder in waiting:
        if any(one.agency == agency for one in known.get(reminder.assignment, ())):
            continue
        outbox.set_aside(connection, reminder.id, state="cancelled", why=NO_LONGER)
        payload = {"reminder": reminder.reference, "rung": reminder.rung, "state": "cancelled", "why": NO_LONGER}
        about = reminder.assignment
        drafts.append(Draft(kind="reminder_closed", effective_at=at, actor=actor, assignment=about, payload=payload))
    ledger.append(connection, drafts, at=at)
    return len(drafts)


def recall_unit(connection: Connection, unit: str, *, at: datetime, actor: str) -> None:
    """Cancel what was not sent yet to a unit that a task is with no longer, and to those who cover for it."""
    covering = deputies.covering(connection, [unit], registry_in_force(connection).calendar.civil_day(at))
    for office in (unit, *(named.deputy for named in covering.get(unit, ()))):
        recall(connection, office, at=at, actor=actor)


def _offices(assignment: Assignment) -> tuple[str, ...]:
    unit = assignment.delegate
    return (assignment.agency,) if unit is None else (assignment.agency, unit)


def _recipients(assignment: Assignment, covering: Mapping[str, Sequence[Deputy]]) -> tuple[Recipient, ...]:
    found = {assignment.agency: Recipient(assignment.agency)}
    if assignment.delegate is not None:
        found.setdefault(assignment.delegate, Recipient(assignment.delegate, "delegate", assignment.agency))
    for office in _offices(assignment):
        for named in covering.get(office, ()):
            found.setdefault(named.deputy, Recipient(named.deputy, "deputy", office, named.until_day))
    return tuple(found.values())
