"""Adopting: a checked directive becomes the version in force, and its duties become assignments.

What is to be owed is compared with what is owed; only the difference is recorded. So the same
file applied twice changes nothing, and completed work stays completed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import repeat
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.amendment import renamed, restated
from tracker.domain.assignment import Assignment
from tracker.domain.directive import Directive
from tracker.domain.entry import Draft, canonical
from tracker.domain.errors import Conflict
from tracker.domain.standing import SETTLED, Progress
from tracker.files.documents import fingerprint, registry_document
from tracker.files.plan import Plan, plan
from tracker.operations.adopted_rows import agency_rows, directive_row, edges, task_rows
from tracker.operations.agencies import succession
from tracker.operations.amend import Writer, amendment, as_they_will_be, renaming, slot, superseded_by
from tracker.operations.anchors import Known, by_task, resolved
from tracker.operations.calendar import CalendarPlan, CalendarSteps, calendar_note, calendar_steps
from tracker.operations.duties import Duty, duties
from tracker.operations.following import following
from tracker.operations.reading import directive_in_force, read_version
from tracker.operations.recording import Step, after_step, is_new, record, record_runs, registry_in_force
from tracker.store import adopted, assignments, clocks, ledger
from tracker.store.store import Connection, Store
from tracker.uncollected import uncollected


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What an adoption did: the version in force, and how many assignments were added, changed and withdrawn.

    `carried` go on from a superseded directive whose task is restated; `superseded` are those closed there.
    """

    key: str
    version: int
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    carried: int = 0
    superseded: int = 0
    unchanged: bool = False


