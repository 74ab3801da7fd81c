"""Whose task it is: contested and upheld, transferred, excused, given up; and who below the lead does the work."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, assignment_ref, state_document
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, NotFound, Refused
from tracker.domain.standing import SETTLED
from tracker.domain.waiting import above
from tracker.operations.agencies import KIND as HANDED_ON
from tracker.operations.duties import terms_of
from tracker.operations.moving import Payload, Then, find, move, prepare
from tracker.operations.recipients import recall_unit
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.waiting import changes, scene_after
from tracker.store import assignments, ledger
from tracker.store.store import Connection, Store


def contest(
    store: Store, ref: str, *, at: datetime, actor: str, why: str, proposed: str | None = None, seen: int | None = None
) -> Assignment:
    """Record that the lead says the task is not its own, and perhaps whose it is; the deadline goes on running."""

    def also(connection: Connection, registry: Registry, before: Assignment, at: datetime) -> Payload:
        if proposed is not None:
            _check_agency(registry, proposed, before, at)
        return {}

    payload = {"why": why.strip(), "proposed": proposed}
    return move(store, ref, "contested", payload, at=at, actor=actor, seen=seen, also=also)


def uphold(store: Store, ref: str, *, at: datetime, actor: str, why: str, seen: int | None = None) -> Assignment:
    """Record that a contested task stays with the agency, and why."""
    return move(store, ref, "contest_refused", {"why": why.strip()}, at=at, actor=actor, seen=seen)


def transfer(
    store: Store, ref: str, to_code: str, *, at: datetime, actor: str, why: str, seen: int | None = None
) -> Assignment:
    """Give a task to another agency and return its assignment there: with its progress, its date and its first date.

    The old one is closed out and stays listed. Raises Conflict where the other agency owes the task itself.
    """
    with store.write() as connection:
        at = ledger.settle(connection, at)
        before = find(connection, ref, lock=True)
        registry = registry_in_force(connection)
        payload = {"why": why.strip(), "by": to_code}
        prepare(connection, before, "transferred", payload, at=at, actor=actor, seen=seen, registry=registry)
        _check_agency(registry, to_code, before, at)
        payload["by"] = new_ref = _new_ref(connection, before, to_code)
        payload["why"] = f"transferred to {registry.agencies[to_code].name.en}: {why.strip()}"
        close = Step(before, _draft("transferred", before.ref, payload, at, actor))

        def give(waiting: Sequence[str]) -> Step:
            given = {"task": before.task, "agency": to_code, "waiting_for": list(waiting), **terms_of(before)}
            given |= {"continues": before.ref, "state": _handed_over(before)}
            return Step(None, _draft("assigned", new_ref, given, at, actor))

        scene, found = scene_after(connection, [after_step(close, at), after_step(give(()), at)])
        new_step = give(scene.waits_for(before.task, to_code))
        waiting = changes((a for a in found if a.ref != new_ref), scene, at=at, actor=actor)
        note = _note(before, to_code, why.strip(), at, actor)
        runs = [new_step, close], waiting
        _, ((new, _), _) = record_runs(connection, *runs, at=at, registry=registry, others=[note])
        return new


def excuse(
    store: Store, ref: str, *, at: datetime, actor: str, why: str, agreed_by: str, seen: int | None = None
) -> Assignment:
    """Record that a task does not apply to an agency: why, and who agreed."""
    payload = {"why": why.strip(), "agreed_by": agreed_by.strip()}
    return move(store, ref, "excused", payload, at=at, actor=actor, seen=seen)


def discontinue(
    store: Store, ref: str, *, at: datetime, actor: str, why: str, instrument: str, seen: int | None = None
) -> Assignment:
    """Record that a task is given up, on whose authority; it stays listed for ever."""
    payload = {"why": why.strip(), "instrument": instrument.strip()}
    return move(store, ref, "discontinued", payload, at=at, actor=actor, seen=seen)


def delegate(
    store: Store,
    ref: str,
    unit: str,
    *,
    at: datetime,
    actor: str,
    words: str | None = None,
    seen: int | None = None,
) -> Assignment:
    """Pass a task on to a unit below its lead: it works, reports and is reminded too; the lead stays answerable."""

    def also(connection: Connection, registry: Registry, before: Assignment, at: datetime) -> Payload:
        if unit not in registry.agencies:
            raise NotFound(f"the registry has no agency '{unit}'", code="unknown-agency")
        if unit == before.delegate:
            raise Refused(f"{ref} is with {unit} already", code="same-agency")
        if before.agency not in above(unit, registry):
            raise Refused(f"{unit} does not stand below {before.agency}", code="not-below")
        today = registry.calendar.civil_day(at)
        if not registry.agencies[unit].is_valid(today):
            raise Refused(f"{unit} does not exist on {today}: it cannot do anything", code="agency-ended")
        return {}

    payload = {"to": unit, "words": words}
    after = _recalling(actor)
    return move(store, ref, "delegated", payload, at=at, actor=actor, seen=seen, also=also, after=after)


def take_back(store: Store, ref: str, *, at: datetime, actor: str, seen: int | None = None) -> Assignment:
    """Record that the lead does the work itself again; what was not sent to the unit yet is not sent any more."""
    return move(store, ref, "delegation_ended", {}, at=at, actor=actor, seen=seen, after=_recalling(actor))


def _recalling(actor: str) -> Then:
    """Return what goes with a move that takes a task from the unit that has it."""

    def after(connection: Connection, before: Assignment, after: Assignment, at: datetime) -> None:
        if before.delegate is not None:
            recall_unit(connection, before.delegate, at=at, actor=actor)

    return after


def _handed_over(before: Assignment) -> dict[str, Any]:
    """Return what goes with a task to another agency: its life, but neither questions asked nor a unit of the old."""
    state = state_document(before, version=before.version)
    return {name: value for name, value in state.items() if name not in _STAYS_BEHIND}


_STAYS_BEHIND = frozenset({"asked_at", "asked_day", "contested_at", "delegate"})


def _check_agency(registry: Registry, code: str, assignment: Assignment, at: datetime) -> None:
    if code not in registry.agencies:
        raise NotFound(f"the registry has no agency '{code}'", code="unknown-agency")
    if code == assignment.agency:
        raise Refused(f"{assignment.ref} is with {code} already", code="same-agency")
    today = registry.calendar.civil_day(at)
    if not registry.agencies[code].is_valid(today):
        raise Refused(f"{code} does not exist on {today}: it cannot owe anything", code="agency-ended")


def _new_ref(connection: Connection, before: Assignment, to_code: str) -> str:
    """Return a free reference for what continues an assignment; references are for ever."""
    own = assignments.of_agency(connection, [before.task], to_code)
    open_still = [a for a in own if a.occurrence == before.occurrence and a.facts.progress not in SETTLED]
    if open_still and before.agency != to_code:
        raise Conflict(f"{to_code} owes this task itself: {open_still[0].ref}", code="owed-already")
    return next(ref for ref in _refs(before, to_code) if not assignments.get(connection, [ref]))


def _refs(before: Assignment, to_code: str) -> Iterator[str]:
    yield assignment_ref(before.task, to_code, before.occurrence)
    beside = f"{to_code}~{before.agency}"
    yield assignment_ref(before.task, beside, before.occurrence)
    for number in count(2):
        yield assignment_ref(before.task, f"{beside}-{number}", before.occurrence)


def _note(before: Assignment, to_code: str, why: str, at: datetime, actor: str) -> Draft:
    """Return the entry by which a later version of the directive knows that another agency owes the task."""
    payload: Payload = {"from": before.agency, "to": to_code, "instrument": why, "tasks": [before.task]}
    if before.occurrence is not None:
        payload["occurrence"] = before.occurrence.isoformat()
    return Draft(kind=HANDED_ON, effective_at=at, actor=actor, payload={**payload, "assignments": 1})


def _draft(kind: str, ref: str, payload: Payload, at: datetime, actor: str) -> Draft:
    return Draft(kind=kind, effective_at=at, actor=actor, assignment=ref, payload=payload)
