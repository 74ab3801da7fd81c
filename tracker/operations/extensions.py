"""Extensions: more time is asked for with a reason, and granted on an instrument or refused with a reason.

The first date stays for ever. Work that depends on the task moves with it where the secretariat says so.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, check_move, grant_document
from tracker.domain.deadline import By, Deadline, reckon
from tracker.domain.entry import Draft
from tracker.domain.errors import Broken, Refused
from tracker.domain.extension import check_day, check_request
from tracker.domain.lifecycle import BY_KIND
from tracker.operations.moving import Payload, commit, find, move, prepare
from tracker.operations.recording import Step, registry_in_force
from tracker.operations.waiting import scene_of, tasks_in_force
from tracker.store import assignments, ledger
from tracker.store.store import Connection, Store


@dataclass(frozen=True, slots=True)
class Dependent:
    """An assignment that needs the task, directly or by others, with its own last day: what a later date squeezes."""

    ref: str
    agency: str
    last_day: date | None
    squeezed: bool


def ask(
    store: Store, ref: str, day: date, *, at: datetime, actor: str, why: str, seen: int | None = None
) -> Assignment:
    """Record that the lead asks for another last day; raises Refused where the directive's rule forbids it.

    The entry lists whose work would have to move with it: what depends on the task and is due by that day.
    """

    def also(connection: Connection, registry: Registry, before: Assignment, at: datetime) -> Payload:
        rule = registry.extensions.of(before.task.rpartition("/")[0])
        check_request(rule, before, day, at=at, calendar=registry.calendar)
        squeezed = [each.ref for each in dependents(connection, before, day) if each.squeezed]
        return {"would_move": squeezed}

    payload = {"day": day.isoformat(), "why": why.strip()}
    return move(store, ref, "extension_requested", payload, at=at, actor=actor, seen=seen, also=also)


def grant(
    store: Store,
    ref: str,
    *,
    at: datetime,
    actor: str,
    instrument: str,
    day: date | None = None,
    along: Mapping[str, date] | None = None,
    seen: int | None = None,
) -> tuple[Assignment, ...]:
    """Grant what was asked for, or another `day`, and return the assignment and those whose date moves along.

    `along` gives dependents their new last day. All of it is one transaction.
    """
    with store.write() as connection:
        at = ledger.settle(connection, at)
        before = find(connection, ref, lock=True)
        registry = registry_in_force(connection)
        said = {"instrument": instrument.strip()}
        kind = "extension_granted"
        prepare(connection, before, kind, said, at=at, actor=actor, seen=seen, registry=registry)
        new_day = day or before.asked_day
        assert new_day is not None
        rule = registry.extensions.of(before.task.rpartition("/")[0])
        check_day(rule, before, new_day, calendar=registry.calendar)
        asked = before.asked_day.isoformat() if before.asked_day else None
        payload = {**said, "day": new_day.isoformat(), "asked": asked}
        steps = [_dated(before, kind, payload, new_day, registry, at, actor)]
        for other, its_day in _along(connection, before, along or {}):
            words = {"with": before.ref, "day": its_day.isoformat(), **said}
            check_move("moved_along", other, words, at=at)
            steps.append(_dated(other, "moved_along", words, its_day, registry, at, actor))
        return commit(connection, steps, at=at, actor=actor, registry=registry)


def refuse(store: Store, ref: str, *, at: datetime, actor: str, why: str, seen: int | None = None) -> Assignment:
    """Record that a request for more time was refused, and why: the date stays."""
    return move(store, ref, "extension_refused", {"why": why.strip()}, at=at, actor=actor, seen=seen)


def suspend(
    store: Store, ref: str, *, at: datetime, actor: str, why: str, instrument: str, seen: int | None = None
) -> Assignment:
    """Record that work is ordered to rest: no reminders, and no day of it is the agency's delay."""
    payload = {"why": why.strip(), "instrument": instrument.strip()}
    return move(store, ref, "suspended", payload, at=at, actor=actor, seen=seen)


