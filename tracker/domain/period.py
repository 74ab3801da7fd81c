"""Periods: where 'within N days, working days, weeks or months' ends (Civil Code 2015, arts. 144-148).

The start day is not counted; weeks and months end on the corresponding day, or on the last of
a month that has none; a last day on a day off moves as the calendar's law says.
"""

from datetime import date

from tracker.domain.calendar import ONE_DAY, Calendar, Roll, Span
from tracker.domain.phrase import Phrase
from tracker.domain.rule import Anchor


def start_of_period(anchor: Anchor, start: date) -> Phrase:
    """Return the step that says from which day a period runs."""
    match anchor.kind:
        case "issue":
            return Phrase("anchor_issue", {"day": start})
        case "task":
            return Phrase("anchor_task", {"day": start, "first": anchor.name})
        case "event":
            return Phrase("anchor_event", {"day": start, "event": anchor.name})


def unresolved_reason(anchor: Anchor) -> Phrase:
    """Return what stands for a deadline until the day of its anchor is known."""
    if anchor.kind == "task":
        return Phrase("unresolved_task", {"first": anchor.name})
    return Phrase("unresolved_event", {"event": anchor.name})


def end_of_period(span: Span, start: date, calendar: Calendar, *, roll: Roll) -> tuple[date, list[Phrase]]:
    """Return the last day of a period, with the steps that led to it from its start."""
    last_day = calendar.shift(start, span)
    steps = _counted(span, start, last_day, calendar)
    moved = rolled(last_day, calendar, roll=roll)
    return (moved[0], [*steps, *moved[1]]) if moved else (last_day, steps)


def rolled(day: date, calendar: Calendar, *, roll: Roll) -> tuple[date, list[Phrase]] | None:
    """Return where a last day on a day off moves, and why, with every day passed over; None for a working day."""
    why = calendar.why_off(day)
    if why is None:
        return None
    match roll:
        case "forward":
            working = calendar.on_or_after(day)
            said = Phrase("rolled", {"day": day, "why": why, "working": working})
            return working, [said, *_passed_over(day, working, calendar)]
        case "back":
            working = calendar.on_or_before(day)
            said = Phrase("rolled_back", {"day": day, "why": why, "working": working})
            return working, [said, *_passed_over(working, day, calendar)]
        case "none":
            working = calendar.on_or_before(day)
            return day, [Phrase("not_rolled", {"day": day, "why": why, "working": working})]


def _passed_over(start: date, end: date, calendar: Calendar) -> list[Phrase]:
    """Say every day off between two days, neither included."""
    between = (start + n * ONE_DAY for n in range(1, (end - start).days))
    return [Phrase("passed_over", {"day": day, "why": why}) for day in between if (why := calendar.why_off(day))]


def _counted(span: Span, start: date, last_day: date, calendar: Calendar) -> list[Phrase]:
    match span.unit:
        case "working days":
            found = Phrase("count_working", {"span": span, "day": last_day})
            return [*left_out(start, last_day, calendar), found]
        case "days":
            return [Phrase("count_days", {"span": span, "day": last_day})]
        case "months" if last_day.day != start.day:
            return [Phrase("count_months_short", {"span": span, "day": last_day})]
        case _:
            return [Phrase("count_corresponding", {"span": span, "day": last_day})]


def left_out(start: date, end: date, calendar: Calendar) -> list[Phrase]:
    """Say every day between that the count left out or, as a make-up day, took in."""
    steps = []
    for n in range(1, (end - start).days + 1):
        day = start + n * ONE_DAY
        if why := calendar.why_off(day):
            steps.append(Phrase("skipped", {"day": day, "why": why}))
        elif day in calendar.make_up_days:
            steps.append(Phrase("make_up", {"day": day, "why": calendar.make_up_days[day].why()}))
    return steps
