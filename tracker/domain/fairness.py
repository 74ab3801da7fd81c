"""Fair lateness: each late day of an assignment is charged to exactly one cause.

In three sentences, for the official who asks:

1. A late day on which the agency was kept from working (work was suspended, the order had not come, its report lay
   with the reviewer, it waited for somebody late) is charged to what kept it, and a day that was still in time by the
   date in force on that very day is the fault of the date.
2. A day lost like that *before* the last day, once no more was left than the time the task takes, is given back after
   it: one late day for one lost day, the oldest first.
3. Every other late day is the agency's own.

So the causes always add up to `Limit.days_late`, and a later instant adds days but never re-judges one.

**Days.** Civil days in the deadline's zone. As in the law's counting of periods (Civil Code 2015, art. 147) the day on
which something begins is not counted and the day on which it ends is: a report sent on the 3rd and returned on the 5th
lay there for two days, the 4th and the 5th.

**The time that is owed.** Where the directive says how long the task `takes`, time before the *latest start* (that long
before the last day) is float: a day lost there cost nothing. Where it says nothing, all the time from issue to last
day is owed. If the latest start lies before the issue, the days between were gone when the directive was signed: they
are the first lost days, and `impossible`.

**One cause a day.** Where several things kept the agency from working on a day, the first of this order is charged,
from what no office could help to what only this one could: impossible, suspended, delivery, review, upstream, own.
Construction lawyers call such days concurrent delay and argue about shares; a fixed order is printed beside the figure
and disputed once.

**Waiting.** A day waited for a task that is late is charged as that late day of that task is: to its agency where it
is that agency's own, else to whatever it was charged to, so the one at the end of a chain answers and not the one in
between (railways part primary from reactionary delay in the same way). If that was for a day lost before, which was
lost here as well, it is not given back a second time. A task without a date is late for us from our latest start on
(without `takes`: from our last day on); one that is still in time by its own date by then makes our date
`impossible`. A day on which several agencies were late is shared by them equally, in exact fractions; the one that
finishes last carries the most by itself. An agency that is among those it waits for has only itself to thank: no such
day is taken from anybody else.

Worked example: `publish` (BTC) was issued on 11 August with the last day 31 August, takes 10 days, and needs `draft`
(BNV), due on 20 August. `draft` came on 25 August. BTC reported on 4 September, got it back on the 6th, and reported
again on the 9th: 9 late days. Its latest start was the 21st, so of the five days that `draft` was late, four (22 to 25
August) cut into the time it needed.

    1-4 September   4 days   upstream (BNV)   given back for 22-25 August
    5-6 September   2 days   review
    7-9 September   3 days   own
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from tracker.domain.calendar import ONE_DAY, Span
from tracker.domain.phrase import Phrase, Value


class Cause(StrEnum):
    """What a late day is charged to, in the order in which one goes before another."""

    IMPOSSIBLE = "impossible"
    SUSPENDED = "suspended"
    DELIVERY = "delivery"
    REVIEW = "review"
    UPSTREAM = "upstream"
    OWN = "own"


_ORDER = list(Cause)


@dataclass(frozen=True, slots=True)
class Period:
    """The days after one day up to and including another; `until` is None while it lasts."""

    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether a day belongs to it.

        >>> [Period(date(2025, 9, 3), date(2025, 9, 5)).holds(date(2025, 9, n)) for n in (3, 4, 5, 6)]
        [False, True, True, False]
        """
        return self.since < day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Wait:
    """A time during which an assignment could not start, and the assignments it waited for."""

    period: Period
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened to one assignment, in civil days.

    `given` is the day from which its time counts: the directive's issue, or what its period runs from. `end` is the
    last day to be judged: of the report that stands, of its closing, or today. `latest_start` is there where the
    directive says how long the task takes. `dates` are the last days it has had, each with the day it was set.
    """

    ref: str
    agency: str
    given: date
    assigned: date
    end: date
    last_day: date | None = None
    latest_start: date | None = None
    dates: tuple[tuple[date, date | None], ...] = ()
    suspended: tuple[Period, ...] = ()
    reviews: tuple[Period, ...] = ()
    waits: tuple[Wait, ...] = ()
    settled: date | None = None

    @property
    def judged_from(self) -> date:
        """Return the day after which each day has a cause: the last day; without one, whenever it kept others."""
        return self.given if self.last_day is None else self.last_day

    @property
    def floor(self) -> date:
        """Return the day after which a day lost is a day of the time that was owed."""
        if self.latest_start is not None:
            return self.latest_start
        return min(self.given, self.judged_from)

    @property
    def room(self) -> date:
        """Return the latest day on which what it waits for could finish and still leave the time it takes."""
        return self.judged_from if self.latest_start is None else self.latest_start

    def was_in_time(self, day: date) -> bool:
        """Return whether a day that is late now was still in time, or not yet asked for, as far as one knew then."""
        if self.last_day is None:
            return False
        if day <= max(self.given, self.assigned):
            return True
        for set_on, last in reversed(self.dates):
            if set_on < day:
                return last is None or last >= day
        return False


@dataclass(frozen=True, slots=True)
class LateDay:
    """One late day, its cause, the agencies waited for, and the day that was lost: itself, or an earlier one.

    The earlier one may have been lost by what it waited for.
    """

    day: date
    cause: Cause
    agencies: tuple[str, ...]
    lost: date

    @property
    def is_given_back(self) -> bool:
        """Return whether it makes good for a day lost before the last day."""
        return self.lost < self.day


@dataclass(frozen=True, slots=True)
class Run:
    """Late days in a row with one cause."""

    first: date
    last: date
    cause: Cause
    agencies: tuple[str, ...]
    given_back: bool

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Attribution:
    """The late days of one assignment, in order, each with its cause."""

    ref: str
    agency: str
    days: tuple[LateDay, ...] = ()

    def counts(self) -> dict[Cause, int]:
        """Return how many days each cause has, all causes in their order; they add up to the late days."""
        found = dict.fromkeys(Cause, 0)
        for late in self.days:
            found[late.cause] += 1
        return found

    def shares(self) -> dict[str, Fraction]:
        """Return how many of the upstream days each agency caused; they add up to the upstream days, exactly."""
        found: dict[str, Fraction] = {}
        for late in self.days:
            for agency in late.agencies:
                found[agency] = found.get(agency, Fraction()) + Fraction(1, len(late.agencies))
        return dict(sorted(found.items()))

    def runs(self) -> Iterator[Run]:
        """Yield the late days as runs of one cause, in order."""
        for (cause, agencies, given_back), group in groupby(self.days, _alike):
            days = list(group)
            yield Run(days[0].day, days[-1].day, cause, agencies, given_back)

    def explanation(self) -> tuple[Phrase, ...]:
        """Return what the late days are charged to, a sentence for each run of them."""
        return tuple(_said(run) for run in self.runs())


def attribute(timelines: Mapping[str, Timeline]) -> dict[str, Attribution]:
    """Return the attribution of each assignment by its reference.

    What an assignment waited for must be among them to be held responsible; what is not is taken for nobody.
    """
    reckoning = _Reckoning(timelines)
    for ref in _needed_first(timelines):
        reckoning.judge(timelines[ref])
    dated = (ref for ref, timeline in timelines.items() if timeline.last_day is not None)
    return {ref: Attribution(ref, timelines[ref].agency, tuple(reckoning.judged[ref])) for ref in dated}


class Kept(NamedTuple):
    """What kept an assignment from being worked on: the cause, the agencies waited for, the day that was lost by it."""

    cause: Cause
    agencies: tuple[str, ...]
    lost: date


@dataclass(slots=True)
class _Reckoning:
    timelines: Mapping[str, Timeline]
    # the days after `judged_from`, in order and without gaps
    judged: dict[str, list[LateDay]] = field(default_factory=dict)

    def judge(self, timeline: Timeline) -> None:
        owed = self._lost_before(timeline)
        found: list[LateDay] = []
        used: set[date] = set()
        for day in _days(timeline.judged_from, timeline.end):
            kept = Kept(Cause.IMPOSSIBLE, (), day) if timeline.was_in_time(day) else self._kept(timeline, day)
            if kept is not None:
                # what one waits for may be late by a day that was lost here too: it is not given back once more
                owed.pop(kept.lost, None)
                kept = kept._replace(lost=day) if kept.lost in used else kept
            elif owed:
                kept = owed.pop(next(iter(owed)))
            else:
                kept = Kept(Cause.OWN, (), day)
            used.add(kept.lost)
            found.append(LateDay(day, *kept))
        self.judged[timeline.ref] = found

    def _lost_before(self, timeline: Timeline) -> dict[date, Kept]:
        """Return the days of the time that was owed which were lost up to the last day, in order."""
        found: dict[date, Kept] = {}
        if timeline.last_day is None:
            return found
        for day in _days(timeline.floor, timeline.last_day):
            kept = Kept(Cause.IMPOSSIBLE, (), day) if day <= timeline.given else self._kept(timeline, day)
            if kept is not None:
                kept = kept._replace(lost=day) if kept.lost in found else kept
                found[kept.lost] = kept
        return found

    def _kept(self, timeline: Timeline, day: date) -> Kept | None:
        """Return what kept an assignment from being worked on that day; None where nothing but the agency did."""
        if timeline.suspended and any(period.holds(day) for period in timeline.suspended):
            return Kept(Cause.SUSPENDED, (), day)
        if timeline.given < day <= timeline.assigned:
            return Kept(Cause.DELIVERY, (), day)
        if timeline.reviews and any(period.holds(day) for period in timeline.reviews):
            return Kept(Cause.REVIEW, (), day)
        if not timeline.waits:
            return None
        waited = {ref for wait in timeline.waits if wait.period.holds(day) for ref in wait.on}
        return self._waited(timeline, waited, day) if waited else None

    def _waited(self, timeline: Timeline, refs: Iterable[str], day: date) -> Kept | None:
        found = [kept for ref in sorted(refs) if (kept := self._by(timeline, ref, day))]
        late = [kept for kept in found if kept.cause is Cause.UPSTREAM]
        if late:
            agencies = tuple(sorted({agency for kept in late for agency in kept.agencies}))
            lost = max(kept.lost for kept in late)
            return None if timeline.agency in agencies else Kept(Cause.UPSTREAM, agencies, lost)
        return min(found, key=lambda kept: _ORDER.index(kept.cause), default=None)

    def _by(self, timeline: Timeline, ref: str, day: date) -> Kept | None:
        """Return what a day waited for one assignment is charged to; None where it cost nothing, or nobody knows."""
        other = self.timelines.get(ref)
        if other is None or (other.settled is not None and day > other.settled):
            return None
        if other.last_day is not None and day <= other.last_day:
            return Kept(Cause.IMPOSSIBLE, (), day) if day > timeline.room else None
        if day <= (timeline.floor if other.last_day is not None else timeline.room):
            return None
        if any(period.holds(day) for period in other.reviews):
            return Kept(Cause.REVIEW, (), day)
        place = (day - other.judged_from).days - 1
        judged = self.judged.get(ref, [])  # without any: needs in a circle, which no directive may have
        late = judged[place] if 0 <= place < len(judged) else None
        if late is None or late.cause is Cause.OWN:
            return Kept(Cause.UPSTREAM, (other.agency,), day)
        return Kept(late.cause, late.agencies, late.lost)


def _alike(late: LateDay) -> tuple[Cause, tuple[str, ...], bool]:
    return late.cause, late.agencies, late.is_given_back


def _days(after: date, until: date) -> Iterator[date]:
    return (after + n * ONE_DAY for n in range(1, (until - after).days + 1))


def _needed_first(timelines: Mapping[str, Timeline]) -> Iterator[str]:
    """Yield the references so that what an assignment waited for comes before it."""
    seen: set[str] = set()
    for root in timelines:
        stack = [(root, False)]
        while stack:
            ref, done = stack.pop()
            if done:
                yield ref
            elif ref in timelines and ref not in seen:
                seen.add(ref)
                stack.append((ref, True))
                stack += [(other, False) for wait in timelines[ref].waits for other in wait.on]


def _said(run: Run) -> Phrase:
    values: dict[str, Value] = {"late": Span(run.days, "days"), "day": run.last}
    if run.agencies:
        values["agencies"] = ", ".join(run.agencies)
    before = "_before" if run.given_back and run.cause is not Cause.IMPOSSIBLE else ""
    return Phrase(f"late_{run.cause}{before}", values)
