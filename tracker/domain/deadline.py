"""Deadlines: from the rule a directive states to the first late instant, with every step explained.

A written date never rolls; a computed period does (Civil Code 2015, arts. 144-148, see
`period.py`). The unit named is wholly in time, so a deadline is kept as `late_from`: midnight
after the last day, or the minute after the last minute. A period whose start is not known yet
gives `Unresolved`: an answer like any other, that says what it waits for.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from tracker.domain.calendar import ONE_DAY, Calendar, civil_time
from tracker.domain.calendar import exists as day_exists
from tracker.domain.errors import Invalid
from tracker.domain.limit import Limit
from tracker.domain.period import end_of_period, start_of_period, unresolved_reason
from tracker.domain.phrase import Phrase
from tracker.domain.recurrence import day_before, occurrence_day
from tracker.domain.rule import (
    ISSUE,
    Anchor,
    Before,
    By,
    Done,
    Due,
    Every,
    In,
    Review,
    Rule,
    Window,
    Within,
    rule_text,
)

__all__ = [
    "ISSUE",
    "Anchor",
    "Before",
    "By",
    "Deadline",
    "Done",
    "Due",
    "Every",
    "In",
    "Review",
    "Rule",
    "Unresolved",
    "Window",
    "Within",
    "dated",
    "dated_due",
    "reckon",
    "reckon_due",
    "rule_text",
]

Days = Mapping[Anchor, date]
_NONE: Days = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline(Limit):
    """A limit with the steps that led to it from the rule, in order."""

    explanation: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A deadline that cannot be reckoned yet: what it waits for, and that in a sentence."""

    anchor: Anchor
    reason: Phrase


def reckon(
    rule: Rule, *, issued: date, calendar: Calendar, anchors: Days = _NONE, occurrence: date | None = None
) -> Deadline | Unresolved | None:
    """Return the deadline a rule sets, or None where it sets none (`Review`, `Done`, a recurrence as a whole).

    `anchors` says on which days tasks were completed and events happened, as far as that is known;
    `occurrence` asks for one day of a recurrence. Raises Invalid for a written day that does not
    exist in the calendar's zone, or that the recurrence does not name.
    """
    match rule:
        case Review() | Done():
            return None
        case Every():
            return None if occurrence is None else _occurrence(rule, occurrence, issued, calendar)
        case Within():
            start = issued if rule.anchor == ISSUE else anchors.get(rule.anchor)
            if start is None:
                return Unresolved(rule.anchor, unresolved_reason(rule.anchor))
            return _period(rule, start, calendar)
        case By(day, minute):
            return _deadline(day, _written_steps(rule, day, calendar), calendar, minute=minute)
        case Window(start, end):
            found = _deadline(end, _written_steps(rule, end, calendar), calendar)
            return replace(found, opens_at=calendar.instant(start))
        case Before() | In():
            day = _last_day(rule, calendar)
            return _deadline(day, _written_steps(rule, day, calendar), calendar)


def reckon_due(
    due: Due, *, issued: date, calendar: Calendar, anchors: Days = _NONE, occurrence: date | None = None
) -> Deadline | Unresolved | None:
    """Return what `reckon` does, with what the task says beside its rule: whether the date is a cut-off."""
    found = reckon(due.rule, issued=issued, calendar=calendar, anchors=anchors, occurrence=occurrence)
    if not due.cutoff or not isinstance(found, Deadline):
        return found
    void = Phrase("void_from", {"late_from": civil_time(calendar.zone, found.late_from)})
    return replace(found, cutoff=True, explanation=(*found.explanation[:-1], void))


def dated(rule: Rule, *, issued: date, calendar: Calendar) -> Deadline | None:
    """Return the deadline that is known from the text alone, or None."""
    found = reckon(rule, issued=issued, calendar=calendar)
    return found if isinstance(found, Deadline) else None


def dated_due(
    due: Due, *, issued: date, calendar: Calendar, anchors: Days = _NONE, occurrence: date | None = None
) -> Deadline | None:
    """Return what `reckon_due` does where that is a date, or None."""
    found = reckon_due(due, issued=issued, calendar=calendar, anchors=anchors, occurrence=occurrence)
    return found if isinstance(found, Deadline) else None


def _last_day(rule: Before | In, calendar: Calendar) -> date:
    match rule:
        case Before(day, inclusive):
            last_day = day if inclusive else day - ONE_DAY
            # the day before may never have been (Samoa had no 30 December 2011); the one named must
            while not inclusive and not day_exists(calendar.zone, last_day):
                last_day -= ONE_DAY
            return last_day
        case In(year, month, quarter):
            last_month = month or (quarter or 4) * 3
            return date(year, last_month, monthrange(year, last_month)[1])


def _written_steps(rule: Before | By | In | Window, last_day: date, calendar: Calendar) -> list[Phrase]:
    match rule:
        case Before(day, inclusive):
            step = Phrase("rule_before_inclusive" if inclusive else "rule_before", {"day": day})
        case By(day, _):
            step = Phrase("rule_by", {"day": day})
        case In(_, month, quarter):
            code = "rule_in" if month else "rule_in_quarter" if quarter else "rule_in_year"
            step = Phrase(code, {"last_day": last_day})
        case Window(start, end):
            step = Phrase("rule_window", {"start": start, "day": end})
    return [step, *_on_a_day_off(last_day, calendar)]


def _on_a_day_off(last_day: date, calendar: Calendar) -> list[Phrase]:
    why = calendar.why_off(last_day)
    if why is None:
        return []
    working = calendar.on_or_before(last_day)
    return [
        Phrase("rule_written", {}),
        Phrase("day_off_written", {"day": last_day, "why": why, "working": working}),
    ]


def _period(rule: Within, start: date, calendar: Calendar) -> Deadline:
    last_day, steps = end_of_period(rule.span, start, calendar, roll=rule.roll or calendar.roll)
    while not day_exists(calendar.zone, last_day):  # a computed day that never was passes on to the next
        last_day += ONE_DAY
    return _deadline(last_day, [start_of_period(rule.anchor, start), *steps], calendar)


def _occurrence(rule: Every, day: date, issued: date, calendar: Calendar) -> Deadline:
    last_day, steps = occurrence_day(rule, day, calendar)
    if not steps:
        steps = _on_a_day_off(last_day, calendar)
    named = Phrase("rule_every", {"rule": rule.rrule, "day": day})
    found = _deadline(last_day, [named, *steps], calendar, minute=rule.minute)
    before = day_before(rule, day, issued=issued, zone=calendar.zone)
    if before is None:
        return found
    return replace(found, opens_at=_late_from(occurrence_day(rule, before, calendar)[0], rule.minute, calendar))


def _deadline(last_day: date, steps: list[Phrase], calendar: Calendar, *, minute: time | None = None) -> Deadline:
    if not day_exists(calendar.zone, last_day):
        raise Invalid(f"{last_day} does not exist in {calendar.zone}", code="no-such-day")
    late_from = _late_from(last_day, minute, calendar)
    steps = [*steps, _last_step(minute, late_from, calendar)]
    return Deadline(last_day=last_day, minute=minute, zone=calendar.zone, late_from=late_from, explanation=tuple(steps))


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
