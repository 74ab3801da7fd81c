"""Adopting: a checked directive becomes the version in force, and its duties become assignments.

What is to be owed is compared with what is owed; only the difference is recorded. So the same
file applied twice changes nothing, and completed work stays completed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import repeat
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.deadline import Every
from tracker.domain.directive import Directive
from tracker.domain.entry import Draft, canonical
from tracker.domain.standing import SETTLED
from tracker.files.documents import directive_document, fingerprint, registry_document
from tracker.files.plan import Plan, plan
from tracker.operations.anchors import Known, by_task, resolved
from tracker.operations.duties import HORIZON, Duty, duties, next_look, terms_of
from tracker.operations.events import assign
from tracker.operations.reading import read_version
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.waiting import changes, waiting_for, world_of
from tracker.store import adopted, assignments, clocks, ledger, outbox
from tracker.store.store import Connection, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What an adoption did: the version in force, and how many assignments were added, changed and withdrawn."""

    key: str
    version: int
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: bool = False


def adopt_registry(store: Store, registry: Registry, *, at: datetime, actor: str) -> bool:
    """Record a registry as the one in force and return whether that changed anything.

    Assignments already made keep the dates they were given.
    """
    document = canonical(registry_document(registry))
    mark = sha256(document.encode()).hexdigest()
    with store.write() as connection:
        at = ledger.settle(connection, at)
        before = adopted.registry(connection)
        if before is not None and before.fingerprint == mark:
            return False
        version = before.version + 1 if before else 1
        payload = {"version": version, "fingerprint": mark, "agencies": len(registry.agencies)}
        draft = Draft(kind="registry_adopted", effective_at=at, actor=actor, payload=payload)
        position = ledger.append(connection, [draft], at=at)
        row = {"version": version, "fingerprint": mark, "document": document, "seq": position.seq}
        adopted.add_registry(connection, {**row, "adopted_at": at}, list(_agency_rows(registry)))
        return True


def plan_directive(store: Store, directive: Directive, *, at: datetime, registry: Registry | None = None) -> Plan:
    """Return what adopting a directive would change, without changing anything."""
    with store.read() as connection:
        version = adopted.directive(connection, directive.key)
        before = read_version(directive.key, version) if version else None
        rules = registry or registry_in_force(connection)
        return plan(before, directive, registry=rules, on=rules.calendar.civil_day(at))


def adopt_directive(store: Store, directive: Directive, *, at: datetime, actor: str) -> Adopted:
    """Make a checked directive the version in force, in one transaction, and return what that changed."""
    mark = fingerprint(directive)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        before = adopted.directive(connection, directive.key)
        if before is not None and before.fingerprint == mark:
            return Adopted(key=directive.key, version=before.version, unchanged=True)
        registry = registry_in_force(connection)
        version = before.version + 1 if before else 1
        clocks.lock_tasks(connection, directive.key)
        kept = assignments.of_directive(connection, directive.key, lock=True)
        wanted = duties(
            directive,
            registry,
            at=at,
            kept={assignment.ref: assignment for assignment in kept},
            known=_known(connection, directive, kept),
            events=clocks.events(connection, directive.key),
        )
        owed = {duty.ref: duty for duty in wanted}
        steps, counts = _steps(connection, directive, owed, kept, version=version, at=at, actor=actor)
        dated = _dated_by(connection, steps, at=at, actor=actor, registry=registry)
        row = _directive_row(directive, version, mark)
        note = Draft(kind="directive_adopted", effective_at=at, actor=actor, payload=_summary(directive, row, owed))
        position, _ = record_runs(connection, steps, dated, at=at, registry=registry, others=[note])
        first = position.seq - len(steps) - len(dated)
        adopted.add_directive(
            connection,
            {**row, "seq": first, "adopted_at": at},
            _task_rows(directive, registry, at),
            _edges(directive),
        )
        for ref in counts.pop("refs"):
            outbox.cancel(connection, ref, why="withdrawn or changed before it was sent")
        return Adopted(key=directive.key, version=version, **counts)


def _steps(
    connection: Connection,
    directive: Directive,
    duties: Mapping[str, Duty],
    kept: Sequence[Assignment],
    *,
    version: int,
    at: datetime,
    actor: str,
) -> tuple[list[Step], dict[str, Any]]:
    """Return the steps that lead from what is owed to what is to be owed, and their counts."""
    known = {assignment.ref: assignment for assignment in kept}
    new = [duty for ref, duty in duties.items() if ref not in known]
    moved = [(known[ref], duty) for ref, duty in duties.items() if ref in known and _differs(known[ref], duty)]
    open_still = [a for a in kept if a.ref not in duties and a.facts.progress not in SETTLED]
    gone = [a for a in open_still if not _stays(a, directive, at)]
    why = f"withdrawn by version {version} of {directive.number}"

    def step(before: Assignment | None, kind: str, ref: str, payload: dict[str, Any]) -> Step:
        return Step(before, Draft(kind=kind, effective_at=at, actor=actor, assignment=ref, payload=payload))

    waits = _Waits(connection, directive, duties, kept, gone)
    steps = [assign(duty, waits.of(duty), at=at, actor=actor) for duty in new]
    steps += [
        step(before, "date_set", before.ref, {**duty.terms, "version": before.version + 1}) for before, duty in moved
    ]
    steps += [step(before, "withdrawn", before.ref, {"why": why}) for before in gone]
    taken = {s.draft.assignment for s in steps}
    steps += [s for s in waits.changes(at=at, actor=actor) if s.draft.assignment not in taken]
    refs = [before.ref for before, _ in moved] + [before.ref for before in gone]
    return steps, {"added": len(new), "changed": len(moved), "withdrawn": len(gone), "refs": refs}


