"""Recording: a fact about an assignment goes into the ledger, and the assignment is folded and reckoned with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, fold, reckoned
from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound
from tracker.domain.outbox import void_since
from tracker.files.documents import registry_from
from tracker.store import adopted, assignments, ledger, outbox
from tracker.store.ledger import Position
from tracker.store.store import Connection


@dataclass(frozen=True, slots=True)
class Step:
    """A draft about one assignment, with the assignment as it was before (None: this entry makes it)."""

    before: Assignment | None
    draft: Draft


def record(
    connection: Connection, steps: Sequence[Step], *, at: datetime, registry: Registry, others: Sequence[Draft] = ()
) -> tuple[Position, tuple[Assignment, ...]]:
    """Append `others`, then one entry a step, and write each assignment as it is after its entry.

    Returns the new end of the ledger and the assignments in the order of the steps. An
    assignment takes at most one step a call. Its reminders that were not sent and have nothing
    left to say are cancelled.
    """
    head = ledger.position(connection, lock=True)
    start = head.seq + 1 + len(others)
    after = tuple(_after(step, seq, at, registry) for seq, step in enumerate(steps, start))
    position = ledger.append(connection, [*others, *(step.draft for step in steps)], at=at, head=head)
    assignments.add(connection, [new for new, step in zip(after, steps, strict=True) if step.before is None])
    assignments.save(connection, [new for new, step in zip(after, steps, strict=True) if step.before is not None])
    for step, new in zip(steps, after, strict=True):
        if step.before and (why := void_since(step.before, new, step.draft.kind, step.draft.payload)):
            outbox.cancel(connection, new.ref, why=why)
    return position, after


def record_runs(
    connection: Connection,
    *runs: Sequence[Step],
    at: datetime,
    registry: Registry,
    others: Sequence[Draft] = (),
) -> tuple[Position, tuple[tuple[Assignment, ...], ...]]:
    """Do what `record` does for several runs of steps, each of which starts where the one before left off.

    So one assignment may take a step in each run. `others` come before the first.
    """
    position, after = record(connection, runs[0], at=at, registry=registry, others=others)
    found = [after]
    latest = {assignment.ref: assignment for assignment in after}
    for run in runs[1:]:
        steps = [replace(s, before=latest.get(s.draft.assignment or "", s.before)) for s in run]
        position, after = record(connection, steps, at=at, registry=registry)
        found.append(after)
        latest |= {assignment.ref: assignment for assignment in after}
    return position, tuple(found)


def registry_in_force(connection: Connection) -> Registry:
    """Return the adopted registry; raises NotFound before the first was adopted."""
    fingerprint = adopted.registry_fingerprint(connection)
    if fingerprint is None:
        raise NotFound("no registry has been adopted yet: run 'tracker directive apply directives'", code="no-registry")
    known = _KNOWN.get(fingerprint)
    if known is None:
        version = adopted.registry(connection)
        assert version is not None
        _KNOWN.clear()
        known = _KNOWN[fingerprint] = registry_from(version.document)
    return known


# a registry is 3,400 agencies: read once a process, found again by its fingerprint
_KNOWN: dict[str, Registry] = {}


def after_step(step: Step, at: datetime, *, seq: int = 0) -> Assignment:
    """Return the assignment as it will be after a step, not reckoned; the position matters only to what is kept."""
    draft = step.draft
    assert draft.assignment is not None
    return fold(
        step.before,
        draft.kind,
        draft.payload,
        ref=draft.assignment,
        seq=seq,
        effective_at=draft.effective_at,
        at=at,
    )


def _after(step: Step, seq: int, at: datetime, registry: Registry) -> Assignment:
    folded = after_step(step, at, seq=seq)
    return reckoned(folded, at=at, policy=registry.policy(folded.remind))
