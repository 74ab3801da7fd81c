"""The tally: what each agency owes and how it stands, without reading a single assignment.

It is counted once in full and kept for the position of the ledger it was counted at. Whatever
changes an assignment is an entry about it, and an assignment never changes its agency (a transfer makes
another one); so at a later position only the agencies that entries speak about are counted again. What
has turned since by the clock alone is reckoned one by one, as everywhere.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

from tracker.domain.lifecycle import OPEN
from tracker.domain.scope import EVERYTHING
from tracker.domain.standing import Cell, Policy, Progress
from tracker.store import ledger, queries, tallies
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.running import Running
from tracker.views.sight import Seen, Sight, standing_at

MOST_ENTRIES = 20_000  # beyond, counting everything is quicker than looking whom it is about
MOST_AGENCIES = 400
KEPT = 4
ALL = 10_000_000
_PARTS = ("idle", "submitted", "asking", "contested")


@dataclass(slots=True)
class Count:
    """What one agency owes; `due` counts what is late from an instant within the period asked for."""

    cells: Counter[Cell] = field(default_factory=Counter)
    idle: int = 0
    submitted: int = 0
    asking: int = 0
    contested: int = 0
    due: Counter[datetime] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Period:
    """What the counts are about besides the cells: untouched since before an instant, and late from within a period."""

    idle_before: datetime
    due: tuple[datetime, datetime]


Counts = Mapping[str, Count]
_SUMS = Running(32)


def tally(seen: Sight, connection: Connection, period: Period, *, past: bool) -> Counts:
    """Return the count of every agency that owes anything; of the past one by one, now by the database."""
    if past or seen.scope != EVERYTHING:
        return _one_by_one(seen.find(Wanted(), limit=ALL).seen, period)
    return _turned(_kept(connection, period), seen, connection)


def summed(counts: Counts, *, name: Hashable = None) -> Count:
    """Return what many owe together; with a name of theirs, only what is another since the last time is added."""
    found = _SUMS.sum(name, counts, _added) if name is not None else _added(counts)
    due = Counter({when: number for when, number in found.items() if isinstance(when, datetime) and number})
    cells = Counter({cell: found.get(cell, 0) for cell in Cell})
    idle, submitted, asking, contested = (found.get(what, 0) for what in _PARTS)
    return Count(cells, idle, submitted, asking, contested, due)


def _added(counts: Counts) -> Mapping[Hashable, int]:
    found: Counter[Hashable] = Counter()
    for count in counts.values():
        for part in _PARTS:
            found[part] += getattr(count, part)
        for what, number in (*count.cells.items(), *count.due.items()):
            found[what] += number
    return found


def _one_by_one(found: Iterable[Seen], period: Period) -> Counts:
    counts: dict[str, Count] = {}
    for assignment, now in found:
        count, facts = counts.setdefault(assignment.agency, Count()), assignment.facts
        count.cells[now.cell] += 1
        count.idle += facts.progress in OPEN and facts.touched_at < period.idle_before
        count.submitted += facts.progress == Progress.SUBMITTED
        count.asking += assignment.asked_at is not None
        count.contested += assignment.contested_at is not None
        if facts.progress in OPEN and facts.limit and period.due[0] < facts.limit.late_from <= period.due[1]:
            count.due[facts.limit.late_from] += 1
    return counts


@dataclass(slots=True)
class _Shelf:
    """The tallies of one store, the newest last."""

    lock: Lock = field(default_factory=Lock)
    kept: dict[tuple[int, str, Period], dict[str, Count]] = field(default_factory=dict)


_SHELVES: "WeakKeyDictionary[object, _Shelf]" = WeakKeyDictionary()
_SHELVES_LOCK = Lock()


def _kept(connection: Connection, period: Period) -> Counts:
    """Return the cached counts at the position this transaction sees."""
    head = ledger.position(connection)
    with _SHELVES_LOCK:
        shelf = _SHELVES.setdefault(connection.engine, _Shelf())
    with shelf.lock:  # whoever comes while it is counted waits, and counts nothing
        key = (head.seq, head.hash, period)
        found = shelf.kept.get(key)
        if found is None:
            found = _brought_forward(connection, shelf, head.seq, period)
            if found is None:
                found = _counted(connection, period)
            while len(shelf.kept) >= KEPT:
                shelf.kept.pop(next(iter(shelf.kept)))
            shelf.kept[key] = found
        return found


def _brought_forward(connection: Connection, shelf: _Shelf, seq: int, period: Period) -> dict[str, Count] | None:
    """Return the newest tally, with the agencies counted again that entries since speak about; None without one."""
    earlier = [key for key in shelf.kept if key[0] < seq and key[2] == period]
    if not earlier:
        return None
    last = max(earlier)
    if tallies.hash_at(connection, last[0]) != last[1]:
        return None  # another ledger: a backup was restored
    touched = tallies.agencies_touched(connection, after=last[0], upto=seq, most=MOST_ENTRIES)
    if touched is None or len(touched) > MOST_AGENCIES:
        return None
    kept = {code: count for code, count in shelf.kept[last].items() if code not in touched}
    return kept | (_counted(connection, period, touched) if touched else {})


def _counted(connection: Connection, period: Period, agencies: frozenset[str] | None = None) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for line in tallies.lines(connection, idle_before=period.idle_before, agencies=agencies):
        count = counts.setdefault(line.agency, Count())
        count.cells[Cell(line.cell)] += line.count
        count.idle += line.idle
        count.submitted += line.submitted
        count.asking += line.asking
        count.contested += line.contested
    for agency, late_from, number in tallies.due_lines(connection, period.due, agencies):
        counts.setdefault(agency, Count()).due[late_from] += number
    return counts


def _turned(counts: Counts, seen: Sight, connection: Connection) -> Counts:
    """Return the counts with what has turned by the clock alone; those given stay as they are."""
    stale = tallies.stale_lines(connection, at=seen.at)
    if not stale:
        return counts
    turned = dict(counts)
    moved: dict[str, Counter[Cell]] = {}
    for (agency, cell), number in stale.items():
        moved.setdefault(agency, Counter())[Cell(cell)] -= number
    policy = Policy(calendar=seen.registry.calendar, due_soon=seen.registry.due_soon)
    for assignment in queries.stale(connection, at=seen.at):
        moved.setdefault(assignment.agency, Counter())[standing_at(assignment, seen.at, policy).cell] += 1
    for agency, change in moved.items():
        was = counts.get(agency, Count())
        cells = Counter({cell: was.cells[cell] + change[cell] for cell in Cell})
        turned[agency] = Count(cells, was.idle, was.submitted, was.asking, was.contested, was.due)
    return turned
