"""Moving: one person's move of one assignment, with everything that follows from it, in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, check_move, fold
from tracker.domain.authority import check_who
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, NotFound
from tracker.domain.lifecycle import BY_KIND
from tracker.domain.standing import SETTLED, Progress
from tracker.operations.anchors import resolved
from tracker.operations.deputies import deputies_of
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.waiting import changes, released, scene_after
from tracker.store import assignments, ledger, outbox
from tracker.store.store import Connection, Store

Payload = dict[str, Any]
# what a kind of move has to check or to add, once the assignment is held: it may fill the payload
Also = Callable[[Connection, Registry, Assignment, datetime], Payload]
# what no reminder speaks of any more
QUIET = SETTLED | {Progress.SUBMITTED, Progress.SUSPENDED}


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
) -> Assignment:
    """Make a move and return the assignment after it.

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
        step = Step(before, Draft(kind=kind, effective_at=at, actor=actor, assignment=before.ref, payload=payload))
        return commit(connection, [step], at=at, actor=actor, registry=registry)[0]


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
    deputies = deputies_of(connection, before.agency, on=registry.calendar.civil_day(at))
    check_who(BY_KIND[kind], before, actor=actor, registry=registry, deputies=deputies)
    if seen is not None and before.changed != seen:
        raise Conflict(_what_came_first(connection, before, seen))
    check_move(kind, before, payload, at=at)


def commit(
    connection: Connection, steps: Sequence[Step], *, at: datetime, actor: str, registry: Registry
) -> tuple[Assignment, ...]:
    """Record steps with what follows from them, and return their assignments as they are after."""
    coming = [_after(step, at) for step in steps]
    freed = _following(connection, coming, steps, at=at, actor=actor)
    settled = [a for a in (*coming, *(after_step(step, at) for step in freed)) if a.facts.progress in SETTLED]
    dated = resolved(connection, settled, at=at, actor=actor, registry=registry)
    _, (after, _) = record_runs(connection, [*steps, *freed], dated, at=at, registry=registry)
    mine = after[: len(steps)]
    for assignment, step in zip(mine, steps, strict=True):
        if assignment.facts.progress in QUIET:
            outbox.cancel(connection, assignment.ref, why=f"{step.draft.kind} before it was sent")
    refs = {assignment.ref for assignment in mine}
    for other in settled:
        if other.ref not in refs:
            outbox.cancel(connection, other.ref, why="done by another agency before it was sent")
    return mine


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


def _after(step: Step, at: datetime) -> Assignment:
    draft = step.draft
    assert draft.assignment is not None
    seq = step.before.seq if step.before else 0
    return fold(
        step.before, draft.kind, draft.payload, ref=draft.assignment, seq=seq, effective_at=draft.effective_at, at=at
    )


def _following(
    connection: Connection, coming: Sequence[Assignment], steps: Sequence[Step], *, at: datetime, actor: str
) -> list[Step]:
    """Return the steps for what is closed out or waits otherwise because of some moves."""
    if all(step.draft.kind != "reopened" for step in steps):
        return released(connection, coming, at=at, actor=actor)
    # what was free to start waits again
    scene, found = scene_after(connection, coming)
    refs = {assignment.ref for assignment in coming}
    return changes((a for a in found if a.ref not in refs), scene, at=at, actor=actor)


def _what_came_first(connection: Connection, before: Assignment, seen: int) -> str:
    newer = [e for e in ledger.entries(connection, assignment=before.ref, after=seen) if e.seq <= before.changed]
    last = newer[-1] if newer else None
    by = f": entry {last.seq}, {last.kind} by {last.actor}" if last else ""
    return f"{before.ref} has changed since you looked at it{by}; look again, then decide"
