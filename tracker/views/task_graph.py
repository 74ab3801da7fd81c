"""The graph of a directive at an instant: its tasks in swimlanes, the longest chain, and what most others wait for.

Too many tasks for a drawing are taken together by agency and step. How far tasks are is shown to those who see all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from tracker.domain.agency import Registry
from tracker.domain.calendar import Unit
from tracker.domain.cells import Cells
from tracker.domain.deadline import dated_due
from tracker.domain.directive import Directive, Need, Task
from tracker.domain.graph import Graph
from tracker.domain.planning import schedule_of, unit_of
from tracker.domain.schedule import Edge, schedule
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.swimlanes import Swimlanes, collapsed, swimlanes
from tracker.store.store import Connection
from tracker.views.portrait import cells_by_task, only_agency, owner_of
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp

MOST = 200
NECKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A task in a graph: what it is, whose it is (`lane`), and how far it is; a group of tasks stands for `tasks`.

    `cells` are of the assignments in sight. `elsewhere`: it is a task of another directive.
    """

    key: str
    id: str
    title: str
    lane: str
    lane_name: str
    last_day: date | None = None
    takes: str | None = None
    tracked: bool = True
    critical: bool = False
    elsewhere: bool = False
    agency: str | None = None
    cells: Cells = field(default_factory=Cells)
    tasks: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Return whether somebody owed it, and nothing of it is open any more."""
        open_still = self.cells.open_in_time + self.cells.open_overdue + self.cells.undated
        return self.cells.total > 0 and not open_still


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A need: what comes first, what waits for it, how; `count` of them where tasks are taken together."""

    start: str
    end: str
    kind: str = "finish-start"
    lag: str | None = None
    inferred: bool = False
    critical: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Neck:
    """A task that others wait for, near and far; `waiting` are their keys."""

    key: str
    title: str
    lane_name: str
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of the text tree: a task below what it needs; `again`: what stands below it was shown before."""

    key: str
    depth: int
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphView:
    """A graph, laid out: `nodes` by key in the order of the text, arrows, the longest chain, bottlenecks, the tree.

    `length` of the chain counts in `unit`; without estimates it is None, and the chain is the longest by tasks.
    """

    stamp: Stamp
    key: str
    number: str
    title: str
    own: bool
    nodes: Mapping[str, Node]
    arrows: tuple[Arrow, ...]
    chain: tuple[str, ...]
    length: int | None
    unit: Unit
    necks: tuple[Neck, ...]
    tree: tuple[Branch, ...]
    groups: Mapping[str, Node]
    drawn: tuple[Arrow, ...]
    layout: Swimlanes

    @property
    def is_collapsed(self) -> bool:
        """Return whether tasks are taken together in the drawing."""
        return bool(self.groups)


def graph(
    connection: Connection,
    directive: Directive,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
    most: int = MOST,
) -> GraphView:
    """Return the graph of a directive; `directive` is the version in force at the instant."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    needs = {(need.task, task.key): need for task in directive.tasks for need in _needs(task)}
    chain, length = _chain(directive.tasks, needs)
    nodes = _nodes(seen, directive, needs, chain, registry, language)
    arrows = tuple(_arrow(ends, need, chain) for ends, need in sorted(needs.items()))
    groups: dict[str, Node] = {}
    drawn = arrows
    if len(nodes) > most:
        groups, drawn = _together(nodes, arrows, most)
    shown = groups or nodes
    return GraphView(
        stamp=seen.stamp,
        key=directive.key,
        number=directive.number,
        title=directive.title.in_language(language),
        own=scope.offices is not None,
        nodes=nodes,
        arrows=arrows,
        chain=chain,
        length=length,
        unit=unit_of(directive.tasks),
        necks=tuple(_necks(nodes, arrows, all_seen=scope.offices is None)),
        tree=tuple(_tree(nodes, arrows)),
        groups=groups,
        drawn=drawn,
        layout=swimlanes(
            {key: node.lane for key, node in shown.items()}, [(arrow.start, arrow.end) for arrow in drawn]
        ),
    )


def _needs(task: Task) -> Iterator[Need]:
    """Yield what a task needs, and as one more the task that its period runs from."""
    yield from task.needs
    anchor = task.due.anchor_task if task.due else None
    if anchor and all(need.task != anchor for need in task.needs):
        yield Need(anchor)


def _chain(tasks: Sequence[Task], needs: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], int | None]:
    """Return the chain that sets the length, and its length where estimates say how long anything takes."""
    plan = schedule_of(tasks)
    if plan.length:
        return plan.critical_path, plan.length
    keys = {task.key for task in tasks}
    within = [Edge(start, end) for start, end in sorted(needs) if start in keys]
    if not within:
        return (), None
    return schedule(dict.fromkeys(sorted(keys), 1), within).critical_path, None


