"""Ladders: at which moments an agency is reminded, and which of them is owed at an instant.

Only the latest rung that has come is owed: after an outage an office hears once, about
today, not once for each day missed. "Before" rungs count back from the last working day and
so fall on working days; "after" rungs move forward to one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import count
from typing import Literal

from tracker.domain.calendar import ONE_DAY, Calendar, Span
from tracker.domain.limit import Limit

Stage = Literal["assigned", "before", "due", "overdue", "review"]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: at assignment, a span before, on, or a span after the last day."""

    side: Literal["assigned", "before", "due", "after"]
    span: Span | None = None

    def __str__(self) -> str:
        return self.side if self.span is None else f"{self.side}-{short(self.span)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A reminder policy: its rungs, the local time of each, what repeats after the last, review reminders."""

    name: str
    time: time
    rungs: tuple[Rung, ...]
    then_every: Span | None = None
    review: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """An instant a rung names: when, the rung's stable name, the stage it announces."""

    at: datetime
    rung: str
    stage: Stage


def short(span: Span) -> str:
    """Return a span for names of rungs.

    >>> short(Span(10, "working days")), short(Span(7, "days"))
    ('10wd', '7d')
    """
    return f"{span.count}{'wd' if span.unit == 'working days' else 'd'}"


def stage_of(rung: str) -> Stage:
    """Return the stage that a rung of this name announces: names are frozen, entries hold them.

    >>> [stage_of(rung) for rung in ("assigned", "before-10wd", "due", "after-1wd+7d", "review-2025-09-01")]
    ['assigned', 'before', 'due', 'overdue', 'review']
    """
    match rung.partition("-")[0]:
        case "assigned":
            return "assigned"
        case "before":
            return "before"
        case "due":
            return "due"
        case "review":
            return "review"
    return "overdue"


def dated_moments(ladder: Ladder, deadline: Limit, *, assigned_at: datetime, calendar: Calendar) -> Iterator[Moment]:
    """Yield the moments of a dated assignment from its assignment on, in order; may be without end."""
    start = assigned_at if deadline.opens_at is None else max(assigned_at, deadline.opens_at)
    fixed = sorted(_fixed(ladder, deadline, assigned_at, calendar))
    yield from (moment for moment in fixed if moment.at >= start)
    if ladder.then_every is not None:
        last_after = max(
            (r for r in ladder.rungs if r.side == "after"),
            key=lambda r: r.span.count if r.span else 0,
            default=Rung("after", Span(0, "days")),
        )
        yield from _repeats(ladder, ladder.then_every, last_after, deadline, assigned_at, calendar)


def review_moments(
    ladder: Ladder, span: Span, *, assigned_at: datetime, touched_at: datetime, calendar: Calendar
) -> Iterator[Moment]:
    """Yield the assignment's own moment, then one on each review date since the last sign of life, without end."""
    if any(rung.side == "assigned" for rung in ladder.rungs):
        yield Moment(assigned_at, "assigned", "assigned")
    if not ladder.review:
        return
    for day in review_days(span, touched_at=touched_at, calendar=calendar):
        at = calendar.instant(day, ladder.time)
        if at > assigned_at:
            yield Moment(at, f"review-{day}", "review")


def review_days(span: Span, *, touched_at: datetime, calendar: Calendar) -> Iterator[date]:
    """Yield the review dates of an undated assignment: each span after the last sign of life, on working days."""
    day = calendar.civil_day(touched_at)
    for _ in count():
        day = calendar.shift(day, span)
        yield calendar.on_or_after(day)


def _fixed(ladder: Ladder, deadline: Limit, assigned_at: datetime, calendar: Calendar) -> Iterator[Moment]:
    anchor = calendar.on_or_before(deadline.last_day)
    for rung in ladder.rungs:
        match rung:
            case Rung("assigned"):
                yield Moment(_assigned(ladder, deadline, assigned_at, calendar), "assigned", "assigned")
            case Rung("before", Span() as span):
                day = calendar.on_or_before(calendar.shift(anchor, span, sign=-1))
                yield Moment(calendar.instant(day, ladder.time), str(rung), "before")
            case Rung("due"):
                yield Moment(_due_at(ladder, deadline, anchor, calendar), "due", "due")
            case Rung("after", Span() as span):
                yield Moment(_after(ladder, deadline, span, calendar), str(rung), "overdue")


def _assigned(ladder: Ladder, deadline: Limit, assigned_at: datetime, calendar: Calendar) -> datetime:
    """Return when an assignment is announced: at once, or in the first working hours after it opens."""
    if deadline.opens_at is None or deadline.opens_at <= assigned_at:
        return assigned_at
    opens = calendar.civil_day(deadline.opens_at)
    for day in (opens, opens + ONE_DAY):
        at = calendar.instant(calendar.on_or_after(day), ladder.time)
        if deadline.opens_at <= at < deadline.late_from:
            return at
    return deadline.opens_at


def _due_at(ladder: Ladder, deadline: Limit, anchor: date, calendar: Calendar) -> datetime:
    at = calendar.instant(anchor, ladder.time)
    if at < deadline.late_from:
        return at
    # a deadline at 07:30 is announced the working day before, not half an hour too late
    return calendar.instant(calendar.on_or_before(anchor - ONE_DAY), ladder.time)


def _after(ladder: Ladder, deadline: Limit, span: Span, calendar: Calendar) -> datetime:
    return calendar.instant(calendar.on_or_after(calendar.shift(deadline.last_day, span)), ladder.time)


def _repeats(
    ladder: Ladder, every: Span, last: Rung, deadline: Limit, assigned_at: datetime, calendar: Calendar
) -> Iterator[Moment]:
    start = deadline.last_day if last.span is None else calendar.shift(deadline.last_day, last.span)
    day = start
    for n in count(1):
        day = calendar.shift(day, every)
        at = calendar.instant(calendar.on_or_after(day), ladder.time)
        if at >= assigned_at:
            yield Moment(at, f"{last}+{short(Span(n * every.count, every.unit))}", "overdue")
