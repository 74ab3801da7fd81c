"""What follows when an assignment moves: others are closed out because it is done, or wait for it no longer.

The rules stand in `domain/waiting.py`; here they meet the store.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.directive import Directive, Task
from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound, Refused
from tracker.domain.standing import SETTLED, Progress
from tracker.domain.waiting import Mark, Scene, marks_of
from tracker.operations.following import followed
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import Step, after_step, registry_in_force
from tracker.store import assignments
from tracker.store.store import Connection


def released(connection: Connection, changed: Collection[Assignment], *, at: datetime, actor: str) -> list[Step]:
    """Return the steps that follow from some assignments' moves, which need not be written yet.

    First come those that are closed out because another agency did what any of them could do,
    then those whose waiting changes.
    """
    changed = [a for a in changed if a.facts.progress != Progress.ASSIGNED]
    tasks = tasks_in_force(connection, {assignment.task for assignment in changed})
    closings = closed_by_any(connection, changed, tasks=tasks, at=at, actor=actor)
    moved = [*changed, *(after_step(step, at) for step in closings)]
    return [*closings, *_freed(connection, moved, tasks, at=at, actor=actor)]


def closed_by_any(
    connection: Connection, changed: Collection[Assignment], *, tasks: Mapping[str, Task], at: datetime, actor: str
) -> list[Step]:
    """Return the steps that close out the others where any one of some agencies was to complete a task, and did.

    Only `any` closes: a number or a share of agencies is for needs and roll-ups to look at, all
    agencies go on owing. In a cascade nobody is closed out.
    """
    done = {(a.task, a.occurrence): a for a in changed if a.facts.progress == Progress.COMPLETED}
    done = {key: a for key, a in done.items() if a.task in tasks and any_one_will_do(tasks[a.task])}
    if not done:
        return []
    registry = registry_in_force(connection)
    moved = {assignment.ref for assignment in changed}
    steps = []
    for other in assignments.of_tasks(connection, {task for task, _ in done}, lock=True):
        doer = done.get((other.task, other.occurrence))
        if doer is None or other.ref in moved or other.facts.progress in SETTLED:
            continue
        steps.append(release(other, doer, name=name_of(doer.agency, registry), at=at, actor=actor))
    return steps


def release(other: Assignment, doer: Assignment, *, name: str, at: datetime, actor: str) -> Step:
    """Return the step that closes out an assignment because another agency did what either could do."""
    payload = {"why": f"done by {name}", "by": doer.ref}
    return Step(other, Draft(kind="released", effective_at=at, actor=actor, assignment=other.ref, payload=payload))


def name_of(code: str, registry: Registry) -> str:
    """Return what a sentence calls an agency: its code where the registry has it no more."""
    agency = registry.agencies.get(code)
    return agency.name.en if agency else code


def any_one_will_do(task: Task) -> bool:
    """Return whether a task is done for all of its agencies once one of them has completed it."""
    rule = task.for_each
    return rule is not None and rule.complete_when == "any" and rule.then is None


def waiting_at_first(
    connection: Connection, owed: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return what each of some new (task, agency) pairs waits for; what they need is held for this transaction."""
    tasks = tasks_in_force(connection, {task for task, _ in owed})
    needed = {need.task for task in tasks.values() for need in task.needs}
    known = assignments.of_tasks(connection, needed | set(tasks), lock=True)
    marks = marks_of(known)
    for task, agency in owed:
        marks.setdefault(task, {})[agency] = Mark()
    scene = Scene({**tasks_in_force(connection, needed), **tasks}, marks, registry_in_force(connection))
    return {(task, agency): scene.waits_for(task, agency) for task, agency in owed}


def scene_after(
    connection: Connection,
    after: Collection[Assignment],
    *,
    own: Directive | None = None,
    heirs: Mapping[str, str] | None = None,
) -> tuple[Scene, tuple[Assignment, ...]]:
    """Return the scene once some assignments are as given, not written yet perhaps, and those whose waiting it knows.

    `own` is a directive that comes into force with this transaction: all of its assignments are
    given, and `heirs` are the tasks that go on under another key with it. What is read is held.
    """
    mine = followed(connection, {task.key: task for task in own.tasks}, heirs) if own else {}
    keys = {assignment.task for assignment in after} | set(mine) | set(heirs or ())
    tasks = _others(connection, {*keys, *assignments.needing(connection, keys)}, own, heirs) | mine
    needed = {need.task for task in tasks.values() for need in task.needs}
    # what those that are needed wait for themselves is not read: the scene cannot say whether they still do
    judged = {*keys, *tasks}
    tasks |= _others(connection, needed - set(tasks), own, heirs)
    changed = {assignment.ref: assignment for assignment in after}
    asked = {key for key in (*needed, *tasks, *keys) if own is None or key.rpartition("/")[0] != own.key}
    found = assignments.of_tasks(connection, asked, lock=True) if asked else ()
    known = {**{assignment.ref: assignment for assignment in found}, **changed}
    scene = Scene(tasks, marks_of(known.values()), registry_in_force(connection))
    return scene, tuple(known[ref] for ref in sorted(known) if known[ref].task in judged)


