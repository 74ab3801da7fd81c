"""Hooks and what they are to be told: written with the entry itself, so that neither is there without the other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, select, update

from tracker.domain.entry import Draft
from tracker.domain.hook import TOLD, wants
from tracker.store.hook_tables import HookDeliveryRow, HookRow

HOOK = HookRow.__table__  # type: ignore[attr-defined]
TELLING = HookDeliveryRow.__table__  # type: ignore[attr-defined]
_AT_WORK = select(HOOK.c.reference, HOOK.c.kinds).where(HOOK.c.disabled_at.is_(None))
_TELL = insert(TELLING)
# built once: building a statement takes longer than running it
_OUTCOME = ("state", "due_at", "why", "attempts", "tried_at", "code")
_SET = update(TELLING).where(TELLING.c.id == bindparam("one")).values({name: bindparam(name) for name in _OUTCOME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A subscription: `address` may be shown, `secret` is sealed."""

    reference: str
    address: str
    kinds: tuple[str, ...]
    secret: str
    made_at: datetime
    made_by: str
    disabled_at: datetime | None
    failing_since: datetime | None
    why: str | None
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One entry to be told to one hook, by an identity that stays the same however often it is tried."""

    id: int
    hook: str
    entry: int
    identity: str
    state: str
    attempts: int
    made_at: datetime
    due_at: datetime | None
    tried_at: datetime | None
    code: int | None
    why: str | None


def tell(connection: Connection, drafts: Sequence[Draft], *, first: int, at: datetime) -> None:
    """Write what hooks are told of drafts that become entries from a position on."""
    worth = [(seq, draft.kind) for seq, draft in enumerate(drafts, first) if draft.kind in TOLD]
    if not worth:
        return
    wanted = {row.reference: tuple(json.loads(row.kinds)) for row in connection.execute(_AT_WORK)}
    rows = [
        {"hook": one, "entry": seq, "identity": identity_of(one, seq), "made_at": at, "due_at": at}
        for one, kinds in wanted.items()
        for seq, kind in worth
        if wants(kinds, kind)
    ]
    if rows:
        connection.execute(_TELL, [{**row, "state": "pending", "attempts": 0} for row in rows])


def identity_of(hook: str, seq: int) -> str:
    """Return what a message is known by, at every try.

    >>> identity_of("hook-3f", 412)
    'msg-hook-3f-412'
    """
    return f"msg-{hook}-{seq}"


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Write a subscription down."""
    connection.execute(insert(HOOK).values(**row))


def get(connection: Connection, reference: str, *, lock: bool = False) -> Hook | None:
    """Return a subscription."""
    question = select(HOOK).where(HOOK.c.reference == reference)
    row = connection.execute(question.with_for_update() if lock else question).one_or_none()
    return _hook(row) if row else None


def every(connection: Connection) -> tuple[Hook, ...]:
    """Return all subscriptions, the oldest first."""
    return tuple(map(_hook, connection.execute(select(HOOK).order_by(HOOK.c.made_at, HOOK.c.reference))))


def change(connection: Connection, reference: str, **values: Any) -> None:
    """Write what is so of a subscription from now on."""
    connection.execute(update(HOOK).where(HOOK.c.reference == reference).values(**values))


def remove(connection: Connection, reference: str) -> None:
    """Take a subscription out, with what it was to be told."""
    connection.execute(delete(TELLING).where(TELLING.c.hook == reference))
    connection.execute(delete(HOOK).where(HOOK.c.reference == reference))


def due(connection: Connection, at: datetime, *, limit: int) -> tuple[Telling, ...]:
    """Return what is to be told by an instant, the oldest entries first."""
    question = select(TELLING).where(TELLING.c.due_at <= at).order_by(TELLING.c.entry, TELLING.c.id).limit(limit)
    return tuple(_telling(row) for row in connection.execute(question))


def tellings(connection: Connection, hook: str, *, limit: int, before: int | None = None) -> tuple[Telling, ...]:
    """Return what a hook was told and is to be told, the newest entry first."""
    question = select(TELLING).where(TELLING.c.hook == hook).order_by(TELLING.c.entry.desc()).limit(limit)
    if before is not None:
        question = question.where(TELLING.c.entry < before)
    return tuple(_telling(row) for row in connection.execute(question))


def set_telling(connection: Connection, one: int, **values: Any) -> None:
    """Write what became of a telling: each of `_OUTCOME`."""
    connection.execute(_SET, {"one": one, **values})


def give_up(connection: Connection, hook: str, *, why: str) -> int:
    """Close everything a hook was still to be told and return how much that was."""
    open_still: ColumnElement[bool] = TELLING.c.due_at.is_not(None)
    closed = update(TELLING).where(TELLING.c.hook == hook, open_still).values(state="cancelled", due_at=None, why=why)
    return connection.execute(closed).rowcount


def clear(connection: Connection, *, before: datetime) -> None:
    """Take out what was told long ago."""
    connection.execute(delete(TELLING).where(TELLING.c.due_at.is_(None), TELLING.c.made_at < before))


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many tellings are in each state."""
    rows = connection.execute(select(TELLING.c.state, func.count()).group_by(TELLING.c.state))
    return {row[0]: row[1] for row in rows}


def _hook(row: Row[Any]) -> Hook:
    return Hook(**{**row._mapping, "kinds": tuple(json.loads(row.kinds))})


def _telling(row: Row[Any]) -> Telling:
    return Telling(**row._mapping)
