"""Lists: on Monday morning, or on the next working day, every agency hears what it has open.

The secretariat hears how all stands. Each goes out once a week, whatever happened in between; a
morning that was missed is made up for in that week and no longer. The figures stand in the entry:
what was reported is what was recorded.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import FOLDED, Assignment, fold
from tracker.domain.bridge import Bridge
from tracker.domain.entry import Draft, instant, stamp
from tracker.domain.outbox import NO_CHANNEL, listed
from tracker.domain.standing import Cell, Policy, standing
from tracker.operations.in_force import registry_in_force
from tracker.store import adopted, assignments, ledger, outbox
from tracker.store.store import Connection, Store

KIND = "listed"
WEEKLY, MONDAY = "weekly", "monday"
_KINDS = FOLDED - {"swept"}  # a look at an assignment moves nothing
_COUNTED = ("opening", "new", "come", "gone", "left", "closing")


def lists(store: Store, *, at: datetime, actor: str = "lists") -> int:
    """Make the lists of this week where their morning has come, and return how many offices get one."""
    with store.read() as connection:
        if adopted.registry_fingerprint(connection) is None:
            return 0  # nothing has been adopted yet: nobody owes anything
        registry = registry_in_force(connection)
        day = _due(connection, registry, at)
        drafts = [] if day is None else list(_drafts(connection, registry, day, at, actor))
    if day is None or not drafts:
        return 0
    with store.write() as connection:
        at = ledger.settle(connection, at)
        if _due(connection, registry, at) != day:
            return 0  # another worker was faster
        ledger.append(connection, drafts, at=at)
        outbox.make(connection, [row for draft in drafts for row in _rows(connection, draft.payload, at)])
    return len({code for draft in drafts for code in draft.payload["to"]})


def list_day(at: datetime, registry: Registry) -> date:
    """Return the day on which the lists of a week are sent: its Monday, or the first working day after."""
    today = registry.calendar.civil_day(at)
    return registry.calendar.on_or_after(today - timedelta(days=today.weekday()))


def _due(connection: Connection, registry: Registry, at: datetime) -> date | None:
    """Return the day of the lists that are to be made; None where it is not their time, or they were made.

    None too where the store was opened after their morning: nothing had been promised then.
    """
    if registry.lists is None:
        return None
    day = list_day(at, registry)
    morning = registry.calendar.instant(day, registry.lists)
    if at < morning or outbox.has_rung(connection, _rungs(day)):
        return None
    first = next(ledger.entries(connection), None)
    return day if first is not None and first.recorded_at < morning else None


def _rungs(day: date) -> Sequence[str]:
    return [f"{stage}-{day}" for stage in (WEEKLY, MONDAY)]


def _drafts(connection: Connection, registry: Registry, day: date, at: datetime, actor: str) -> Iterator[Draft]:
    owing = sorted(assignments.open_by_agency(connection))
    if owing:
        yield _draft(WEEKLY, day, owing, {}, at, actor)
    if registry.secretariat:
        yield _draft(MONDAY, day, [registry.secretariat], _figures(connection, registry, day, at), at, actor)


def _draft(stage: str, day: date, to: Sequence[str], said: Mapping[str, Any], at: datetime, actor: str) -> Draft:
    payload = {"stage": stage, "day": day.isoformat(), "to": list(to), "said": said}
    return Draft(kind=KIND, effective_at=at, actor=actor, payload=payload)


def _rows(connection: Connection, payload: Mapping[str, Any], at: datetime) -> Iterator[dict[str, Any]]:
    channels = adopted.channels(connection, payload["to"])
    for agency in payload["to"]:
        for name in [channel.name for channel in channels.get(agency, ())] or [NO_CHANNEL]:
            yield {**asdict(listed(payload, agency=agency, channel=name, at=at)), "token": 0}


def _figures(connection: Connection, registry: Registry, day: date, at: datetime) -> dict[str, Any]:
    """Return the six cells and what led to them since the last report, from the entries alone."""
    policy = Policy(calendar=registry.calendar, due_soon=registry.due_soon)
    since, made = _last(connection, day), dict[str, Assignment]()
    before: dict[str, Cell] | None = None
    for entry in ledger.entries(connection, kinds=_KINDS):
        if since is not None and before is None and entry.recorded_at > since:
            before = _cells(made, since, policy)
        ref = entry.assignment or ""
        made[ref] = fold(
            made.get(ref),
            entry.kind,
            entry.payload,
            ref=ref,
            seq=entry.seq,
            effective_at=entry.effective_at,
            at=entry.recorded_at,
        )
    if since is not None and before is None:  # nothing has moved since
        before = _cells(made, since, policy)
    bridge = Bridge.between(before or {}, _cells(made, at, policy))
    lines = {str(cell): bridge.line(cell) for cell in Cell}
    return {
        "as_of": stamp(at),
        "since": stamp(since) if since else None,
        "cells": {cell: {name: getattr(line, name) for name in _COUNTED} for cell, line in lines.items()},
        "undelivered": outbox.counts(connection, troubled=True).get("failed", 0),
    }


def _last(connection: Connection, day: date) -> datetime | None:
    """Return as of when the secretariat had its last report."""
    known = [e for e in ledger.entries(connection, kinds=[KIND]) if e.payload["stage"] == MONDAY]
    earlier = [e for e in known if e.payload["day"] < day.isoformat()]
    return instant(earlier[-1].payload["said"]["as_of"]) if earlier else None


def _cells(made: Mapping[str, Assignment], at: datetime, policy: Policy) -> dict[str, Cell]:
    return {ref: standing(one.facts, at=at, policy=policy).cell for ref, one in made.items()}
