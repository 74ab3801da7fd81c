"""The outbox: reminders written before anything is sent, claimed one at a time, each attempt with its outcome.

A reminder is `pending` (due for a try), `sending` (leased by a worker), `accepted`, `failed` (for
good: a person has to look) or `cancelled`. A worker that dies leaves `sending`; when its lease ends
the attempt is recorded as unknown and the reminder is tried again with the same Message-ID.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from tracker.domain.outbox import BUNDLED, TOGETHER, Told
from tracker.domain.scope import EVERYTHING, Scope
from tracker.store import bulk
from tracker.store.tables import DeliveryRow, ReminderRow

REMINDER = ReminderRow.__table__  # type: ignore[attr-defined]
DELIVERY = DeliveryRow.__table__  # type: ignore[attr-defined]

TROUBLED = ("failed", "held")  # what somebody has to look at

# statements of every message are built once: building one takes longer than running it
_MATES = (
    select(REMINDER)
    .where(REMINDER.c.agency.in_(bindparam("offices", expanding=True)), REMINDER.c.due_at <= bindparam("at"))
    .where(REMINDER.c.state == "pending", REMINDER.c.attempts == 0, REMINDER.c.stage.in_(sorted(TOGETHER)))
    .order_by(REMINDER.c.id)
)
_MEMBERS = (
    select(REMINDER)
    .where(REMINDER.c.bundle == bindparam("one"), REMINDER.c.state.in_(("pending", "sending")))
    .order_by(REMINDER.c.id)
)
_CHANGE = update(REMINDER).where(REMINDER.c.id == bindparam("one"))
_FINISH = _CHANGE.where(REMINDER.c.token == bindparam("held"), REMINDER.c.state == "sending").values(
    {name: bindparam(name) for name in ("state", "due_at", "why", "bundle")}
)
_TOKENS = select(REMINDER.c.id, REMINDER.c.token).where(
    REMINDER.c.id.in_(bindparam("some", expanding=True)), REMINDER.c.state == "sending"
)


_ENDS = ("outcome", "code", "detail", "finished_at", "seq")

# what tells reminders apart that are alike otherwise, in the order of `_OWN`
Own = tuple[str, str, str, str, str]
_OWN = ("key", "reference", "assignment", "agency", "channel")
_SHARED = tuple(column.name for column in REMINDER.c if column.name not in (*_OWN, "id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One row of the outbox."""

    id: int
    reference: str
    key: str
    assignment: str
    rung: str
    stage: str
    version: int
    agency: str
    channel: str
    moment: datetime
    made_at: datetime
    state: str
    due_at: datetime | None
    token: int
    attempts: int
    why: str | None
    bundle: str | None = None
    hold: str | None = None
    payload: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt at a reminder."""

    id: int
    reminder: int
    attempt: int
    address: str
    message_id: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    code: int | None
    detail: str | None


def make(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write reminders that are not there yet and return how many were new; the unique key decides."""
    if not rows:
        return 0
    conflict_free = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    statement = conflict_free(REMINDER).on_conflict_do_nothing().returning(REMINDER.c.id)
    return len(connection.execute(statement, [dict(row) for row in rows]).fetchall())


def own_of(told: Told) -> Own:
    """Return whose a reminder is."""
    return told.key, told.reference, told.assignment, told.agency, told.channel


def make_alike(connection: Connection, wanted: Iterable[tuple[Told, Sequence[Own]]]) -> int:
    """Write reminders that are not there yet and return how many were new: for each one told, those alike.

    They differ in whose they are alone: key, reference, assignment, agency and channel.
    """
    kept = bulk.keeper(connection)
    rows: list[bulk.Row] = []
    for told, owned in wanted:
        values = (0 if name == "token" else getattr(told, name) for name in _SHARED)
        shared = tuple(kept(value) if isinstance(value, datetime) else value for value in values)
        rows += [(*own, *shared) for own in owned]
    return bulk.insert(connection, REMINDER, (*_OWN, *_SHARED), rows, only_new=True)


def by_key(connection: Connection, keys: Sequence[str]) -> Mapping[str, Reminder]:
    """Return the reminders of some keys, by key."""
    rows = connection.execute(select(REMINDER).where(REMINDER.c.key.in_(list(keys))))
    return {row.key: _reminder(row) for row in rows}


