"""Cubes: how many assignments have what in common, known for the position of the ledger they were counted at.

Rows are what the entries make of them, so the hash of the last entry stands for all of them: what was counted
at one position holds there for ever. Two counts are kept whole, one by task and one by agency, and
brought forward: at a later position only the tasks and agencies that entries since speak about are counted again.
Every other count is asked of the database once a position. What the clock alone has turned is the caller's to add.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from tracker.domain.scope import EVERYTHING
from tracker.store import tallies, worktable
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.store.worktable import Dimension
from tracker.views.running import Running

Counts = Mapping[tuple[str, ...], int]
Kept = Mapping[str, Counts]

MOST_ENTRIES = 20_000  # beyond, counting everything is quicker than looking what they are about
MOST_TASKS, MOST_AGENCIES = 40, 400
ROOM = 256
KEPT = 16
SUMS = 16  # each holds on to the lines it was made of
_HAD: tuple[Dimension, ...] = ("cell", "standing", "progress")
_BY_TASK: tuple[Dimension, ...] = ("task", *_HAD, "month")
_BY_AGENCY: tuple[Dimension, ...] = ("agency", *_HAD)


@dataclass(frozen=True, slots=True)
class Cubes:
    """The two counts at a position: each task's and each agency's, by what their assignments have."""

    seq: int
    hash: str
    tasks: Kept
    agencies: Kept


@dataclass(slots=True)
class _Shelf:
    lock: Lock = field(default_factory=Lock)
    cubes: list[Cubes] = field(default_factory=list)  # by their positions
    known: dict[tuple[str, Wanted, tuple[Dimension, ...]], Counts] = field(default_factory=dict)
    sums: Running = field(default_factory=lambda: Running(SUMS))


_SHELVES: "WeakKeyDictionary[object, _Shelf]" = WeakKeyDictionary()
_SHELVES_LOCK = Lock()


def forget() -> None:
    """Forget every count."""
    with _SHELVES_LOCK:
        _SHELVES.clear()


def counted(connection: Connection, wanted: Wanted, by: tuple[Dimension, ...], *, seq: int, head: str) -> Counts:
    """Return how many rows are wanted at the position this transaction sees, by what they have in common."""
    with _SHELVES_LOCK:
        shelf = _SHELVES.setdefault(connection.engine, _Shelf())
    key = head, wanted, by
    found = shelf.known.get(key)
    if found is None:
        found = _found(shelf, connection, wanted, by, seq, head)
        with shelf.lock:
            while len(shelf.known) >= ROOM:
                shelf.known.pop(next(iter(shelf.known)))
            shelf.known[key] = found
    return found


def _found(
    shelf: _Shelf, connection: Connection, wanted: Wanted, by: tuple[Dimension, ...], seq: int, head: str
) -> Counts:
    if not _is_plain(wanted):
        return worktable.counts(connection, wanted, by)
    about_agencies = wanted.agency is not None or wanted.agencies is not None
    about_tasks = wanted.task is not None or wanted.directive is not None or wanted.directives is not None
    about_tasks = about_tasks or wanted.months is not None or wanted.said is not None
    if not about_agencies and set(by) <= set(_BY_TASK) and _says_tasks(wanted):
        return _sum(shelf, _cubes(shelf, connection, seq, head).tasks, wanted, _BY_TASK, by)
    if not about_tasks and set(by) <= set(_BY_AGENCY):
        return _sum(shelf, _cubes(shelf, connection, seq, head).agencies, wanted, _BY_AGENCY, by)
    return worktable.counts(connection, wanted, by)


def _sum(
    shelf: _Shelf, kept: Kept, wanted: Wanted, dimensions: tuple[Dimension, ...], by: tuple[Dimension, ...]
) -> Counts:
    return shelf.sums.sum(
        (wanted, dimensions, by), kept, lambda lines: _summed(_lines(lines, wanted), wanted, dimensions, by)
    )


def _is_plain(wanted: Wanted) -> bool:
    """Return whether what is wanted is known by what the cubes are made of."""
    questions = wanted.asking or wanted.contested or wanted.undecided
    return wanted.scope == EVERYTHING and wanted.due is None and wanted.days == (None, None) and not questions


def _says_tasks(wanted: Wanted) -> bool:
    return wanted.said is None or all(way.agencies is None for way in wanted.said)


def _lines(kept: Kept, wanted: Wanted) -> Iterator[tuple[str, Counts]]:
    """Yield the lines of the tasks or agencies that are wanted."""
    codes = None if wanted.agencies is None else wanted.agencies
    if wanted.agency is not None:
        codes = frozenset({wanted.agency}) & (codes if codes is not None else frozenset({wanted.agency}))
    if codes is not None:
        yield from ((code, kept[code]) for code in codes if code in kept)
        return
    for key, counts in kept.items():
        directive = key.rpartition("/")[0]
        if (
            wanted.task in (None, key)
            and wanted.directive in (None, directive)
            and (wanted.directives is None or directive in wanted.directives)
            and (wanted.said is None or any(way.fits(key, "") for way in wanted.said))
        ):
            yield key, counts


def _summed(
    lines: Iterator[tuple[str, Counts]], wanted: Wanted, dimensions: tuple[Dimension, ...], by: tuple[Dimension, ...]
) -> Counts:
    asked: list[tuple[int, frozenset[str]]] = []
    for name, single, several in (
        ("cell", wanted.cell, wanted.cells),
        ("standing", wanted.standing, wanted.standings),
        ("progress", None, wanted.progress),
        ("month", None, wanted.months),
    ):
        if single is not None:
            asked.append((dimensions.index(name), frozenset({str(single)})))
        if several is not None:
            asked.append((dimensions.index(name), frozenset(map(str, several))))
    if tuple(by) == dimensions[:1] and not asked:  # thousands of agencies, each with all it has
        return {(key,): sum(counts.values()) for key, counts in lines}
    places = [dimensions.index(name) for name in by]
    found: Counter[tuple[str, ...]] = Counter()
    for key, counts in lines:
        for had, number in counts.items():
            whole = (key, *had)
            if asked and not all(whole[place] in some for place, some in asked):
                continue
            found[tuple([whole[place] for place in places])] += number
    return found


def _cubes(shelf: _Shelf, connection: Connection, seq: int, head: str) -> Cubes:
    with shelf.lock:  # whoever comes while it is counted waits, and counts nothing
        kept = next((one for one in reversed(shelf.cubes) if one.seq <= seq), None)
        if kept is not None and kept.hash == head:
            return kept
        found = _forward(connection, kept, seq, head) if kept is not None else None
        if found is None:
            found = Cubes(seq, head, _whole(connection, _BY_TASK), _whole(connection, _BY_AGENCY))
        # several readings are under way at once, each at its own position: the next may be an older one
        shelf.cubes = sorted((*shelf.cubes, found), key=lambda one: one.seq)[-KEPT:]
        return found


def _forward(connection: Connection, kept: Cubes, seq: int, head: str) -> Cubes | None:
    """Return the cubes at a later position; None where it is quicker, or must be, to count everything."""
    if tallies.hash_at(connection, kept.seq) != kept.hash:
        return None  # another ledger: a backup was restored
    pairs = worktable.touched(connection, after=kept.seq, upto=seq, most=MOST_ENTRIES)
    if pairs is None:
        return None
    tasks, agencies = frozenset(task for task, _ in pairs), frozenset(agency for _, agency in pairs)
    if len(tasks) > MOST_TASKS or len(agencies) > MOST_AGENCIES:
        return None
    return Cubes(
        seq,
        head,
        {**kept.tasks, **_some(connection, _BY_TASK, tasks)},
        {**kept.agencies, **_some(connection, _BY_AGENCY, agencies)},
    )


def _whole(connection: Connection, by: tuple[Dimension, ...]) -> dict[str, dict[tuple[str, ...], int]]:
    return _gathered(worktable.counts(connection, Wanted(), by))


def _some(connection: Connection, by: tuple[Dimension, ...], keys: frozenset[str]) -> dict[str, Counts]:
    if not keys:
        return {}
    counts = worktable.counts_among(connection, by, keys)
    return {**{key: {} for key in keys}, **_gathered(counts)}


def _gathered(counts: Counts) -> dict[str, dict[tuple[str, ...], int]]:
    found: dict[str, dict[tuple[str, ...], int]] = {}
    for (key, *had), number in counts.items():
        found.setdefault(key, {})[tuple(had)] = number
    return found
