"""Recording: a fact about an assignment goes into the ledger, and the assignment is folded and reckoned with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, assignment_ref, fold, reckoned
from tracker.domain.entry import Draft, is_alike
from tracker.domain.outbox import void_since
from tracker.domain.standing import Facts
from tracker.operations.announcing import Change, announce, told
from tracker.operations.in_force import registry_in_force
from tracker.store import assignments, ledger, outbox
from tracker.store.ledger import Position
from tracker.store.store import Connection

__all__ = ["Step", "after_step", "is_new", "record", "record_runs", "registry_in_force"]


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
    left to say are cancelled; what an entry has to tell at once goes into the outbox.
    """
    head = ledger.position(connection, lock=True)
    start = head.seq + 1 + len(others)
    reckoning = _Reckoning(registry, at)
    after = tuple(reckoning.after(step, seq) for seq, step in enumerate(steps, start))
    changes = [Change(step.before, new, step.draft) for step, new in zip(steps, after, strict=True)]
    drafts = told(connection, changes, at=at, registry=registry)
    position = ledger.append(connection, [*others, *drafts], at=at, head=head)
    assignments.add(connection, [new for new, step in zip(after, steps, strict=True) if step.before is None])
    assignments.save(connection, [new for new, step in zip(after, steps, strict=True) if step.before is not None])
    for step, new in zip(steps, after, strict=True):
        if step.before and (why := void_since(step.before, new, step.draft.kind, step.draft.payload)):
            outbox.cancel(connection, new.ref, why=why)
    if any("notice" in draft.payload for draft in drafts):
        changes = [replace(change, draft=draft) for change, draft in zip(changes, drafts, strict=True)]
        announce(connection, changes, at=at, first=start)
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
        steps = [replace(s, before=latest.get(s.draft.assignment or "", s.before)) for s in run] if latest else run
        position, after = record(connection, steps, at=at, registry=registry)
        found.append(after)
        latest |= {assignment.ref: assignment for assignment in after}
    return position, tuple(found)


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


def is_new(step: Step) -> bool:
    """Return whether a step gives a duty that nobody has begun yet, as most steps of a fan-out do."""
    draft = step.draft
    return draft.kind == "assigned" and "done_at" not in draft.payload and "continues" not in draft.payload


class _Reckoning:
    """Reckons assignments at one instant; of those whose facts are the same, as in a fan-out, the first alone."""

    def __init__(self, registry: Registry, at: datetime) -> None:
        self._registry, self._at = registry, at
        self._known: dict[tuple[Facts, str, datetime | None], Assignment] = {}
        self._last: tuple[Draft, Assignment] | None = None

    def after(self, step: Step, seq: int) -> Assignment:
        """Return an assignment after a step, reckoned; one that is given as the last was given takes after it."""
        draft = step.draft
        if step.before is not None or not is_new(step):
            return self.of(after_step(step, self._at, seq=seq))
        if self._last and is_alike(draft, self._last[0]):
            given, agency = self._last[1], draft.payload["agency"]
            if draft.assignment == assignment_ref(given.task, agency, given.occurrence):
                return replace(given, ref=draft.assignment, agency=agency, seq=seq, changed=seq)
        made = self.of(after_step(step, self._at, seq=seq))
        self._last = draft, made
        return made

    def of(self, assignment: Assignment) -> Assignment:
        """Return an assignment with its standing, cell and next moment."""
        key = (assignment.facts, assignment.remind, assignment.told)
        if (alike := self._known.get(key)) is None:
            policy = self._registry.policy(assignment.remind)
            alike = self._known[key] = reckoned(assignment, at=self._at, policy=policy)
            return alike
        return replace(assignment, standing=alike.standing, cell=alike.cell, next_moment=alike.next_moment)
