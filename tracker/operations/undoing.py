"""Undoing: what followed from a completion, and holds no longer once that is reopened.

A date that was counted from the completion stays: others were told of it and plan by it. What is owed
again stands under the text in force by now, as if it had never been settled.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.entry import Draft
from tracker.domain.errors import Refused
from tracker.domain.standing import Progress
from tracker.operations.duties import duty_of, new_terms, ordered, terms_of
from tracker.operations.following import following
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import Step
from tracker.operations.waiting import any_one_will_do, scene_after, tasks_in_force
from tracker.store import assignments, ledger
from tracker.store.store import Connection


def check_in_force(connection: Connection, assignment: Assignment) -> None:
    """Raise Refused where no text in force asks for a task any more, or another one does in its place."""
    known = following(connection)
    task = assignment.task
    heir = known.of(task)
    if heir != task:
        raise Refused(f"{assignment.ref} goes on as {heir}: reopen it there", code="out-of-force")
    if task.rpartition("/")[0] in known.out_of_force or not tasks_in_force(connection, [task]):
        raise Refused(f"no text in force asks for {task} any more: it cannot be reopened", code="out-of-force")


def as_ordered_now(
    connection: Connection, undone: Collection[Assignment], *, at: datetime, actor: str, registry: Registry
) -> list[Step]:
    """Return the steps for what is reopened and was ordered otherwise while it was completed."""
    steps = []
    for assignment in undone:
        terms = _terms_now(connection, assignment, registry)
        if terms != {**terms_of(assignment), **ordered(assignment)}:
            payload = {**terms, "version": assignment.version + 1}
            steps.append(_step(assignment, "date_set", payload, at=at, actor=actor))
    return steps


def owed_again(
    connection: Connection, undone: Collection[Assignment], *, at: datetime, actor: str, registry: Registry
) -> list[Step]:
    """Return the steps for those who were let off because an agency had done what any of them could do.

    Once its completion is reopened nobody has done it: they owe it again.
    """
    tasks = tasks_in_force(connection, {assignment.task for assignment in undone})
    doers = {a.ref: a for a in undone if a.task in tasks and any_one_will_do(tasks[a.task])}
    if not doers:
        return []
    found = assignments.of_tasks(connection, {doer.task for doer in doers.values()}, lock=True)
    let_off = [a for a in found if a.facts.progress == Progress.NOT_APPLICABLE]
    scene, _ = scene_after(connection, tuple(doers.values()))
    steps = []
    for assignment in let_off:
        if _let_off_by(connection, assignment) not in doers:
            continue
        payload = {
            "task": assignment.task,
            "agency": assignment.agency,
            "waiting_for": list(scene.waits_for(assignment.task, assignment.agency)),
            **_terms_now(connection, assignment, registry),
            "version": assignment.version + 1,
        }
        steps.append(_step(assignment, "reinstated", payload, at=at, actor=actor))
    return steps


def _terms_now(connection: Connection, assignment: Assignment, registry: Registry) -> dict[str, Any]:
    """Return the terms an assignment stands under by the text in force."""
    directive = directive_in_force(connection, assignment.task.rpartition("/")[0])
    task = directive.task(assignment.task)
    if task is None:
        return {**terms_of(assignment), **ordered(assignment)}
    anchor = task.due.anchor if task.due else None
    duty = duty_of(
        task,
        assignment.agency,
        issued=directive.issued,
        registry=registry,
        anchored_on=assignment.anchors.get(anchor) if anchor else None,
        occurrence=assignment.occurrence,
    )
    return new_terms(assignment, duty)


def _step(assignment: Assignment, kind: str, payload: dict[str, Any], *, at: datetime, actor: str) -> Step:
    draft = Draft(kind=kind, effective_at=at, actor=actor, assignment=assignment.ref, payload=payload)
    return Step(assignment, draft)


def _let_off_by(connection: Connection, assignment: Assignment) -> str | None:
    """Return the reference of the assignment by whose completion one was closed out; None for another reason."""
    last = None
    for entry in ledger.entries(connection, assignment=assignment.ref, kinds=("released", "excused", "reinstated")):
        last = entry
    return last.payload.get("by") if last is not None and last.kind == "released" else None
