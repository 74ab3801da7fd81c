"""Changes: what became different between two instants, every date that was moved, and what is worth a look.

All of it is made from entries, never from the cache.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from tracker.domain import patterns as rules
from tracker.domain.agency import Registry
from tracker.domain.bridge import Movement
from tracker.domain.calendar import civil_time
from tracker.domain.changes import KINDS, DateChange, Trail
from tracker.domain.entry import Entry
from tracker.domain.patterns import CLOSING, Deed, Pattern
from tracker.domain.standing import Cell
from tracker.store import exported, ledger, queries
from tracker.store.store import Connection
from tracker.views.past import Vantage
from tracker.views.stamp import Stamp
from tracker.views.summary import Asked, summary

_ENDING = CLOSING | {"withdrawn", "released", "superseded", "transferred", "cut_off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which assignments are meant: those of an agency, of a directive; all by default."""

    agency: str | None = None
    directive: str | None = None

    def fits(self, ref: str) -> bool:
        """Return whether an assignment is meant, by its reference."""
        task, _, agency = ref.rpartition("/")
        return self.agency in (None, agency.partition("@")[0]) and self.directive in (None, task.rpartition("/")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class DateChanges:
    """Every changed date, in the order of the entries; `since`, where it is set, leaves out earlier ones."""

    stamp: Stamp
    since: datetime | None
    changes: tuple[DateChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """An assignment that was closed out, by which entry and why."""

    ref: str
    seq: int
    kind: str
    actor: str
    recorded_at: datetime
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What became different between two instants: new, moved from cell to cell, dates changed, closed out."""

    stamp: Stamp
    since: Stamp
    new: tuple[Movement, ...]
    moved: tuple[Movement, ...]
    left: tuple[Movement, ...]
    deadlines: tuple[DateChange, ...]
    closed_out: tuple[Closed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternList:
    """What is worth a look, the days of reports that were named, and the rules, each with its words."""

    stamp: Stamp
    reports: tuple[date, ...]
    rules: Mapping[str, str]
    patterns: tuple[Pattern, ...]


def deadlines(
    connection: Connection, *, at: datetime, zone: str, since: datetime | None = None, wanted: Filter | None = None
) -> DateChanges:
    """Return every date that was changed by an instant, with its reason."""
    changes = [
        change
        for change in _date_changes(connection, at, wanted or Filter())
        if since is None or change.recorded_at >= since
    ]
    return DateChanges(
        stamp=stamp_at(connection, at, zone), since=since, changes=tuple(sorted(changes, key=lambda each: each.seq))
    )


def difference(
    connection: Connection,
    since: Vantage,
    to: Vantage,
    *,
    registries: Callable[[Vantage], Registry],
    wanted: Filter | None = None,
) -> Difference:
    """Return what became different between two instants, each as it was known on its own day."""
    wanted = wanted or Filter()
    asked = Asked(agency=wanted.agency, directive=wanted.directive)
    found = summary(connection, to, since=since, registries=registries, asked=asked)
    assert found.bridge is not None
    assert found.since is not None
    movements = found.bridge.movements
    gone = {ref for movement in movements if movement.target is Cell.CLOSED_OUT for ref in movement.refs}
    changes = (each for each in _date_changes(connection, to.known, wanted) if each.recorded_at > since.known)
    return Difference(
        stamp=found.stamp,
        since=found.since,
        new=tuple(each for each in movements if each.origin is None),
        moved=tuple(each for each in movements if each.origin is not None and each.target is not None),
        left=tuple(each for each in movements if each.target is None),
        deadlines=tuple(sorted(changes, key=lambda each: each.seq)),
        closed_out=_closings(connection, gone, to.known),
    )


def patterns(
    connection: Connection,
    *,
    at: datetime,
    zone: str,
    since: datetime | None = None,
    reports: Collection[date] = (),
    wanted: Filter | None = None,
) -> PatternList:
    """Return what is worth a look in what was recorded up to an instant; `since` leaves out earlier entries."""
    wanted = wanted or Filter()
    deeds = [
        Deed(ref=ref, seq=e.seq, kind=e.kind, actor=e.actor, at=civil_time(zone, e.recorded_at))
        for e in ledger.entries(connection, until=at, kinds=CLOSING)
        if (ref := e.assignment) is not None and wanted.fits(ref)
    ]
    changes = list(_date_changes(connection, at, wanted))
    found = rules.patterns(deeds, changes, reports=reports)
    if since is not None:
        recent = {each.ref for each in deeds if each.at >= since} | {c.ref for c in changes if c.recorded_at >= since}
        found = tuple(each for each in found if recent.intersection(each.refs))
    days = tuple(sorted(set(reports)))
    return PatternList(stamp=stamp_at(connection, at, zone), reports=days, rules=rules.RULES, patterns=found)


def stamp_at(connection: Connection, at: datetime, zone: str) -> Stamp:
    """Return the stamp of what is read from the entries recorded up to an instant."""
    head = ledger.position(connection)
    seq, digest = queries.end_at(connection, at)
    invented = head.is_rehearsal and queries.is_made_up(connection, until=at)
    return Stamp(as_of=at, known_at=at, seq=seq, head=digest, rehearsal=head.is_rehearsal, invented=invented, zone=zone)


def _date_changes(connection: Connection, until: datetime, wanted: Filter) -> Iterator[DateChange]:
    upto = ledger.position(connection).seq
    found = exported.entries_by_assignment(connection, KINDS, until=until, upto=upto)
    for ref, entries in groupby(found, key=lambda entry: entry.assignment or ""):
        if wanted.fits(ref):
            yield from filter(None, map(Trail().take, entries))


def _closings(connection: Connection, refs: Collection[str], until: datetime) -> tuple[Closed, ...]:
    last: dict[str, Entry] = {}
    for entry in ledger.entries(connection, until=until, kinds=_ENDING) if refs else ():
        if entry.assignment in refs:
            last[entry.assignment or ""] = entry
    return tuple(
        Closed(
            ref=ref,
            seq=entry.seq,
            kind=entry.kind,
            actor=entry.actor,
            recorded_at=entry.recorded_at,
            why=entry.payload.get("why"),
        )
        for ref, entry in sorted(last.items())
    )
