"""The schedule of a directive's tasks, and the days that its offsets fall on.

Offset n is the nth day after the start, which itself is not counted (Civil Code 2015, art. 147), as in
`Calendar.shift`: a task of 5 days finishes on the fifth day after the one it starts on, and what follows it starts
there. The table of days is built once for all tasks.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice

from tracker.domain.calendar import ONE_DAY, Calendar, Span, Unit
from tracker.domain.directive import Task
from tracker.domain.errors import Invalid
from tracker.domain.schedule import Edge, Schedule, schedule

_DAYS = {"days": 1, "weeks": 7, "months": 30}


def unit_of(tasks: Iterable[Task]) -> Unit:
    """Return what the offsets of these tasks count: working days as soon as one estimate or lag does, else days."""
    spans = (span for task in tasks for span in (task.takes, *(need.lag for need in task.needs)))
    return "working days" if any(span and span.unit == "working days" for span in spans) else "days"


def schedule_of(tasks: Iterable[Task]) -> Schedule:
    """Return the schedule of tasks by their keys, in the unit of `unit_of`.

    A need that names a task outside the ones given holds nothing up here. A period that runs from the completion of
    a task makes its task wait for that one, as a need does.
    """
    known = {task.key: task for task in tasks}
    unit = unit_of(known.values())
    durations = {key: in_unit(task.takes, unit) for key, task in known.items()}
    edges = (edge for task in known.values() for edge in edges_of(task, unit))
    return schedule(durations, (edge for edge in edges if edge.needed in known))


def edges_of(task: Task, unit: Unit) -> Iterator[Edge]:
    """Yield what a task waits for: its needs with their kinds and lags, then the task that its period runs from."""
    for need in task.needs:
        yield Edge(need.task, task.key, need.kind, in_unit(need.lag, unit))
    anchor = task.due.anchor_task if task.due else None
    if anchor and all(need.task != anchor for need in task.needs):
        yield Edge(anchor, task.key)


def in_unit(span: Span | None, unit: Unit) -> int:
    """Return an estimate as a number of days or of working days; none is 0.

    Seven calendar days hold five working days, and a part of one counts whole: an estimate has no start to count
    from, and one that is too short would hide a chain that does not fit. A month is 30 days here.

    >>> [in_unit(Span(n, "days"), "working days") for n in (1, 7, 8, 30)]
    [1, 5, 6, 22]
    """
    if span is None:
        return 0
    if span.unit == unit:
        return span.count
    if span.unit != "working days":
        days = span.count * _DAYS[span.unit]
        return -(-days * 5 // 7) if unit == "working days" else days
    raise Invalid(f"{span} cannot be counted in days before its start is known")


def dated(schedule: Schedule, start: date, calendar: Calendar, unit: Unit) -> dict[str, tuple[date, date]]:
    """Return the day each task starts and the day it finishes, at the earliest."""
    days = _table(start, schedule.length, calendar, unit)
    return {task: (days[begin], days[end]) for task, begin, end in schedule.finishes()}


def offsets(days: Mapping[str, date], start: date, calendar: Calendar, unit: Unit) -> dict[str, int]:
    """Return each day as an offset from the start: how many count after it up to that day; negative before it.

    So the last day of a deadline becomes what `schedule.late_by` compares.
    """
    if unit == "days" or not days:
        return {name: (day - start).days for name, day in days.items()}
    first, last = min(start, *days.values()), max(start, *days.values())
    every = (first + n * ONE_DAY for n in range(1, (last - first).days + 1))
    working = [day for day in every if calendar.is_working(day)]
    zero = bisect_right(working, start)
    return {name: bisect_right(working, day) - zero for name, day in days.items()}


def _table(start: date, length: int, calendar: Calendar, unit: Unit) -> list[date]:
    """Return the start and the `length` days, or working days, after it."""
    try:
        start + timedelta(length)  # what no calendar can hold is refused before a day is counted
        if unit == "days":
            return [start + timedelta(n) for n in range(length + 1)]
        return [start, *islice(filter(calendar.is_working, calendar.walk(start, 1)), length)]
    except OverflowError as error:
        raise Invalid(f"{length} {unit} after {start} lie beyond the year 9999") from error
