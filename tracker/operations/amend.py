"""Amending: the steps from what is owed to what is to be owed, so that nothing done under the old text is lost.

A task under another id keeps its assignments; a task that a superseding directive restates is
carried over to a new assignment that says what it continues; the rest is added, moved or withdrawn.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.amendment import restated, superseded_keys
from tracker.domain.assignment import Assignment, assignment_ref, state_document
from tracker.domain.deadline import Every
from tracker.domain.directive import Directive
from tracker.domain.entry import Draft
from tracker.domain.errors import Refused
from tracker.domain.standing import CLOSED_OUT, SETTLED, Progress
from tracker.operations.duties import Duty, new_terms, ordered, terms_of
from tracker.operations.recording import Step, after_step
from tracker.operations.waiting import any_one_will_do, changes, name_of, release, scene_after
from tracker.store import adopted, assignments, ledger
from tracker.store.store import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What an adoption does to assignments: two runs of steps, and how many of each sort."""

    steps: tuple[Step, ...] = ()
    waiting: tuple[Step, ...] = ()
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    carried: int = 0
    superseded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes steps: at which instant, by whom, for which version of which directive, under which registry.

    `heirs` are the tasks that go on under another key with it: renamed, or restated from a superseded directive.
    """

    directive: Directive
    version: int
    registry: Registry
    at: datetime
    actor: str
    heirs: Mapping[str, str] = field(default_factory=dict)

    def step(self, before: Assignment | None, kind: str, payload: dict[str, Any], *, ref: str | None = None) -> Step:
        """Return the step of one entry."""
        about = before.ref if before else ref
        return Step(before, Draft(kind=kind, effective_at=self.at, actor=self.actor, assignment=about, payload=payload))


def slot(assignment: Assignment) -> str:
    """Return the reference of the duty an assignment tracks: its own, unless the task was renamed since."""
    return assignment_ref(assignment.task, assignment.agency, assignment.occurrence)


def renaming(kept: Iterable[Assignment], writer: Writer) -> list[Step]:
    """Return the steps for assignments whose task goes by another id from now on."""
    names = writer.heirs
    return [writer.step(a, "renamed", {"task": names[a.task], "was": a.task}) for a in kept if a.task in names]


def superseded_by(connection: Connection, directive: Directive) -> tuple[str, ...]:
    """Return the keys of the adopted directives that this one puts out of force."""
    if all(relation.word != "supersedes" for relation in directive.relations):
        return ()
    known = ((key, number, issued) for key, number, issued, _, _ in adopted.directive_list(connection))
    return superseded_keys(directive, known)


def amendment(
    connection: Connection, writer: Writer, *, owed: Mapping[str, Duty], kept: Sequence[Assignment]
) -> Amendment:
    """Return what leads from the assignments kept, renamed already, to the duties owed under the new text."""
    old = [a for key in superseded_by(connection, writer.directive) for a in _of_directive(connection, key)]
    before = _Predecessors(writer.directive, old)
    known = {slot(assignment) for assignment in kept}
    new = [duty for ref, duty in owed.items() if ref not in known]
    _check_ids(new, kept, writer.directive)
    new, back, over = _any(owed, kept, new, writer, _withdrawn(connection, kept))
    over_refs = {step.before.ref for step in over if step.before}
    moved, gone = _moved_and_gone([a for a in kept if a.ref not in over_refs], owed, writer)
    closings = before.closings(new, writer)
    settled = [*over, *gone, *closings, *moved]
    made: list[tuple[Assignment | None, Duty]] = [*((None, duty) for duty in new), *back]
    given, waiting = _waiting(connection, made, settled, before, kept, writer)
    carried = before.carried(new)
    return Amendment(
        steps=(*given, *settled),
        waiting=tuple(waiting),
        added=len(made) - carried,
        changed=len(moved),
        withdrawn=len(gone) + len(over),
        carried=carried,
        superseded=len(closings),
    )


def _moved_and_gone(
    kept: Iterable[Assignment], owed: Mapping[str, Duty], writer: Writer
) -> tuple[list[Step], list[Step]]:
    """Return the steps for what is owed under other terms now, and for what is owed no longer."""
    moved, gone = [], []
    why = f"withdrawn by version {writer.version} of {writer.directive.number}"
    for assignment in kept:
        duty = owed.get(slot(assignment))
        if assignment.facts.progress in SETTLED:
            continue  # what was completed under the old terms stays completed under them
        if duty is None and not _stays(assignment, writer.directive, writer.at):
            gone.append(writer.step(assignment, "withdrawn", {"why": why}))
        elif duty is not None:
            terms = new_terms(assignment, duty)
            if terms != {**terms_of(assignment), **ordered(assignment)}:
                moved.append(writer.step(assignment, "date_set", {**terms, "version": assignment.version + 1}))
    return moved, gone


def _waiting(
    connection: Connection,
    made: Sequence[tuple[Assignment | None, Duty]],
    settled: Sequence[Step],
    before: "_Predecessors",
    kept: Sequence[Assignment],
    writer: Writer,
) -> tuple[list[Step], list[Step]]:
    """Return the steps that give duties, each with what it waits for, and those of others whose waiting changes."""
    if not (settled or before.old or kept or writer.heirs) and _waits_for_nothing(connection, writer.directive):
        return [_given(assignment, duty, (), before, writer) for assignment, duty in made], []
    drafts = (_given(assignment, duty, (), before, writer) for assignment, duty in made)
    after = {a.ref: a for a in (after_step(step, writer.at) for step in (*settled, *drafts))}
    everything = [*(a for a in kept if a.ref not in after), *after.values()]
    scene, found = scene_after(connection, everything, own=writer.directive, heirs=writer.heirs)
    given = [_given(a, d, scene.waits_for(d.task.key, d.agency), before, writer) for a, d in made]
    mine = {step.draft.assignment for step in given}
    others = (assignment for assignment in found if assignment.ref not in mine)
    return given, changes(others, scene, at=writer.at, actor=writer.actor)


def _waits_for_nothing(connection: Connection, directive: Directive) -> bool:
    """Return whether no task of a directive waits for any, not even for those below, and none waits for them."""
    tasks = directive.tasks
    alone = not any(task.needs or (task.for_each and task.for_each.then) for task in tasks)
    return alone and not assignments.needing(connection, [task.key for task in tasks])


class _Predecessors:
    """The assignments of superseded directives, and which of them a duty of the new text restates."""

    def __init__(self, directive: Directive, old: Sequence[Assignment]) -> None:
        self.old = old
        names = restated(directive, {assignment.task.rpartition("/")[0] for assignment in old})
        alive = [a for a in old if a.task in names and a.facts.progress not in CLOSED_OUT]
        self.by_slot = {assignment_ref(names[a.task], a.agency, a.occurrence): a for a in alive}

    def of(self, duty: Duty) -> Assignment | None:
        return self.by_slot.get(duty.ref)

    def carried(self, new: Iterable[Duty]) -> int:
        return sum(self.of(duty) is not None for duty in new)

    def closings(self, new: Sequence[Duty], writer: Writer) -> list[Step]:
        """Return the steps that close what is open under the old text; what was completed stays so."""
        into = {was.ref: duty.ref for duty in new if (was := self.of(duty))}
        steps = []
        for assignment in self.old:
            if assignment.facts.progress not in SETTLED:
                by = into.get(assignment.ref)
                why = f"{'carried over to' if by else 'superseded by'} {writer.directive.number}"
                steps.append(writer.step(assignment, "superseded", {"why": why, "by": by or writer.directive.key}))
        return steps


def _given(before: Assignment | None, duty: Duty, waiting: Sequence[str], old: _Predecessors, writer: Writer) -> Step:
    """Return the step that gives a duty to its agency: anew, again, or going on from the old text."""
    payload = duty.payload(waiting)
    if before is not None:
        return writer.step(before, "reinstated", {**payload, "version": before.version + 1})
    was = old.of(duty)
    if was is not None:
        if was.facts.progress in SETTLED:
            payload |= {**terms_of(was), "waiting_for": []}  # completed under the old terms
        else:
            new = new_terms(was, duty)
            payload |= {name: new[name] for name in duty.terms}
        terms = {name: payload[name] for name in duty.terms}
        state = state_document(was, version=was.version + (terms != terms_of(was)))
        if terms["limit"] != terms_of(was)["limit"]:
            state.pop("ordered_day", None)  # what was granted before gave way to a date of the new text
        payload |= {"continues": was.ref, "state": state}
    return writer.step(None, "assigned", payload, ref=duty.ref)


def _any(
    owed: Mapping[str, Duty], kept: Sequence[Assignment], new: list[Duty], writer: Writer, withdrawn: Collection[str]
) -> tuple[list[Duty], list[tuple[Assignment | None, Duty]], list[Step]]:
    """Return which duties are new, which are owed again, and the steps that close what another agency has done.

    Where any one of some agencies has completed a task, the others never come to owe it. What an earlier
    text withdrew is owed again where this one holds it; what somebody gave up by a decision is not.
    """
    tasks = {task.key: task for task in writer.directive.tasks}
    chosen = {key for key, task in tasks.items() if any_one_will_do(task)}
    completed = [a for a in kept if a.facts.progress == Progress.COMPLETED and a.task in chosen]
    done = {(a.task, a.occurrence): a for a in completed}
    back = [(a, owed[slot(a)]) for a in kept if a.ref in withdrawn and slot(a) in owed]
    again: list[tuple[Assignment | None, Duty]] = [(a, d) for a, d in back if (a.task, a.occurrence) not in done]
    over = [
        release(a, doer, name=name_of(doer.agency, writer.registry), at=writer.at, actor=writer.actor)
        for a in kept
        if a.facts.progress not in SETTLED and (doer := done.get((a.task, a.occurrence))) and slot(a) in owed
    ]
    return [duty for duty in new if (duty.task.key, duty.occurrence) not in done], again, over


def _withdrawn(connection: Connection, kept: Iterable[Assignment]) -> frozenset[str]:
    """Return the references of what an earlier text withdrew: it ended like what was given up, but by no decision."""
    found = set()
    for assignment in kept:
        if assignment.facts.progress == Progress.DISCONTINUED:
            last = list(ledger.entries(connection, assignment=assignment.ref, kinds=("withdrawn", "discontinued")))[-1]
            found |= {assignment.ref} if last.kind == "withdrawn" else set()
    return frozenset(found)


def _check_ids(new: Iterable[Duty], kept: Iterable[Assignment], directive: Directive) -> None:
    """Raise Refused where a new task takes the id that a renamed one was known by: its references are for ever."""
    taken = {assignment.ref: assignment.task for assignment in kept}
    for duty in new:
        if duty.ref in taken:
            now = taken[duty.ref].rpartition("/")[2]
            sentence = f"'{duty.task.id}' of {directive.number} was renamed '{now}' before: choose another id"
            raise Refused(sentence, code="id-taken")


def _stays(assignment: Assignment, directive: Directive, at: datetime) -> bool:
    """Return whether an occurrence that has passed stays owed: a new version changes those to come."""
    task, limit = directive.task(assignment.task), assignment.facts.limit
    recurs = task is not None and task.due is not None and isinstance(task.due.rule, Every)
    return assignment.occurrence is not None and recurs and limit is not None and limit.late_from <= at


def _of_directive(connection: Connection, key: str) -> tuple[Assignment, ...]:
    return assignments.of_directive(connection, key, lock=True)


def as_they_will_be(kept: Sequence[Assignment], steps: Sequence[Step], at: datetime) -> list[Assignment]:
    """Return assignments as they will be after some steps, in their order."""
    after = {a.ref: a for a in map(after_step, steps, repeat(at))}
    return [after.get(assignment.ref, assignment) for assignment in kept]
