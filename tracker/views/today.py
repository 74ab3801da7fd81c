"""Today: what the secretariat opens in the morning. What has to be acted on first, then how everybody stands."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.calendar import ONE_DAY
from tracker.domain.cells import Cells
from tracker.domain.entry import Entry
from tracker.domain.lifecycle import BY_KIND, OPEN
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.standing import Cell, Policy, Progress
from tracker.store import assignments, guards, ledger, queries, tallies
from tracker.store.guards import Hold
from tracker.store.outbox import Reminder
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.board import Listing, Waiting, week_end
from tracker.views.reviews import age
from tracker.views.rows import TaskRow, agency_name, rows
from tracker.views.sight import Seen, Sight, sight, standing_at
from tracker.views.stamp import Stamp
from tracker.views.tally import ALL, Count, Counts, Period, summed, tally

SHOWN = 10
IDLE_DAYS = 14
MOST_BARS = 40
# what a morning asks about of the days before; looks and deliveries are not news
NEWS = frozenset({"calendar_changed", "directive_adopted", "event", "registry_adopted", *BY_KIND}) - {"noted"}
# thousands of these come of one directive: they are counted, and not listed
MANY = frozenset({"assigned", "date_set"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How one agency stands, or many of one kind together: then `count` says how many, and `code` is the kind."""

    code: str
    name: str
    cells: Cells
    idle: int
    submitted: int
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was recorded since a day: how often of each kind, how many became late, and the newest with their tasks."""

    since: date
    kinds: Mapping[str, int]
    became_late: int
    newest: tuple[tuple[Entry, TaskRow | None], ...]

    @property
    def total(self) -> int:
        """Return how many entries tell news."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Everything on the first page; the lists are short, their totals are not."""

    stamp: Stamp
    cells: Cells
    overdue: Listing
    due_this_week: Listing
    week_ends: date
    awaiting: tuple[Waiting, ...]
    awaiting_total: int
    asking: int
    contested: int
    idle: Listing
    idle_since: date
    undelivered: tuple[Reminder, ...]
    undelivered_total: int
    held: int
    hold: Hold | None
    bars: tuple[Bar, ...]
    agencies: int
    changes: Changes


