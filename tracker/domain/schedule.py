"""The schedule of a task graph: how early and how late each task can stand, and which chain sets the length.

Everything is a whole number of days from the start, in the unit of the estimates; `planning.py` makes days of them.
A task without an estimate takes 0. Nobody's workload is levelled: two tasks of one agency may overlap.

The arithmetic is in `network.py`. What names add there: at a million tasks and two million edges, taking the edges
apart and looking up their names costs twice what the passes do, and the table of names and places 80 MB.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, Literal, NamedTuple, get_args

from tracker.domain.errors import Invalid, NotFound
from tracker.domain.graph import Graph
from tracker.domain.network import Arrows, Network, NoOrder, bounded, longest_chain, moved, network

Kind = Literal["finish-start", "start-start", "during"]


class Edge(NamedTuple):
    """A task and one that it needs; a tuple, because millions of them are taken apart.

    - finish-start: the task starts `lag` after the finish of the needed one, or later;
    - start-start: `lag` after its start, or later;
    - during: as start-start, and the task finishes `lag` after the finish of the needed one, or later.

    A negative lag lets the task start that much earlier, never before the start of everything.
    """

    needed: str
    task: str
    kind: Kind = "finish-start"
    lag: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The offsets of one task. `slack` is how much later it may start and finish with nothing else at risk."""

    earliest_start: int
    earliest_finish: int
    latest_start: int
    latest_finish: int
    slack: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The length of it all, the tasks that set it, and the times of every task."""

    length: int
    critical_path: tuple[str, ...]
    places: Mapping[str, int]  # where the arrays of `network` hold each task
    network: Network

    def __len__(self) -> int:
        """Return how many tasks there are."""
        return len(self.places)

    def times(self, task: str) -> Times:
        """Return the times of one task; NotFound when the schedule lacks it."""
        place = self.place(task)
        start, latest = self.network.earliest[place], self.network.latest[place]
        takes = self.network.durations[place]
        return Times(
            earliest_start=start,
            earliest_finish=start + takes,
            latest_start=latest,
            latest_finish=latest + takes,
            slack=latest - start,
        )

    def place(self, task: str) -> int:
        """Return where the arrays hold a task; NotFound when the schedule lacks it."""
        try:
            return self.places[task]
        except KeyError:
            raise NotFound(f"the schedule has no task '{task}'") from None

    def finishes(self) -> Iterator[tuple[str, int, int]]:
        """Yield each task with its earliest start and finish: the quick way to read them all."""
        net = self.network
        for task, place in self.places.items():
            start = net.earliest[place]
            yield task, start, start + net.durations[place]


def schedule(durations: Mapping[str, int], edges: Iterable[Edge] = ()) -> Schedule:
    """Return the schedule of some tasks, the same one whatever order they and their edges come in.

    A task that only an edge names takes 0. A circle of needs is refused with its whole path, whatever the kinds of
    its edges: one that lags would let work out is a slip of the pen in a directive.

    >>> found = schedule({"draft": 5, "ask": 3, "sign": 1}, [Edge("draft", "sign"), Edge("ask", "sign")])
    >>> found.length, found.critical_path, found.times("ask").slack
    (6, ('draft', 'sign'), 2)
    """
    if (shortest := min(durations.values(), default=0)) < 0:
        raise Invalid(f"a task cannot take {shortest}: estimates are 0 or more")
    names, arrows = _numbered(durations, edges)
    takes = array("q", chain(durations.values(), (0 for _ in range(len(names) - len(durations)))))
    try:
        found = network(takes, arrows)
    except NoOrder:
        raise Invalid(f"these tasks wait for each other: {_circle(names, arrows)}", code="cycle") from None
    # When the tasks come in order, as they do from a plan that was rendered, the names stand right already.
    ordered = list(names)
    if not isinstance(found.order, range):
        ordered = [ordered[n] for n in found.order]
        names = {name: n for n, name in enumerate(ordered)}
    path = tuple(ordered[n] for n in longest_chain(found, ordered.__getitem__))
    return Schedule(length=found.length, critical_path=path, places=names, network=found)


def slip(schedule: Schedule, task: str, by: int) -> dict[str, int]:
    """Return the tasks that start and finish later, and by how much, when one of them is `by` late as a whole.

    What has slack in between absorbs the slip or a part of it.

    >>> found = schedule({"a": 1, "b": 4, "c": 1}, [Edge("a", "c"), Edge("b", "c")])
    >>> slip(found, "a", 3), slip(found, "a", 5)
    ({'a': 3}, {'a': 5, 'c': 2})
    """
    if by < 0:
        raise Invalid(f"a slip of {by} is none: it takes 0 or more")
    late = moved(schedule.network, schedule.place(task), by) if by else {}
    return _by_name(schedule, late)


def late_by(schedule: Schedule, deadlines: Mapping[str, int]) -> dict[str, int]:
    """Return how far behind its deadline each task finishes at the earliest, for those that do, in order of names.

    A deadline is an offset like any other, the last one in time; `planning.offsets` makes it of a day. Give 0 as the
    duration of what is completed, and today as the start, and this says whether what remains still fits.

    >>> late_by(schedule({"a": 3, "b": 2}, [Edge("a", "b")]), {"a": 3, "b": 4})
    {'b': 1}
    """
    found = {task: schedule.times(task).earliest_finish - last for task, last in deadlines.items()}
    return {task: late for task, late in sorted(found.items()) if late > 0}


def fits(schedule: Schedule, deadlines: Mapping[str, int]) -> bool:
    """Return whether every deadline can still be kept."""
    return not late_by(schedule, deadlines)


def under(schedule: Schedule, deadlines: Mapping[str, int]) -> Schedule:
    """Return the schedule with the latest times that keep every deadline; negative slack says which tasks cannot.

    A task that no deadline reaches has until the last of them, or until the end where that is later. Length,
    critical path and earliest times are what they were: a deadline makes nothing faster.
    """
    last = max(schedule.length, *deadlines.values()) if deadlines else schedule.length
    ends = [last] * len(schedule)
    for task, deadline in deadlines.items():
        ends[schedule.place(task)] = deadline
    return replace(schedule, network=bounded(schedule.network, ends))


def schedule_document(schedule: Schedule, *, directive: str = "") -> dict[str, Any]:
    """Return a schedule for JSON, its tasks in order of names; within one `directive` they go by their short ids.

    >>> schedule_document(schedule({"2025/412-tb-vpcp/report": 2}), directive="2025/412-tb-vpcp")["critical_path"]
    ['report']
    """
    prefix = f"{directive}/" if directive else ""
    return {
        "length": schedule.length,
        "critical_path": [task.removeprefix(prefix) for task in schedule.critical_path],
        "tasks": {task.removeprefix(prefix): asdict(schedule.times(task)) for task in sorted(schedule.places)},
    }


def _numbered(durations: Mapping[str, int], edges: Iterable[Edge]) -> tuple[dict[str, int], Arrows]:
    """Return a number for each task, in the order in which they come, and the edges between the numbers."""
    names: defaultdict[str, int] = defaultdict(None, zip(durations, range(len(durations)), strict=True))
    names.default_factory = names.__len__  # a name seen for the first time takes the next number
    needed, tasks, gaps = array("i"), array("i"), array("q")
    for before, task, kind, lag in edges:
        needed.append(names[before])
        tasks.append(names[task])
        if kind == "finish-start":
            gaps.append(durations.get(before, 0) + lag)
        else:
            gaps.append(_gap(kind, lag, durations.get(before, 0) - durations.get(task, 0)))
    names.default_factory = None
    return names, Arrows(needed=needed, tasks=tasks, gaps=gaps)


def _gap(kind: Kind, lag: int, longer: int) -> int:
    """Return how long after the start of the needed task, which takes `longer` than the other, that may start."""
    if kind == "start-start":
        return lag
    if kind == "during":
        return lag + max(longer, 0)
    raise Invalid(f"'{kind}' is no way to need a task: use one of {', '.join(get_args(Kind))}")


def _by_name(schedule: Schedule, found: Mapping[int, int]) -> dict[str, int]:
    if not found:
        return {}
    return dict(sorted((task, found[place]) for task, place in schedule.places.items() if place in found))


def _circle(names: Mapping[str, int], arrows: Arrows) -> str:
    told = list(names)
    needs: dict[str, list[str]] = {}
    for needed, task, _ in arrows:
        needs.setdefault(told[task], []).append(told[needed])
    # In the order of the names: of several circles the same one is told every run.
    path = Graph({task: tuple(sorted(needs[task])) for task in sorted(needs)}).cycle() or ()
    return " -> ".join(path)
