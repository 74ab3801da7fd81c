"""Moving: one person's move of one assignment, with everything that follows from it, in one transaction."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, check_move
from tracker.domain.authority import check_who
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, NotFound
from tracker.domain.lifecycle import BY_KIND
from tracker.domain.openings import covered
from tracker.domain.standing import SETTLED
from tracker.operations.anchors import resolved
from tracker.operations.deputies import deputies_of
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.undoing import as_ordered_now, owed_again
from tracker.operations.waiting import changes, released, scene_after
from tracker.store import assignments, ledger
from tracker.store.store import Connection, Store

Payload = dict[str, Any]
# what a kind of move has to check or to add, once the assignment is held: it may fill the payload
Also = Callable[[Connection, Registry, Assignment, datetime], Payload]
# what goes with a move in its transaction, once it is recorded: the assignment before and after
Then = Callable[[Connection, Assignment, Assignment, datetime], None]


def move(
    store: Store,
    ref: str,
    kind: str,
    payload: Payload,
    *,
    at: datetime,
    actor: str,
    seen: int | None = None,
    also: Also | None = None,
    after: Then | None = None,
) -> Assignment:
    """Make a move and return the assignment after it, all in one transaction with what `also` and `after` add.

    `seen` is the position of the entry the person decided by (`Assignment.changed`): Conflict where
    there is a newer one. Raises Refused where the move is not open from here, or not to this actor.
    """
    with store.write() as connection:
        at = ledger.settle(connection, at)
        before = find(connection, ref, lock=True)
        registry = registry_in_force(connection)
        prepare(connection, before, kind, payload, at=at, actor=actor, seen=seen, registry=registry)
        if also is not None:
            payload = {**payload, **also(connection, registry, before, at)}
        effective_at = _effective(before, payload, at, registry)
        draft = Draft(kind=kind, effective_at=effective_at, actor=actor, assignment=before.ref, payload=payload)
        step = Step(before, draft)
        made = commit(connection, [step], at=at, actor=actor, registry=registry)[0]
        if after is not None:
            after(connection, before, made, at)
        return made


def _effective(before: Assignment, payload: Payload, at: datetime, registry: Registry) -> datetime:
    """Return when a move is said to have happened: now, or on the day it names, but never before there was a duty."""
    if "done_on" not in payload:
        return at
    done = registry.calendar.instant(date.fromisoformat(payload["done_on"]))
    return min(at, max(done, before.facts.assigned_at))


def prepare(
    connection: Connection,
    before: Assignment,
    kind: str,
    payload: Payload,
    *,
    at: datetime,
    actor: str,
    seen: int | None,
    registry: Registry,
) -> None:
    """Raise Refused or Conflict where a move cannot be made, before anything is written."""
    transition = BY_KIND[kind]
    deputies = deputies_of(connection, *covered(transition, before), on=registry.calendar.civil_day(at))
    check_who(transition, before, actor=actor, registry=registry, deputies=deputies)
    if seen is not None and before.changed != seen:
        raise Conflict(_what_came_first(connection, before, seen))
    check_move(kind, before, payload, at=at)


def commit(
    connection: Connection, steps: Sequence[Step], *, at: datetime, actor: str, registry: Registry
) -> tuple[Assignment, ...]:
    """Record steps with what follows from them, and return their assignments as they are after."""
    coming = [after_step(step, at, seq=step.before.seq if step.before else 0) for step in steps]
    undone = [a for a, step in zip(coming, steps, strict=True) if step.draft.kind == "reopened"]
    back = owed_again(connection, undone, at=at, actor=actor, registry=registry)
    again = [after_step(step, at) for step in back]
    freed = _following(connection, [*coming, *again], undone, at=at, actor=actor)
    settled = [a for a in (*coming, *(after_step(step, at) for step in freed)) if a.facts.progress in SETTLED]
    ordered = as_ordered_now(connection, undone, at=at, actor=actor, registry=registry)
    by_now = {a.ref: a for a in (*undone, *(after_step(step, at) for step in ordered))}
    dated = resolved(connection, [*settled, *by_now.values(), *again], at=at, actor=actor, registry=registry)
    runs = [*steps, *back], freed, ordered, dated
    _, (after, *_) = record_runs(connection, *runs, at=at, registry=registry)
    return after[: len(steps)]


def find(connection: Connection, ref: str, *, lock: bool = False) -> Assignment:
    """Return the assignment with this reference, or with the only one that ends in it; raises NotFound."""
    if found := assignments.get(connection, [ref], lock=lock):
        return found[0]
    endings = assignments.refs_ending(connection, ref)
    if len(endings) == 1:
        return assignments.get(connection, endings, lock=lock)[0]
    if endings:
        raise NotFound(f"'{ref}' may be {', '.join(endings[:3])}: write more of it", code="ambiguous")
    raise NotFound(f"there is no assignment '{ref}'")


def _following(
    connection: Connection, coming: Sequence[Assignment], undone: Sequence[Assignment], *, at: datetime, actor: str
) -> list[Step]:
    """Return the steps for what is closed out or waits otherwise because of some moves."""
    if not undone:
        return released(connection, coming, at=at, actor=actor)
    # what was free to start waits again, and what is reopened waits for whatever is not done by now
    scene, found = scene_after(connection, coming)
    return changes(found, scene, at=at, actor=actor)


def _what_came_first(connection: Connection, before: Assignment, seen: int) -> str:
    newer = [e for e in ledger.entries(connection, assignment=before.ref, after=seen) if e.seq <= before.changed]
    last = newer[-1] if newer else None
    by = f": entry {last.seq}, {last.kind} by {last.actor}" if last else ""
    return f"{before.ref} has changed since you looked at it{by}; look again, then decide"
