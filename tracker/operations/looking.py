"""Looking: who is told what of the moments owed at one instant, on which ways, and what a cap keeps back.

The sweep writes what is found here, a forecast shows it: both ask the same question.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.cap import Mails, Way
from tracker.domain.ladder import Moment, calls
from tracker.domain.outbox import NO_CHANNEL
from tracker.operations.recipients import Recipient, Telling, tellings_of
from tracker.store import adopted, caps
from tracker.store.store import Connection

Owed = tuple[Assignment, tuple[Moment, ...]]
# the names of the channels of each office
Ways = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Look:
    """One assignment looked at: the moments owed, who is told which, on what ways, and which ways a cap closed."""

    assignment: Assignment
    owed: tuple[Moment, ...]
    tellings: tuple[Telling, ...]
    ways: tuple[tuple[Moment, Recipient, Way], ...] = ()
    capped: Mapping[Way, int] = field(default_factory=dict)


def look_at(
    connection: Connection,
    owed: Sequence[Owed],
    registry: Registry,
    at: datetime,
    *,
    ways: Ways | None = None,
    mails: Mails | None = None,
) -> list[Look]:
    """Return the looks in the order given; caps are spent in the order of the deadlines, the oldest first.

    `ways` are the channels there are, `mails` what went out before; left out, the store is asked for both.
    """
    called = [(assignment, calls(moments)) for assignment, moments in owed if moments]
    told = tellings_of(connection, called, registry=registry, on=registry.calendar.civil_day(at))
    looks = [Look(assignment, moments, told.get(assignment.ref, ())) for assignment, moments in owed]
    offices = {one.agency for look in looks for telling in look.tellings for one in telling.to}
    if ways is None:
        ways = channels_of(connection, offices)
    if mails is None:
        mails = _mails(connection, looks, offices, registry, at)
    found = {look.assignment.ref: look for look in looks}
    for look in sorted(looks, key=by_deadline):
        found[look.assignment.ref] = _on_ways(look, ways, mails, registry, at)
    return [found[look.assignment.ref] for look in looks]


def by_deadline(look: Look) -> tuple[bool, datetime, str]:
    """Return what puts the oldest deadline first; what has none comes last."""
    limit = look.assignment.facts.limit
    return limit is None, limit.late_from if limit else look.assignment.facts.assigned_at, look.assignment.ref


def channels_of(connection: Connection, offices: set[str] | None = None) -> Ways:
    """Return the names of the channels of some offices, of all by default."""
    if offices is not None and not offices:
        return {}
    found = adopted.channels(connection, offices)
    return {agency: [channel.name for channel in channels] for agency, channels in found.items()}


def mails_of(connection: Connection, offices: set[str], registry: Registry, at: datetime) -> Mails:
    """Return what went out to some offices so far on the day of an instant."""
    calendar = registry.calendar
    return Mails(calendar, caps.made_since(connection, offices, calendar.instant(calendar.civil_day(at))))


def _mails(
    connection: Connection, looks: Sequence[Look], offices: set[str], registry: Registry, at: datetime
) -> Mails | None:
    """Return the mails of today so far; None where no ladder at hand has a cap, and nobody has to count."""
    if all(_cap(look.assignment, registry) is None for look in looks if look.tellings):
        return None
    return mails_of(connection, offices, registry, at)


def _cap(assignment: Assignment, registry: Registry) -> int | None:
    ladder = registry.ladder(assignment.remind)
    return ladder.cap if ladder else None


def _on_ways(look: Look, ways: Ways, mails: Mails | None, registry: Registry, at: datetime) -> Look:
    found = tuple(_each_way(look, ways))
    cap = _cap(look.assignment, registry) if look.tellings else None
    counted = [way for _, _, way in found if way[1] != NO_CHANNEL] if mails else []
    closed = {way: cap for way in counted if mails and not mails.admit(way, at=at, cap=cap) and cap is not None}
    return replace(look, ways=found, capped=closed)


def _each_way(look: Look, ways: Ways) -> Iterator[tuple[Moment, Recipient, Way]]:
    """Yield each moment, office and channel; an office without any has the way of that name."""
    for telling in look.tellings:
        for one in telling.to:
            for name in ways.get(one.agency) or [NO_CHANNEL]:
                yield telling.moment, one, (one.agency, name)