def check_during(connection: Connection, assignment: Assignment) -> None:
    """Raise Refused where an assignment is reported done while a task goes on during which it is to go on."""
    task = tasks_in_force(connection, [assignment.task]).get(assignment.task)
    if task is None or all(need.kind != "during" for need in task.needs):
        return
    found = assignments.of_tasks(connection, {task.key, *(need.task for need in task.needs)})
    scene = scene_of(connection, found, tasks={task.key: task})
    if going_on := scene.goes_on(task.key, assignment.agency):
        first = scene.tasks[going_on[0]].title.en if going_on[0] in scene.tasks else going_on[0]
        sentence = f"{assignment.ref} goes on as long as '{first}' does: report it once that is completed"
        raise Refused(sentence, code="needed-goes-on")


def changes(candidates: Iterable[Assignment], scene: Scene, *, at: datetime, actor: str) -> list[Step]:
    """Return a step for each assignment still to be done whose waiting is no longer what it says."""
    steps = []
    for assignment in candidates:
        if assignment.facts.progress in SETTLED:
            continue
        now = scene.waits_for(assignment.task, assignment.agency)
        if now != assignment.facts.waiting_for:
            payload = {"waiting_for": list(now)}
            draft = Draft(kind="waiting", effective_at=at, actor=actor, assignment=assignment.ref, payload=payload)
            steps.append(Step(assignment, draft))
    return steps


def scene_of(connection: Connection, found: Collection[Assignment], *, tasks: Mapping[str, Task]) -> Scene:
    """Return the scene some assignments make; `tasks` are those known already, the others are read."""
    needed = {need.task for task in tasks.values() for need in task.needs} | {a.task for a in found}
    known = {**tasks_in_force(connection, needed - set(tasks)), **tasks}
    return Scene(known, marks_of(found), registry_in_force(connection))


def tasks_in_force(
    connection: Connection, keys: Iterable[str], heirs: Mapping[str, str] | None = None
) -> dict[str, Task]:
    """Return those of some tasks that are in force, by their keys; their needs follow what took a task's place.

    `heirs` are tasks that are about to go on under another key.
    """
    found: dict[str, Task] = {}
    by_directive: dict[str, list[str]] = {}
    for key in sorted(keys):
        by_directive.setdefault(key.rpartition("/")[0], []).append(key)
    for directive, mine in by_directive.items():
        try:
            known = {task.key: task for task in directive_in_force(connection, directive).tasks}
        except NotFound:
            continue
        found |= {key: known[key] for key in mine if key in known}
    return followed(connection, found, heirs)


def _others(
    connection: Connection, keys: Iterable[str], own: Directive | None, heirs: Mapping[str, str] | None
) -> dict[str, Task]:
    """Return tasks in force, but none of a directive whose new version is not written yet."""
    elsewhere = (key for key in keys if own is None or key.rpartition("/")[0] != own.key)
    return tasks_in_force(connection, elsewhere, heirs)


def _freed(
    connection: Connection, moved: Collection[Assignment], tasks: Mapping[str, Task], *, at: datetime, actor: str
) -> list[Step]:
    settled = {a.task for a in moved if a.facts.progress in SETTLED}
    waiting = assignments.needing(connection, {assignment.task for assignment in moved})
    dependents = tasks_in_force(connection, waiting)
    dependents = {key: task for key, task in dependents.items() if _cares(task, settled)}
    dependents |= {key: tasks[key] for key in settled & set(tasks) if _is_cascade(tasks[key])}
    if not dependents:
        return []
    needed = {need.task for task in dependents.values() for need in task.needs}
    after = {assignment.ref: assignment for assignment in moved}
    known = [after.get(a.ref, a) for a in assignments.of_tasks(connection, needed | set(dependents), lock=True)]
    scene = scene_of(connection, known, tasks={**tasks, **dependents})
    candidates = [a for a in known if a.task in dependents and a.ref not in after]
    return changes(candidates, scene, at=at, actor=actor)


def _cares(task: Task, settled: Collection[str]) -> bool:
    """Return whether a task may be freed: by what is settled, or by what has begun."""
    return any(need.task in settled or need.kind != "finish-start" for need in task.needs)


def _is_cascade(task: Task) -> bool:
    return task.for_each is not None and task.for_each.then is not None
