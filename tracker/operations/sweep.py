"""The sweep: one pass at one instant over what has come due. Its cost follows what is due, not what exists."""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, rungs_owed
from tracker.domain.entry import Draft, stamp
from tracker.domain.outbox import made
from tracker.operations.anchors import resolved
from tracker.operations.looking import Look, by_deadline, look_at
from tracker.operations.recipients import Telling
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.recurring import materialise
from tracker.operations.waiting import released
from tracker.operations.watching import EVERY, attended
from tracker.store import assignments, ledger, outbox
from tracker.store.store import Connection, Store

BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did: assignments looked at, entries written, reminders made, occurrences that came into sight."""

    claimed: int = 0
    entries: int = 0
    reminders: int = 0
    occurrences: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Swept(*(one + more for one, more in pairs))


def sweep(
    store: Store, *, at: datetime, actor: str = "sweep", batch: int = BATCH, watch_every: timedelta = EVERY
) -> Swept:
    """Reckon every assignment whose moment has come, record it, and write the reminders owed.

    Any number of sweeps at one instant do the work of one: each assignment is claimed by one
    of them, and the unique key of a reminder decides. Only the latest rung is told. Occurrences
    of recurring duties come first, so that what is owed at once is reminded at once. That the
    sweep before was longer ago than `watch_every` is recorded.
    """
    attended(store, "sweep", at=at, actor=actor, every=watch_every)
    total = Swept(occurrences=materialise(store, at=at, actor=actor))
    while (done := _batch(store, at, actor, batch)).claimed:
        total += done
    return total


def _batch(store: Store, at: datetime, actor: str, batch: int) -> Swept:
    with store.write() as connection:
        at = ledger.settle(connection, at)
        due = assignments.claim_due(connection, at=at, limit=batch)
        if not due:
            return Swept()
        registry = registry_in_force(connection)
        owed = {a.ref: rungs_owed(a, at=at, policy=registry.policy(a.remind)) for a in due if not a.facts.is_void(at)}
        looks = look_at(connection, [(a, owed[a.ref]) for a in due if a.ref in owed], registry, at)
        steps = [Step(look.assignment, _draft(look, actor)) for look in looks]
        cut = [Step(a, _cut_off(a, actor)) for a in due if a.ref not in owed]
        freed, dated = _consequences(connection, cut, at=at, actor=actor, registry=registry)
        # before the entries: one of them may take the ground from under a reminder made in this very look
        new = outbox.make(connection, [row for look in sorted(looks, key=by_deadline) for row in _rows(look, at)])
        record_runs(connection, [*steps, *cut], freed, dated, at=at, registry=registry)
        return Swept(len(due), len(steps) + len(cut) + len(freed) + len(dated), new)


def _cut_off(assignment: Assignment, actor: str) -> Draft:
    """Return the entry that closes out what was not reported before its cut-off."""
    limit = assignment.facts.limit
    assert limit is not None
    payload = {"last_day": limit.last_day.isoformat()}
    return Draft(kind="cut_off", effective_at=limit.late_from, actor=actor, assignment=assignment.ref, payload=payload)


def _consequences(
    connection: Connection, cut: Sequence[Step], *, at: datetime, actor: str, registry: Registry
) -> tuple[list[Step], list[Step]]:
    """Return the steps for what waited for something closed out, and for what is dated by it."""
    if not cut:
        return [], []
    coming = [after_step(step, at) for step in cut]
    # what waits is locked before the head is, as in the verbs
    freed = released(connection, coming, at=at, actor=actor)
    return freed, resolved(connection, coming, at=at, actor=actor, registry=registry)


def _draft(look: Look, actor: str) -> Draft:
    """Return the entry of one look: which rung is told, which went untold before it (after an outage), and to whom.

    Where the lead alone is told it is not named: that is what entries always said. What is told to
    others in the same look stands in `also`; what a cap kept back, in `suppressed`.
    """
    assignment, told = look.assignment, [telling.moment for telling in look.tellings]
    payload: dict[str, Any] = {
        "rung": told[0].rung if told else None,
        "moment": stamp(told[0].at) if told else None,
        "skipped": [moment.rung for moment in look.owed if moment not in told],
    }
    if told and (to := _codes(look.tellings[0])) != [assignment.agency]:
        payload["to"] = to
    if also := [
        {"rung": telling.moment.rung, "moment": stamp(telling.moment.at), "to": _codes(telling)}
        for telling in look.tellings[1:]
    ]:
        payload["also"] = also
    if look.capped:
        payload["suppressed"] = [
            {"agency": agency, "channel": channel, "cap": cap} for (agency, channel), cap in look.capped.items()
        ]
    assert assignment.next_moment is not None
    # a deadline passes when it passed, not when it was noticed: the entry carries both
    return Draft(
        kind="swept",
        effective_at=assignment.next_moment,
        actor=actor,
        assignment=assignment.ref,
        payload=payload,
    )


def _codes(telling: Telling) -> list[str]:
    return [recipient.agency for recipient in telling.to]


def _rows(look: Look, at: datetime) -> list[dict[str, Any]]:
    """Return one reminder an office and channel; an office without any gets one that has failed, for a person."""
    rows = []
    for moment, _, way in look.ways:
        agency, channel = way
        cap = look.capped.get(way)
        told = made(look.assignment, moment.rung, agency=agency, channel=channel, moment=moment.at, at=at, cap=cap)
        rows.append({**asdict(told), "token": 0})
    return rows
