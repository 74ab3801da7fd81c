"""Moments: when the rungs of a ladder come for one assignment.

Only the latest rung that has come is owed: after an outage an office hears once, about
today, not once for each day missed. "Before" rungs count back from the last working day and
so fall on working days; "after" rungs move forward to one. What would fall into quiet hours
comes before them where it announces a day to come, and after them where it does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import count, takewhile
from operator import attrgetter

from tracker.domain.calendar import ONE_DAY, Calendar, Span, civil_time
from tracker.domain.ladder import Ladder, Level, Moment, Rung, short, stage_of
from tracker.domain.limit import Limit

_MINUTE = timedelta(minutes=1)


def dated_moments(
    ladder: Ladder,
    deadline: Limit,
    *,
    assigned_at: datetime,
    calendar: Calendar,
    answered_at: datetime | None = None,
    since: datetime | None = None,
) -> Iterator[Moment]:
    """Yield the moments of a dated assignment from its assignment on, in order; may be without end.

    `answered_at` is the agency's last sign of life: escalation counts from it. Who asks only for what
    comes after `since` need not be given what comes daily before it.
    """
    start = assigned_at if deadline.opens_at is None else max(assigned_at, deadline.opens_at)
    duty = _Duty(ladder, deadline, calendar, assigned_at, start)
    fixed = (moment for moment in sorted(_fixed(duty)) if moment.at >= start)
    streams: list[Iterator[Moment]] = [fixed]
    if ladder.escalate:
        # first where instants are equal: the lead's own reminder is then the latest of a look
        streams.insert(0, iter(sorted(_escalations(duty, answered_at))))
    daily = None if ladder.daily_after is None else calendar.shift(deadline.last_day, ladder.daily_after)
    if ladder.then_every is not None:
        repeats = _repeats(duty, ladder.then_every)
        streams.append(repeats if daily is None else _until(repeats, duty.after(daily)))
    if daily is not None:
        streams.append(_daily(duty, daily, since))
    yield from merge(*streams, key=attrgetter("at"))


def review_moments(
    ladder: Ladder, span: Span, *, assigned_at: datetime, touched_at: datetime, calendar: Calendar
) -> Iterator[Moment]:
    """Yield the assignment's own moment, then one on each review date since the last sign of life, without end."""
    if ladder.announces:
        yield announcement(ladder, assigned_at, calendar)
    if not ladder.review:
        return
    for day in review_days(span, touched_at=touched_at, calendar=calendar):
        at = _later(calendar.instant(day, ladder.time), ladder, calendar)
        if at > assigned_at:
            yield Moment(at, f"review-{day}", "review")


def review_days(span: Span, *, touched_at: datetime, calendar: Calendar) -> Iterator[date]:
    """Yield the review dates of an undated assignment: each span after the last sign of life, on working days."""
    day = calendar.civil_day(touched_at)
    for _ in count():
        day = calendar.shift(day, span)
        yield calendar.on_or_after(day)


def announcement(ladder: Ladder, assigned_at: datetime, calendar: Calendar) -> Moment:
    """Return when an assignment without a date is announced: at once, or when offices are open again."""
    rung = next(rung for rung in ladder.rungs if rung.side == "assigned")
    return Moment(_open(assigned_at, ladder, calendar), "assigned", "assigned", rung.to)


@dataclass(frozen=True, slots=True)
class _Duty:
    """What the moments of one assignment are reckoned with; it is there from `start` on."""

    ladder: Ladder
    deadline: Limit
    calendar: Calendar
    assigned_at: datetime
    start: datetime

    @property
    def anchor(self) -> date:
        """Return the last working day in time."""
        return self.calendar.on_or_before(self.deadline.last_day)

    def before(self, day: date) -> datetime:
        """Return when what must be told by a day is told: on the last working day, out of quiet hours."""
        at = self.calendar.instant(self.calendar.on_or_before(day), self.ladder.time)
        return _earlier(at, self.ladder, self.calendar)

    def after(self, day: date) -> datetime:
        """Return when what is told from a day on is told: on the next working day, out of quiet hours."""
        at = self.calendar.instant(self.calendar.on_or_after(day), self.ladder.time)
        return _later(at, self.ladder, self.calendar)


def _fixed(duty: _Duty) -> Iterator[Moment]:
    calendar, anchor = duty.calendar, duty.anchor
    for rung in duty.ladder.rungs:
        match rung:
            case Rung("assigned"):
                at = _assigned(duty)
            case Rung("before", Span() as span):
                at = duty.before(calendar.shift(anchor, span, sign=-1))
            case Rung("share", None, int() as share):
                day = _share_day(duty, share)
                if day is None:
                    continue
                at = duty.before(day)
            case Rung("due"):
                at = _due_at(duty)
            case Rung("after", Span() as span):
                at = duty.after(calendar.shift(duty.deadline.last_day, span))
            case _:
                continue
        yield Moment(at, str(rung), stage_of(str(rung)), rung.to)


