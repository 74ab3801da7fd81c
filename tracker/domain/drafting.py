"""The drafting check: what an author should see before a text is signed, as doubts about tasks.

Nothing here is a mistake of form: the files can be applied as they are. A doubt names a task, a code and the values of
its sentence; `files/drafting.py` gives it its place and its words. Deadlines are those known from the texts alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from tracker.domain.agency import Registry
from tracker.domain.clears import CLEARS, Clear, Clearness
from tracker.domain.deadline import Before, By, Deadline, In, Rule, Window, dated
from tracker.domain.directive import Directive, ForEach, Task
from tracker.domain.errors import TrackerError
from tracker.domain.fanout import fan_out
from tracker.domain.planning import edges_of, in_unit, offsets, unit_of
from tracker.domain.schedule import Edge, Schedule, late_by, schedule
from tracker.domain.titles import figures_apart, same_words

PER_WEEK = 10  # deadlines of one agency in one week; more is a week in which none is done well
_WRITTEN = (Before, By, In, Window)
_WORD = re.compile(r"\w+")
_SHORT = 4  # words shorter than this tell no two titles apart

Value = str | int | date | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing to look at again: a code, the task or else the directive it is about, the values of its sentence.

    `path` are the keys below the task, where one of them is meant.
    """

    code: str
    directive: str
    task: str | None = None
    path: tuple[str, ...] = ()
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Drafts:
    """Some directives that are judged together, under one registry; what several doubts need is worked out once.

    With `each`, every task that is not clear is told; without it those of drafts, and of what is signed, which nobody
    can redraft, only how many.
    """

    directives: Sequence[Directive]
    registry: Registry | None = None
    per_week: int = PER_WEEK
    each: bool = True
    _agencies: dict[tuple[ForEach, date], tuple[str, ...]] = field(default_factory=dict)

    def doubts(self) -> Iterator[Doubt]:
        """Yield every doubt; those that need a calendar or agencies only where there is a registry."""
        yield from self.clears()
        yield from self.translations()
        yield from self.twice()
        if self.registry is not None:
            yield from self.restated()
            yield from self.inherited_order()
            yield from self.days_off()
            yield from self.long_chains()
            yield from self.busy_weeks()

    @cached_property
    def homes(self) -> Mapping[str, tuple[Task, Directive]]:
        """Return each task with its directive, by full key."""
        return {task.key: (task, directive) for directive in self.directives for task in directive.tasks}

    @cached_property
    def deadlines(self) -> Mapping[str, Deadline]:
        """Return the deadlines that the texts alone set; none where a written day does not exist."""
        if self.registry is None:
            return {}
        same: dict[tuple[Rule, date], Deadline | None] = {}
        found: dict[str, Deadline] = {}
        for key, (task, directive) in self.homes.items():
            if task.due is None or not task.tracked:
                continue
            asked = (task.due.rule, directive.issued)
            if asked not in same:
                same[asked] = self._dated(*asked)
            if deadline := same[asked]:
                found[key] = deadline
        return found

    def _dated(self, rule: Rule, issued: date) -> Deadline | None:
        assert self.registry is not None
        try:
            return dated(rule, issued=issued, calendar=self.registry.calendar)
        except TrackerError:  # an error of its own, told by the checks
            return None

    # ── The six clears ──────────────────────────────────────────────────────────────────────────────────────

    def table(self, directive: Directive) -> dict[str, Mapping[Clear, str]]:
        """Return for each tracked task of a directive what it is not clear on, with the reasons."""
        return {task.key: self._clearness.unclear(task, directive) for task in directive.tasks if task.tracked}

    @cached_property
    def _clearness(self) -> Clearness:
        return Clearness(self.registry)

    def clears(self) -> Iterator[Doubt]:
        """Yield a doubt for each task that is not clear, and one for each directive that holds some."""
        for directive in self.directives:
            table = self.table(directive)
            counts = Counter(clear for unclear in table.values() for clear in unclear)
            if not counts:
                continue
            told = tuple(f"{clear} {counts[clear]}" for clear in CLEARS if counts[clear])
            vague = sum(bool(unclear) for unclear in table.values())
            summary: dict[str, Value] = {"vague": vague, "tasks": len(table), "counts": told}
            yield Doubt(code="six-clears", directive=directive.key, values=summary)
            for key, unclear in table.items():
                if unclear and (self.each or directive.status == "draft"):
                    missing = tuple(f"{clear} ({reason})" for clear, reason in unclear.items())
                    yield Doubt(code="not-clear", directive=directive.key, task=key, values={"missing": missing})

    # ── Words ───────────────────────────────────────────────────────────────────────────────────────────────

    def translations(self) -> Iterator[Doubt]:
        """Yield a doubt for each title whose languages differ in a figure, or do not differ at all."""
        for directive in self.directives:
            home = directive.key
            for key, title in ((None, directive.title), *((task.key, task.title) for task in directive.tasks)):
                if apart := figures_apart(title):
                    values: dict[str, Value] = {"figure": apart[0], "languages": apart[1]}
                    yield Doubt(code="translations-differ", directive=home, task=key, path=("title",), values=values)
                if same := same_words(title):
                    values = {"one": same[0], "other": same[1]}
                    yield Doubt(code="not-translated", directive=home, task=key, path=("title",), values=values)

    def twice(self) -> Iterator[Doubt]:
        """Yield a doubt for each task that orders what an earlier one orders, unless one restates the other.

        The same: an equal title in some language, small words apart; or, in another directive, the same
        deliverable of three telling words or more from the same owner.
        """
        first: dict[tuple[str, ...], str] = {}
        for key, (task, directive) in sorted(self.homes.items(), key=lambda one: (one[1][1].issued, one[0])):
            if not task.tracked:
                continue
            marks = _marks(task)
            earlier = [first[mark] for mark in marks if mark in first]
            for mark in marks:
                first.setdefault(mark, key)
            other = next((one for one in earlier if self._is_twice(task, one)), None)
            if other:
                values: dict[str, Value] = {"other": other, "differs": self._differs(task, other)}
                yield Doubt(code="ordered-twice", directive=directive.key, task=key, values=values)

    def restated(self) -> Iterator[Doubt]:
        """Yield a doubt for each task that restates another with another date or another lead."""
        for key, (task, directive) in self.homes.items():
            for other in task.restates:
                if other in self.homes and task.tracked and (differs := self._differs(task, other)):
                    values: dict[str, Value] = {"other": other, "differs": differs}
                    yield Doubt(code="restated-otherwise", directive=directive.key, task=key, values=values)

    def _is_twice(self, task: Task, other: str) -> bool:
        one = self.homes[other][0]
        linked = other in task.restates or task.key in one.restates
        shared = set(task.restates) & set(one.restates)
        same_title = bool(set(_titles(task)) & set(_titles(one)))
        return not linked and not shared and (same_title or _home(task) != _home(one))

    def _differs(self, task: Task, other: str) -> tuple[str, ...]:
        one = self.homes[other][0]
        mine, theirs = self.deadlines.get(task.key), self.deadlines.get(other)
        found: list[str] = []
        if mine and theirs and mine.last_day != theirs.last_day:
            found.append(f"due {mine.last_day} here, {theirs.last_day} there")
        if task.lead and one.lead and task.lead != one.lead:
            found.append(f"led by {task.lead} here, by {one.lead} there")
        return tuple(found)

    # ── Time ────────────────────────────────────────────────────────────────────────────────────────────────

    def inherited_order(self) -> Iterator[Doubt]:
        """Yield a doubt for each task due before what it needs through tasks without a date.

        A direct need with a later date is a finding of its own (`need-due-later`).
        """
        carried = self._carried()
        for key, deadline in self.deadlines.items():
            task, directive = self.homes[key]
            for need in _before(task):
                if need in self.deadlines or need not in carried:
                    continue
                source = carried[need]
                if self.deadlines[source].late_from > deadline.late_from:
                    last_day = self.deadlines[source].last_day
                    values: dict[str, Value] = {"through": need, "source": source, "last_day": last_day}
                    values["own"] = deadline.last_day
                    yield Doubt(code="chain-due-later", directive=directive.key, task=key, path=("due",), values=values)
                    break

    def _carried(self) -> Mapping[str, str]:
        """Return for each task without a date the latest dated task it waits for, near or far."""
        found: dict[str, str] = {}
        for key in self.plan.places:
            if key not in self.homes or key in self.deadlines:
                continue
            sources = [need if need in self.deadlines else found.get(need) for need in _before(self.homes[key][0])]
            dated_ones = [source for source in sources if source]
            if dated_ones:
                found[key] = max(dated_ones, key=lambda source: (self.deadlines[source].late_from, source))
        return found

    def days_off(self) -> Iterator[Doubt]:
        """Yield a doubt for each day off on which a directive makes tasks due by a written date."""
        assert self.registry is not None
        for directive in self.directives:
            due: defaultdict[date, list[Task]] = defaultdict(list)
            for task in directive.tasks:
                deadline = self.deadlines.get(task.key)
                if deadline and task.due and isinstance(task.due.rule, _WRITTEN):
                    due[deadline.last_day].append(task)
            for day, tasks in sorted(due.items()):
                if why := self.registry.calendar.why_off(day):
                    working = self.registry.calendar.on_or_before(day)
                    values: dict[str, Value] = {"tasks": tuple(task.id for task in tasks), "day": day, "why": why.en}
                    values["working"] = working
                    at = tasks[0].key
                    yield Doubt(code="due-on-day-off", directive=directive.key, task=at, path=("due",), values=values)

    @cached_property
    def plan(self) -> Schedule:
        """Return the schedule of everything, each task held back until its directive is issued."""
        return self._plan()

    @cached_property
    def _start(self) -> date:
        return min(directive.issued for directive in self.directives)

    def _plan(self) -> Schedule:
        assert self.registry is not None
        tasks = [task for task, _ in self.homes.values()]
        unit = unit_of(tasks)
        issues = {directive.key: directive.issued for directive in self.directives}
        durations = offsets(issues, self._start, self.registry.calendar, unit)
        durations |= {task.key: in_unit(task.takes, unit) for task in tasks}
        edges = [Edge(_home(task), task.key) for task in tasks]
        edges += [edge for task in tasks for edge in edges_of(task, unit) if edge.needed in self.homes]
        return schedule(durations, edges)

    def long_chains(self) -> Iterator[Doubt]:
        """Yield a doubt for the first task of each chain that cannot be done by its deadline, from the issue on."""
        assert self.registry is not None
        tasks = [task for task, _ in self.homes.values()]
        if not any(task.takes for task in tasks):
            return
        unit = unit_of(tasks)
        days = {key: deadline.last_day for key, deadline in self.deadlines.items()}
        late = late_by(self.plan, offsets(days, self._start, self.registry.calendar, unit))
        behind: set[str] = set()
        for key in self.plan.places:
            if key not in self.homes:
                continue
            task, directive = self.homes[key]
            held = any(need in behind for need in _before(task))
            if key in late and not held:
                chain = self._chain(key)
                takes = self.plan.times(key).earliest_finish - self._issue(chain[0])
                values: dict[str, Value] = {"chain": chain, "takes": takes, "late": late[key], "unit": unit}
                values["last_day"] = self.deadlines[key].last_day
                yield Doubt(code="chain-too-long", directive=directive.key, task=key, path=("due",), values=values)
            if held or key in late:
                behind.add(key)

    def _issue(self, key: str) -> int:
        return self.plan.times(_home(self.homes[key][0])).earliest_finish

    def _chain(self, key: str) -> tuple[str, ...]:
        """Return the tasks that make one as late as it is, back to the one that starts when its directive is issued."""
        chain = [key]
        while True:
            task = self.homes[chain[0]][0]
            start = self.plan.times(chain[0]).earliest_start
            holders = (need for need in _before(task) if need in self.homes)
            holder = next((one for one in sorted(holders) if self.plan.times(one).earliest_finish == start), None)
            if holder is None or start == self._issue(chain[0]):
                return tuple(chain)
            chain.insert(0, holder)

    # ── Load ────────────────────────────────────────────────────────────────────────────────────────────────

    def busy_weeks(self) -> Iterator[Doubt]:
        """Yield a doubt for each week in which agencies owe more than `per_week`; equals stand together."""
        weeks: defaultdict[date, dict[tuple[str, ...], list[str]]] = defaultdict(dict)
        for key, deadline in self.deadlines.items():
            monday = deadline.last_day - timedelta(deadline.last_day.weekday())
            weeks[monday].setdefault(self._owed_by(*self.homes[key]), []).append(key)
        for monday, groups in sorted(weeks.items()):
            if sum(map(len, groups.values())) > self.per_week:
                yield from self._busy(monday, groups)

    def _busy(self, monday: date, groups: Mapping[tuple[str, ...], Sequence[str]]) -> Iterator[Doubt]:
        asked: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        for group in groups:
            for code in group:
                asked[code].append(group)
        alike: defaultdict[tuple[tuple[str, ...], ...], list[str]] = defaultdict(list)
        for code, its in sorted(asked.items()):
            if sum(len(groups[group]) for group in its) > self.per_week:
                alike[tuple(its)].append(code)
        for shared, codes in sorted(alike.items(), key=lambda one: one[1]):
            tasks = sorted(key for group in shared for key in groups[group])
            values: dict[str, Value] = {"monday": monday, "tasks": len(tasks), "agencies": tuple(codes)}
            home = self.homes[tasks[0]][1].key
            yield Doubt(code="busy-week", directive=home, task=tasks[0], path=("due",), values=values)

    def _owed_by(self, task: Task, directive: Directive) -> tuple[str, ...]:
        assert self.registry is not None
        if task.for_each is None:
            return (task.lead,) if task.lead else ()
        which = (task.for_each, directive.issued)
        if which not in self._agencies:
            self._agencies[which] = fan_out(task, self.registry, directive.issued)
        return self._agencies[which]


