"""The journal as pages show it: entries that fit, the newest first, from a place on; and which kinds there are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from tracker.domain.entry import Entry
from tracker.store.assignments import ASSIGNMENT
from tracker.store.ledger import ENTRY, read_entries
from tracker.store.queries import last_seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which entries are wanted; `since` and `until` bound when they were recorded: from the first, before the second.

    An `agency` leaves those about what it owes. An `actor` is a name, or the part of one before its colon.
    """

    kinds: Collection[str] = ()
    actor: str | None = None
    assignment: str | None = None
    agency: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(
    connection: Connection, sought: Sought, *, at: datetime, known: datetime, limit: int, after: int | None = None
) -> tuple[Entry, ...]:
    """Return entries recorded up to `known` that had taken effect at an instant, from below a position on."""
    question = select(ENTRY).where(*_fit(sought), ENTRY.c.seq <= last_seq(known))
    question = question.where(or_(ENTRY.c.effective_at <= at, ENTRY.c.recorded_at <= at))
    if after is not None:
        question = question.where(ENTRY.c.seq < after)
    return tuple(read_entries(connection, question.order_by(ENTRY.c.seq.desc()).limit(limit)))


def kinds(connection: Connection, *, until: datetime, newest: int) -> tuple[tuple[str, int], ...]:
    """Return (kind, how many) of the newest entries recorded up to an instant, by kind."""
    some = (
        select(ENTRY.c.kind).where(ENTRY.c.seq <= last_seq(until)).order_by(ENTRY.c.seq.desc()).limit(newest).subquery()
    )
    rows = connection.execute(select(some.c.kind, func.count()).group_by(some.c.kind).order_by(some.c.kind))
    return tuple((row[0], row[1]) for row in rows)


def _fit(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.kinds:
        yield ENTRY.c.kind.in_(sorted(sought.kinds))
    if sought.actor is not None:
        yield or_(ENTRY.c.actor == sought.actor, ENTRY.c.actor.startswith(f"{sought.actor}:", autoescape=True))
    if sought.assignment is not None:
        yield ENTRY.c.assignment == sought.assignment
    if sought.agency is not None:
        yield ENTRY.c.assignment.in_(select(ASSIGNMENT.c.ref).where(ASSIGNMENT.c.agency == sought.agency))
    if sought.since is not None:
        yield ENTRY.c.recorded_at >= sought.since
    if sought.until is not None:
        yield ENTRY.c.recorded_at < sought.until
