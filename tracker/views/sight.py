"""Sight: the assignments and reminders of a store as they are at one instant, as known by another.

From the ledger's high-water mark on, the cache is true but for what has turned since: only that
is reckoned again. Before it, the entries known are replayed (`past`, where the two instants are
told apart). Both give the same answers, and the rules are the domain's. A sight has a scope:
no question it is asked finds an assignment outside, nor a reminder that another office was told.
Only `beside` looks further, for what a mail would say of others too.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.phrase import Phrase
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.standing import Cell, Policy, Progress, Standing, standing
from tracker.store import assignments, ledger, outbox, queries, worktable
from tracker.store.outbox import Delivery, Reminder
from tracker.store.queries import Wanted
from tracker.store.rowlevel import beyond
from tracker.store.store import Connection
from tracker.store.worktable import Dimension, Order, Place
from tracker.views.cubes import counted
from tracker.views.paging import Direction, Found, Seen, in_common, month_of
from tracker.views.past import Past
from tracker.views.stamp import Stamp

__all__ = ["Found", "Seen", "Sight", "is_wanted", "sight", "standing_at"]

_CACHED = Phrase("undated_free", {})  # a cache keeps no reasons, and none is asked for


class Sight(Protocol):
    """What a view asks of an instant, whether it is the present one or a past one."""

    at: datetime
    known: datetime
    adopted_by: datetime
    registry: Registry
    stamp: Stamp
    scope: Scope

    def narrowed(self, wanted: Wanted) -> Wanted:
        """Return what is wanted, as far as it lies within the scope: for questions put to the store directly."""

    def cells(self) -> Mapping[tuple[str, Cell], int]:
        """Return how many assignments of each task are in each cell."""

    def find(self, wanted: Wanted, *, limit: int) -> Found:
        """Return the assignments wanted, the earliest deadline first."""

    def page(
        self,
        wanted: Wanted,
        *,
        limit: int,
        order: Order = "due",
        place: Place | None = None,
        backwards: bool = False,
    ) -> Found:
        """Return the assignments wanted that follow a place, or lie before it, in the order asked for."""

    def counts(self, wanted: Wanted, by: Sequence[Dimension]) -> Mapping[tuple[str, ...], int]:
        """Return how many assignments are wanted, by what they have in common."""

    def count(self, wanted: Wanted) -> int:
        """Return how many assignments fit, cell and standing aside."""

    def get(self, ref: str) -> Seen | None:
        """Return one assignment."""

    def of_task(self, task: str) -> tuple[Seen, ...]:
        """Return every assignment of a task that lies within the scope."""

    def beside(self, task: str, agency: str | None = None) -> tuple[Seen, ...]:
        """Return every assignment of a task, whoever owes it; or those of one agency.

        Of those outside the scope a face shows what a mail does: task, office, last day, standing; and no link.
        """

    def reminder_counts(self, *, troubled: bool = False) -> Mapping[str, int]:
        """Return how many reminders are in each state; with `troubled`, at least of those to be looked at."""

    def reminders(
        self, *, state: str | None = None, agency: str | None = None, ref: str | None = None, limit: int | None = None
    ) -> tuple[Reminder, ...]:
        """Return reminders, the newest first."""

    def deliveries(self, reminders: list[int]) -> tuple[Delivery, ...]:
        """Return the attempts at some reminders."""

    def state(self) -> Hashable:
        """Return what everything counted here depends on: where it is the same, so are the counts."""

    def marks(self) -> Sequence[tuple[str, str, str]]:
        """Return key, number and fingerprint of the directives in force, by date of issue and key."""

    def titles(self, tasks: frozenset[str], language: str) -> Mapping[str, str]:
        """Return the titles of some tasks."""


def sight(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
) -> Sight:
    """Return the sight of a store at an instant, as known at another: the same one, by default.

    `registry` is the one in force at the earlier of the two. Nothing outside `scope` is in sight.
    """
    known = at if known is None else known
    head = ledger.position(connection)
    past = min(at, known) < head.high_water
    with _further(connection, scope):  # the end of the ledger is one for all, whatever of it may be read
        seq, digest = queries.end_at(connection, known) if past else (head.seq, head.hash)
        # only a rehearsal can hold what the demo made up; a live ledger is not searched for it
        invented = head.is_rehearsal and queries.is_made_up(connection, until=known)
    stamp = Stamp(
        as_of=at,
        known_at=known,
        seq=seq,
        head=digest,
        rehearsal=head.is_rehearsal,
        invented=invented,
        zone=registry.calendar.zone,
    )
    kind = _PastSight if past else _PresentSight
    return kind(connection, registry, stamp, scope)


def _further(connection: Connection, scope: Scope) -> AbstractContextManager[None]:
    """Return what lets a question look beyond the rows that a database keeps to the offices of a scope."""
    return nullcontext() if scope.offices is None else beyond(connection)


def is_wanted(wanted: Wanted, seen: Seen) -> bool:
    """Return whether an assignment, reckoned, is one of those wanted."""
    assignment, now = seen
    limit = assignment.facts.limit
    asking, contested = assignment.asked_at is not None, assignment.contested_at is not None
    submitted = assignment.facts.progress == Progress.SUBMITTED
    return (
        wanted.scope.sees(assignment)
        and (wanted.cell is None or now.cell == wanted.cell)
        and (wanted.standing is None or now.name == wanted.standing)
        and (wanted.agency is None or assignment.agency == wanted.agency)
        and (wanted.directive is None or assignment.task.rpartition("/")[0] == wanted.directive)
        and (wanted.task is None or assignment.task == wanted.task)
        and (wanted.progress is None or assignment.facts.progress in wanted.progress)
        and (wanted.due is None or (limit is not None and wanted.due[0] < limit.late_from <= wanted.due[1]))
        and (asking or not wanted.asking)
        and (contested or not wanted.contested)
        and (submitted or asking or contested or not wanted.undecided)
        and _is_among(wanted, assignment, now)
    )


def _is_among(wanted: Wanted, assignment: Assignment, now: Standing) -> bool:
    """Return whether an assignment is among all that several choices leave."""
    last_day = assignment.facts.limit.last_day if assignment.facts.limit else None
    since, until = wanted.days
    return (
        (wanted.cells is None or now.cell in wanted.cells)
        and (wanted.standings is None or now.name in wanted.standings)
        and (wanted.agencies is None or assignment.agency in wanted.agencies)
        and (wanted.directives is None or assignment.task.rpartition("/")[0] in wanted.directives)
        and (wanted.months is None or month_of(last_day) in wanted.months)
        and (since is None or (last_day is not None and since <= last_day))
        and (until is None or (last_day is not None and last_day <= until))
        and (wanted.said is None or any(way.fits(assignment.task, assignment.agency) for way in wanted.said))
    )


def standing_at(assignment: Assignment, at: datetime, policy: Policy) -> Standing:
    """Return where an assignment stands at an instant; a report that had not been received by then does not count.

    Only who knows more than was known then can see such a report: done, but not yet told.
    """
    facts = assignment.facts
    if facts.progress == Progress.SUBMITTED and facts.received_at is not None and facts.received_at > at:
        facts = replace(facts, progress=Progress.IN_PROGRESS, received_at=None)
    return standing(facts, at=at, policy=policy)


class _Reckoning:
    """Reckons assignments at one instant; standings need the calendar, never the ladder."""

    def __init__(self, connection: Connection, registry: Registry, stamp: Stamp, scope: Scope) -> None:
        self.connection = connection
        self.registry = registry
        self.stamp = stamp
        self.scope = scope
        self.at = stamp.as_of
        self.known = stamp.known_at
        self.adopted_by = min(self.at, self.known)
        self._marks: Sequence[tuple[str, str, str]] | None = None
        self._policy = Policy(calendar=registry.calendar, due_soon=registry.due_soon)

    def marks(self) -> Sequence[tuple[str, str, str]]:
        if self._marks is None:
            self._marks = queries.marks_at(self.connection, self.adopted_by)
        return self._marks

    def see(self, assignment: Assignment) -> Seen:
        return assignment, standing_at(assignment, self.at, self._policy)

    def narrowed(self, wanted: Wanted) -> Wanted:
        return replace(wanted, scope=wanted.scope & self.scope)


class _PresentSight(_Reckoning):
    _all_turned: Sequence[tuple[Seen, Seen]] | None = None

    def cells(self) -> Mapping[tuple[str, Cell], int]:
        cached = queries.cell_counts(self.connection, at=self.at, scope=self.scope)
        counts = {(task, Cell(cell)): n for (task, cell), n in cached.items()}
        for assignment in queries.stale(self.connection, at=self.at, scope=self.scope):
            key = assignment.task, self.see(assignment)[1].cell
            counts[key] = counts.get(key, 0) + 1
        return counts

    def find(self, wanted: Wanted, *, limit: int) -> Found:
        return self.page(wanted, limit=limit)

    def page(
        self,
        wanted: Wanted,
        *,
        limit: int,
        order: Order = "due",
        place: Place | None = None,
        backwards: bool = False,
    ) -> Found:
        wanted = self.narrowed(wanted)
        direction = Direction(order, place, backwards)
        rows = worktable.page(
            self.connection, wanted, at=self.at, order=order, place=place, backwards=backwards, limit=limit + 1
        )
        # the cache has no word on these, whatever it says
        turned = self._turned(wanted) if worktable.unreckoned(wanted) != wanted else ()
        fit = [now for _, now in turned if is_wanted(wanted, now)]
        return direction.cut([*map(self.see, rows), *direction.beyond(fit)], limit)

    def counts(self, wanted: Wanted, by: Sequence[Dimension]) -> Mapping[tuple[str, ...], int]:
        wanted = self.narrowed(wanted)
        found = dict(counted(self.connection, wanted, tuple(by), seq=self.stamp.seq, head=self.stamp.head))
        for was, now in self._turned(wanted):
            for seen, more in ((was, -1), (now, 1)):
                if is_wanted(wanted, seen):
                    key = in_common(seen, by)
                    found[key] = found.get(key, 0) + more
        return {key: number for key, number in found.items() if number}

    def state(self) -> Hashable:
        turned = tuple((now[0].ref, now[1].name) for _, now in self._turned(Wanted()))
        return self.stamp.head, self.scope, turned

    def _turned(self, wanted: Wanted) -> Sequence[tuple[Seen, Seen]]:
        """Return those that may be wanted and whose next moment has come: as the cache has them, and as they are.

        They are few where sweeps are made. Where no agency is named all are read, once a sight.
        """
        if wanted.agency is None and wanted.agencies is None:
            if self._all_turned is None:
                self._all_turned = self._look_again(Wanted(scope=self.scope))
            return self._all_turned
        return self._look_again(worktable.unreckoned(wanted))

    def _look_again(self, wanted: Wanted) -> Sequence[tuple[Seen, Seen]]:
        found = worktable.turned(self.connection, wanted, at=self.at)
        return [((one, Standing(one.standing, one.cell, _CACHED)), self.see(one)) for one in found]

    def count(self, wanted: Wanted) -> int:
        return queries.count_where(self.connection, self.narrowed(wanted))

    def get(self, ref: str) -> Seen | None:
        return next(map(self.see, queries.get_within(self.connection, [ref], self.scope)), None)

    def of_task(self, task: str) -> tuple[Seen, ...]:
        return tuple(map(self.see, queries.of_task_within(self.connection, task, self.scope)))

    def beside(self, task: str, agency: str | None = None) -> tuple[Seen, ...]:
        with _further(self.connection, self.scope):
            if agency is not None:
                return tuple(map(self.see, assignments.of_agency(self.connection, [task], agency)))
            return tuple(map(self.see, assignments.of_tasks(self.connection, [task])))

    def reminder_counts(self, *, troubled: bool = False) -> Mapping[str, int]:
        return outbox.counts(self.connection, scope=self.scope, troubled=troubled)

    def reminders(
        self, *, state: str | None = None, agency: str | None = None, ref: str | None = None, limit: int | None = None
    ) -> tuple[Reminder, ...]:
        return outbox.reminders(
            self.connection, state=state, agency=agency, assignment=ref, limit=limit, scope=self.scope
        )

    def deliveries(self, reminders: list[int]) -> tuple[Delivery, ...]:
        return outbox.deliveries(self.connection, reminders, scope=self.scope)

    def titles(self, tasks: frozenset[str], language: str) -> Mapping[str, str]:
        return queries.titles_of(self.connection, tasks, language)


class _PastSight(_Reckoning):
    def __init__(self, connection: Connection, registry: Registry, stamp: Stamp, scope: Scope) -> None:
        super().__init__(connection, registry, stamp, scope)
        with _further(connection, scope):  # whose an assignment was then is told by entries that are no longer theirs
            self._past = Past(connection, stamp.as_of, stamp.known_at)
        self._all = {ref: self.see(assignment) for ref, assignment in self._past.assignments.items()}
        self._seen = {ref: seen for ref, seen in self._all.items() if scope.sees(seen[0])}

    def cells(self) -> Mapping[tuple[str, Cell], int]:
        counts: dict[tuple[str, Cell], int] = {}
        for assignment, now in self._seen.values():
            counts[assignment.task, now.cell] = counts.get((assignment.task, now.cell), 0) + 1
        return counts

    def find(self, wanted: Wanted, *, limit: int) -> Found:
        return self.page(wanted, limit=limit)

    def page(
        self,
        wanted: Wanted,
        *,
        limit: int,
        order: Order = "due",
        place: Place | None = None,
        backwards: bool = False,
    ) -> Found:
        direction = Direction(order, place, backwards)
        return direction.cut(direction.beyond(s for s in self._seen.values() if is_wanted(wanted, s)), limit)

    def counts(self, wanted: Wanted, by: Sequence[Dimension]) -> Mapping[tuple[str, ...], int]:
        return Counter(in_common(seen, by) for seen in self._seen.values() if is_wanted(wanted, seen))

    def count(self, wanted: Wanted) -> int:
        return sum(is_wanted(wanted, seen) for seen in self._seen.values())

    def get(self, ref: str) -> Seen | None:
        return self._seen.get(ref)

    def of_task(self, task: str) -> tuple[Seen, ...]:
        return tuple(seen for ref, seen in sorted(self._seen.items()) if seen[0].task == task)

    def beside(self, task: str, agency: str | None = None) -> tuple[Seen, ...]:
        of_task = (seen for _, seen in sorted(self._all.items()) if seen[0].task == task)
        return tuple(seen for seen in of_task if agency in (None, seen[0].agency))

    def state(self) -> Hashable:
        return self.stamp, self.scope

    def reminder_counts(self, *, troubled: bool = False) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for reminder in self.reminders():
            counts[reminder.state] = counts.get(reminder.state, 0) + 1
        return dict(sorted(counts.items()))

    def reminders(
        self, *, state: str | None = None, agency: str | None = None, ref: str | None = None, limit: int | None = None
    ) -> tuple[Reminder, ...]:
        fit = (
            reminder
            for reminder in self._past.reminders(ref)
            if state in (None, reminder.state)
            and agency in (None, reminder.agency)
            and self.scope.covers(reminder.agency)
        )
        return tuple(fit)[:limit]

    def deliveries(self, reminders: list[int]) -> tuple[Delivery, ...]:
        if self.scope.offices is not None:
            mine = {reminder.id for reminder in self.reminders()}
            reminders = [one for one in reminders if one in mine]
        return self._past.deliveries(reminders)

    def titles(self, tasks: frozenset[str], language: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for directive in {task.rpartition("/")[0] for task in tasks}:
            document = queries.document_at(self.connection, directive, self.adopted_by) or {}
            for name, task in document.get("tasks", {}).items():
                found[f"{directive}/{name}"] = task["title"][language]
        return found
