"""When kinds of work were last done, the gaps entries tell of, and how promptly reminders were made and tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from tracker.domain.entry import Entry
from tracker.store.ledger import ENTRY, read_entries
from tracker.store.outbox import DELIVERY, REMINDER
from tracker.store.tables import WatchRow

WATCH = WatchRow.__table__  # type: ignore[attr-defined]
GAP = "watch_gap"
WORKS = ("sweep", "deliver", "seal")  # who must be at work all the time; what else is noted here is no gap
BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A reminder with the instants that say how prompt it was; `tried_at` is when its first attempt began."""

    reference: str
    assignment: str
    agency: str
    channel: str
    rung: str
    version: int
    moment: datetime
    made_at: datetime
    tried_at: datetime | None


def last(connection: Connection, work: str) -> datetime | None:
    """Return when a kind of work was last done, or None."""
    return connection.execute(select(WATCH.c.at).where(WATCH.c.work == work)).scalar_one_or_none()


def every(connection: Connection) -> Mapping[str, datetime]:
    """Return when each kind of work was last done."""
    return {row.work: row.at for row in connection.execute(select(WATCH).order_by(WATCH.c.work))}


def last_attempt(connection: Connection) -> datetime | None:
    """Return when the newest attempt at a reminder began: a delivery that takes long is at work all the same."""
    question = select(DELIVERY.c.started_at).order_by(DELIVERY.c.id.desc()).limit(1)
    return connection.execute(question).scalar_one_or_none()


def note(connection: Connection, work: str, at: datetime) -> None:
    """Write that a kind of work is done at an instant."""
    insert = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    statement = insert(WATCH).values(work=work, at=at)
    connection.execute(statement.on_conflict_do_update(index_elements=[WATCH.c.work], set_={"at": at}))


def gaps(connection: Connection, *, since: datetime, until: datetime) -> Iterator[Entry]:
    """Yield the entries of gaps that touch a period, in their order."""
    question = select(ENTRY).where(ENTRY.c.assignment.is_(None), ENTRY.c.kind == GAP)
    question = question.where(ENTRY.c.recorded_at > since, ENTRY.c.effective_at < until)
    yield from read_entries(connection, question.order_by(ENTRY.c.seq))


def prompts(connection: Connection, *, since: datetime, until: datetime) -> Iterator[Prompt]:
    """Yield the reminders made from an instant on whose moment came before another, in the order of their making."""
    # an attempt at a bundle is kept with one of its reminders, and was one at the others too
    kept = REMINDER.alias("kept")
    mail = func.coalesce(kept.c.bundle, kept.c.reference).label("mail")
    first = select(mail, func.min(DELIVERY.c.started_at).label("tried_at")).join(kept, kept.c.id == DELIVERY.c.reminder)
    tried = first.group_by(mail).subquery()
    names = [name for name in Prompt.__dataclass_fields__ if name != "tried_at"]
    question = select(*(REMINDER.c[name] for name in names), tried.c.tried_at)
    question = question.outerjoin(tried, tried.c.mail == func.coalesce(REMINDER.c.bundle, REMINDER.c.reference))
    question = question.where(REMINDER.c.made_at >= since, REMINDER.c.moment < until)
    question = question.order_by(REMINDER.c.made_at, REMINDER.c.id)
    for row in connection.execute(question.execution_options(yield_per=BATCH)).mappings():
        yield Prompt(**row)


def terms(connection: Connection, *, until: datetime) -> Mapping[str, Sequence[datetime]]:
    """Return when each assignment was given the terms its reminders count by, in order.

    A look that says why it tells nothing is such an instant too: the registry changed, and moments with it.
    """
    told = (ENTRY.c.kind == "swept") & ENTRY.c.body.contains('"why":', autoescape=True)
    question = select(ENTRY.c.assignment, ENTRY.c.recorded_at).where(ENTRY.c.recorded_at <= until)
    question = question.where(or_(ENTRY.c.kind.in_(_TERMS), told)).order_by(ENTRY.c.seq)
    found: dict[str, list[datetime]] = {}
    for ref, at in connection.execute(question.execution_options(yield_per=BATCH)):
        found.setdefault(ref, []).append(at)
    return found


_TERMS = ("assigned", "date_set", "extension_granted", "moved_along", "reinstated", "resumed")
