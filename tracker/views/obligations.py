"""What one agency owes: what to do now, what is coming, what it waits for and who waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.cells import Cells
from tracker.domain.errors import NotFound
from tracker.domain.lifecycle import OPEN
from tracker.domain.scope import EVERYTHING, Scope, with_those_below
from tracker.domain.standing import SETTLED, Cell, Progress
from tracker.domain.waiting import above
from tracker.store import assignments
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.board import Listing
from tracker.views.lateness import Days, attributions
from tracker.views.rows import TaskRow, agency_name, rows
from tracker.views.sight import Seen, Sight, sight
from tracker.views.stamp import Stamp
from tracker.views.timelines import Texts

SHOWN = 10
NEIGHBOURS = 5  # named of those on the other end of a need
MOST_BELOW = 200
MOST_JUDGED = 300
_UNSETTLED = frozenset(Progress) - SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One of the agency's tasks, and others on the other end of a need: as much of them as a mail would say."""

    row: TaskRow
    others: tuple[TaskRow, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """How an office below the agency stands."""

    code: str
    name: str
    cells: Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligations:
    """Everything on the page of one agency; the lists are short, their totals are not.

    `days` says what its late days are charged to; None where there are too many to do so while somebody waits.
    """

    stamp: Stamp
    code: str
    name: str
    parent: str | None
    parent_name: str | None
    cells: Cells
    returned: Listing
    overdue: Listing
    due_soon: Listing
    review_due: Listing
    fresh: Listing
    reported: Listing
    waits_for: tuple[Need, ...]
    waited_by: tuple[Need, ...]
    below: tuple[Below, ...]
    below_total: int
    days: Days | None


def obligations(
    connection: Connection,
    code: str,
    *,
    at: datetime,
    registry: Registry,
    texts: Texts | None = None,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> Obligations:
    """Return what an agency owes at an instant; raises NotFound for one that is not known, or outside the scope."""
    agency = registry.agencies.get(code)
    if agency is None or not scope.covers(code):
        raise NotFound(f"the registry has no agency '{code}'", code="no-agency")
    # what it waits for may lie anywhere: its own is asked for by a scope of its own
    seen = sight(connection, at=at, registry=registry, known=known)
    own = _Own(seen, connection, Scope(frozenset({code})), code, language)
    standings = own.counts()
    below = own.below(registry)
    parent = registry.agencies.get(agency.parent) if agency.parent else None
    return Obligations(
        stamp=seen.stamp,
        code=code,
        name=agency_name(registry, code, language),
        parent=parent.code if parent and scope.covers(parent.code) else None,
        parent_name=agency_name(registry, parent.code, language) if parent else None,
        cells=own.cells(),
        returned=own.listing(Wanted(progress=frozenset({Progress.RETURNED})), standings, None, "returned"),
        overdue=own.listing(
            Wanted(standing="overdue", progress=OPEN - {Progress.RETURNED}), standings, "overdue", None
        ),
        due_soon=own.listing(
            Wanted(standing="due_soon", progress=OPEN - {Progress.RETURNED}), standings, "due_soon", None
        ),
        review_due=own.listing(Wanted(standing="review_due", progress=OPEN), standings, "review_due", None),
        fresh=own.listing(Wanted(progress=frozenset({Progress.ASSIGNED})), standings, None, "assigned"),
        reported=own.listing(Wanted(progress=frozenset({Progress.SUBMITTED})), standings, None, "submitted"),
        waits_for=own.waits_for(),
        waited_by=own.waited_by(),
        below=below[:MOST_BELOW],
        below_total=len(below),
        days=own.days(texts) if texts else None,
    )


_Counts = Mapping[tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class _Own:
    seen: Sight
    connection: Connection
    scope: Scope
    code: str
    language: str

    def counts(self) -> _Counts:
        return self.seen.counts(Wanted(scope=self.scope), ("standing", "progress"))

    def cells(self) -> Cells:
        found = self.seen.counts(Wanted(scope=self.scope), ("cell",))
        return Cells.of({Cell(cell): number for (cell,), number in found.items()})

    def find(self, wanted: Wanted, limit: int = SHOWN) -> tuple[Seen, ...]:
        return self.seen.find(replace(wanted, scope=self.scope), limit=limit).seen

    def rows(self, found: Sequence[Seen]) -> tuple[TaskRow, ...]:
        return rows(self.seen, self.connection, found, language=self.language)

    def listing(self, wanted: Wanted, counts: _Counts, standing: str | None, progress: str | None) -> Listing:
        """Return the first of those wanted; what they are counted by is said once more, in words of the counts."""
        fit = [
            number
            for (stands, has), number in counts.items()
            if standing in (None, stands)
            and (progress == has if progress else Progress(has) in (wanted.progress or _UNSETTLED))
        ]
        return Listing(self.rows(self.find(wanted)) if sum(fit) else (), sum(fit))

    def below(self, registry: Registry) -> tuple[Below, ...]:
        offices = with_those_below(self.code, registry) - {self.code}
        if not offices:
            return ()
        counts: dict[str, dict[Cell, int]] = {}
        for (code, cell), number in self.seen.counts(Wanted(agencies=offices), ("agency", "cell")).items():
            counts.setdefault(code, {})[Cell(cell)] = number
        found = [
            Below(code=code, name=agency_name(registry, code, self.language), cells=Cells.of(cells))
            for code, cells in counts.items()
        ]
        return tuple(sorted(found, key=lambda one: (one.name, one.code)))

    def waits_for(self) -> tuple[Need, ...]:
        """Return what cannot start yet, each with what it waits for."""
        found = self.find(Wanted(standing="waiting"))
        shown = dict(zip((seen[0].ref for seen in found), self.rows(found), strict=True))
        others = {
            one.ref: [other for task in one.facts.waiting_for for other in self._owed(task, one.agency)]
            for one, _ in found
        }
        return tuple(self._need(shown[ref], waited) for ref, waited in others.items())

    def waited_by(self) -> tuple[Need, ...]:
        """Return what is still to be done here and is waited for by others, each with them."""
        mine = {one[0].task: one for one in reversed(self.find(Wanted(progress=_UNSETTLED), limit=500))}
        waiting: dict[str, list[Seen]] = {}
        for task, needed in assignments.needing(self.connection, mine).items():
            for ours in set(needed) & set(mine):
                waits = self.seen.find(Wanted(task=task, progress=_UNSETTLED), limit=200).seen
                those = [one for one in waits if ours in one[0].facts.waiting_for]
                waiting.setdefault(ours, []).extend([one for one in those if one[0].agency == self.code] or those)
        held = [mine[task] for task in waiting if waiting[task]][:SHOWN]
        shown = self.rows(held)
        return tuple(self._need(row, waiting[one[0].task]) for row, one in zip(shown, held, strict=True))

    def days(self, texts: Texts) -> Days | None:
        late = Wanted(cells=frozenset({Cell.OVERDUE, Cell.LATE}))
        found = self.find(late, limit=MOST_JUDGED + 1)
        if len(found) > MOST_JUDGED:
            return None
        return Days.of(attributions(self.seen, self.connection, found, texts).values())

    def _need(self, row: TaskRow, others: Sequence[Seen]) -> Need:
        return Need(row=row, others=self.rows(others[:NEIGHBOURS]), total=len(others))

    def _owed(self, task: str, agency: str) -> Sequence[Seen]:
        """Return who still owes a task that an agency waits for: itself, an office below it, or anybody."""
        owed = self.seen.find(Wanted(task=task, progress=_UNSETTLED), limit=200).seen
        own = [one for one in owed if one[0].agency == agency]
        below = [one for one in owed if agency in above(one[0].agency, self.seen.registry)]
        return own or below or owed
