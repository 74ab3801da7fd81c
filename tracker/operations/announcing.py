"""Announcing: whom an entry is told to at once, and the rows of the outbox that tell it.

An entry about somebody's task is told to the lead, to the unit it delegated to and to the deputies of
both; what became of a report also to whoever made it. Offices whose task has no ladder asked to be
left alone, and are. That something is owed no longer hears who was told that it is, or began with it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.announcement import ENDED, announced, news
from tracker.domain.assignment import Assignment
from tracker.domain.authority import standpoint
from tracker.domain.entry import Draft
from tracker.domain.outbox import NO_CHANNEL, announcement
from tracker.domain.standing import Progress
from tracker.store import adopted, deputies, hearings, ledger, outbox
from tracker.store.store import Connection


@dataclass(frozen=True, slots=True)
class Change:
    """A draft about an assignment, with the assignment before and after it."""

    before: Assignment | None
    after: Assignment
    draft: Draft


def told(connection: Connection, changes: Sequence[Change], *, at: datetime, registry: Registry) -> tuple[Draft, ...]:
    """Return the drafts of some changes, those to be announced with the stage and the offices that hear of it."""
    stages = [_stage(change, registry) for change in changes]
    if not any(stages):
        return tuple(change.draft for change in changes)
    own = [_offices(connection, change, stage, registry) for change, stage in zip(changes, stages, strict=True)]
    covering = _covering(connection, own, registry.calendar.civil_day(at))
    ended = [change.after.ref for change, stage in zip(changes, stages, strict=True) if stage == ENDED]
    owing = hearings.owing(connection, ended) if ended else {}
    drafts = []
    for change, stage, offices in zip(changes, stages, own, strict=True):
        to = _to(offices, covering)
        if stage == ENDED:
            to = _who_heard(change, offices, covering, owing.get(change.after.ref, frozenset()))
        drafts.append(_naming(change.draft, stage, to) if stage and to else change.draft)
    return tuple(drafts)


def announce(connection: Connection, changes: Sequence[Change], *, at: datetime, first: int) -> int:
    """Write what recorded changes have to tell into the outbox, and return how much; `first` is the first's position.

    The assignments after them are of their own entries.
    """
    found = [(change, seq) for seq, change in enumerate(changes, first) if "notice" in change.draft.payload]
    if not found:
        return 0
    offices = {code for change, _ in found for code in change.draft.payload["notice"]["to"]}
    channels = adopted.channels(connection, offices)
    rows: list[dict[str, Any]] = []
    for change, seq in found:
        draft, before = change.draft, change.before
        assert before is not None
        said = news(before, change.after, draft.kind, draft.payload, actor=draft.actor, at=at, seq=seq)
        stage = draft.payload["notice"]["stage"]
        for agency in draft.payload["notice"]["to"]:
            for name in [channel.name for channel in channels.get(agency, ())] or [NO_CHANNEL]:
                row = announcement(change.after, stage, said, agency=agency, channel=name, at=at)
                rows.append({**asdict(row), "token": 0})
    return outbox.make(connection, rows)


def _stage(change: Change, registry: Registry) -> str | None:
    stage = announced(change.before, change.after, change.draft.kind)
    return stage if stage and registry.ladder(change.after.remind) is not None else None


def _offices(connection: Connection, change: Change, stage: str | None, registry: Registry) -> tuple[str, ...]:
    """Return the offices a change concerns, the lead first; whoever covers for them is not among them yet."""
    if stage is None:
        return ()
    lead, unit = change.after.agency, change.after.delegate
    reporter = _reporter(connection, change, stage)
    named = reporter and standpoint(reporter, registry).office
    return tuple(dict.fromkeys(filter(None, (lead, unit, named))))


def _reporter(connection: Connection, change: Change, stage: str) -> str | None:
    if stage == "received":
        return change.draft.actor
    if stage != "returned":
        return None
    reports = [e for e in ledger.entries(connection, assignment=change.after.ref) if e.kind == "submitted"]
    return reports[-1].actor if reports else None


def _covering(connection: Connection, own: Iterable[tuple[str, ...]], on: date) -> Mapping[str, tuple[str, ...]]:
    offices = {code for named in own for code in named}
    return deputies.on_day(connection, offices, on) if offices else {}


def _to(offices: Iterable[str], covering: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return some offices and who covers for them, each once."""
    own = tuple(offices)
    return tuple(dict.fromkeys([*own, *(deputy for code in own for deputy in covering.get(code, ()))]))


def _who_heard(
    change: Change, offices: tuple[str, ...], covering: Mapping[str, tuple[str, ...]], heard: Collection[str]
) -> tuple[str, ...]:
    """Return who believes that something is owed: who was told, who covers for them, and a lead that has begun."""
    assert change.before is not None
    begun = {change.after.agency} if change.before.facts.progress != Progress.ASSIGNED else frozenset[str]()
    known = {*heard, *begun}
    to = {*_to(known.intersection(offices), covering), *heard}
    return tuple(code for code in _to(offices, covering) if code in to)


def _naming(draft: Draft, stage: str, to: tuple[str, ...]) -> Draft:
    return replace(draft, payload={**draft.payload, "notice": {"stage": stage, "to": list(to)}})
