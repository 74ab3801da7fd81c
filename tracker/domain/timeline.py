"""Timelines: what the entries of an assignment say of its days, as `fairness` judges them.

An assignment that continues another one (its directive was superseded, its office succeeded) brings that one's days
along. One that was transferred does not: the order reached the new agency when it was transferred.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from tracker.domain.assignment import Assignment
from tracker.domain.calendar import Calendar, Span, civil_day
from tracker.domain.entry import Entry, Payload, instant
from tracker.domain.fairness import Period, Timeline, Wait
from tracker.domain.rule import ISSUE
from tracker.domain.standing import Progress

# what ends an assignment without its being completed
CLOSINGS = frozenset(
    {"withdrawn", "released", "superseded", "cut_off", "transferred", "excused", "discontinued", "not_applicable"}
)
# the kinds of entry a timeline is made of
KINDS = frozenset(
    {"assigned", "reinstated", "date_set", "waiting", "submitted", "returned", "completed", "reopened"}
    | {"suspended", "resumed", "extension_granted", "moved_along"}
    | CLOSINGS
)

# without a limit these say that no date is known yet; with others none means that the date stays
_SETS_DATE = frozenset({"assigned", "reinstated", "date_set"})

Waited = Callable[[str], tuple[str, ...]]
_Open = tuple[datetime, datetime | None]


@dataclass(slots=True)
class _Story:
    """The instants of an assignment, gathered entry by entry."""

    assigned: datetime | None = None
    dates: list[tuple[datetime, date | None]] = field(default_factory=list)
    suspended: list[_Open] = field(default_factory=list)
    reviews: list[_Open] = field(default_factory=list)
    waits: list[tuple[datetime, datetime | None, tuple[str, ...]]] = field(default_factory=list)
    settled: datetime | None = None

    def take(self, entry: Entry) -> None:
        at, payload = entry.recorded_at, entry.payload
        limit = payload.get("limit")
        if limit or entry.kind in _SETS_DATE:
            self.dates.append((at, date.fromisoformat(limit["last_day"]) if limit else None))
        match entry.kind:
            case "assigned" | "reinstated":
                self.assigned, self.settled = self.assigned or at, None
                self._wait(at, tuple(payload["waiting_for"]))
                self._goes_on(at, payload.get("state", {}))
            case "waiting":
                self._wait(at, tuple(payload["waiting_for"]))
            case "submitted":
                self.reviews.append((at, None))
            case "returned" | "reopened":
                self.settled = None
                _end(self.reviews, at)
            case "suspended":
                self.suspended.append((at, None))
            case "resumed":
                _end(self.suspended, at)
            case kind if kind == "completed" or kind in CLOSINGS:
                self.settled = at
                _end(self.suspended, at)
                self._wait(at, ())

    def _goes_on(self, at: datetime, state: Payload) -> None:
        """Take over what lasts from the assignment this one continues: a suspension, a report under review."""
        if state.get("progress") == Progress.SUSPENDED:
            self.suspended.append((at, None))
        if state.get("progress") == Progress.SUBMITTED and not any(until is None for _, until in self.reviews):
            self.reviews.append((instant(state["received_at"]), None))

    def _wait(self, at: datetime, tasks: tuple[str, ...]) -> None:
        if self.waits and self.waits[-1][1] is None:
            since, _, before = self.waits[-1]
            if before == tasks:
                return
            self.waits[-1] = since, at, before
        if tasks:
            self.waits.append((at, None, tasks))


def timeline(
    assignment: Assignment,
    entries: Iterable[Entry],
    *,
    at: datetime,
    calendar: Calendar,
    waited: Waited,
    issued: date | None = None,
    takes: Span | None = None,
) -> Timeline:
    """Return the timeline of an assignment up to an instant, from its entries and those of what it continues.

    `waited` says which assignments one stands for, of a task it waited for; `issued` is the date of its directive
    (None: not known, so nothing is said of the way of the order), `takes` how long the directive says it takes.
    """
    facts = assignment.facts
    story = _Story()
    for entry in entries:
        # nothing that was done again counts from what was withdrawn before
        story = _Story() if entry.kind == "reinstated" else story
        story.take(entry)
    zone = facts.limit.zone if facts.limit else calendar.zone

    def day(when: datetime) -> date:
        return civil_day(zone, when)

    def period(open_: _Open) -> Period:
        return Period(day(open_[0]), day(open_[1]) if open_[1] else None)

    assigned = day(story.assigned or facts.assigned_at)
    given = _given(assignment, issued, assigned)
    last_day = facts.limit.last_day if facts.limit else None
    return Timeline(
        ref=assignment.ref,
        agency=assignment.agency,
        given=given,
        assigned=max(assigned, given),
        end=day(min(facts.received_at or story.settled or at, at)),
        last_day=last_day,
        latest_start=calendar.shift(last_day, takes, sign=-1) if last_day and takes else None,
        dates=tuple((day(set_at), last) for set_at, last in story.dates),
        suspended=tuple(map(period, story.suspended)),
        reviews=tuple(map(period, story.reviews)),
        waits=tuple(
            Wait(period((since, until)), tuple(sorted({ref for task in tasks for ref in waited(task)})))
            for since, until, tasks in story.waits
        ),
        settled=day(story.settled) if story.settled else None,
    )


def _given(assignment: Assignment, issued: date | None, assigned: date) -> date:
    """Return the day from which the time of an assignment counts.

    The day its period runs from where a task or an event starts it; else the directive's issue. A duty that
    comes again is given when it comes round.
    """
    facts = assignment.facts
    if facts.anchor not in (None, ISSUE) and facts.anchored_on is not None:
        return facts.anchored_on
    return assigned if issued is None or assignment.occurrence is not None else issued


def _end(periods: list[_Open], at: datetime) -> None:
    if periods and periods[-1][1] is None:
        periods[-1] = periods[-1][0], at
