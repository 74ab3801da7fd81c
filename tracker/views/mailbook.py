"""The delivery ledger: what was to be told to whom and what became of it, chosen by facets, a page at a time.

Told of an earlier day it is what had become of it then. An office's members see what their offices were told.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from tracker.domain.agency import Registry
from tracker.domain.calendar import ONE_DAY, Calendar
from tracker.domain.errors import NotFound
from tracker.domain.remedy import Remedy, may_retry, remedy
from tracker.domain.scope import EVERYTHING, Scope
from tracker.store import ledger, outbox
from tracker.store import mailbook as book
from tracker.store.mailbook import FACETS, Sought
from tracker.store.outbox import Reminder
from tracker.store.store import Connection
from tracker.views.bars import Bars, bars
from tracker.views.reminders import ReminderRow, reminder_rows
from tracker.views.rows import agency_name
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp

__all__ = ["MailBook", "MailPage", "Sought", "Volume", "day_bounds", "mail_book", "mail_page", "volume"]

LISTED = 50
DAYS = 30
PARTS = ("accepted", "other", "failed")
_BECAME = {"accepted": "accepted", "permanent": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One reminder of a page: the row, whom it is for, about which task, and what can be done about it."""

    row: ReminderRow
    place: int
    agency_name: str
    title: str
    remedy: Remedy
    may_retry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a facet, and how many reminders have it beside what else is chosen."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVolume:
    """The attempts that began on one day: taken by the server, refused for good, and all others."""

    day: date
    accepted: int
    failed: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBook:
    """A page of the delivery ledger; `after` is the place the next page begins behind, None on the last."""

    stamp: Stamp
    lines: tuple[Line, ...]
    total: int
    states: tuple[Choice, ...]
    stages: tuple[Choice, ...]
    agencies: tuple[Choice, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """The attempts of each of the last days, and the same as bars."""

    days: tuple[DayVolume, ...]
    picture: Bars


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage:
    """One reminder with every attempt, and the others that left in the same mail."""

    stamp: Stamp
    line: Line
    mates: tuple[Line, ...]


def day_bounds(calendar: Calendar, first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """Return the instant a day begins and the one another has ended by, in the calendar's zone."""
    since = calendar.instant(first) if first else None
    until = calendar.instant(last + ONE_DAY) if last else None
    return since, until


def mail_book(
    connection: Connection,
    sought: Sought,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
    after: int | None = None,
    limit: int = LISTED,
) -> MailBook:
    """Return a page of the reminders that fit, with the counts of every facet."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    if _is_past(seen, connection):
        everything = seen.reminders()
        ordered = sorted((one for one in everything if sought.fits(one)), key=lambda one: -one.id)
        found = [one for one in ordered if after is None or one.id < after][: limit + 1]
        within = (one for one in everything if sought.of_any().fits(one))
        tallies: Mapping[tuple[str, str, str], int] = Counter((one.state, one.stage, one.agency) for one in within)
    else:
        found = list(book.page(connection, sought, limit=limit + 1, after=after, scope=scope))
        kept = (seen.stamp.head, "tallies", sought.of_any(), scope)
        tallies = _remembered(kept, lambda: book.tallies(connection, sought, scope=scope))
    states, stages, agencies = (sought.counted(tallies, facet) for facet in FACETS)
    return MailBook(
        stamp=seen.stamp,
        lines=_lines(seen, found[:limit], language),
        total=sum(states.values()) if sought.state is None else states.get(sought.state, 0),
        states=_choices(states),
        stages=_choices(stages),
        agencies=_choices(agencies, lambda code: agency_name(registry, code, language)),
        after=found[limit - 1].id if len(found) > limit else None,
    )


def volume(
    connection: Connection, *, at: datetime, calendar: Calendar, scope: Scope = EVERYTHING, days: int = DAYS
) -> Volume:
    """Return how many attempts began on each of the last days, up to an instant."""
    today = calendar.civil_day(at)
    first = today - timedelta(days=days - 1)
    since, _ = day_bounds(calendar, first, None)
    counts = {first + timedelta(days=n): dict.fromkeys(PARTS, 0) for n in range(days)}
    kept = (ledger.position(connection).hash, "hours", at.replace(minute=0, second=0, microsecond=0), days, scope)
    found = _remembered(kept, lambda: book.hours(connection, since=since or at, until=at, scope=scope))
    for hour, outcome, count in found:
        counts[calendar.civil_day(hour)][_BECAME.get(outcome, "other")] += count
    made = tuple(DayVolume(day=day, **some) for day, some in counts.items())
    return Volume(days=made, picture=bars(list(counts.values()), PARTS))


def mail_page(
    connection: Connection,
    reference: str,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> MailPage:
    """Return one reminder by its reference; raises NotFound for one nobody knows, or that is not in scope."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    found = [one for one in outbox.by_reference(connection, [reference]) if scope.covers(one.agency)]
    if found and _is_past(seen, connection):
        found = [one for one in seen.reminders(ref=found[0].assignment) if one.reference == reference]
    if not found:
        raise NotFound(f"there is no reminder '{reference}'")
    bundle = found[0].bundle
    mates = [one for one in book.mates(connection, bundle, scope=scope) if one.id != found[0].id] if bundle else []
    line, *others = _lines(seen, [found[0], *mates], language)
    return MailPage(stamp=seen.stamp, line=line, mates=tuple(others))


_KEPT: OrderedDict[object, Any] = OrderedDict()
_ROOM = 64
_LOCK = Lock()
T = TypeVar("T")


def _remembered(key: object, make: Callable[[], T]) -> T:
    """Return what was counted of a ledger that ends so, or count it: whatever becomes of a reminder is an entry."""
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            known: T = _KEPT[key]
            return known
    made = make()
    with _LOCK:
        _KEPT[key] = made
        while len(_KEPT) > _ROOM:
            _KEPT.popitem(last=False)
    return made


def _is_past(seen: Sight, connection: Connection) -> bool:
    """Return whether rows as they are now are not what was so then."""
    return min(seen.at, seen.known) < ledger.position(connection).high_water


def _lines(seen: Sight, found: Sequence[Reminder], language: str) -> tuple[Line, ...]:
    tasks = frozenset(one.assignment.rpartition("/")[0] for one in found if one.assignment)
    titles = seen.titles(tasks, language) if tasks else {}
    rows = reminder_rows(seen, found)
    return tuple(
        Line(
            row=row,
            place=one.id,
            agency_name=agency_name(seen.registry, one.agency, language),
            title=titles.get(one.assignment.rpartition("/")[0], one.assignment),
            remedy=remedy(
                row.state,
                channel=row.channel,
                why=row.why,
                outcome=row.attempts[-1].outcome if row.attempts else None,
            ),
            may_retry=may_retry(row.state, channel=row.channel),
        )
        for one, row in zip(found, rows, strict=True)
    )


def _choices(counts: Mapping[str, int], name: Callable[[str], str] | None = None) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=value, name=name(value) if name else value, count=count) for value, count in sorted(counts.items())
    )
