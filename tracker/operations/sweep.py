"""The sweep: one pass at one instant over what has come due. Its cost follows what is due, not what exists.

Assignments of a fan-out are alike but for whose they are: what one of them comes to is reckoned once
for all. Only who hears of it is found one by one, and not even that where it is the lead alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, reckoned, rungs_owed
from tracker.domain.entry import Draft, Frame, frame_of, stamp
from tracker.domain.ladder import LEAD, Call, Moment, calls
from tracker.domain.outbox import NO_CHANNEL, Told, key_of, made, reference_of
from tracker.operations.anchors import resolved
from tracker.operations.looking import Look, Ways, by_deadline, channels_of, look_at
from tracker.operations.recipients import Recipient, Telling
from tracker.operations.recording import Step, after_step, record_runs, registry_in_force
from tracker.operations.recurring import materialise
from tracker.operations.waiting import released
from tracker.operations.watching import EVERY, attended
from tracker.store import assignments, deputies, ledger, outbox
from tracker.store.assignments import Claimed
from tracker.store.outbox import Own
from tracker.store.store import Connection, Store

BATCH = 2_500


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


@dataclass(frozen=True, slots=True)
class _Kind:
    """Assignments alike: one of them before and after the look, what it owes and who is called, in its frame.

    `entered` are the positions of their entries, with their references; `leads` those who hear alone.
    """

    one: Assignment
    after: Assignment
    owed: tuple[Moment, ...]
    calls: tuple[Call, ...]
    frame: Frame
    entered: list[tuple[int, str]] = field(default_factory=list)
    leads: list[tuple[str, str]] = field(default_factory=list)


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
        head = ledger.position(connection, lock=True)
        at = head.settle(at)
        claimed = assignments.claim_due(connection, at=at, limit=batch)
        if not claimed.rows:
            return Swept()
        registry = registry_in_force(connection)
        kinds = [None if one.facts.is_void(at) else _kind(one, registry, at, actor) for one in claimed.kinds]
        looks, ways = _looks(connection, claimed, kinds, registry, at)
        facts: list[tuple[Frame, str]] = []
        told: list[tuple[tuple[bool, datetime, str], Told, list[Own]]] = []
        over: list[str] = []
        for ref, agency, of in claimed.rows:
            kind, look = kinds[of], looks.get(ref)
            if kind is None:
                over.append(ref)
                continue
            facts.append((kind.frame if look is None else frame_of(_draft(look, actor), recorded_at=at), ref))
            kind.entered.append((head.seq + len(facts), ref))
            if look is not None:
                told += [(by_deadline(look), one, [outbox.own_of(one)]) for one in _made(look, at)]
            elif kind.calls:
                kind.leads.append((ref, agency))
        told += [each for kind in kinds if kind for each in _alike(kind, ways, at)]
        ledger.append_alike(connection, facts, at=at, head=head)
        assignments.looked_at(connection, [(kind.one, kind.after, kind.entered) for kind in kinds if kind])
        # before what is closed out: that may take the ground from under a reminder made in this very look
        told.sort(key=itemgetter(0))
        new = outbox.make_alike(connection, ((one, owned) for _, one, owned in told))
        cut = [Step(one, _cut_off(one, actor)) for one in assignments.get(connection, over)] if over else []
        ended = _close_out(connection, cut, at=at, actor=actor, registry=registry)
        return Swept(len(claimed.rows), len(facts) + ended, new)


def _kind(one: Assignment, registry: Registry, at: datetime, actor: str) -> _Kind:
    policy = registry.policy(one.remind)
    owed = rungs_owed(one, at=at, policy=policy)
    called = calls(owed)
    heard = tuple(Telling(call.moment, (Recipient(one.agency),)) for call in called[:1])
    draft = _draft(Look(one, owed, heard), actor)
    after = reckoned(after_step(Step(one, draft), at), at=at, policy=policy)
    return _Kind(one, after, owed, called, frame_of(draft, recorded_at=at))


def _looks(
    connection: Connection, claimed: Claimed, kinds: Sequence[_Kind | None], registry: Registry, at: datetime
) -> tuple[dict[str, Look], Ways]:
    """Return the looks at those of whom more than the lead hears, by reference, and the ways to the other leads.

    Where a ladder has a cap, it counts what everybody is told: then each is looked at alone.
    """
    called = [(ref, agency, kind) for ref, agency, of in claimed.rows if (kind := kinds[of]) is not None and kind.calls]
    offices = {agency for _, agency, _ in called}
    if not offices:
        return {}, {}
    if any((ladder := registry.ladder(kind.one.remind)) and ladder.cap is not None for kind in kinds if kind):
        alone: set[str] = set()
    else:
        alone = offices - deputies.covering(connection, offices, registry.calendar.civil_day(at)).keys()
    wanted = {ref: kind.owed for ref, agency, kind in called if not (_lead_alone(kind) and agency in alone)}
    if not wanted:
        return {}, channels_of(connection, alone)
    owed = [(one, wanted[one.ref]) for one in assignments.get(connection, wanted)]
    looks = look_at(connection, owed, registry, at)
    return {look.assignment.ref: look for look in looks}, channels_of(connection, alone)


def _lead_alone(kind: _Kind) -> bool:
    return kind.one.delegate is None and all(call.to == LEAD for call in kind.calls)


def _alike(kind: _Kind, ways: Ways, at: datetime) -> Iterator[tuple[tuple[bool, datetime, str], Told, list[Own]]]:
    """Yield what the leads are told that hear alone: a reminder of each sort, and whose are alike."""
    if not kind.leads:
        return
    one, moment = kind.one, kind.calls[0].moment
    owned: dict[bool, list[Own]] = {True: [], False: []}
    for ref, agency in kind.leads:
        names = ways.get(agency)
        for name in names or (NO_CHANNEL,):
            key = key_of(ref, moment.rung, one.version, agency, name)
            owned[bool(names)].append((key, reference_of(key), ref, agency, name))
    for reached, some in owned.items():
        if some:
            channel = some[0][4] if reached else NO_CHANNEL
            told = made(one, moment.rung, agency=one.agency, channel=channel, moment=moment.at, at=at)
            yield by_deadline(Look(one, kind.owed, ())), told, some


def _close_out(connection: Connection, cut: Sequence[Step], *, at: datetime, actor: str, registry: Registry) -> int:
    """Record what was closed out, with what waited for it and what is dated by it; return how many entries."""
    if not cut:
        return 0
    coming = [after_step(step, at) for step in cut]
    freed = released(connection, coming, at=at, actor=actor)
    dated = resolved(connection, coming, at=at, actor=actor, registry=registry)
    record_runs(connection, cut, freed, dated, at=at, registry=registry)
    return len(cut) + len(freed) + len(dated)


def _cut_off(assignment: Assignment, actor: str) -> Draft:
    """Return the entry that closes out what was not reported before its cut-off."""
    limit = assignment.facts.limit
    assert limit is not None
    payload = {"last_day": limit.last_day.isoformat()}
    return Draft(kind="cut_off", effective_at=limit.late_from, actor=actor, assignment=assignment.ref, payload=payload)


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


def _made(look: Look, at: datetime) -> Iterator[Told]:
    """Yield one reminder an office and channel; an office without any gets one that has failed, for a person."""
    for moment, _, way in look.ways:
        agency, channel = way
        cap = look.capped.get(way)
        yield made(look.assignment, moment.rung, agency=agency, channel=channel, moment=moment.at, at=at, cap=cap)