def _nodes(
    seen: Sight,
    directive: Directive,
    needs: Iterable[tuple[str, str]],
    chain: Sequence[str],
    registry: Registry,
    language: str,
) -> dict[str, Node]:
    cells = cells_by_task(seen, directive.key)
    found: dict[str, Node] = {}
    for task in directive.tasks:
        deadline = None
        if task.due:
            deadline = dated_due(task.due, issued=directive.issued, calendar=registry.calendar)
        lane, name = owner_of(task, registry, language)
        mine = cells.get(task.key, Cells())
        found[task.key] = Node(
            key=task.key,
            id=task.id,
            title=task.title.in_language(language),
            lane=lane,
            lane_name=name,
            last_day=deadline.last_day if deadline else None,
            takes=str(task.takes) if task.takes else None,
            tracked=task.tracked,
            critical=task.key in chain,
            agency=only_agency(seen, task.key, mine),
            cells=mine,
        )
    outside = frozenset(start for start, _ in needs) - set(found)
    titles = seen.titles(outside, language) if outside else {}
    for key in sorted(outside):
        home, _, name = key.rpartition("/")
        title = titles.get(key, name)
        found[key] = Node(key=key, id=name, title=title, lane=f"↗ {home}", lane_name=f"↗ {home}", elsewhere=True)
    return found


def _arrow(ends: tuple[str, str], need: Need, chain: Sequence[str]) -> Arrow:
    steps = set(pairwise(chain))
    return Arrow(
        start=ends[0],
        end=ends[1],
        kind=need.kind,
        lag=str(need.lag) if need.lag else None,
        inferred=need.basis == "inferred",
        critical=ends in steps,
    )


def _together(
    nodes: Mapping[str, Node], arrows: Iterable[Arrow], most: int
) -> tuple[dict[str, Node], tuple[Arrow, ...]]:
    lanes = {key: node.lane for key, node in nodes.items()}
    names = {node.lane: node.lane_name for node in nodes.values()}
    groups, counts = collapsed(lanes, [(arrow.start, arrow.end) for arrow in arrows], most)
    found: dict[str, Node] = {}
    for name, keys in groups.items():
        lane = lanes[keys[0]] if len({lanes[key] for key in keys}) == 1 else ""
        cells = sum((nodes[key].cells for key in keys), Cells())
        critical = any(nodes[key].critical for key in keys)
        found[name] = Node(
            key=name,
            id=name,
            title="",
            lane=lane,
            lane_name=names.get(lane, "") if lane else "",
            critical=critical,
            cells=cells,
            tasks=keys,
        )
    return found, tuple(Arrow(start=start, end=end, count=count) for (start, end), count in counts.items())


def _necks(nodes: Mapping[str, Node], arrows: Iterable[Arrow], *, all_seen: bool) -> Iterator[Neck]:
    """Yield the tasks most others wait for, the most first: at least two, and not what is settled already.

    Who does not see everybody's assignments cannot be told what is settled: for them the text alone counts.
    """
    needs: dict[str, list[str]] = {key: [] for key in nodes}
    for arrow in arrows:
        needs[arrow.end].append(arrow.start)
    turned = Graph(Graph({key: tuple(some) for key, some in needs.items()}).turned())
    open_still = {key for key, node in nodes.items() if not (all_seen and node.settled)}
    found = []
    for key in sorted(open_still):
        waiting = tuple(other for other in turned.waits_for(key) if other in open_still)
        if len(waiting) > 1:
            found.append((-len(waiting), key, waiting))
    for _, key, waiting in sorted(found)[:NECKS]:
        yield Neck(key=key, title=nodes[key].title, lane_name=nodes[key].lane_name, waiting=waiting)


def _tree(nodes: Mapping[str, Node], arrows: Iterable[Arrow]) -> Iterator[Branch]:
    """Yield the tree from what needs nothing to what waits for it; a task met again is named, not unfolded again."""
    waiting: dict[str, list[str]] = {}
    needing = set()
    for arrow in arrows:
        waiting.setdefault(arrow.start, []).append(arrow.end)
        needing.add(arrow.end)
    seen: set[str] = set()
    stack = [(key, 0) for key in reversed(list(nodes)) if key not in needing]
    while stack:
        key, depth = stack.pop()
        again = key in seen and key in waiting
        yield Branch(key=key, depth=depth, again=again)
        if not again:
            seen.add(key)
            stack += [(other, depth + 1) for other in sorted(waiting.get(key, ()), reverse=True)]