def _share_day(duty: _Duty, share: int) -> date | None:
    """Return the working day by which a share of the time has gone; None where that is no day between the two ends."""
    first = duty.calendar.civil_day(duty.start)
    gone = (duty.deadline.last_day - first).days * share // 100
    day = duty.calendar.on_or_before(first + gone * ONE_DAY)
    return day if first < day < duty.anchor else None


def _assigned(duty: _Duty) -> datetime:
    """Return when an assignment is announced; at once where quiet hours would keep it until it is too late."""
    at = _opened(duty)
    moved = _open(at, duty.ladder, duty.calendar)
    return moved if moved < duty.deadline.late_from else at


def _opened(duty: _Duty) -> datetime:
    """Return the instant of assignment, or the first working hours after the duty opens."""
    opens_at, calendar = duty.deadline.opens_at, duty.calendar
    if opens_at is None or opens_at <= duty.assigned_at:
        return duty.assigned_at
    opens = calendar.civil_day(opens_at)
    for day in (opens, opens + ONE_DAY):
        at = calendar.instant(calendar.on_or_after(day), duty.ladder.time)
        if opens_at <= at < duty.deadline.late_from:
            return at
    return opens_at


def _due_at(duty: _Duty) -> datetime:
    at = duty.after(duty.anchor)
    if at < duty.deadline.late_from:
        return at
    # a deadline at 07:30 is announced the working day before, not half an hour too late
    return duty.before(duty.anchor - ONE_DAY)


def _escalations(duty: _Duty, answered_at: datetime | None) -> Iterator[Moment]:
    """Yield the levels still ahead: one whose day the agency answered after is over, and the next count from then."""
    last_day, calendar = duty.deadline.last_day, duty.calendar
    answered = answered_at if answered_at is not None and answered_at >= duty.deadline.late_from else None
    for level in duty.ladder.escalate:
        at = _level_at(duty, level, last_day)
        if answered is not None:
            if at <= answered:
                continue
            at = _level_at(duty, level, calendar.civil_day(answered))
        if at >= duty.start:
            yield Moment(at, str(level), "escalated", level.to)


def _level_at(duty: _Duty, level: Level, day: date) -> datetime:
    return duty.after(duty.calendar.shift(day, level.after))


def _repeats(duty: _Duty, every: Span) -> Iterator[Moment]:
    last = max(
        (rung for rung in duty.ladder.rungs if rung.side == "after"),
        key=lambda rung: rung.span.count if rung.span else 0,
        default=Rung("after", Span(0, "days")),
    )
    day = duty.deadline.last_day if last.span is None else duty.calendar.shift(duty.deadline.last_day, last.span)
    for n in count(1):
        day = duty.calendar.shift(day, every)
        at = duty.after(day)
        if at >= duty.assigned_at:
            yield Moment(at, f"{last}+{short(Span(n * every.count, every.unit))}", "overdue")


def _daily(duty: _Duty, first: date, since: datetime | None) -> Iterator[Moment]:
    """Yield one moment each working day from the first on, but for those long before `since`."""
    calendar = duty.calendar
    known = max(duty.assigned_at, since or duty.assigned_at)
    # quiet hours move a day's reminder to the next working day at most: nothing before the last one is still to come
    near = calendar.on_or_before(calendar.civil_day(known) - ONE_DAY)
    day = calendar.on_or_after(max(first, near))
    while True:
        at = duty.after(day)
        if at >= duty.assigned_at:
            yield Moment(at, f"daily-{day}", "overdue")
        day = calendar.on_or_after(day + ONE_DAY)


def _until(found: Iterator[Moment], end: datetime) -> Iterator[Moment]:
    return takewhile(lambda moment: moment.at < end, found)


def _open(at: datetime, ladder: Ladder, calendar: Calendar) -> datetime:
    """Return when offices hear of something that happens at any hour."""
    if ladder.working_days:
        day = calendar.civil_day(at)
        if not calendar.is_working(day):
            at = calendar.instant(calendar.on_or_after(day), ladder.time)
    return _later(at, ladder, calendar, working=ladder.working_days)


def _later(at: datetime, ladder: Ladder, calendar: Calendar, *, working: bool = True) -> datetime:
    """Return an instant, or the end of the quiet hours it falls into."""
    quiet = ladder.quiet
    if quiet is None:
        return at
    local = civil_time(calendar.zone, at)
    if not quiet.covers(local.time()):
        return at
    day = local.date() + ONE_DAY if local.time() >= quiet.until else local.date()
    return calendar.instant(calendar.on_or_after(day) if working else day, quiet.until)


def _earlier(at: datetime, ladder: Ladder, calendar: Calendar) -> datetime:
    """Return an instant, or the last minute before the quiet hours it falls into."""
    quiet = ladder.quiet
    if quiet is None:
        return at
    local = civil_time(calendar.zone, at)
    if not quiet.covers(local.time()):
        return at
    day = local.date() - ONE_DAY if local.time() < quiet.since else local.date()
    if quiet.since == time.min:  # the minute before midnight is the day before's
        return calendar.instant(calendar.on_or_before(day - ONE_DAY), time(23, 59))
    return calendar.instant(calendar.on_or_before(day), quiet.since) - _MINUTE
