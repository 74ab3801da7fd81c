"""Rules of time: what a directive may say about when a task is due, as data.

How a rule becomes an instant stands in `deadline.py`; how it is written in a file, in `files/due.py`.
"""

from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from tracker.domain.calendar import Roll, Span

AnchorKind = Literal["issue", "task", "event"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a period runs from: the issue of its directive, the completion of a task, or an event.

    A task is named by its full key, an event by its name within the directive.

    >>> str(Anchor("event", "shortage-reported"))
    'event:shortage-reported'
    """

    kind: AnchorKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


ISSUE = Anchor("issue")


def anchor_from(text: str | None) -> Anchor | None:
    """Return the anchor that `str` wrote, or None.

    >>> anchor_from("task:2025/412-tb-vpcp/survey")
    Anchor(kind='task', name='2025/412-tb-vpcp/survey')
    """
    if text is None:
        return None
    kind, _, name = text.partition(":")
    for known in ("issue", "task", "event"):
        if kind == known:
            return Anchor(known, name)
    raise ValueError(f"'{text}' is no anchor")


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
    """'in August 2025', in a quarter, in a year: ends with the last day of it (Civil Code 2015, art. 146)."""

    year: int
    month: int | None = None
    quarter: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """'from D to E': both days are included; nobody is reminded before it opens."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Within:
    """'within N days': a period from an anchor; `roll` overrides what the calendar does with a last day off."""

    span: Span
    anchor: Anchor = ISSUE
    roll: Roll | None = None


@dataclass(frozen=True, slots=True)
class Every:
    """A recurring duty: an RFC 5545 rule of days, and what bounds it; each day of it is an occurrence.

    A day the rule names is written, so it stays even on a day off, unless `roll` says otherwise.
    """

    rrule: str
    minute: time | None = None
    first: date | None = None
    until: date | None = None
    roll: Roll = "none"


@dataclass(frozen=True, slots=True)
class Review:
    """No date: the duty is looked at again when nothing was heard for this long."""

    span: Span


@dataclass(frozen=True, slots=True)
class Done:
    """No date is left to keep: the source itself reports the duty as done on that day."""

    day: date


Rule = Before | By | In | Window | Within | Every | Review | Done


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The rule of a task, with the words as printed and where they stand.

    After a `cutoff` the duty is void, never late.
    """

    rule: Rule
    words: str | None = None
    scope: Literal["own", "inherited"] = "own"
    alternative: date | None = None
    cutoff: bool = False

    @property
    def anchor(self) -> Anchor | None:
        """Return what the rule's period waits for, a task or an event; None where nothing has to happen first."""
        if isinstance(self.rule, Within) and self.rule.anchor != ISSUE:
            return self.rule.anchor
        return None

    @property
    def anchor_task(self) -> str | None:
        """Return the key of the task whose completion starts the period."""
        return self.anchor.name if self.anchor and self.anchor.kind == "task" else None

    @property
    def anchor_event(self) -> str | None:
        """Return the name of the event that starts the period."""
        return self.anchor.name if self.anchor and self.anchor.kind == "event" else None


def rule_text(rule: Rule) -> str:
    """Return the rule as a directive file writes it.

    >>> rule_text(Within(Span(20, "working days"))), rule_text(In(2025, quarter=3))
    ('within 20 working days of issue', 'in 2025-Q3')
    """
    match rule:
        case Before(day, inclusive):
            return f"before {day}" + (" (inclusive)" if inclusive else "")
        case By(day, minute):
            return f"by {day}" + (f"T{minute:%H:%M}" if minute else "")
        case In():
            return f"in {unit_text(rule)}"
        case Window(start, end):
            return f"from {start} to {end}"
        case Within(span, anchor):
            return f"within {span} of {anchor.name or anchor.kind}"
        case Every(rrule, minute):
            return f"every {rrule}" + (f" at {minute:%H:%M}" if minute else "")
        case Review(span):
            return f"review {span}"
        case Done(day):
            return f"done {day}"


def unit_text(rule: In) -> str:
    """Return the month, quarter or year of a rule as a file writes it.

    >>> unit_text(In(2025, 8)), unit_text(In(2025, quarter=3)), unit_text(In(2025))
    ('2025-08', '2025-Q3', '2025')
    """
    if rule.month is not None:
        return f"{rule.year:04d}-{rule.month:02d}"
    return f"{rule.year:04d}" if rule.quarter is None else f"{rule.year:04d}-Q{rule.quarter}"
