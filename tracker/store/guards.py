"""The hold: whether anything may be sent from a store, and which sends it knows of without a row of them.

Three kinds of notes tell it. `journal_began` names the journal of sends that is kept outside,
`hold_began` says that nothing is sent until a person has looked, `hold_lifted` that a person has:
from then on another epoch of the journal counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from tracker.domain.entry import Entry
from tracker.store.ledger import ENTRY, read_entries
from tracker.store.outbox import DELIVERY, REMINDER, Reminder

BEGAN, HELD, LIFTED, RECONCILED, RESTORED = "journal_began", "hold_began", "hold_lifted", "reconciled", "restored"
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """That nothing is sent: since which entry and instant, and why."""

    seq: int
    since: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the notes say: the journal that is kept and its epoch, the hold that is on, and what was decided before.

    `passed` are the heads of seals outside that a person decided to go on without; `told` the
    spans of entries in which sends of before a restore are written that had no row to go to.
    """

    journal: str | None = None
    epoch: int = 0
    hold: Hold | None = None
    passed: tuple[str, ...] = ()
    told: tuple[tuple[int, int], ...] = ()


def state(connection: Connection, *, until: datetime | None = None) -> State:
    """Return what the notes say, of those recorded up to an instant."""
    found = State()
    for entry in _notes(connection, (BEGAN, HELD, LIFTED), until=until):
        said = entry.payload
        if entry.kind == HELD:
            hold = Hold(seq=entry.seq, since=entry.recorded_at, why=said["why"])
            found = replace(found, hold=found.hold or hold)
            continue
        found = replace(found, journal=said["journal"], epoch=said["epoch"])
        if entry.kind == LIFTED:
            told = ((said["hold"], entry.seq),) if said["elsewhere"] else ()
            found = replace(found, hold=None, passed=(*found.passed, *said["passed"]), told=(*found.told, *told))
    return found


def on_hold(connection: Connection, *, until: datetime | None = None) -> Hold | None:
    """Return the hold that is on, of an instant; None where reminders may leave."""
    return state(connection, until=until).hold


def told_elsewhere(connection: Connection, spans: Sequence[tuple[int, int]]) -> Iterator[Entry]:
    """Yield the notes about sends that had no row to go to, in some spans of the ledger."""
    for begin, end in spans:
        wanted = (ENTRY.c.assignment.is_(None), ENTRY.c.kind == RECONCILED, ENTRY.c.seq.between(begin, end))
        yield from read_entries(connection, select(ENTRY).where(*wanted).order_by(ENTRY.c.seq))


def attempts_known(connection: Connection, attempts: Sequence[tuple[str, int]]) -> frozenset[tuple[str, int]]:
    """Return which of some attempts, by reference and number, have a row."""
    found: set[tuple[str, int]] = set()
    for start in range(0, len(attempts), BATCH):
        question = select(REMINDER.c.reference, DELIVERY.c.attempt).join(DELIVERY, DELIVERY.c.reminder == REMINDER.c.id)
        pairs = tuple_(REMINDER.c.reference, DELIVERY.c.attempt).in_(list(attempts[start : start + BATCH]))
        found.update((row[0], row[1]) for row in connection.execute(question.where(pairs)))
    return frozenset(found)


def by_reference(connection: Connection, references: Sequence[str]) -> Mapping[str, Reminder]:
    """Return the reminders that some references name."""
    found: dict[str, Reminder] = {}
    for start in range(0, len(references), BATCH):
        question = select(REMINDER).where(REMINDER.c.reference.in_(list(references[start : start + BATCH])))
        for row in connection.execute(question):
            found[row.reference] = Reminder(**row._mapping)
    return found


def _notes(connection: Connection, kinds: Sequence[str], *, until: datetime | None) -> Iterator[Entry]:
    question = select(ENTRY).where(ENTRY.c.assignment.is_(None), ENTRY.c.kind.in_(kinds)).order_by(ENTRY.c.seq)
    yield from read_entries(connection, question.where(ENTRY.c.recorded_at <= until) if until else question)