def today(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    since: date | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
    limit: int = SHOWN,
) -> Today:
    """Return the first page at an instant; `since` is the day that changes are counted from, the last working one."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    past = min(seen.at, seen.known) < ledger.position(connection).high_water
    calendar, day = registry.calendar, registry.calendar.civil_day(at)
    monday = calendar.instant(day - day.weekday() * ONE_DAY)
    week = (monday - timedelta(microseconds=1), week_end(calendar, at))
    idle_since = day - IDLE_DAYS * ONE_DAY
    counts = tally(seen, connection, Period(calendar.instant(idle_since), week), past=past)
    groups = _by_kind(counts, registry)
    sums = {kind: summed(of_kind, name=None if past else (seen.scope, kind)) for kind, of_kind in groups.items()}
    total = summed(sums)
    found = _Found(seen, connection, past, limit)
    since = since or calendar.on_or_before(day - ONE_DAY)
    news, about = found.news(calendar.instant(since))
    lists = {**found.lists(calendar.instant(idle_since), week[1]), "news": about}
    shown = {row.ref: row for row in rows(seen, connection, _once(lists.values()), language=language)}

    def listing(name: str, total: int) -> Listing:
        return Listing(tuple(shown[one.ref] for one, _ in lists[name]), total)

    awaiting = listing("awaiting", total.submitted)
    states = seen.reminder_counts(troubled=True)
    return Today(
        stamp=seen.stamp,
        cells=_cells(total),
        overdue=listing("overdue", total.cells[Cell.OVERDUE]),
        due_this_week=listing("due", sum(n for late_from, n in total.due.items() if late_from > at)),
        week_ends=day + (6 - day.weekday()) * ONE_DAY,
        awaiting=tuple(_waiting(row, registry, at) for row in awaiting.rows),
        awaiting_total=awaiting.total,
        asking=total.asking,
        contested=total.contested,
        idle=listing("idle", total.idle),
        idle_since=idle_since,
        undelivered=seen.reminders(state="failed", limit=limit),
        undelivered_total=states.get("failed", 0),
        held=states.get("held", 0),
        hold=guards.on_hold(connection, until=seen.known),
        bars=_bars(groups, sums, registry, language),
        agencies=len(counts),
        changes=Changes(
            since=since,
            kinds=found.kinds(calendar.instant(since)),
            became_late=found.became_late(calendar.instant(since)),
            newest=tuple((entry, shown.get(entry.assignment or "")) for entry in news),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What the lists and totals of a page are made of."""

    seen: Sight
    connection: Connection
    past: bool
    limit: int

    def lists(self, idle_before: datetime, week_end: datetime) -> Mapping[str, Sequence[Seen]]:
        due = Wanted(progress=OPEN, due=(self.seen.at, week_end))
        return {
            "overdue": self.seen.find(Wanted(cell=Cell.OVERDUE), limit=self.limit).seen,
            "due": self.seen.find(due, limit=self.limit).seen,
            "awaiting": self._oldest_reports(),
            "idle": self._longest_idle(idle_before),
        }

    def news(self, since: datetime) -> tuple[Sequence[Entry], Sequence[Seen]]:
        """Return the newest entries that may be seen, and the assignments they are about."""
        found = queries.entries_where(self.connection, kinds=NEWS, since=since, until=self.seen.known, limit=self.limit)
        about = self._found({entry.assignment for entry in found if entry.assignment})
        known = {one.ref for one, _ in about}
        return [entry for entry in found if entry.assignment is None or entry.assignment in known], about

    def kinds(self, since: datetime) -> Mapping[str, int]:
        counts = tallies.kinds_between(self.connection, since=since, until=self.seen.known)
        return {kind: number for kind, number in sorted(counts.items()) if kind in NEWS | MANY}

    def became_late(self, since: datetime) -> int:
        if self._is_direct:
            return tallies.late_between(self.connection, after=since, upto=self.seen.at)
        return self.seen.count(Wanted(progress=OPEN, due=(since, self.seen.at)))

    def _oldest_reports(self) -> Sequence[Seen]:
        if self._is_direct:
            return self._reckoned(tallies.oldest_reports(self.connection, limit=self.limit))
        wanted = Wanted(progress=frozenset({Progress.SUBMITTED}))
        found = self.seen.find(wanted, limit=ALL).seen
        return sorted(found, key=lambda one: (one[0].facts.received_at or one[0].facts.touched_at, one[0].ref))[
            : self.limit
        ]

    def _longest_idle(self, before: datetime) -> Sequence[Seen]:
        if self._is_direct:
            return self._reckoned(tallies.longest_idle(self.connection, before=before, limit=self.limit))
        idle = [
            one for one in self.seen.find(Wanted(progress=OPEN), limit=ALL).seen if one[0].facts.touched_at < before
        ]
        return sorted(idle, key=lambda one: (one[0].facts.touched_at, one[0].ref))[: self.limit]

    @property
    def _is_direct(self) -> bool:
        return not self.past and self.seen.scope == EVERYTHING

    def _found(self, refs: Collection[str]) -> Sequence[Seen]:
        if self._is_direct:
            return self._reckoned(assignments.get(self.connection, refs)) if refs else ()
        return [one for one in map(self.seen.get, sorted(refs)) if one is not None]

    def _reckoned(self, found: Iterable[Assignment]) -> Sequence[Seen]:
        policy = Policy(calendar=self.seen.registry.calendar, due_soon=self.seen.registry.due_soon)
        return [(one, standing_at(one, self.seen.at, policy)) for one in found]


def _once(lists: Iterable[Sequence[Seen]]) -> Sequence[Seen]:
    return list({one[0].ref: one for each in lists for one in each}.values())


def _waiting(row: TaskRow, registry: Registry, at: datetime) -> Waiting:
    days, working_days = age(row.received_at or at, at, registry.calendar)
    return Waiting(row=row, age_days=days, age_working_days=working_days)


def _cells(count: Count) -> Cells:
    return Cells.of({cell: count.cells[cell] for cell in Cell})


def _by_kind(counts: Counts, registry: Registry) -> Mapping[str, Counts]:
    kinds: dict[str, dict[str, Count]] = {}
    for code, count in counts.items():
        agency = registry.agencies.get(code)
        kinds.setdefault(agency.kind if agency else "", {})[code] = count
    return kinds


def _bars(groups: Mapping[str, Counts], sums: Counts, registry: Registry, language: str) -> tuple[Bar, ...]:
    """Return a bar for each agency by name; where they are too many, one for each kind that many are of."""
    alone: dict[str, Count] = {}
    for of_kind in sorted(groups.values(), key=len):
        if len(alone) + len(of_kind) <= MOST_BARS:
            alone.update(of_kind)
    together = {kind: sums[kind] for kind, of_kind in sorted(groups.items()) if not of_kind.keys() <= alone.keys()}
    return _each(alone, registry, language) + tuple(
        Bar(
            code=kind,
            name=kind,
            cells=_cells(count),
            idle=count.idle,
            submitted=count.submitted,
            count=len(groups[kind]),
        )
        for kind, count in together.items()
    )


def _each(counts: Counts, registry: Registry, language: str) -> tuple[Bar, ...]:
    bars = [
        Bar(
            code=code,
            name=agency_name(registry, code, language),
            cells=_cells(count),
            idle=count.idle,
            submitted=count.submitted,
        )
        for code, count in counts.items()
    ]
    return tuple(sorted(bars, key=lambda bar: (bar.name, bar.code)))