def by_reference(connection: Connection, references: Sequence[str]) -> tuple[Reminder, ...]:
    """Return the reminders of some references, in the order of their making."""
    question = select(REMINDER).where(REMINDER.c.reference.in_(list(references))).order_by(REMINDER.c.id)
    return tuple(map(_reminder, connection.execute(question)))


def has_rung(connection: Connection, rungs: Sequence[str]) -> bool:
    """Return whether a list of some rung was made: one that is about no single assignment."""
    question = select(REMINDER.c.id).where(REMINDER.c.assignment == "", REMINDER.c.rung.in_(list(rungs))).limit(1)
    return connection.execute(question).first() is not None


def say_more(connection: Connection, reminder: int, payload: str) -> None:
    """Write what a reminder says beside its assignment."""
    connection.execute(_CHANGE, {"one": reminder, "payload": payload})


def mates(
    connection: Connection, agencies: Collection[str], *, at: datetime
) -> dict[tuple[str, str], tuple[Reminder, ...]]:
    """Return what offices are owed by an instant and nobody tried yet, as it leaves: by office and channel."""
    found: dict[tuple[str, str], list[Reminder]] = {}
    for row in connection.execute(_MATES, {"offices": sorted(agencies), "at": at}):
        found.setdefault((row.agency, row.channel), []).append(_reminder(row))
    return {one: tuple(reminders) for one, reminders in found.items()}


def members(connection: Connection, bundle: str) -> tuple[Reminder, ...]:
    """Return the reminders of a bundle that are not finished."""
    return tuple(map(_reminder, connection.execute(_MEMBERS, {"one": bundle})))


def lease(connection: Connection, mails: Sequence[tuple[Sequence[Reminder], str | None]], *, until: datetime) -> None:
    """Mark the reminders of mails, each with its bundle, as being sent, by a new token each, until that is given up."""
    given_up = bulk.keeper(connection)(until)
    rows = [
        ("sending", r.token + 1, r.attempts + 1, given_up, bundle, r.id) for members, bundle in mails for r in members
    ]
    bulk.update(connection, REMINDER, ("state", "token", "attempts", "due_at", "bundle"), ("id",), rows)


def tokens(connection: Connection, reminders: Sequence[int]) -> Mapping[int, int]:
    """Return the tokens of those of some reminders that are being sent."""
    return {row.id: row.token for row in connection.execute(_TOKENS, {"some": list(reminders)})}


def finish(
    connection: Connection,
    reminders: Sequence[Reminder],
    *,
    state: str,
    due_at: datetime | None,
    why: str | None,
    bundle: str | None = None,
) -> None:
    """Record how an attempt left its reminders, as they were before it; one that another worker holds by now stays."""
    finish_all(connection, [(reminders, {"state": state, "due_at": due_at, "why": why, "bundle": bundle})])


def finish_all(connection: Connection, mails: Sequence[tuple[Sequence[Reminder], Mapping[str, Any]]]) -> None:
    """Record how attempts left the reminders of some mails, as they were before."""
    rows = [{"one": r.id, "held": r.token + 1, **change} for members, change in mails for r in members]
    if rows:
        connection.execute(_FINISH, rows)


def set_aside(connection: Connection, reminder: int, *, state: str, why: str) -> None:
    """Close a reminder without an attempt: `failed` for a person to look at, `cancelled` with nothing left to say."""
    connection.execute(_CHANGE, {"one": reminder, "state": state, "due_at": None, "why": why})


def cancel(connection: Connection, assignment: str, *, why: str) -> tuple[str, ...]:
    """Cancel what is still pending or held for an assignment and return the references; what is being sent stays.

    What an entry had to tell at once is no reminder, and stays.
    """
    statement = (
        update(REMINDER)
        .where(REMINDER.c.assignment == assignment, REMINDER.c.state.in_(("pending", "held")))
        .where(REMINDER.c.stage.in_(sorted(BUNDLED)))
        .values(state="cancelled", due_at=None, why=why)
        .returning(REMINDER.c.reference)
    )
    return tuple(sorted(connection.execute(statement).scalars()))


def begin_attempts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write attempts as being sent."""
    bulk.insert_alike(connection, DELIVERY, [{**row, "outcome": "sending"} for row in rows])


def end_attempts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the outcomes of attempts, each known by the reminder it is kept with (`of`) and its `number`."""
    ends = bulk.plain(connection, ([row[name] for name in (*_ENDS, "of", "number")] for row in rows))
    bulk.update(connection, DELIVERY, _ENDS, ("reminder", "attempt"), ends)


