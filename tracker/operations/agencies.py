"""Agencies that end: a merged or split office keeps its past and hands on what it still owes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, assignment_ref, state_document
from tracker.domain.entry import Draft, Payload
from tracker.domain.errors import NotFound, Refused
from tracker.domain.standing import SETTLED
from tracker.domain.waiting import above
from tracker.operations.duties import terms_of
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.waiting import changes, scene_after
from tracker.store import assignments, ledger
from tracker.store.store import Connection, Store

KIND = "agency_handed_on"


@dataclass(frozen=True, slots=True)
class HandedOn:
    """What was handed on: pairs of the reference closed and the one that continues it.

    `merged` are those that went into what the successor owed itself.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    merged: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An agency that ended with assignments open, and who seems to follow it: of its kind, from that very day."""

    code: str
    valid_to: date | None
    open: int
    heirs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Succession:
    """Who owes what an agency owed, by the hand-overs in their order: (from, to, tasks or all, one occurrence or all).

    A transfer of one task is a hand-over of that task.
    """

    steps: tuple[tuple[str, str, frozenset[str] | None, date | None], ...]

    def of(self, task: str, agency: str, occurrence: date | None = None) -> str:
        """Return the agency that owes a task in place of another: itself, where nothing was handed on."""
        for one, other, tasks, day in self.steps:
            if agency == one and (tasks is None or task in tasks) and day in (None, occurrence):
                agency = other
        return agency


def succession(connection: Connection) -> Succession:
    """Return what was handed on so far."""
    found = (entry.payload for entry in ledger.notes(connection, KIND))
    return Succession(tuple(map(_step, found)))


def _step(said: Payload) -> tuple[str, str, frozenset[str] | None, date | None]:
    tasks = frozenset(said["tasks"]) if said["tasks"] is not None else None
    day = date.fromisoformat(said["occurrence"]) if "occurrence" in said else None
    return said["from"], said["to"], tasks, day


def hand_on(
    store: Store,
    from_code: str,
    to_code: str,
    *,
    at: datetime,
    actor: str,
    instrument: str,
    tasks: Collection[str] | None = None,
) -> HandedOn:
    """Hand on the open assignments of an agency to its successor, in one transaction; its past stays with it.

    Each is closed as superseded, and the successor is assigned the same duty, with its progress,
    deadline and first date. `instrument` is what ordered it; `tasks` are those that go to this
    successor where an agency is split. What is adopted later asks the successor too.
    """
    if not instrument.strip():
        raise Refused("say what ordered it: an agency hands on by a decree or a decision", code="no-instrument")
    with store.write() as connection:
        at = ledger.settle(connection, at)
        registry = registry_in_force(connection)
        _check(registry, from_code, to_code, on=registry.calendar.civil_day(at))
        mine = _open(connection, from_code, tasks)
        scope = None if tasks is None else sorted(tasks)
        payload = {"from": from_code, "to": to_code, "instrument": instrument.strip(), "tasks": scope}
        note = Draft(kind=KIND, effective_at=at, actor=actor, payload={**payload, "assignments": len(mine)})
        done, runs = _handing(connection, mine, to_code, registry, why=instrument.strip(), at=at, actor=actor)
        record_runs(connection, *runs, at=at, registry=registry, others=[note])
        return done


def ended(connection: Connection, registry: Registry, *, on: date) -> tuple[Ended, ...]:
    """Return the agencies that a registry no longer has on a day and that have assignments open."""
    found = []
    for code, owed in assignments.open_by_agency(connection).items():
        agency = registry.agencies.get(code)
        if agency is None or not agency.is_valid(on):
            heirs = _heirs(code, registry, on) if agency else ()
            found.append(Ended(code=code, valid_to=agency.valid_to if agency else None, open=owed, heirs=heirs))
    return tuple(found)


def _heirs(code: str, registry: Registry, on: date) -> tuple[str, ...]:
    gone = registry.agencies[code]
    if gone.valid_to is None:
        return ()
    return tuple(
        other.code
        for other in sorted(registry.agencies.values(), key=lambda agency: agency.code)
        if other.kind == gone.kind and other.valid_from == gone.valid_to and other.is_valid(on)
    )


def _check(registry: Registry, from_code: str, to_code: str, *, on: date) -> None:
    for code in (from_code, to_code):
        if code not in registry.agencies:
            raise NotFound(f"the registry has no agency '{code}'", code="unknown-agency")
    if from_code == to_code:
        raise Refused(f"{from_code} cannot hand on to itself", code="same-agency")
    if not registry.agencies[to_code].is_valid(on):
        raise Refused(f"{to_code} does not exist on {on}: nothing can be handed on to it", code="agency-ended")


def _open(connection: Connection, code: str, tasks: Collection[str] | None) -> tuple[Assignment, ...]:
    refs = [a.ref for a in assignments.find(connection, agency=code) if tasks is None or a.task in tasks]
    found = assignments.get(connection, refs, lock=True)
    return tuple(assignment for assignment in found if assignment.facts.progress not in SETTLED)


def _handing(
    connection: Connection,
    mine: Sequence[Assignment],
    to_code: str,
    registry: Registry,
    *,
    why: str,
    at: datetime,
    actor: str,
) -> tuple[HandedOn, tuple[list[Step], list[Step]]]:
    """Return what is handed on to which reference, and the steps that do it."""
    targets = _targets(connection, mine, to_code)
    name = registry.agencies[to_code].name.en

    def close(assignment: Assignment) -> Step:
        payload = {"why": f"handed on to {name} ({why})", "by": targets[assignment.ref][0], "instrument": why}
        return Step(assignment, _draft("superseded", assignment.ref, payload, at, actor))

    def give(assignment: Assignment, waiting: Sequence[str]) -> Step:
        payload = {"task": assignment.task, "agency": to_code, "waiting_for": list(waiting), **terms_of(assignment)}
        state = state_document(assignment, version=assignment.version)
        if assignment.delegate is not None and to_code not in above(assignment.delegate, registry):
            del state["delegate"]  # the unit stayed with the office that ended
        payload |= {"continues": assignment.ref, "state": state}
        return Step(None, _draft("assigned", targets[assignment.ref][0], payload, at, actor))

    closed = [close(assignment) for assignment in mine]
    moving = [assignment for assignment in mine if not targets[assignment.ref][1]]
    after = [after_step(step, at) for step in (*closed, *(give(a, ()) for a in moving))]
    scene, found = scene_after(connection, after)
    given = [give(a, scene.waits_for(a.task, to_code)) for a in moving]
    new = {step.draft.assignment for step in given}
    waiting = changes((a for a in found if a.ref not in new), scene, at=at, actor=actor)
    pairs = [(a.ref, *targets[a.ref]) for a in mine]
    done = HandedOn(
        pairs=tuple((ref, target) for ref, target, merged in pairs if not merged),
        merged=tuple((ref, target) for ref, target, merged in pairs if merged),
    )
    return done, ([*given, *closed], waiting)


def _targets(connection: Connection, mine: Sequence[Assignment], to_code: str) -> Mapping[str, tuple[str, bool]]:
    """Return for each assignment the reference that continues it, and whether the successor owes that already.

    Where the successor has settled its own, what it takes over is another assignment beside it.
    """
    own = (a for a in assignments.of_tasks(connection, {a.task for a in mine}, lock=True) if a.agency == to_code)
    owed = {(a.task, a.occurrence): a.ref for a in own if a.facts.progress not in SETTLED}
    found: dict[str, tuple[str, bool]] = {}
    taken: set[str] = set()
    for assignment in mine:
        duty = assignment.task, assignment.occurrence
        merged = duty in owed
        if not merged:
            owed[duty] = next(ref for ref in _refs(assignment, to_code) if ref not in taken and _free(connection, ref))
            taken.add(owed[duty])
        found[assignment.ref] = owed[duty], merged
    return found


def _refs(assignment: Assignment, to_code: str) -> Iterator[str]:
    """Yield references for what continues an assignment, the plainest first; references are for ever."""
    yield assignment_ref(assignment.task, to_code, assignment.occurrence)
    beside = f"{to_code}~{assignment.agency}"
    yield assignment_ref(assignment.task, beside, assignment.occurrence)
    for number in count(2):
        yield assignment_ref(assignment.task, f"{beside}-{number}", assignment.occurrence)


def _free(connection: Connection, ref: str) -> bool:
    return not assignments.get(connection, [ref])


def _draft(kind: str, ref: str, payload: Mapping[str, object], at: datetime, actor: str) -> Draft:
    return Draft(kind=kind, effective_at=at, actor=actor, assignment=ref, payload=payload)
