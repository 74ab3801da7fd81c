"""Extensions: how often, how late and for how long an agency may ask for more time. The rules are data.

The rule of a directive stands in `directives/registry/extensions.yaml`. Asking never moves a date;
a grant does, and the first date stays for ever (`Assignment.first_day`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from tracker.domain.assignment import Assignment
from tracker.domain.calendar import Calendar, Span
from tracker.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRule:
    """How often a date may be extended, until how long before its last day one may ask, and for how long at most.

    `ask_before` of 0 days lets one ask on the last day itself; `longest` counts from the first date.
    """

    name: str
    at_most: int = 2
    ask_before: Span = field(default_factory=lambda: Span(0, "days"))
    longest: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRules:
    """The rules by name, the one that holds where a directive has none of its own, and those of directives by key."""

    rules: Mapping[str, ExtensionRule]
    default: str
    directives: Mapping[str, str]

    def of(self, directive: str) -> ExtensionRule:
        """Return the rule of a directive, by its key."""
        return self.rules[self.directives.get(directive, self.default)]


STANDARD = ExtensionRule(name="standard")
NO_RULES = ExtensionRules(rules={"standard": STANDARD}, default="standard", directives={})


def last_instant_to_ask(rule: ExtensionRule, assignment: Assignment, calendar: Calendar) -> datetime:
    """Return the first instant at which it is too late to ask; raises Refused where there is no date to extend.

    Days are counted back from the last day; that day itself is not counted.
    """
    limit = assignment.facts.limit
    if limit is None:
        raise Refused(f"{assignment.ref} has no date yet: there is nothing to extend", code="no-date")
    if not rule.ask_before.count:
        return limit.late_from
    last_day_to_ask = calendar.shift(limit.last_day, rule.ask_before, sign=-1)
    return min(limit.late_from, calendar.instant(_next_day(last_day_to_ask)))


def check_request(rule: ExtensionRule, assignment: Assignment, day: date, *, at: datetime, calendar: Calendar) -> None:
    """Raise Refused where an agency may not ask for this date at this instant."""
    too_late = last_instant_to_ask(rule, assignment, calendar)
    limit = assignment.facts.limit
    assert limit is not None
    if at >= too_late:
        raise Refused(
            f"it is too late to ask: the last day is {limit.last_day}, and one asks {_when(rule)}", code="too-late"
        )
    if assignment.extensions >= rule.at_most:
        times = f"{assignment.extensions} time{'s' if assignment.extensions != 1 else ''}"
        raise Refused(f"{assignment.ref} was extended {times}: at most {rule.at_most}", code="too-many")
    check_day(rule, assignment, day, calendar=calendar)


def check_day(rule: ExtensionRule, assignment: Assignment, day: date, *, calendar: Calendar) -> None:
    """Raise Refused where a new date is not later than the current one, or too far from the first."""
    limit = assignment.facts.limit
    if limit is None:
        raise Refused(f"{assignment.ref} has no date yet: there is nothing to extend", code="no-date")
    if day <= limit.last_day:
        raise Refused(f"{day} is no later than the last day, {limit.last_day}", code="not-later")
    if rule.longest is not None and assignment.first_day is not None:
        end = calendar.shift(assignment.first_day, rule.longest)
        if day > end:
            sentence = f"{day} is too far: {rule.longest} after the first date, {assignment.first_day}, is {end}"
            raise Refused(sentence, code="too-long")


def _when(rule: ExtensionRule) -> str:
    return f"{rule.ask_before} before it at the latest" if rule.ask_before.count else "until it has passed"


def _next_day(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)
