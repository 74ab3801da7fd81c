"""What waits for what: the graph's needs, seen from single assignments.

Which assignments of a needed task count for one agency: its own where both tasks fan out to it,
those of the offices below it (or above it) where one set is below the other, else all of them.
How many of those must be completed is for the needed task's `complete_when` to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.directive import Need, Task
from tracker.domain.standing import CLOSED_OUT, SETTLED, Progress


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one agency is with one task: begun, settled one way or another, completed."""

    started: bool = False
    settled: bool = False
    completed: bool = False

    def __add__(self, other: "Mark") -> "Mark":
        """Return the mark of several occurrences: settled and completed when each of them is."""
        return Mark(self.started or other.started, self.settled and other.settled, self.completed and other.completed)


# task -> agency -> how far it is
Marks = Mapping[str, Mapping[str, Mark]]


def mark(progress: Progress) -> Mark:
    """Return how far an assignment of that progress is; what was closed out was never begun for anybody who waits.

    >>> mark(Progress.RETURNED)
    Mark(started=True, settled=False, completed=False)
    """
    begun = progress not in CLOSED_OUT | {Progress.ASSIGNED}
    return Mark(begun, progress in SETTLED, progress == Progress.COMPLETED)


def marks_of(found: Iterable[Assignment]) -> dict[str, dict[str, Mark]]:
    """Return how far each agency is with each task of some assignments."""
    marks: dict[str, dict[str, Mark]] = {}
    for assignment in found:
        agencies = marks.setdefault(assignment.task, {})
        one = mark(assignment.facts.progress)
        known = agencies.get(assignment.agency)
        agencies[assignment.agency] = known + one if known else one
    return marks


def above(code: str, registry: Registry) -> Iterator[str]:
    """Yield the offices above an agency, the nearest first; a circle of parents ends where it closes."""
    seen = {code}
    agency = registry.agencies.get(code)
    while agency is not None and agency.parent is not None and agency.parent not in seen:
        seen.add(agency.parent)
        yield agency.parent
        agency = registry.agencies.get(agency.parent)


def children(codes: Iterable[str], registry: Registry) -> dict[str, tuple[str, ...]]:
    """Return, of some agencies, which stand directly below which other of them: a cascade's roll-up."""
    all_codes = set(codes)
    found: dict[str, list[str]] = {}
    for code in sorted(all_codes):
        parent = next((one for one in above(code, registry) if one in all_codes), None)
        if parent is not None:
            found.setdefault(parent, []).append(code)
    return {parent: tuple(below) for parent, below in found.items()}


@dataclass(slots=True)
class Scene:
    """Some tasks, how far each agency is with them, and the registry that says who stands below whom.

    A task that is in force nowhere any more may have marks all the same: nothing else is known of it.
    """

    tasks: Mapping[str, Task]
    marks: Marks
    registry: Registry
    _below: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _kinds: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    _children: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def waits_for(self, task: str, agency: str) -> tuple[str, ...]:
        """Return the tasks that keep one assignment from starting, in order; a task nobody owes keeps nobody.

        In a cascade an office waits for those below it: its own task stands among them then.
        """
        known = self.tasks.get(task)
        if known is None:
            return ()
        found = {need.task for need in known.needs if not self._is_met(known, agency, need)}
        return tuple(sorted({*found, *([task] if self._waits_below(known, agency) else [])}))

    def goes_on(self, task: str, agency: str) -> tuple[str, ...]:
        """Return the tasks during which one assignment goes on, as far as they are not completed yet."""
        known = self.tasks.get(task)
        needs = [need for need in known.needs if need.kind == "during"] if known else []
        return tuple(need.task for need in needs if known and not self._is_met(known, agency, need, finished=True))

    def roll_up(self, task: str) -> Mapping[str, tuple[str, ...]]:
        """Return for each office of a cascade those below it that owe the task too; nothing for another task."""
        known = self.tasks.get(task)
        if known is None or known.for_each is None or known.for_each.then is None:
            return {}
        if task not in self._children:
            self._children[task] = children(self.marks.get(task, {}), self.registry)
        return self._children[task]

    def counts_for(self, task: str, agency: str, needed: str) -> Mapping[str, Mark]:
        """Return the marks of a needed task that count for one agency."""
        owed = self.marks.get(needed, {})
        if not (self._fans_out(task) and self._fans_out(needed)):
            return owed
        if agency in owed:
            return {agency: owed[agency]}
        rule = self.tasks[needed].for_each if needed in self.tasks else None
        exempt = rule.exempt if rule else ()
        if agency in exempt:
            return {}
        if self._kind(agency) in self._kinds_above(task, needed):
            return {code: owed[code] for code in self._group(needed).get(agency, ())}
        for office in above(agency, self.registry):
            if office in owed or office in exempt:
                return {office: owed[office]} if office in owed else {}
        return owed

    def _is_met(self, task: Task, agency: str, need: Need, *, finished: bool = False) -> bool:
        counted = self.counts_for(task.key, agency, need.task)
        return self._enough(need.task, counted, begun=need.kind != "finish-start" and not finished)

    def _enough(self, needed: str, counted: Mapping[str, Mark], *, begun: bool = False) -> bool:
        """Return whether as many are completed (or begun) as the task asks; what was closed out asks nothing."""
        rule = self.tasks[needed].for_each if needed in self.tasks else None
        live = [one for one in counted.values() if one.completed or not one.settled]
        reached = sum(one.started if begun else one.completed for one in live)
        return reached >= len(live) or (rule is not None and reached >= rule.quorum(len(live)))

    def _waits_below(self, task: Task, agency: str) -> bool:
        below = self.roll_up(task.key).get(agency, ())
        owed = self.marks.get(task.key, {})
        return not self._enough(task.key, {code: owed[code] for code in below})

    def _fans_out(self, task: str) -> bool:
        known = self.tasks.get(task)
        return known.for_each is not None if known else len(self.marks.get(task, {})) > 1

    def _group(self, needed: str) -> Mapping[str, list[str]]:
        """Return which agencies that owe a task stand below each office, near or far."""
        if needed not in self._below:
            found: dict[str, list[str]] = {}
            for code in self.marks.get(needed, {}):
                for office in above(code, self.registry):
                    found.setdefault(office, []).append(code)
            self._below[needed] = found
        return self._below[needed]

    def _kinds_above(self, task: str, needed: str) -> frozenset[str]:
        """Return the kinds of those owing one task that have others below them owing the needed one.

        A province without any commune that owes waits for nobody: others of its kind wait for their own.
        """
        if (task, needed) not in self._kinds:
            group = self._group(needed)
            found = {self._kind(code) for code in self.marks.get(task, {}) if code in group}
            self._kinds[task, needed] = frozenset(found)
        return self._kinds[task, needed]

    def _kind(self, code: str) -> str:
        agency = self.registry.agencies.get(code)
        return agency.kind if agency else ""
