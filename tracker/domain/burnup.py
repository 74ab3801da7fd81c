"""Burn-up: week by week, how much was asked, how much came in and was accepted, and how much was planned.

It is counted from the entries of assignments, each point as it was known on its own day, so a week that is over stays
as it was. The scope moves: an amendment adds to it, a withdrawal takes away. The plan does not: it counts the first
date that each assignment ever had.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tracker.domain.assignment import MOVES
from tracker.domain.calendar import civil_day
from tracker.domain.entry import Entry
from tracker.domain.standing import CLOSED_OUT, Progress

KINDS = frozenset({"assigned", "reinstated", "date_set", *MOVES})
_WEEK = timedelta(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The figures at the end of a day. `planned` is None where nothing had a date; the others after today."""

    day: date
    scope: int | None
    received: int | None
    accepted: int | None
    planned: int


@dataclass(slots=True)
class _Count:
    """How far each assignment is, entry by entry, and the first date of each."""

    state: dict[str, Progress] = field(default_factory=dict)
    first: dict[str, date] = field(default_factory=dict)
    count: Counter[Progress] = field(default_factory=Counter)

    def take(self, entry: Entry) -> None:
        ref, payload = entry.assignment or "", entry.payload
        if entry.kind == "assigned":
            self._move(ref, _begun(entry))
            if first := payload.get("state", {}).get("first_day"):
                self.first[ref] = date.fromisoformat(first)
        elif entry.kind == "reinstated":
            self._move(ref, Progress.ASSIGNED)
        elif entry.kind in MOVES and ref in self.state:
            self._move(ref, MOVES[entry.kind][1])
        if payload.get("limit") and ref not in self.first:
            self.first[ref] = date.fromisoformat(payload["limit"]["last_day"])

    def figures(self) -> tuple[int, int, int]:
        """Return the scope, what was received and what was accepted."""
        accepted = self.count[Progress.COMPLETED]
        scope = sum(count for progress, count in self.count.items() if progress not in CLOSED_OUT)
        return scope, self.count[Progress.SUBMITTED] + accepted, accepted

    def _move(self, ref: str, progress: Progress) -> None:
        if ref in self.state:
            self.count[self.state[ref]] -= 1
        self.state[ref] = progress
        self.count[progress] += 1


def burn_up(entries: Iterable[Entry], *, at: datetime, zone: str) -> tuple[Point, ...]:
    """Return a point for each week's Sunday and one for the day of `at`; the plan goes on to its last date.

    The entries come in the order they were recorded in.
    """
    found = sorted(entries, key=lambda entry: entry.seq)
    if not found:
        return ()
    today = civil_day(zone, at)
    days = _days(min(civil_day(zone, found[0].recorded_at), today), today)
    count, made, taken = _Count(), [], 0
    for day in days:
        while taken < len(found) and (day == today or civil_day(zone, found[taken].recorded_at) <= day):
            count.take(found[taken])
            taken += 1
        made.append((day, *count.figures()))
    planned = sorted(count.first.values())
    points = [
        Point(day=day, scope=scope, received=received, accepted=accepted, planned=_by(planned, day))
        for day, scope, received, accepted in made
    ]
    return (*points, *_ahead(planned, today))


def _begun(entry: Entry) -> Progress:
    if "done_at" in entry.payload:
        return Progress.COMPLETED
    return Progress(entry.payload.get("state", {}).get("progress", Progress.ASSIGNED))


def _days(first: date, today: date) -> list[date]:
    """Return the day before the first one, each Sunday from there, and today."""
    days = [first - timedelta(1)]
    sunday = first + timedelta(6 - first.weekday())
    while sunday < today:
        days.append(sunday)
        sunday += _WEEK
    return [*days, today]


def _ahead(planned: Sequence[date], today: date) -> list[Point]:
    """Return the plan after today: each week in which it rises, up to its last date."""
    found: list[Point] = []
    if not planned or planned[-1] <= today:
        return found
    sunday = today + timedelta((6 - today.weekday()) or 7)
    while True:
        found.append(Point(day=sunday, scope=None, received=None, accepted=None, planned=_by(planned, sunday)))
        if sunday >= planned[-1]:
            return found
        sunday += _WEEK


def _by(planned: Sequence[date], day: date) -> int:
    return bisect_right(planned, day)