class _Waits:
    """What waits for what once a directive is in force, seen from its own tasks and from those that need them."""

    def __init__(
        self,
        connection: Connection,
        directive: Directive,
        duties: Mapping[str, Duty],
        kept: Sequence[Assignment],
        gone: Sequence[Assignment],
    ) -> None:
        mine = {task.key: tuple(need.task for need in task.needs) for task in directive.tasks}
        theirs = assignments.needing(connection, mine)
        self.needs = {**theirs, **mine}
        outside = {key for needs in self.needs.values() for key in needs} | set(theirs)
        others = assignments.of_tasks(connection, outside - set(mine), lock=True)
        left = {assignment.ref for assignment in gone}
        self.world = world_of([a for a in (*kept, *others) if a.ref not in left])
        known = {assignment.ref for assignment in kept}
        for duty in duties.values():
            if duty.ref not in known:
                agencies = self.world.setdefault(duty.task.key, {})
                agencies[duty.agency] = duty.done_at is not None and agencies.get(duty.agency, True)
        for assignment in gone:
            self.world.setdefault(assignment.task, {}).setdefault(assignment.agency, True)
        self.candidates = [a for a in (*kept, *others) if a.task in self.needs and a.ref not in left]

    def of(self, duty: Duty) -> tuple[str, ...]:
        needs = self.needs.get(duty.task.key, ())
        return waiting_for(duty.task.key, duty.agency, needs=needs, world=self.world)

    def changes(self, *, at: datetime, actor: str) -> list[Step]:
        return changes(self.candidates, needs=self.needs, world=self.world, at=at, actor=actor)


def _differs(before: Assignment, duty: Duty) -> bool:
    if before.facts.progress in SETTLED:
        return False  # what was completed under the old terms stays completed under them
    return terms_of(before) != duty.terms


def _stays(assignment: Assignment, directive: Directive, at: datetime) -> bool:
    """Return whether an occurrence that has passed stays owed: a new version changes those to come."""
    task, limit = directive.task(assignment.task), assignment.facts.limit
    recurs = task is not None and task.due is not None and isinstance(task.due.rule, Every)
    return assignment.occurrence is not None and recurs and limit is not None and limit.late_from <= at


def _dated_by(
    connection: Connection, steps: Sequence[Step], *, at: datetime, actor: str, registry: Registry
) -> list[Step]:
    """Return the steps for duties elsewhere whose date is set because some of these steps settle what they wait for."""
    settled = [after for after in map(after_step, steps, repeat(at)) if after.facts.progress in SETTLED]
    mine = {step.draft.assignment for step in steps}
    found = resolved(connection, settled, at=at, actor=actor, registry=registry) if settled else []
    return [step for step in found if step.draft.assignment not in mine]


def _known(connection: Connection, directive: Directive, kept: Sequence[Assignment]) -> Known:
    """Return the assignments of the tasks whose completion starts a period of this directive."""
    mine = {task.key for task in directive.tasks}
    asked = {task.due.anchor_task for task in directive.tasks if task.due} - {None} - mine
    others = assignments.of_tasks(connection, [key for key in asked if key], lock=True) if asked else ()
    return by_task([*kept, *others])


def _directive_row(directive: Directive, version: int, mark: str) -> dict[str, Any]:
    return {
        "key": directive.key,
        "version": version,
        "number": directive.number,
        "issued": directive.issued,
        "issuer": directive.issuer,
        "fingerprint": mark,
        "document": canonical(directive_document(directive)),
    }


def _summary(directive: Directive, row: Mapping[str, Any], duties: Mapping[str, Duty]) -> dict[str, Any]:
    return {
        "directive": directive.key,
        "number": directive.number,
        "issued": directive.issued.isoformat(),
        "version": row["version"],
        "fingerprint": row["fingerprint"],
        "tasks": len(directive.tasks),
        "assignments": len(duties),
    }


def _task_rows(directive: Directive, registry: Registry, at: datetime) -> list[dict[str, Any]]:
    after = registry.calendar.civil_day(at) + HORIZON
    return [
        {
            "key": task.key,
            "directive": directive.key,
            "position": position,
            "title_vi": task.title.vi,
            "title_en": task.title.en,
            "title_fr": task.title.fr,
            "anchor": str(task.due.anchor) if task.due and task.due.anchor else None,
            "materialise_at": next_look(task, directive, registry, after=after),
        }
        for position, task in enumerate(directive.tasks, 1)
    ]


def _edges(directive: Directive) -> list[tuple[str, str]]:
    return [(task.key, need.task) for task in directive.tasks for need in task.needs]


def _agency_rows(registry: Registry) -> Iterator[dict[str, Any]]:
    for agency in registry.agencies.values():
        yield {
            "code": agency.code,
            "kind": agency.kind,
            "name_vi": agency.name.vi,
            "name_en": agency.name.en,
            "name_fr": agency.name.fr,
            "parent": agency.parent,
            "language": agency.language,
        }
