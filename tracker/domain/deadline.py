"""Deadlines: from the rule a directive states to the first late instant, with every step explained.

A written date never rolls; a computed period does (Civil Code 2015, arts. 146-148: the start
day is not counted, a last day on a day off moves to the next working day). The unit named is
wholly in time, so a deadline is kept as `late_from`: midnight after the last day, or the
minute after the last minute.
"""

import calendar as month_calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from tracker.domain.calendar import ONE_DAY, Calendar, Span, civil_time
from tracker.domain.calendar import exists as day_exists
from tracker.domain.errors import Invalid
from tracker.domain.limit import Limit
from tracker.domain.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Before:
    """'before D': ends with the day before D, unless the directive reads it as including D."""

    day: date
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class By:
    """'by D' or 'no later than D': ends with D, or with a minute of D."""

    day: date
    minute: time | None = None


@dataclass(frozen=True, slots=True)
class In:
    """'in August 2025': ends with the last day of the month (Civil Code 2015, art. 146)."""

    year: int
    month: int


@dataclass(frozen=True, slots=True)
class Within:
    """'within N days' or 'N working days' of the date of issue."""

    span: Span


@dataclass(frozen=True, slots=True)
class Review:
    """No date: the duty is looked at again when nothing was heard for this long."""

    span: Span


Rule = Before | By | In | Within | Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The rule of a task, with the words as printed and where they stand."""

    rule: Rule
    words: str | None = None
    scope: Literal["own", "inherited"] = "own"
    alternative: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline(Limit):
    """A limit with the steps that led to it from the rule, in order."""

    explanation: tuple[Phrase, ...]


def rule_text(rule: Rule) -> str:
    """Return the rule as a directive file writes it.

    >>> rule_text(Within(Span(20, "working days"))), rule_text(In(2025, 8))
    ('within 20 working days of issue', 'in 2025-08')
    """
    match rule:
        case Before(day, inclusive):
            return f"before {day}" + (" (inclusive)" if inclusive else "")
        case By(day, minute):
            return f"by {day}" + (f"T{minute:%H:%M}" if minute else "")
        case In(year, month):
            return f"in {year}-{month:02d}"
        case Within(span):
            return f"within {span} of issue"
        case Review(span):
            return f"review {span}"


def reckon(rule: Rule, *, issued: date, calendar: Calendar) -> Deadline | None:
    """Return the deadline a rule sets, or None where it sets none (`Review`).

    Raises Invalid for a day that does not exist in the calendar's zone.
    """
    match rule:
        case Review():
            return None
        case Within(span):
            last_day, steps = _period(span, issued, calendar)
        case _:
            last_day, steps = _written(rule, calendar)
    if not day_exists(calendar.zone, last_day):
        raise Invalid(f"{last_day} does not exist in {calendar.zone}", code="no-such-day")
    minute = rule.minute if isinstance(rule, By) else None
    late_from = _late_from(last_day, minute, calendar)
    steps.append(_last_step(minute, late_from, calendar))
    return Deadline(last_day=last_day, minute=minute, zone=calendar.zone, late_from=late_from, explanation=tuple(steps))


def _written(rule: Before | By | In, calendar: Calendar) -> tuple[date, list[Phrase]]:
    match rule:
        case Before(day, inclusive):
            last_day = day if inclusive else day - ONE_DAY
            step = Phrase("rule_before_inclusive" if inclusive else "rule_before", {"day": day})
        case By(day, _):
            last_day, step = day, Phrase("rule_by", {"day": day})
        case In(year, month):
            last_day = date(year, month, month_calendar.monthrange(year, month)[1])
            step = Phrase("rule_in", {"last_day": last_day})
    steps = [step]
    if why := calendar.why_off(last_day):
        working = calendar.on_or_before(last_day)
        steps.append(Phrase("rule_written", {}))
        steps.append(Phrase("day_off_written", {"day": last_day, "why": why, "working": working}))
    return last_day, steps


def _period(span: Span, issued: date, calendar: Calendar) -> tuple[date, list[Phrase]]:
    last_day = calendar.shift(issued, span)
    steps = [Phrase("anchor_issue", {"day": issued})]
    if span.unit == "working days":
        steps += _counted(issued, last_day, calendar)
        steps.append(Phrase("count_working", {"span": span, "day": last_day}))
    else:
        steps.append(Phrase("count_days", {"span": span, "day": last_day}))
    if why := calendar.why_off(last_day):
        working = calendar.on_or_after(last_day)
        steps.append(Phrase("rolled", {"day": last_day, "why": why, "working": working}))
        last_day = working
    return last_day, steps


def _counted(start: date, end: date, calendar: Calendar) -> list[Phrase]:
    """Say every day between that the count left out or, as a make-up day, took in."""
    steps = []
    for n in range(1, (end - start).days + 1):
        day = start + n * ONE_DAY
        if why := calendar.why_off(day):
            steps.append(Phrase("skipped", {"day": day, "why": why}))
        elif day in calendar.make_up_days:
            steps.append(Phrase("make_up", {"day": day, "why": calendar.make_up_days[day].why()}))
    return steps


def _late_from(last_day: date, minute: time | None, calendar: Calendar) -> datetime:
    if minute is None:
        return calendar.instant(last_day + ONE_DAY)
    # the minute named is wholly in time; added in UTC, so no clock change can shorten it
    return calendar.instant(last_day, minute) + timedelta(minutes=1)


def _last_step(minute: time | None, late_from: datetime, calendar: Calendar) -> Phrase:
    told = civil_time(calendar.zone, late_from)
    if minute is None:
        return Phrase("late_from_day", {"late_from": told})
    return Phrase("late_from_minute", {"minute": minute, "late_from": told})