def resume(
    store: Store,
    ref: str,
    *,
    at: datetime,
    actor: str,
    day: date | None = None,
    instrument: str | None = None,
    seen: int | None = None,
) -> Assignment:
    """Record that work goes on; a new last day needs the instrument that sets it. Without one the old date stands."""
    if day is not None and not (instrument or "").strip():
        raise Refused("say by what instrument the date moves", code="no-instrument")

    def also(connection: Connection, registry: Registry, before: Assignment, at: datetime) -> Payload:
        if day is None:
            return {}
        _check_later(before, day)
        return grant_document(before, day, late_from=_late_from(before, day, registry))

    payload = {"instrument": instrument.strip() if instrument else None, "day": day.isoformat() if day else None}
    return move(store, ref, "resumed", payload, at=at, actor=actor, seen=seen, also=also)


def dependents(connection: Connection, assignment: Assignment, day: date) -> tuple[Dependent, ...]:
    """Return the open assignments that need this one, directly or by others; those due by `day` are squeezed."""
    found: dict[str, Dependent] = {}
    seen = {assignment.ref}
    frontier = {assignment.task: {assignment.agency}}
    while frontier:
        coming: dict[str, set[str]] = {}
        for other in _needing(connection, frontier):
            if other.ref in seen:
                continue
            seen.add(other.ref)
            coming.setdefault(other.task, set()).add(other.agency)
            if other.facts.progress in BY_KIND["moved_along"].sources:
                last = other.facts.limit.last_day if other.facts.limit else None
                found[other.ref] = Dependent(other.ref, other.agency, last, last is not None and last <= day)
        frontier = coming
    return tuple(found[ref] for ref in sorted(found))


def _needing(connection: Connection, frontier: Mapping[str, Collection[str]]) -> Iterator[Assignment]:
    """Yield the assignments whose needs count one of some agencies' tasks."""
    needing = tasks_in_force(connection, assignments.needing(connection, frontier))
    if not needing:
        return
    known = assignments.of_tasks(connection, {*needing, *frontier})
    scene = scene_of(connection, known, tasks=needing)
    for other in known:
        task = needing.get(other.task)
        needed = [need.task for need in task.needs if need.task in frontier] if task else []
        if any(not set(frontier[n]).isdisjoint(scene.counts_for(other.task, other.agency, n)) for n in needed):
            yield other


def _along(
    connection: Connection, before: Assignment, along: Mapping[str, date]
) -> Collection[tuple[Assignment, date]]:
    known = {each.ref for each in dependents(connection, before, date.max)}
    if strange := sorted(set(along) - known):
        raise Refused(f"{strange[0]} does not depend on {before.ref}: it cannot move with it", code="not-dependent")
    found = assignments.get(connection, along, lock=True)
    for other in found:
        _check_later(other, along[other.ref])
    return [(other, along[other.ref]) for other in found]


def _dated(
    before: Assignment, kind: str, payload: Payload, day: date, registry: Registry, at: datetime, actor: str
) -> Step:
    granted = grant_document(before, day, late_from=_late_from(before, day, registry))
    draft = Draft(kind=kind, effective_at=at, actor=actor, assignment=before.ref, payload={**payload, **granted})
    return Step(before, draft)


def _check_later(assignment: Assignment, day: date) -> None:
    limit = assignment.facts.limit
    if limit is None:
        raise Refused(f"{assignment.ref} has no date yet: there is nothing to extend", code="no-date")
    if day <= limit.last_day:
        raise Refused(f"{day} is no later than the last day, {limit.last_day}", code="not-later")


def _late_from(assignment: Assignment, day: date, registry: Registry) -> datetime:
    """Return the first late instant of a new last day, with the minute that the directive names."""
    limit = assignment.facts.limit
    found = reckon(By(day, limit.minute if limit else None), issued=day, calendar=registry.calendar)
    if not isinstance(found, Deadline):
        raise Broken(f"{day} gives no deadline")
    return found.late_from
