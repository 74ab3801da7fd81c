"""Snoozes: until which day an agency may ask not to be reminded. A deadline is never slept through."""

from datetime import date, datetime, timedelta

from tracker.domain.calendar import Calendar, Span
from tracker.domain.errors import Refused
from tracker.domain.standing import Facts

ONE_DAY = timedelta(days=1)
OFFERED = (1, 3, 5, 10)  # working days from today
FURTHEST = Span(20, "working days")  # where there is no deadline to end before


def latest_snooze(facts: Facts, *, at: datetime, calendar: Calendar) -> date | None:
    """Return the last day reminders may be put off to: the last working day before the deadline; None: not at all.

    Without a deadline it is twenty working days from today.
    """
    today = calendar.civil_day(at)
    if facts.limit is None:
        return calendar.shift(today, FURTHEST)
    last = calendar.on_or_before(facts.limit.last_day - ONE_DAY)
    return last if last > today and at < facts.limit.late_from else None


def snoozes_offered(facts: Facts, *, at: datetime, calendar: Calendar) -> tuple[date, ...]:
    """Return a few days reminders may be put off to, the nearest first; none where it is overdue or due at once."""
    latest = latest_snooze(facts, at=at, calendar=calendar)
    if latest is None:
        return ()
    today = calendar.civil_day(at)
    days = {calendar.shift(today, Span(count, "working days")) for count in OFFERED}
    if latest <= max(days):
        days.add(latest)
    return tuple(sorted(day for day in days if day <= latest))


def check_snooze(facts: Facts, until: date, *, at: datetime, calendar: Calendar) -> None:
    """Raise Refused where reminders may not be put off to a day."""
    latest = latest_snooze(facts, at=at, calendar=calendar)
    if latest is None:
        raise Refused("the deadline is too near, or past: its reminders cannot be put off", code="no-snooze")
    if until <= calendar.civil_day(at):
        raise Refused(f"{until} is not ahead: put reminders off to a later day", code="bad-snooze")
    if until > latest:
        raise Refused(f"reminders can be put off to {latest} at the latest, not to {until}", code="bad-snooze")
