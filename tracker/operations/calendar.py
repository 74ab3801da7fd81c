"""A new calendar: which days it adds, changes and takes away, and which deadlines that moves.

Only computed periods of what is still to be settled move, and only where the date in force is the
one the old calendar gave. A written date stays; what was settled stays settled as it was. The plan
and the adoption read the same answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, Literal

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, reckoned
from tracker.domain.calendar import Calendar, SpecialDay
from tracker.domain.deadline import Due, Every, Within, rule_text
from tracker.domain.directive import Directive, Task
from tracker.domain.entry import Draft
from tracker.domain.limit import Limit
from tracker.domain.standing import Cell, Policy, moments
from tracker.domain.terms import limit_document, limit_from
from tracker.files.calendar_documents import day_document
from tracker.operations.duties import duty_of, terms_of
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import Step, registry_in_force
from tracker.store import adopted, assignments
from tracker.store.store import Connection, Store

MOVED = "the calendar changed"
Kind = Literal["day off", "make-up day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """A day that comes (+), changes (~) or goes (-); `authority` says so: the day itself, or what removed it."""

    sign: Literal["+", "~", "-"]
    kind: Kind
    day: date
    authority: SpecialDay
    old: SpecialDay | None = None

    @property
    def moves_time(self) -> bool:
        """Return whether working days come out otherwise; a new name or authority alone changes no count."""
        return self.sign != "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A deadline that moves: whose, from which last day to which, and by which rule it was computed."""

    ref: str
    old: date
    new: date
    rule: str

    @property
    def days(self) -> int:
        """Return by how many days it moves; less than zero means earlier."""
        return (self.new - self.old).days


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPlan:
    """What a new calendar changes: days, the zone and the like, deadlines, reminders to come, standings.

    `reminders` counts moments to come that shift; `reckoned` names the assignments whose date stays
    but whose standing or next moment does not.
    """

    days: tuple[DayChange, ...] = ()
    settings: tuple[tuple[str, str, str], ...] = ()
    moves: tuple[Move, ...] = ()
    reminders: int = 0
    reckoned: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether the calendar is the one in force and nothing is reckoned otherwise."""
        return not (self.days or self.settings or self.moves or self.reckoned)

    @property
    def changes_calendar(self) -> bool:
        """Return whether the calendar itself is another one."""
        return bool(self.days or self.settings)


@dataclass(frozen=True, slots=True)
class CalendarSteps:
    """A plan with the entries that make it true: the note about the calendar, one step an assignment."""

    plan: CalendarPlan
    steps: tuple[Step, ...] = ()

    @property
    def moved(self) -> tuple[str, ...]:
        """Return the references of the assignments whose deadline moves."""
        return tuple(move.ref for move in self.plan.moves)


def plan_calendar(store: Store, registry: Registry, *, at: datetime) -> CalendarPlan:
    """Return what adopting a registry would change by its calendar, without changing anything."""
    with store.read() as connection:
        if adopted.registry_fingerprint(connection) is None:
            return CalendarPlan(days=tuple(_all_days(None, registry.calendar)))
        return calendar_steps(connection, registry_in_force(connection), registry, at=at, actor="plan").plan


def calendar_steps(
    connection: Connection, old: Registry, new: Registry, *, at: datetime, actor: str, lock: bool = False
) -> CalendarSteps:
    """Return what the step from one registry to another changes for what is owed, and the entries for it."""
    if (old.calendar, old.ladders, old.due_soon) == (new.calendar, new.ladders, new.due_soon):
        return CalendarSteps(CalendarPlan())
    moves: list[Move] = []
    turned: list[str] = []
    steps: list[Step] = []
    shifted = 0
    known: dict[str, Directive] = {}
    sides = _Side(old, at), _Side(new, at)
    for before in assignments.unsettled(connection, lock=lock):
        key = before.task.rsplit("/", 1)[0]
        if key not in known:
            known[key] = directive_in_force(connection, key)
        one = _Turn(before, known[key], *sides)
        shifted += one.shifted
        if one.move:
            moves.append(one.move)
            payload = {**terms_of(one.after), "version": before.version + 1, "why": MOVED}
        elif one.is_turned:
            turned.append(before.ref)
            payload = {"rung": None, "moment": None, "skipped": [], "why": "the registry changed"}
        else:
            continue
        kind = "date_set" if one.move else "swept"
        steps.append(
            Step(before, Draft(kind=kind, effective_at=at, actor=actor, assignment=before.ref, payload=payload))
        )
    plan = CalendarPlan(
        days=tuple(_all_days(old.calendar, new.calendar)),
        settings=tuple(_settings(old.calendar, new.calendar)),
        moves=tuple(moves),
        reminders=shifted,
        reckoned=tuple(turned),
    )
    return CalendarSteps(plan, tuple(steps))


def calendar_note(plan: CalendarPlan, *, version: int, at: datetime, actor: str) -> Draft:
    """Return the entry that says what a new version of the registry does to the calendar and to deadlines."""
    days = [{"sign": change.sign, "kind": change.kind, **day_document(change.authority)} for change in plan.days]
    for day in days:
        del day["name"]  # the names stand in the registry; the entry says which days, on whose authority
    settings = [{"name": name, "old": was, "new": now} for name, was, now in plan.settings]
    counts = {"moved": len(plan.moves), "reckoned": len(plan.reckoned)}
    payload = {"version": version, "days": days, "settings": settings, **counts}
    return Draft(kind="calendar_changed", effective_at=at, actor=actor, payload=payload)


class _Side:
    """One registry at an instant; the agencies of a task mostly share what is reckoned, so it is reckoned once."""

    def __init__(self, registry: Registry, at: datetime) -> None:
        self.registry = registry
        self.at = at
        self._limits: dict[tuple[object, ...], Limit | None] = {}
        self._outlooks: dict[tuple[object, ...], _Outlook] = {}

    def limit(self, task: Task, before: Assignment, issued: date) -> Limit | None:
        """Return the deadline an assignment has under this registry."""
        key = (task.key, before.facts.anchored_on, before.occurrence)
        if key not in self._limits:
            duty = duty_of(
                task,
                before.agency,
                issued=issued,
                registry=self.registry,
                anchored_on=before.facts.anchored_on,
                occurrence=before.occurrence,
            )
            # without the steps that led to it: what an entry holds
            self._limits[key] = limit_from(limit_document(duty.limit))
        return self._limits[key]

    def outlook(self, assignment: Assignment) -> "_Outlook":
        """Return where an assignment stands, when it next needs a look, and the moments to come by rung."""
        key = (assignment.facts, assignment.remind, assignment.told)
        if key not in self._outlooks:
            policy = self.registry.policy(assignment.remind)
            found = reckoned(assignment, at=self.at, policy=policy)
            look = (found.standing, found.cell, found.next_moment)
            self._outlooks[key] = _Outlook(look, _coming(assignment, policy, self.at))
        return self._outlooks[key]


@dataclass(frozen=True, slots=True)
class _Outlook:
    look: tuple[str, Cell, datetime | None]
    coming: Mapping[str, datetime]


class _Turn:
    """One assignment under the old registry and under the new one."""

    def __init__(self, before: Assignment, directive: Directive, old: _Side, new: _Side) -> None:
        task = directive.task(before.task)
        self.move, self.after = None, before
        if task is not None and task.due is not None and _is_computed(task.due):
            self.move, self.after = _moved(before, task, directive.issued, old, new)
        was = old.outlook(before)
        self.is_turned = was.look != new.outlook(before).look
        self.shifted = _shifted(was.coming, new.outlook(self.after).coming)


def _moved(before: Assignment, task: Task, issued: date, old: _Side, new: _Side) -> tuple[Move | None, Assignment]:
    """Return how the new registry moves a deadline, and the assignment with it; a date set otherwise stays."""
    limit = before.facts.limit
    was, now = (side.limit(task, before, issued) for side in (old, new))
    if limit is None or task.due is None or was != limit:
        return None, before
    if now is None or now.late_from == limit.late_from:
        return None, before
    move = Move(ref=before.ref, old=limit.last_day, new=now.last_day, rule=rule_text(task.due.rule))
    return move, replace(before, facts=replace(before.facts, limit=now))


def _is_computed(due: Due) -> bool:
    """Return whether a rule counts, or rolls the day it names: a written date does not ask the calendar."""
    return isinstance(due.rule, Within) or (isinstance(due.rule, Every) and due.rule.roll != "none")


def _coming(assignment: Assignment, policy: Policy, at: datetime) -> dict[str, datetime]:
    """Return the moments to come by rung; what repeats without end is looked at once."""
    if policy.ladder is None:
        return {}
    some = islice(moments(assignment.facts, policy), len(policy.ladder.rungs) + len(policy.ladder.escalate) + 1)
    return {moment.rung: moment.at for moment in some if moment.at > at}


def _shifted(was: Mapping[str, datetime], now: Mapping[str, datetime]) -> int:
    return sum(was.get(rung) != at for rung, at in now.items())


def _all_days(old: Calendar | None, new: Calendar) -> Iterator[DayChange]:
    found = [
        *_days("day off", old.days_off if old else {}, new.days_off, new.removed),
        *_days("make-up day", old.make_up_days if old else {}, new.make_up_days, new.removed),
    ]
    yield from sorted(found, key=lambda change: (change.day, change.kind))


def _days(
    kind: Kind,
    old: Mapping[date, SpecialDay],
    new: Mapping[date, SpecialDay],
    removed: Mapping[date, SpecialDay],
) -> Iterator[DayChange]:
    for day in old.keys() | new.keys():
        was, now = old.get(day), new.get(day)
        if was == now:
            continue
        if now is not None:
            yield DayChange(sign="~" if was else "+", kind=kind, day=day, authority=now, old=was)
        elif was is not None:
            yield DayChange(sign="-", kind=kind, day=day, authority=removed.get(day, was), old=was)


def _settings(old: Calendar, new: Calendar) -> Iterator[tuple[str, str, str]]:
    pairs: Sequence[tuple[str, Any, Any]] = (
        ("zone", old.zone, new.zone),
        ("weekend", _weekdays(old), _weekdays(new)),
        ("roll", old.roll, new.roll),
    )
    yield from ((name, was, now) for name, was, now in pairs if was != now)


def _weekdays(calendar: Calendar) -> str:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return ", ".join(names[day] for day in sorted(calendar.weekend))
