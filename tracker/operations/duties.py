"""Duties: what each agency is to owe for each task of a directive, with everything its terms depend on."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, assignment_ref
from tracker.domain.deadline import Anchor, Deadline, Done, Every, Review, reckon_due
from tracker.domain.directive import Directive, ForEach, Task
from tracker.domain.entry import stamp
from tracker.domain.fanout import fan_out
from tracker.domain.limit import Limit
from tracker.domain.recurrence import occurrences
from tracker.domain.standing import SETTLED
from tracker.domain.terms import anchor_document, limit_document
from tracker.operations.anchors import Known, completed_on
from tracker.store.clocks import Event

HORIZON = timedelta(days=60)
REPORTED = "reported by the source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What one agency is to owe for one task, once: its limit or review, its ladder, what its date waits for."""

    task: Task
    agency: str
    limit: Limit | None = None
    review: str | None = None
    anchor: Anchor | None = None
    anchored_on: date | None = None
    occurrence: date | None = None
    done_at: datetime | None = None
    said: Mapping[str, Any] | None = None  # its terms, where they were said already: many owe alike

    @property
    def ref(self) -> str:
        """Return the reference of the assignment that tracks the duty."""
        return assignment_ref(self.task.key, self.agency, self.occurrence)

    @property
    def terms(self) -> dict[str, Any]:
        """Return what may change without the duty becoming another one, as an entry holds it."""
        if self.said is not None:
            return dict(self.said)
        terms = {"limit": limit_document(self.limit), "review": self.review, "remind": self.task.remind}
        return {**terms, **anchor_document(self.anchor, self.anchored_on)}

    def payload(self, waiting_for: Iterable[str] = ()) -> dict[str, Any]:
        """Return the payload of the entry that assigns the duty."""
        done = {"done_at": stamp(self.done_at), "evidence": REPORTED} if self.done_at else {}
        waiting = [] if self.done_at else list(waiting_for)
        return {"task": self.task.key, "agency": self.agency, "waiting_for": waiting, **self.terms, **done}


def terms_of(assignment: Assignment) -> dict[str, Any]:
    """Return the terms an assignment stands under, as `Duty.terms` would say them."""
    facts = assignment.facts
    review = str(facts.review) if facts.review else None
    terms = {"limit": limit_document(facts.limit), "review": review, "remind": assignment.remind}
    return {**terms, **anchor_document(facts.anchor, facts.anchored_on)}


def ordered(assignment: Assignment) -> dict[str, str]:
    """Return what an entry says of the day the directive itself sets, where another one was granted."""
    day, limit = assignment.ordered_day, assignment.facts.limit
    return {} if day is None or limit is None or limit.last_day == day else {"ordered_day": day.isoformat()}


def new_terms(assignment: Assignment, duty: Duty) -> dict[str, Any]:
    """Return the terms under a text: those of the duty, with the date that was granted where the text's is the same."""
    granted = ordered(assignment)
    if granted and duty.limit is not None and duty.limit.last_day == assignment.ordered_day:
        return {**duty.terms, "limit": terms_of(assignment)["limit"], **granted}
    return duty.terms


def duty_of(
    task: Task,
    agency: str,
    *,
    issued: date,
    registry: Registry,
    anchored_on: date | None = None,
    occurrence: date | None = None,
) -> Duty:
    """Return what one agency owes for one task; `anchored_on` is the day its anchor came, where it did."""
    due = task.due
    if due is None:
        return Duty(task=task, agency=agency)
    calendar, rule, anchor = registry.calendar, due.rule, due.anchor
    days = {anchor: anchored_on} if anchor and anchored_on else {}
    every = occurrence if isinstance(rule, Every) else None
    found = reckon_due(due, issued=issued, calendar=calendar, anchors=days, occurrence=every)
    return Duty(
        task=task,
        agency=agency,
        limit=found if isinstance(found, Deadline) else None,
        review=str(rule.span) if isinstance(rule, Review) else None,
        anchor=anchor,
        anchored_on=anchored_on,
        occurrence=occurrence,
        done_at=calendar.instant(rule.day) if isinstance(rule, Done) else None,
    )


def duties(
    directive: Directive,
    registry: Registry,
    *,
    at: datetime,
    kept: Mapping[str, Assignment],
    known: Known,
    events: Collection[Event],
) -> Iterator[Duty]:
    """Yield what is owed under a directive from an instant on; `kept` is what is owed already, by reference.

    `known` are the assignments of the tasks that periods may be counted from.
    """
    on = registry.calendar.civil_day(at)
    asked: dict[tuple[bool, str | None, ForEach | None], tuple[str, ...]] = {}
    for task in directive.tasks:
        alike = (task.tracked, task.lead, task.for_each)  # all that a fan-out depends on
        if alike not in asked:
            asked[alike] = fan_out(task, registry, on)
        agencies = asked[alike]
        yield from _Owed(task, directive, registry, at, kept, len(agencies)).by(agencies, known, events)


