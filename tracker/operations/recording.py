"""Recording: a fact about an assignment goes into the ledger, and the assignment is folded and reckoned with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, fold, reckoned
from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound
from tracker.files.documents import registry_from
from tracker.store import adopted, assignments, ledger
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
    assignment takes at most one step a call.
    """
    head = ledger.position(connection, lock=True)
    start = head.seq + 1 + len(others)
    after = tuple(_after(step, seq, at, registry) for seq, step in enumerate(steps, start))
    position = ledger.append(connection, [*others, *(step.draft for step in steps)], at=at, head=head)
    assignments.add(connection, [new for new, step in zip(after, steps, strict=True) if step.before is None])
    assignments.save(connection, [new for new, step in zip(after, steps, strict=True) if step.before is not None])
    return position, after


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


def _after(step: Step, seq: int, at: datetime, registry: Registry) -> Assignment:
    draft = step.draft
    assert draft.assignment is not None
    folded = fold(
        step.before,
        draft.kind,
        draft.payload,
        ref=draft.assignment,
        seq=seq,
        effective_at=draft.effective_at,
        at=at,
    )
    return reckoned(folded, at=at, policy=registry.policy(folded.remind))
