"""The moves on the way to completion: noted, begun, reported, returned, accepted, reopened. One transaction each."""

from collections.abc import Sequence
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.errors import Refused
from tracker.domain.evidence import Proof
from tracker.domain.snooze import check_snooze
from tracker.operations.evidence import check_proofs, keep_proofs
from tracker.operations.moving import Payload, find, move
from tracker.operations.reading import task_of
from tracker.operations.undoing import check_in_force
from tracker.operations.waiting import check_during
from tracker.store.store import Connection, Store

__all__ = ["accept", "acknowledge", "find", "note", "reopen", "send_back", "start", "submit"]


def acknowledge(store: Store, ref: str, *, at: datetime, actor: str, seen: int | None = None) -> Assignment:
    """Record that the agency has taken note of its task; raises Refused when it already moved on."""
    return move(store, ref, "acknowledged", {}, at=at, actor=actor, seen=seen)


def note(
    store: Store,
    ref: str,
    *,
    at: datetime,
    actor: str,
    until: date | None = None,
    reminder: str | None = None,
    seen: int | None = None,
) -> Assignment:
    """Record that the agency has taken note of a reminder, and asks for none up to the end of a day.

    `reminder` is the reference of the one it answers. Raises Refused for a day that is not ahead, or
    beyond the last working day before the deadline.
    """

    def also(connection: Connection, registry: Registry, before: Assignment, at: datetime) -> Payload:
        if until is not None:
            check_snooze(before.facts, until, at=at, calendar=registry.calendar)
        return {}

    return move(store, ref, "noted", noting(until, reminder), at=at, actor=actor, seen=seen, also=also)


def noting(until: date | None, reminder: str | None) -> Payload:
    """Return what the entry of a noted reminder says."""
    payload: Payload = {} if until is None else {"until": until.isoformat()}
    return payload if reminder is None else {**payload, "reminder": reminder}


def start(store: Store, ref: str, *, at: datetime, actor: str, seen: int | None = None) -> Assignment:
    """Record that the agency works on its task."""
    return move(store, ref, "started", {}, at=at, actor=actor, seen=seen)


def submit(
    store: Store,
    ref: str,
    *,
    at: datetime,
    actor: str,
    words: str,
    document: str | None = None,
    done_on: date | None = None,
    proofs: Sequence[Proof] = (),
    seen: int | None = None,
) -> Assignment:
    """Record the agency's report that its task is done: what was done, when, and what shows it.

    Whatever day it names, it counts as received now. Raises Refused where the task asks for
    evidence and none is named, or where the day has not come yet.
    """
    shown: list[Proof] = []

    def also(connection: Connection, registry: Registry, before: Assignment, at: datetime) -> Payload:
        _check_evidence(connection, before, document, proofs)
        check_during(connection, before)
        if done_on is not None and done_on > registry.calendar.civil_day(at):
            raise Refused(f"{done_on} has not come yet: report what was done when it was", code="not-done-yet")
        shown.extend(check_proofs(connection, proofs, at=at, actor=actor))
        return {"proofs": [proof.payload for proof in shown]} if shown else {}

    def keep(connection: Connection, before: Assignment, after: Assignment, at: datetime) -> None:
        keep_proofs(connection, after.seq, after.ref, shown)

    payload: Payload = {"words": words.strip(), "document": document}
    if done_on is not None:
        payload["done_on"] = done_on.isoformat()
    return move(store, ref, "submitted", payload, at=at, actor=actor, seen=seen, also=also, after=keep)


def accept(store: Store, ref: str, *, at: datetime, actor: str, seen: int | None = None) -> Assignment:
    """Record that the report was verified: the assignment is completed, and what waited for it may start."""
    return move(store, ref, "completed", {}, at=at, actor=actor, seen=seen)


def send_back(store: Store, ref: str, *, at: datetime, actor: str, missing: str, seen: int | None = None) -> Assignment:
    """Record that a report was returned, with the exact missing thing; the deadline goes on running."""
    return move(store, ref, "returned", {"missing": missing.strip()}, at=at, actor=actor, seen=seen)


def reopen(store: Store, ref: str, *, at: datetime, actor: str, why: str, seen: int | None = None) -> Assignment:
    """Record that what was accepted does not hold: the deadline counts again, what waited for it waits again."""

    def also(connection: Connection, registry: Registry, before: Assignment, at: datetime) -> Payload:
        check_in_force(connection, before)
        return {}

    return move(store, ref, "reopened", {"why": why.strip()}, at=at, actor=actor, seen=seen, also=also)


def _check_evidence(
    connection: Connection, assignment: Assignment, document: str | None, proofs: Sequence[Proof]
) -> None:
    shown = (document or "").strip() or proofs
    if not shown and task_of(connection, assignment.task).evidence_required:
        raise Refused(f"{assignment.ref} asks for evidence: name the document that shows it", code="no-evidence")
