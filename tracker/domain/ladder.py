"""Ladders: a reminder policy as data, what its rungs are called, and the instants it names.

Names of rungs are frozen: entries hold them, and once-only keys are made of them. When a rung comes
is reckoned in `moments`.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal

from tracker.domain.calendar import Span

Stage = Literal["assigned", "before", "half", "due", "overdue", "escalated", "review"]
Audience = Literal["lead", "with", "parent", "secretariat", "head"]
AUDIENCES: tuple[Audience, ...] = ("lead", "with", "parent", "secretariat", "head")
LEAD: tuple[Audience, ...] = ("lead",)
HALF = 50


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: at assignment, a span before, on, or a span after the last day, or a share of the time.

    `share` is in per cent of the days from assignment to the last day; `to` is who hears of it.
    """

    side: Literal["assigned", "before", "share", "due", "after"]
    span: Span | None = None
    share: int | None = None
    to: tuple[Audience, ...] = LEAD

    def __str__(self) -> str:
        if self.share is not None:
            return "half" if self.share == HALF else f"share-{self.share}pc"
        return self.side if self.span is None else f"{self.side}-{short(self.span)}"


@dataclass(frozen=True, slots=True)
class Level:
    """A level of escalation: so long after the deadline, or after the last answer since, these hear of it."""

    after: Span
    to: tuple[Audience, ...]

    def __str__(self) -> str:
        return f"escalate-{short(self.after)}-{'+'.join(self.to)}"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which nobody is reminded: from a civil minute (included) until another (excluded).

    >>> night = Quiet(time(17, 30), time(7, 30))
    >>> [night.covers(time(*at)) for at in ((17, 29), (17, 30), (7, 29), (7, 30))]
    [False, True, True, False]
    """

    since: time
    until: time

    def covers(self, minute: time) -> bool:
        """Return whether a civil time is quiet; hours that end before they begin go past midnight."""
        if self.since < self.until:
            return self.since <= minute < self.until
        return minute >= self.since or minute < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A reminder policy: its rungs, the local time of each, what repeats after the last, review reminders.

    From `daily_after` after the last day on, every working day has a reminder in place of `then_every`.
    With `working_days` an assignment too is announced on a working day; every other moment always is.
    `cap` is how many mails of ladders an office gets on a channel in one civil day. `head` is the head
    of the office for this ladder; left out, the registry's.
    """

    name: str
    time: time
    rungs: tuple[Rung, ...]
    then_every: Span | None = None
    review: bool = True
    daily_after: Span | None = None
    escalate: tuple[Level, ...] = ()
    quiet: Quiet | None = None
    working_days: bool = False
    cap: int | None = None
    head: str | None = None

    @property
    def announces(self) -> bool:
        """Return whether a new assignment is told of."""
        return any(rung.side == "assigned" for rung in self.rungs)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """An instant a rung names: when, the rung's stable name, the stage it announces, who hears of it."""

    at: datetime
    rung: str
    stage: Stage
    to: tuple[Audience, ...] = LEAD


@dataclass(frozen=True, slots=True)
class Call:
    """A moment that is told, and the audiences that hear of it."""

    moment: Moment
    to: tuple[Audience, ...]


def calls(owed: tuple[Moment, ...]) -> tuple[Call, ...]:
    """Return which of the moments owed are told, the latest first: each audience hears the latest meant for it.

    So after an outage everybody hears once, about today; and what is told to one office never takes
    the place of what another has to hear.
    """
    heard: set[Audience] = set()
    found = []
    for moment in reversed(owed):
        if new := tuple(audience for audience in moment.to if audience not in heard):
            found.append(Call(moment, new))
            heard.update(new)
    return tuple(found)


def short(span: Span) -> str:
    """Return a span for names of rungs.

    >>> short(Span(10, "working days")), short(Span(7, "days"))
    ('10wd', '7d')
    """
    return f"{span.count}{'wd' if span.unit == 'working days' else 'd'}"


def stage_of(rung: str) -> Stage:
    """Return the stage that a rung of this name announces: names are frozen, entries hold them.

    >>> [stage_of(rung) for rung in ("assigned", "before-10wd", "half", "share-75pc", "due")]
    ['assigned', 'before', 'half', 'before', 'due']
    >>> [stage_of(rung) for rung in ("after-1wd+7d", "daily-2025-09-10", "escalate-5wd-parent", "review-2025-09-01")]
    ['overdue', 'overdue', 'escalated', 'review']
    """
    match rung.partition("-")[0]:
        case "assigned":
            return "assigned"
        case "before" | "share":
            return "before"
        case "half":
            return "half"
        case "due":
            return "due"
        case "escalate":
            return "escalated"
        case "review":
            return "review"
    return "overdue"