@dataclass(slots=True)
class _Owed:
    """What is owed for one task. What many agencies owe alike is reckoned once."""

    task: Task
    directive: Directive
    registry: Registry
    at: datetime
    kept: Mapping[str, Assignment]
    owners: int
    made: dict[tuple[date | None, date | None], Duty] = field(default_factory=dict)

    def by(self, agencies: Iterable[str], known: Known, events: Collection[Event]) -> Iterator[Duty]:
        """Yield the duties of some agencies."""
        due = self.task.due
        if due is not None and isinstance(due.rule, Every):
            days = self._days_in_sight(due.rule)
            for agency in agencies:
                yield from self._occurrences(agency, days)
        elif due is not None and due.anchor_event:
            for agency in agencies:
                yield from self._started_by(agency, event_days(due.anchor_event, agency, events))
        else:
            for agency in agencies:
                yield self._duty(agency, anchored_on=self._anchor_day(agency, known))

    def _duty(self, agency: str, *, anchored_on: date | None = None, occurrence: date | None = None) -> Duty:
        same = anchored_on, occurrence
        if same not in self.made:
            issued, registry = self.directive.issued, self.registry
            first = duty_of(
                self.task, agency, issued=issued, registry=registry, anchored_on=anchored_on, occurrence=occurrence
            )
            self.made[same] = replace(first, said=first.terms)
        return replace(self.made[same], agency=agency)

    def _started_by(self, agency: str, days: tuple[date, ...]) -> Iterator[Duty]:
        first, more = shared_out(self.kept.get(assignment_ref(self.task.key, agency)), days)
        yield self._duty(agency, anchored_on=first)
        for day in more:
            yield self._duty(agency, anchored_on=day, occurrence=day)

    def _days_in_sight(self, rule: Every) -> tuple[date, ...]:
        calendar = self.registry.calendar
        today = calendar.civil_day(self.at)
        # one of last week may have been moved on to today or later
        since, end = today - timedelta(days=7), today + HORIZON
        coming = occurrences(rule, issued=self.directive.issued, zone=calendar.zone, since=since)
        return tuple(takewhile(lambda day: day <= end, coming))

    def _occurrences(self, agency: str, days: Iterable[date]) -> Iterator[Duty]:
        """Yield the occurrences that have not passed: those that have stay as they are."""
        for day in days:
            duty = self._duty(agency, occurrence=day)
            known = self.kept.get(duty.ref)
            limit = known.facts.limit if known else duty.limit
            if limit is not None and limit.late_from > self.at:
                yield duty

    def _anchor_day(self, agency: str, known: Known) -> date | None:
        """Return the day the task a period is counted from was completed; once it was set, it stays."""
        due = self.task.due
        if due is None or due.anchor_task is None:
            return None
        base = self.kept.get(assignment_ref(self.task.key, agency))
        if base is not None and base.facts.anchor == due.anchor and base.facts.anchored_on is not None:
            return base.facts.anchored_on
        done = self.directive.task(due.anchor_task)
        if done is not None and done.due is not None and isinstance(done.due.rule, Done):
            return done.due.rule.day
        return completed_on(due.anchor_task, agency, known, owners=self.owners, calendar=self.registry.calendar)


def event_days(name: str, agency: str, events: Collection[Event]) -> tuple[date, ...]:
    """Return the days on which an event came for an agency, in the order they were recorded, each once."""
    return tuple({e.day: None for e in events if e.name == name and e.agency in (None, agency)})


def shared_out(base: Assignment | None, days: tuple[date, ...]) -> tuple[date | None, tuple[date, ...]]:
    """Return the event that dates the duty itself, and those that make an occurrence each.

    The first dates it, unless it was settled by then without one.
    """
    first = days[0] if days else None
    if base is not None and base.facts.anchored_on is not None:
        first = base.facts.anchored_on
    elif base is not None and base.facts.progress in SETTLED:
        first = None
    return first, tuple(day for day in days if day != first)


def recurs(task: Task) -> bool:
    """Return whether a task comes again and again, and is owed."""
    return task.tracked and task.due is not None and isinstance(task.due.rule, Every)


def next_look(task: Task, directive: Directive, registry: Registry, *, after: date) -> datetime | None:
    """Return when the first occurrence of a task after a day comes into sight; None where there is none."""
    if not recurs(task):
        return None
    assert task.due is not None
    assert isinstance(task.due.rule, Every)
    calendar = registry.calendar
    since = after + timedelta(days=1)
    coming = occurrences(task.due.rule, issued=directive.issued, zone=calendar.zone, since=since)
    day = next(coming, None)
    return None if day is None else calendar.instant(day - HORIZON)
