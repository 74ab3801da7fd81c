"""The moves of an assignment: acknowledged, reported, accepted, returned. One transaction each."""

from datetime import datetime
from typing import Any

from tracker.domain.assignment import Assignment, check_move, fold
from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound, Refused
from tracker.domain.standing import SETTLED, Progress
from tracker.operations.anchors import resolved
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.waiting import check_during, released
from tracker.store import assignments, ledger, outbox
from tracker.store.store import Connection, Store


def acknowledge(store: Store, ref: str, *, at: datetime, actor: str) -> Assignment:
    """Record that the agency has taken note of its task; raises Refused when it already moved on."""
    return _move(store, ref, "acknowledged", {}, at=at, actor=actor)


def submit(store: Store, ref: str, *, at: datetime, actor: str, words: str, document: str | None = None) -> Assignment:
    """Record the agency's report that its task is done: what was done, and the document that shows it.

    Raises Refused where the task asks for evidence and no document is named.
    """
    payload = {"words": words, "document": document}
    return _move(store, ref, "submitted", payload, at=at, actor=actor, needs_document=True)


def accept(store: Store, ref: str, *, at: datetime, actor: str) -> Assignment:
    """Record that the report was verified: the assignment is completed, and what waited for it may start."""
    return _move(store, ref, "completed", {}, at=at, actor=actor)


def send_back(store: Store, ref: str, *, at: datetime, actor: str, missing: str) -> Assignment:
    """Record that a report was returned, with the exact missing thing; the deadline goes on running."""
    if not missing.strip():
        raise Refused("say what is missing: a report is returned with the exact missing thing", code="no-reason")
    return _move(store, ref, "returned", {"missing": missing.strip()}, at=at, actor=actor)


def find(connection: Connection, ref: str, *, lock: bool = False) -> Assignment:
    """Return the assignment with this reference, or with the only one that ends in it; raises NotFound."""
    if found := assignments.get(connection, [ref], lock=lock):
        return found[0]
    endings = assignments.refs_ending(connection, ref)
    if len(endings) == 1:
        return assignments.get(connection, endings, lock=lock)[0]
    if endings:
        raise NotFound(f"'{ref}' may be {', '.join(endings[:3])}: write more of it", code="ambiguous")
    raise NotFound(f"there is no assignment '{ref}'")


def _move(
    store: Store,
    ref: str,
    kind: str,
    payload: dict[str, Any],
    *,
    at: datetime,
    actor: str,
    needs_document: bool = False,
) -> Assignment:
    with store.write() as connection:
        at = ledger.settle(connection, at)
        before = find(connection, ref, lock=True)
        check_move(kind, before, payload, at=at)
        if needs_document:
            _check_document(connection, before, payload["document"])
        if kind == "submitted":
            check_during(connection, before)
        registry = registry_in_force(connection)
        draft = Draft(kind=kind, effective_at=at, actor=actor, assignment=before.ref, payload=payload)
        coming = fold(before, kind, payload, ref=before.ref, seq=before.seq, effective_at=at, at=at)
        freed = released(connection, [coming], at=at, actor=actor)
        settled = [a for a in (coming, *(after_step(step, at) for step in freed)) if a.facts.progress in SETTLED]
        dated = resolved(connection, settled, at=at, actor=actor, registry=registry)
        _, ((after, *_), _) = record_runs(connection, [Step(before, draft), *freed], dated, at=at, registry=registry)
        if after.facts.progress in SETTLED | {Progress.SUBMITTED}:
            outbox.cancel(connection, after.ref, why=f"{kind} before it was sent")
        for other in settled:
            if other.ref != after.ref:
                outbox.cancel(connection, other.ref, why="done by another agency before it was sent")
        return after


def _check_document(connection: Connection, assignment: Assignment, document: str | None) -> None:
    from tracker.operations.reading import task_of

    if task_of(connection, assignment.task).evidence_required and not (document or "").strip():
        raise Refused(f"{assignment.ref} asks for evidence: name the document that shows it", code="no-evidence")
