"""The delivery ledger as pages show it: reminders that fit, page by page, counted by what they have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from tracker.domain.scope import EVERYTHING, Scope
from tracker.store.outbox import DELIVERY, REMINDER, Reminder

FACETS = ("state", "stage", "agency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which reminders are wanted; `since` and `until` bound when they were made: from the first, before the second."""

    state: str | None = None
    stage: str | None = None
    agency: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def of_any(self) -> "Sought":
        """Return the time that is sought, whatever else is chosen."""
        return replace(self, state=None, stage=None, agency=None)

    def counted(self, tallies: Mapping[tuple[str, str, str], int], facet: str) -> dict[str, int]:
        """Return how many reminders have each value of a facet, whatever is chosen of that facet itself."""
        place, chosen = FACETS.index(facet), [getattr(self, one) for one in FACETS]
        found: dict[str, int] = {}
        for values, count in tallies.items():
            if all(n == place or want in (None, values[n]) for n, want in enumerate(chosen)):
                found[values[place]] = found.get(values[place], 0) + count
        return dict(sorted(found.items()))

    def fits(self, reminder: Reminder) -> bool:
        """Return whether a reminder is one of those sought."""
        return (
            self.state in (None, reminder.state)
            and self.stage in (None, reminder.stage)
            and self.agency in (None, reminder.agency)
            and (self.since is None or reminder.made_at >= self.since)
            and (self.until is None or reminder.made_at < self.until)
        )


def page(
    connection: Connection, sought: Sought, *, limit: int, after: int | None = None, scope: Scope = EVERYTHING
) -> tuple[Reminder, ...]:
    """Return reminders that fit, the newest first, from a place (the id of one) on."""
    question = select(REMINDER).where(*_fit(sought, scope)).order_by(REMINDER.c.id.desc()).limit(limit)
    if after is not None:
        question = question.where(REMINDER.c.id < after)
    return tuple(Reminder(**row._mapping) for row in connection.execute(question))


def tallies(connection: Connection, sought: Sought, *, scope: Scope = EVERYTHING) -> Mapping[tuple[str, str, str], int]:
    """Return how many reminders made in the time sought have each state, stage and agency, in one reading."""
    columns = [REMINDER.c[facet] for facet in FACETS]
    question = select(*columns, func.count()).where(*_fit(sought.of_any(), scope)).group_by(*columns)
    return {(row[0], row[1], row[2]): row[3] for row in connection.execute(question)}


def hours(
    connection: Connection, *, since: datetime, until: datetime, scope: Scope = EVERYTHING
) -> tuple[tuple[datetime, str, int], ...]:
    """Return (hour, outcome, how many attempts began in it) between two instants; a mail of several has one attempt."""
    begun = DELIVERY.c.started_at
    if connection.dialect.name == "postgresql":
        hour: ColumnElement[str] = func.to_char(func.timezone("UTC", begun), "YYYY-MM-DD HH24")
    else:
        hour = func.strftime("%Y-%m-%d %H", begun)
    question = select(hour, DELIVERY.c.outcome, func.count()).where(begun >= since, begun <= until)
    if scope.offices is not None:
        mine = select(REMINDER.c.id).where(REMINDER.c.agency.in_(sorted(scope.offices)))
        question = question.where(DELIVERY.c.reminder.in_(mine))
    rows = connection.execute(question.group_by(hour, DELIVERY.c.outcome).order_by(hour))
    return tuple((datetime.fromisoformat(f"{row[0]}:00+00:00"), row[1], row[2]) for row in rows)


def with_reference(connection: Connection, reference: str, *, scope: Scope = EVERYTHING) -> tuple[Reminder, ...]:
    """Return the reminder of a reference, or those that left in the mail of that reference; nothing out of scope."""
    fits = or_(REMINDER.c.reference == reference, REMINDER.c.bundle == reference)
    question = select(REMINDER).where(fits, *_told(scope)).order_by(REMINDER.c.id)
    return tuple(Reminder(**row._mapping) for row in connection.execute(question))


def mates(connection: Connection, bundle: str, *, scope: Scope = EVERYTHING) -> tuple[Reminder, ...]:
    """Return the reminders that left in one mail."""
    question = select(REMINDER).where(REMINDER.c.bundle == bundle, *_told(scope)).order_by(REMINDER.c.id)
    return tuple(Reminder(**row._mapping) for row in connection.execute(question))


def _fit(sought: Sought, scope: Scope) -> Iterator[ColumnElement[bool]]:
    yield from _told(scope)
    for facet in FACETS:
        value = getattr(sought, facet)
        if value is not None:
            yield REMINDER.c[facet] == value
    if sought.since is not None:
        yield REMINDER.c.made_at >= sought.since
    if sought.until is not None:
        yield REMINDER.c.made_at < sought.until


def _told(scope: Scope) -> Iterator[ColumnElement[bool]]:
    if scope.offices is not None:
        yield REMINDER.c.agency.in_(sorted(scope.offices))
