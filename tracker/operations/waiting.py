"""What waits for what: the graph's needs, seen from single assignments.

An assignment of a fan-out waits for its own agency where the needed task fans out to that agency
too; otherwise it waits until every assignment of the needed task is settled.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft
from tracker.domain.standing import SETTLED
from tracker.operations.recording import Step
from tracker.store import assignments
from tracker.store.store import Connection

# task -> agency -> whether it is settled
World = Mapping[str, Mapping[str, bool]]


def world_of(found: Collection[Assignment]) -> dict[str, dict[str, bool]]:
    """Return, for each task of some assignments, which agencies owe it and whether each is settled."""
    world: dict[str, dict[str, bool]] = {}
    for assignment in found:
        world.setdefault(assignment.task, {})[assignment.agency] = assignment.facts.progress in SETTLED
    return world


def waiting_for(task: str, agency: str, *, needs: Collection[str], world: World) -> tuple[str, ...]:
    """Return the needed tasks that keep one assignment from starting, in order; a task nobody owes keeps nobody."""
    return tuple(sorted(need for need in needs if not _is_met(task, agency, need, world)))


def released(connection: Connection, changed: Collection[Assignment], *, at: datetime, actor: str) -> list[Step]:
    """Return the steps for assignments whose waiting changes because some others were settled or reopened."""
    dependents = assignments.needing(connection, {assignment.task for assignment in changed})
    if not dependents:
        return []
    needed = {need for needs in dependents.values() for need in needs}
    known = assignments.of_tasks(connection, needed | set(dependents), lock=True)
    world = world_of(known)
    for assignment in changed:
        world[assignment.task][assignment.agency] = assignment.facts.progress in SETTLED
    moved = {assignment.ref for assignment in changed}
    candidates = [a for a in known if a.task in dependents and a.ref not in moved]
    return changes(candidates, needs=dependents, world=world, at=at, actor=actor)


def changes(
    candidates: Collection[Assignment],
    *,
    needs: Mapping[str, Collection[str]],
    world: World,
    at: datetime,
    actor: str,
) -> list[Step]:
    """Return a step for each assignment still to be done whose waiting is no longer what it says."""
    steps = []
    for assignment in candidates:
        if assignment.facts.progress in SETTLED:
            continue
        now = waiting_for(assignment.task, assignment.agency, needs=needs.get(assignment.task, ()), world=world)
        if now != assignment.facts.waiting_for:
            payload = {"waiting_for": list(now)}
            draft = Draft(kind="waiting", effective_at=at, actor=actor, assignment=assignment.ref, payload=payload)
            steps.append(Step(assignment, draft))
    return steps


def _is_met(task: str, agency: str, need: str, world: World) -> bool:
    owed = world.get(need, {})
    if len(world.get(task, {})) > 1 and len(owed) > 1 and agency in owed:
        return owed[agency]
    return all(owed.values())