def adopt_registry(store: Store, registry: Registry, *, at: datetime, actor: str) -> bool:
    """Record a registry as the one in force and return whether that changed anything.

    A new calendar moves the computed periods of what is still to be settled, in the same
    transaction (`plan_calendar` says which); every other date stays as it was given.
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
        notes = [Draft(kind="registry_adopted", effective_at=at, actor=actor, payload=payload)]
        turn = CalendarSteps(CalendarPlan())
        if before is not None:
            old = registry_in_force(connection)
            turn = calendar_steps(connection, old, registry, at=at, actor=actor, lock=True)
        if turn.plan.changes_calendar:
            notes.append(calendar_note(turn.plan, version=version, at=at, actor=actor))
        position, _ = record(connection, turn.steps, at=at, registry=registry, others=notes)
        first = position.seq - len(turn.steps) - len(notes) + 1
        row = {"version": version, "fingerprint": mark, "document": document, "seq": first}
        adopted.add_registry(connection, {**row, "adopted_at": at}, list(agency_rows(registry)))
        return True


def plan_directive(store: Store, directive: Directive, *, at: datetime, registry: Registry | None = None) -> Plan:
    """Return what adopting a directive would change, without changing anything."""
    with store.read() as connection:
        version = adopted.directive(connection, directive.key)
        before = read_version(directive.key, version) if version else None
        rules = registry or registry_in_force(connection)
        put_out = [key for key in superseded_by(connection, directive) if not _superseded(connection, before, key)]
        old = [directive_in_force(connection, key) for key in put_out]
        found = plan(before, directive, registry=rules, on=rules.calendar.civil_day(at), superseded=old)
        return _with_what_stays(connection, found)


def _superseded(connection: Connection, before: Directive | None, key: str) -> bool:
    return before is not None and key in superseded_by(connection, before)


def _with_what_stays(connection: Connection, found: Plan) -> Plan:
    """Return a plan that says which agencies have completed a task already: they lose nothing and stay completed."""
    keys = {change.was or change.task for change in found.changes}
    done: dict[str, set[str]] = {}
    for assignment in assignments.of_tasks(connection, keys) if keys else ():
        if assignment.facts.progress == Progress.COMPLETED:
            done.setdefault(assignment.task, set()).add(assignment.agency)
    heirs = succession(connection)
    stays = [done.get(change.was or change.task, set()) for change in found.changes]
    changes = (
        replace(
            change,
            stays=tuple(sorted(codes)),
            added=tuple(sorted({heirs.of(change.task, code) for code in change.added if code not in codes})),
            removed=tuple(sorted({heirs.of(change.task, code) for code in change.removed if code not in codes})),
        )
        for change, codes in zip(found.changes, stays, strict=True)
    )
    return replace(found, changes=tuple(changes))


def adopt_directive(
    store: Store, directive: Directive, *, at: datetime, actor: str, seen: int | None = None
) -> Adopted:
    """Make a checked directive the version in force, in one transaction, and return what that changed.

    `seen` is the version in force by which a person decided, 0 for none: Conflict where it is another by now.
    """
    mark = fingerprint(directive)
    with uncollected(), store.write() as connection:
        at = ledger.settle(connection, at)
        before = adopted.directive(connection, directive.key)
        if before is not None and before.fingerprint == mark:
            return Adopted(key=directive.key, version=before.version, unchanged=True)
        if seen is not None and seen != (before.version if before else 0):
            raise Conflict(f"{directive.key} is at version {before.version if before else 0} by now: plan again")
        registry = registry_in_force(connection)
        version = before.version + 1 if before else 1
        clocks.lock_tasks(connection, directive.key)
        names = _names(connection, read_version(directive.key, before) if before else None, directive)
        heirs = dict(names.get("renamed", [])) | dict(names.get("restated", []))
        writer = Writer(directive=directive, version=version, registry=registry, at=at, actor=actor, heirs=heirs)
        held = assignments.of_directive(connection, directive.key, lock=True)
        renames = renaming(held, writer)
        kept = as_they_will_be(held, renames, at)
        owed = _owed(connection, directive, kept, registry=registry, at=at)
        change = amendment(connection, writer, owed=owed, kept=kept)
        dated = _dated_by(connection, change.steps, at=at, actor=actor, registry=registry)
        row = directive_row(directive, version, mark)
        summary = _summary(directive, row, owed) | names
        note = Draft(kind="directive_adopted", effective_at=at, actor=actor, payload=summary)
        runs = [renames, change.steps, change.waiting, dated]
        position, _ = record_runs(connection, *runs, at=at, registry=registry, others=[note])
        known = following(connection)
        adopted.add_directive(
            connection,
            {**row, "seq": position.seq - sum(map(len, runs)), "adopted_at": at},
            task_rows(directive, registry, at, known),
            edges(directive, known),
        )
        _put_out_of_force(connection, names.get("supersedes", ()), heirs)
        counts = {name: getattr(change, name) for name in _COUNTS}
        return Adopted(key=directive.key, version=version, **counts)


_COUNTS = ("added", "changed", "withdrawn", "carried", "superseded")


def _owed(
    connection: Connection, directive: Directive, kept: Sequence[Assignment], *, registry: Registry, at: datetime
) -> Mapping[str, Duty]:
    """Return what is to be owed by reference, each duty by the agency that it was handed on to, if it was."""
    wanted = duties(
        directive,
        registry,
        at=at,
        kept={slot(assignment): assignment for assignment in kept},
        known=_known(connection, directive, kept),
        events=clocks.events(connection, directive.key),
    )
    heirs = succession(connection)
    found = [_inherited(duty, heirs.of(duty.task.key, duty.agency, duty.occurrence)) for duty in wanted]
    if directive.key in following(connection).out_of_force:
        slots = {slot(assignment) for assignment in kept}
        found = [duty for duty in found if duty.ref in slots]  # what is out of force asks nothing new
    return {duty.ref: duty for duty in found}


def _inherited(duty: Duty, heir: str) -> Duty:
    return duty if heir == duty.agency else replace(duty, agency=heir)


def _names(connection: Connection, before: Directive | None, directive: Directive) -> dict[str, Any]:
    """Return what the entry of an adoption says of tasks that go on and of directives put out of force."""
    superseded = superseded_by(connection, directive)
    found: dict[str, Any] = {
        "renamed": _pairs(renamed(before, directive)) if before else [],
        "restated": _pairs(restated(directive, superseded)),
        "supersedes": list(superseded),
    }
    return {name: value for name, value in found.items() if value}


def _pairs(names: Mapping[str, str]) -> list[list[str]]:
    return [[was, now] for was, now in sorted(names.items())]


def _put_out_of_force(connection: Connection, superseded: Sequence[str], heirs: Mapping[str, str]) -> None:
    """Let the tasks of superseded directives come round no more, and what needs a task need its heir."""
    for key in superseded:
        for task in directive_in_force(connection, key).tasks:
            clocks.set_materialise_at(connection, task.key, None)
    for was, now in heirs.items():
        waiting = assignments.needing(connection, [was])
        adopted.add_needs(connection, [(task, now) for task, needed in waiting.items() if now not in needed])
        clocks.move_anchor(connection, was, now)


def _dated_by(
    connection: Connection, steps: Sequence[Step], *, at: datetime, actor: str, registry: Registry
) -> list[Step]:
    """Return the steps for duties elsewhere whose date is set because some of these steps settle what they wait for."""
    ended = SETTLED - {Progress.SUPERSEDED}  # what is superseded goes on under this text
    moved = [step for step in steps if not is_new(step)]
    settled = [after for after in map(after_step, moved, repeat(at)) if after.facts.progress in ended]
    mine = {step.draft.assignment for step in steps}
    found = resolved(connection, settled, at=at, actor=actor, registry=registry) if settled else []
    return [step for step in found if step.draft.assignment not in mine]


def _known(connection: Connection, directive: Directive, kept: Sequence[Assignment]) -> Known:
    """Return the assignments of the tasks whose completion starts a period of this directive."""
    mine = {task.key for task in directive.tasks}
    asked = {task.due.anchor_task for task in directive.tasks if task.due} - {None} - mine
    others = assignments.of_tasks(connection, [key for key in asked if key], lock=True) if asked else ()
    return by_task([*kept, *others])


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
