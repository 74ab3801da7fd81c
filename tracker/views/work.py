"""The work table: what is sought, page by page, counted and grouped; one filter makes every number on it."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nsmallest
from threading import Lock

from tracker.domain.agency import Registry
from tracker.domain.cells import Cells
from tracker.domain.errors import Invalid
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.standing import Cell, Progress
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.store.worktable import Dimension, Order, Place
from tracker.views.paging import ORDERS, Seen, cursor_of, place_from
from tracker.views.rows import TaskRow, agency_name, rows
from tracker.views.searching import said
from tracker.views.sight import Sight, sight
from tracker.views.sought import STANDINGS, Sought, provinces_of
from tracker.views.stamp import Stamp

PAGE = 50
LARGEST = 500
MOST_COUNTED = 20_000  # tasks of a directive, a month or a search whose agencies are counted as well
CHOICES = 12  # of a facet with many values: the most frequent ones, and those chosen
GROUPS, IN_A_GROUP = 12, 5
STREAMED = 500
GROUPINGS = ("directive", "agency", "cell", "standing", "progress", "month")
_CUBE: tuple[Dimension, ...] = ("task", "cell", "standing", "progress", "month")
_FACETS = ("directive", "cell", "standing", "progress", "month")
_SORTED: Mapping[str, Sequence[str]] = {
    "cell": tuple(map(str, Cell)),
    "standing": STANDINGS,
    "progress": tuple(map(str, Progress)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a facet: how many would be there with it, and whether it is chosen."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A kind of value with its choices; `more` of them are not shown. Its own choice does not narrow it."""

    name: str
    choices: tuple[Choice, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The first rows of those that have a value in common, and how many they are."""

    value: str
    label: str
    count: int
    rows: tuple[TaskRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkTable:
    """A page of what is sought; `before` and `after` lead to its neighbours. Where it is grouped, `rows` are empty.

    `groups_from` is the number of the first group shown and `groups_total` how many there are.
    """

    stamp: Stamp
    sought: Sought
    order: Order
    total: int
    cells: Cells
    rows: tuple[TaskRow, ...]
    facets: tuple[Facet, ...]
    before: str | None = None
    after: str | None = None
    group: str | None = None
    groups: tuple[Group, ...] = ()
    groups_from: int = 0
    groups_total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How the table is leafed through: its order, a page after or before a place, or its groups."""

    order: Order = "due"
    after: str | None = None
    before: str | None = None
    limit: int = PAGE
    group: str | None = None
    groups_from: int = 0


def order_from(text: str) -> Order:
    """Return an order by its name; raises Invalid."""
    found = next((order for order in ORDERS if order == text), None)
    if found is None:
        raise Invalid(f"'{text[:60]}' is no order: {', '.join(ORDERS)}", code="bad-filter")
    return found


def work_table(
    connection: Connection,
    sought: Sought,
    turn: Turn | None = None,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> WorkTable:
    """Return a page of what is sought, as it is at an instant, with its facets; raises Invalid for a bad cursor."""
    turn = turn or Turn()
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    work = _Work(connection, seen, sought, language, turn.group)
    counted, facets = _remembered(work)
    table = WorkTable(
        stamp=work.seen.stamp,
        sought=sought,
        order=turn.order,
        total=counted.cells.total,
        cells=counted.cells,
        rows=(),
        facets=facets,
    )
    return work.grouped(table, counted, turn) if turn.group else work.paged(table, turn)


def work_rows(
    connection: Connection,
    sought: Sought,
    *,
    at: datetime,
    registry: Registry,
    order: Order = "due",
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> tuple[Stamp, int, Iterator[TaskRow]]:
    """Return the stamp of a list, how many are sought, and all of them one after the other, never all at once."""
    work = _Work(connection, sight(connection, at=at, registry=registry, known=known, scope=scope), sought, language)
    total = sum(work.seen.counts(work.wanted, ("cell",)).values())
    return work.seen.stamp, total, work.each(order)


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many are sought: by the six cells, and by each facet as if nothing of its own kind were chosen."""

    cells: Cells
    facets: Mapping[str, Mapping[str, int]]


_KNOWN: dict[Hashable, tuple[_Counted, tuple[Facet, ...]]] = {}
_ROOM = 64
_LOCK = Lock()


def _remembered(work: "_Work") -> tuple[_Counted, tuple[Facet, ...]]:
    """Return the counts and facets of a filter; known where nothing was recorded, and nothing turned, since."""
    key = work.seen.state(), work.sought, work.wanted, work.language, work.group
    known = _KNOWN.get(key)
    if known is None:
        counted = work.counted()
        known = counted, work.facets(counted)
        with _LOCK:
            while len(_KNOWN) >= _ROOM:
                _KNOWN.pop(next(iter(_KNOWN)))
            _KNOWN[key] = known
    return known


class _Work:
    def __init__(
        self, connection: Connection, seen: Sight, sought: Sought, language: str, group: str | None = None
    ) -> None:
        self.connection, self.seen, self.sought, self.language, self.group = connection, seen, sought, language, group
        today = seen.registry.calendar.civil_day(seen.at)
        self.wanted = sought.wanted(seen.registry, today=today, said=said(seen, connection, sought.q))

    def paged(self, table: WorkTable, turn: Turn) -> WorkTable:
        cursor = turn.before or turn.after
        place = place_from(turn.order, cursor) if cursor else None
        back = turn.before is not None and cursor is not None
        found = self.seen.page(self.wanted, limit=turn.limit, order=turn.order, place=place, backwards=back)
        earlier, later = (found.more, True) if back else (cursor is not None, found.more)
        ends = [cursor_of(turn.order, Place.of(found.seen[n][0])) for n in (0, -1)] if found.seen else [None, None]
        return replace(
            table, rows=self.rows(found.seen), before=ends[0] if earlier else None, after=ends[1] if later else None
        )

    def grouped(self, table: WorkTable, counted: _Counted, turn: Turn) -> WorkTable:
        name = turn.group or ""
        if name not in GROUPINGS:
            raise Invalid(f"'{name[:60]}' is no grouping: {', '.join(GROUPINGS)}", code="bad-filter")
        chosen = set(getattr(self.sought, name))
        counts = {v: n for v, n in counted.facets[name].items() if n and (not chosen or v in chosen)}
        if name == "agency":
            counts = {v: n for v, n in counts.items() if self.sought.holds(v, self.seen.registry)}
        values = sorted(counts, key=self._sort_key(name))
        page = values[turn.groups_from : turn.groups_from + GROUPS]
        return replace(
            table,
            group=name,
            groups=tuple(self._group(name, value, counts[value], turn.order) for value in page),
            groups_from=turn.groups_from,
            groups_total=len(values),
        )

    def each(self, order: Order) -> Iterator[TaskRow]:
        place: Place | None = None
        while True:
            found = self.seen.page(self.wanted, limit=STREAMED, order=order, place=place)
            yield from self.rows(found.seen)
            if not found.more:
                return
            place = Place.of(found.seen[-1][0])

    def rows(self, found: Sequence[Seen]) -> tuple[TaskRow, ...]:
        return rows(self.seen, self.connection, found, language=self.language)

    def counted(self) -> _Counted:
        """Return the counts, in two questions: one in which agencies are fixed, one in which they are counted."""
        asked = self.wanted
        wide = replace(asked, directives=None, cells=None, standings=None, progress=None, months=None)
        facets: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
        cells: dict[Cell, int] = {}
        chosen = [_texts(one) for one in (asked.directives, asked.cells, asked.standings, asked.progress, asked.months)]
        for (task, *values), number in self.seen.counts(wide, _CUBE).items():
            common = (task.rpartition("/")[0], *values)
            out = [n for n, (value, some) in enumerate(zip(common, chosen, strict=True)) if some and value not in some]
            for n in range(len(_FACETS)) if not out else out if len(out) == 1 else ():
                of = facets[_FACETS[n]]
                of[common[n]] = of.get(common[n], 0) + number
            if not out:
                cells[Cell(common[1])] = cells.get(Cell(common[1]), 0) + number
        facets["month"] = {value or "none": number for value, number in facets["month"].items()}
        total = sum(cells.values())
        if self.counts_agencies(total):
            agencies = self.seen.counts(replace(asked, agencies=None), ("agency",))
            facets["agency"] = {code: number for (code,), number in agencies.items()}
        return _Counted(Cells.of(cells), facets)

    def counts_agencies(self, total: int) -> bool:
        """Return whether agencies are counted too: not those of a great many tasks that were looked for by name."""
        asked = self.wanted
        named = asked.directives is not None or asked.months is not None or asked.said is not None
        return not named or asked.agencies is not None or total <= MOST_COUNTED or self.group == "agency"

    def facets(self, counted: _Counted) -> tuple[Facet, ...]:
        agencies, registry = counted.facets.get("agency", {}), self.seen.registry
        kinds: dict[str, int] = {}
        provinces: dict[str, int] = {}
        offices: dict[str, int] = {}
        lies_in, free = provinces_of(registry), not (self.sought.agency or self.sought.kind or self.sought.province)
        for code, number in agencies.items():
            agency = registry.agencies.get(code)
            if agency and (free or self.sought.holds(code, registry, leaving="kind")):
                kinds[agency.kind] = kinds.get(agency.kind, 0) + number
            if free or self.sought.holds(code, registry, leaving="agency"):
                offices[code] = number
            province = lies_in.get(code)
            if province and (free or self.sought.holds(code, registry, leaving="province")):
                provinces[province] = provinces.get(province, 0) + number
        of = {**counted.facets, "kind": kinds, "province": provinces, "agency": offices}
        order = ("cell", "standing", "directive", "agency", "kind", "province", "month", "progress")
        return tuple(self._facet(name, of[name]) for name in order)

    def _facet(self, name: str, counts: Mapping[str, int]) -> Facet:
        chosen = set(getattr(self.sought, name))
        there = {*(value for value, number in counts.items() if number), *chosen}
        shown = there
        if name not in _SORTED:
            # by value too, so that a tie is always broken in the same way
            frequent = nsmallest(CHOICES, there - chosen, key=lambda value: (-counts.get(value, 0), value))
            shown = chosen | set(frequent[: max(0, CHOICES - len(chosen))])
        return Facet(
            name=name,
            choices=tuple(
                Choice(value=v, label=self._label(name, v), count=counts.get(v, 0), chosen=v in chosen)
                for v in sorted(shown, key=self._sort_key(name))
            ),
            more=len(there) - len(shown),
        )

    def _group(self, name: str, value: str, count: int, order: Order) -> Group:
        found = self.seen.page(_with(self.wanted, name, value), limit=IN_A_GROUP, order=order)
        return Group(value=value, label=self._label(name, value), count=count, rows=self.rows(found.seen))

    def _label(self, name: str, value: str) -> str:
        """Return what people call a value, where it is no word of the page's."""
        if name == "directive":
            return self._numbers().get(value, value)
        return agency_name(self.seen.registry, value, self.language) if name in ("agency", "province") else value

    def _numbers(self) -> Mapping[str, str]:
        return {key: number for key, number, _ in self.seen.marks()}

    def _sort_key(self, name: str) -> Callable[[str], tuple[int, str]]:
        known = _SORTED.get(name)
        if known is not None:
            places = {value: place for place, value in enumerate(known)}
            return lambda value: (places.get(value, len(places)), value)
        if name in ("agency", "province"):
            return lambda value: (0, f"{agency_name(self.seen.registry, value, self.language)} {value}")
        return lambda value: (value == "none", value)


def _with(wanted: Wanted, name: str, value: str) -> Wanted:
    """Return what is wanted, with that value and no other."""
    match name:
        case "directive":
            return replace(wanted, directives=frozenset({value}))
        case "agency":
            return replace(wanted, agencies=frozenset({value}))
        case "cell":
            return replace(wanted, cells=frozenset({Cell(value)}))
        case "standing":
            return replace(wanted, standings=frozenset({value}))
        case "progress":
            return replace(wanted, progress=frozenset({Progress(value)}))
    return replace(wanted, months=frozenset({"" if value == "none" else value}))


def _texts(values: Iterable[object] | None) -> frozenset[str]:
    return frozenset(str(value) for value in values) if values is not None else frozenset()
