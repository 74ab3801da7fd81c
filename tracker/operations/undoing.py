"""Undoing: what followed from a completion, and holds no longer once that is reopened.

A date that was counted from the completion stays: others were told of it and plan by it.
"""

from collections.abc import Collection
from datetime import datetime

from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft
from tracker.domain.standing import Progress
from tracker.operations.duties import ordered, terms_of
from tracker.operations.recording import Step
from tracker.operations.waiting import any_one_will_do, scene_after, tasks_in_force
from tracker.store import assignments, ledger
from tracker.store.store import Connection


def owed_again(connection: Connection, undone: Collection[Assignment], *, at: datetime, actor: str) -> list[Step]:
    """Return the steps for those who were let off because an agency had done what any of them could do.

    Once its completion is reopened nobody has done it: they owe it again, each by the date it had.
    """
    tasks = tasks_in_force(connection, {assignment.task for assignment in undone})
    doers = {a.ref: a for a in undone if a.task in tasks and any_one_will_do(tasks[a.task])}
    if not doers:
        return []
    found = assignments.of_tasks(connection, {doer.task for doer in doers.values()}, lock=True)
    let_off = [a for a in found if a.facts.progress == Progress.NOT_APPLICABLE]
    again = [a for a in let_off if _let_off_by(connection, a) in doers]
    scene, _ = scene_after(connection, tuple(doers.values()))
    steps = []
    for assignment in again:
        payload = {
            "task": assignment.task,
            "agency": assignment.agency,
            "waiting_for": list(scene.waits_for(assignment.task, assignment.agency)),
            **terms_of(assignment),
            "version": assignment.version + 1,
            **ordered(assignment),
        }
        draft = Draft(kind="reinstated", effective_at=at, actor=actor, assignment=assignment.ref, payload=payload)
        steps.append(Step(assignment, draft))
    return steps


def _let_off_by(connection: Connection, assignment: Assignment) -> str | None:
    """Return the reference of the assignment by whose completion one was closed out; None for another reason."""
    last = None
    for entry in ledger.entries(connection, assignment=assignment.ref, kinds=("released", "excused", "reinstated")):
        last = entry
    return last.payload.get("by") if last is not None and last.kind == "released" else None