def unfinished(connection: Connection, reminders: Sequence[int]) -> Delivery | None:
    """Return the attempt at reminders of one mail that never got an outcome, if there is one."""
    question = select(DELIVERY).where(DELIVERY.c.reminder.in_(list(reminders)), DELIVERY.c.outcome == "sending")
    row = connection.execute(question).one_or_none()
    return _delivery(row) if row else None


def next_due(connection: Connection) -> datetime | None:
    """Return when the delivery engine next has something to do, or None."""
    # SQLite finds the least by a partial index only where the question says what the index says
    question = select(func.min(REMINDER.c.due_at)).where(REMINDER.c.due_at.is_not(None))
    found: datetime | None = connection.execute(question).scalar_one()
    return found


def reminders(
    connection: Connection,
    *,
    state: str | None = None,
    agency: str | None = None,
    assignment: str | None = None,
    limit: int | None = None,
    scope: Scope = EVERYTHING,
) -> tuple[Reminder, ...]:
    """Return reminders, the newest first; of a scope, those that its offices were to be told."""
    question = select(REMINDER).where(*_told(scope)).order_by(REMINDER.c.made_at.desc(), REMINDER.c.id.desc())
    if state is not None:
        question = question.where(_is(state))
    for column, value in (("agency", agency), ("assignment", assignment)):
        if value is not None:
            question = question.where(REMINDER.c[column] == value)
    return tuple(_reminder(row) for row in connection.execute(question.limit(limit) if limit else question))


def deliveries(
    connection: Connection, reminders: Sequence[int] | None = None, *, scope: Scope = EVERYTHING
) -> tuple[Delivery, ...]:
    """Return the attempts in their order: all, or those at some reminders, each as an attempt at every one of them.

    An attempt at a bundle has one row, at one of its members; it was an attempt at the others too. `scope` leaves,
    of the attempts at some, those at reminders that its offices were to be told.
    """
    if reminders is None:
        return tuple(map(_delivery, connection.execute(select(DELIVERY).order_by(DELIVERY.c.id))))
    found = list(connection.execute(_tried(REMINDER.c.id == DELIVERY.c.reminder, reminders, scope)))
    lead = REMINDER.alias("lead")
    together = select(lead.c.id).where(lead.c.bundle == REMINDER.c.bundle, lead.c.id != REMINDER.c.id)
    by_bundle = _tried(DELIVERY.c.reminder.in_(together), reminders, scope).where(REMINDER.c.bundle.is_not(None))
    found += list(connection.execute(by_bundle.where(DELIVERY.c.attempt <= REMINDER.c.attempts)))
    return tuple(
        replace(_delivery(row), reminder=row.tried) for row in sorted(found, key=lambda row: (row.id, row.tried))
    )


def _tried(joined: ColumnElement[bool], reminders: Sequence[int], scope: Scope) -> Select[Any]:
    question = select(DELIVERY, REMINDER.c.id.label("tried")).select_from(REMINDER).join(DELIVERY, joined)
    return question.where(REMINDER.c.id.in_(list(reminders)), *_told(scope))


def _told(scope: Scope) -> Iterator[ColumnElement[bool]]:
    if scope.offices is not None:
        yield REMINDER.c.agency.in_(sorted(scope.offices))


def _is(state: str) -> ColumnElement[bool]:
    """Return whether a reminder is in a state; one of the troubled is said word for word, as their index says it."""
    said: ColumnElement[bool] = REMINDER.c.state == (
        bindparam(None, state, literal_execute=True) if state in TROUBLED else state
    )
    return said


def counts(connection: Connection, *, scope: Scope = EVERYTHING, troubled: bool = False) -> Mapping[str, int]:
    """Return how many reminders are in each state; of a scope, of those that its offices were to be told.

    With `troubled` only those are counted that somebody has to look at, which are few.
    """
    question = select(REMINDER.c.state, func.count()).where(*_told(scope))
    if troubled:
        question = question.where(or_(*map(_is, TROUBLED)))
    rows = connection.execute(question.group_by(REMINDER.c.state).order_by(REMINDER.c.state))
    return {row[0]: row[1] for row in rows}


def outcomes(connection: Connection) -> Mapping[str, int]:
    """Return how many attempts there were of each outcome."""
    question = select(DELIVERY.c.outcome, func.count()).group_by(DELIVERY.c.outcome)
    return {row[0]: row[1] for row in connection.execute(question)}


def _reminder(row: Row[Any]) -> Reminder:
    return Reminder(**row._mapping)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})
