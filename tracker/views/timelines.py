"""Timelines of a store: the histories of some assignments and of everything they waited for, as `fairness` wants them.

The directives are given by the caller, who can read their documents: without one, nothing is known of
how long its tasks take, and the way of its order is not judged.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tracker.domain.assignment import Assignment
from tracker.domain.directive import Directive, Task
from tracker.domain.entry import Entry
from tracker.domain.fairness import Timeline
from tracker.domain.timeline import KINDS, timeline
from tracker.domain.waiting import Mark, Scene, marks_of
from tracker.store import histories, ledger
from tracker.store.store import Connection
from tracker.views.past import Vantage
from tracker.views.sight import Sight

Texts = Callable[[str], Directive | None]


def timelines(
    seen: Sight, connection: Connection, wanted: Iterable[Assignment], texts: Texts
) -> Mapping[str, Timeline]:
    """Return the timelines of some assignments, and of what those waited for, however far up, by reference."""
    gathering = _Gathering(seen, connection, texts)
    found: dict[str, Timeline] = {}
    level = {assignment.ref: assignment for assignment in wanted}
    while level:
        lines = list(gathering.lines(level))
        found |= {line.ref: line for line in lines}
        waited = {ref for line in lines for wait in line.waits for ref in wait.on}
        level = {ref: gathering.known[ref] for ref in sorted(waited) if ref not in found}
    return found


@dataclass(slots=True)
class _Gathering:
    seen: Sight
    connection: Connection
    texts: Texts
    known: dict[str, Assignment] = field(default_factory=dict)
    _directives: dict[str, Directive | None] = field(default_factory=dict)
    _tasks: dict[str, Task] = field(default_factory=dict)
    _owed: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _marks: dict[str, Mapping[str, Mark]] = field(default_factory=dict)
    _waited: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    _heirs: dict[str, str] | None = None
    _scene: Scene = field(init=False)

    def __post_init__(self) -> None:
        self._scene = Scene(self._tasks, self._marks, self.seen.registry)

    def lines(self, level: Mapping[str, Assignment]) -> Iterator[Timeline]:
        stories = self._stories(level)
        for ref, assignment in level.items():
            directive = self._directive(assignment.task)
            task = directive.task(assignment.task) if directive else None

            def waited(needed: str, assignment: Assignment = assignment) -> tuple[str, ...]:
                return self._refs(assignment, needed)

            yield timeline(
                assignment,
                stories(ref),
                at=self.seen.at,
                calendar=self.seen.registry.calendar,
                waited=waited,
                issued=directive.issued if directive else None,
                takes=task.takes if task else None,
            )

    def _stories(self, refs: Iterable[str]) -> Callable[[str], list[Entry]]:
        """Return what gives the entries of an assignment, after those of the one it goes on from."""
        vantage = Vantage(self.seen.at, self.seen.known)
        found: dict[str, list[Entry]] = {}
        asked = set(refs)
        while asked:
            read = histories.entries_of(self.connection, asked, kinds=KINDS, until=self.seen.known)
            found |= {ref: list(filter(vantage.sees, entries)) for ref, entries in read.items()}
            asked = {was for ref in asked if (was := _continued(found[ref]))} - set(found)

        def story(ref: str) -> list[Entry]:
            chain = [found[ref]]
            while (was := _continued(chain[0])) and found[was] and found[was][-1].kind != "transferred":
                chain.insert(0, found[was])
            return [entry for entries in chain for entry in entries]

        return story

    def _refs(self, assignment: Assignment, needed: str) -> tuple[str, ...]:
        """Return the assignments that one waits for, of a task it waits for."""
        key = assignment.task, assignment.agency, needed
        if key not in self._waited:
            mine, task = self._current(assignment.task), self._current(needed)
            if task == mine:
                codes: Iterable[str] = self._scene.roll_up(task).get(assignment.agency, ())
            else:
                codes = self._scene.counts_for(mine, assignment.agency, task)
            self._waited[key] = tuple(ref for code in codes for ref in self._owed[task].get(code, ()))
        return self._waited[key]

    def _current(self, task: str) -> str:
        """Return the key a task goes by now, with everything known of it read."""
        if not self._load(task):
            if self._heirs is None:
                self._heirs = _heirs(self.connection, self.seen)
            seen = {task}
            while (heir := self._heirs.get(task)) and heir not in seen:
                task = heir
                seen.add(heir)
            self._load(task)
        return task

    def _load(self, task: str) -> bool:
        """Read the assignments of a task, and return whether there are any."""
        if task not in self._owed:
            found = [assignment for assignment, _ in self.seen.beside(task)]
            self.known |= {assignment.ref: assignment for assignment in found}
            self._marks[task] = marks_of(found).get(task, {})
            owed = self._owed[task] = {}
            for assignment in found:
                owed.setdefault(assignment.agency, []).append(assignment.ref)
            directive = self._directive(task)
            if directive and (text := directive.task(task)):
                self._tasks[task] = text
        return bool(self._owed[task])

    def _directive(self, task: str) -> Directive | None:
        key = task.rpartition("/")[0]
        if key not in self._directives:
            self._directives[key] = self.texts(key)
        return self._directives[key]


def _continued(entries: list[Entry]) -> str | None:
    return entries[0].payload.get("continues") if entries else None


def _heirs(connection: Connection, seen: Sight) -> dict[str, str]:
    """Return the tasks that go on under another key, each with the key it got."""
    found: dict[str, str] = {}
    for note in ledger.notes(connection, "directive_adopted"):
        if note.recorded_at <= seen.adopted_by:
            found |= {was: now for kind in ("renamed", "restated") for was, now in note.payload.get(kind, ())}
    return found