def _before(task: Task) -> tuple[str, ...]:
    """Return what must be completed before a task can start."""
    anchor = task.due.anchor_task if task.due else None
    needs = tuple(need.task for need in task.needs if need.kind == "finish-start")
    return (*needs, anchor) if anchor and anchor not in needs else needs


def _home(task: Task) -> str:
    """Return the key of the directive a task stands in, from its own: that of a directive is made anew at each look."""
    return task.key.rpartition("/")[0]


def _marks(task: Task) -> list[tuple[str, ...]]:
    """Return what tells that two tasks order the same."""
    return [*_titles(task), *_product(task)]


def _titles(task: Task) -> list[tuple[str, ...]]:
    title = task.title
    # Vietnamese words are syllables: short ones tell as much as long ones
    told = (("vi", sorted(_WORD.findall(title.vi.casefold()))), ("en", _telling(title.en)), ("fr", _telling(title.fr)))
    return [(language, *words) for language, words in told if len(words) > 2]


def _product(task: Task) -> list[tuple[str, ...]]:
    # "draft decree" is the product of many tasks: two words tell nothing apart
    words = _telling(task.deliverable or "")
    owner = task.lead or (",".join(task.for_each.named) if task.for_each else "")
    return [("product", owner, *words)] if len(words) > 2 and owner else []


def _telling(words: str) -> list[str]:
    return sorted(word for word in _WORD.findall(words.casefold()) if len(word) >= _SHORT or word.isdigit())
