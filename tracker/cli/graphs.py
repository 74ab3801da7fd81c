"""Graphs of directives: as a tree, as JSON, as Mermaid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tracker.domain.agency import Registry
from tracker.domain.calendar import Unit
from tracker.domain.deadline import Deadline, dated_due, rule_text
from tracker.domain.directive import Directive, Task
from tracker.domain.errors import Invalid
from tracker.domain.fanout import fan_out
from tracker.domain.graph import Graph
from tracker.domain.planning import edges_of, schedule_of, unit_of
from tracker.domain.schedule import slip
from tracker.terminal.directives import show_graph
from tracker.terminal.page import print_json
from tracker.terminal.words import counted, day

if TYPE_CHECKING:
    from datetime import date

MOST_FAR = 2000


def show(directives: Sequence[Directive], registry: Registry | None, out: Console) -> None:
    """Write the tasks as trees: each below what it needs, with its deadline and who owes it."""
    graph = _graph([task for directive in directives for task in directive.tasks])
    notes = {task.key: _note(task, directive, registry) for directive in directives for task in directive.tasks}
    show_graph(directives, graph, notes, out)
    tasks = [task for directive in directives for task in directive.tasks]
    plan = schedule_of(tasks)
    if plan.length:
        prefix = f"{directives[0].key}/" if len(directives) == 1 else ""
        told = " → ".join(key.removeprefix(prefix) for key in plan.critical_path)
        out.print(f"critical path, {plan.length} {unit_of(tasks)}: {told}", markup=False, soft_wrap=True)


def document(directives: Sequence[Directive], registry: Registry | None) -> dict[str, Any]:
    """Return the graph as a JSON object: its length and critical path, an order, each task with its times and needs.

    Times are whole offsets from the start of everything, in `unit`; deadlines and the days of issue do not enter them.
    The tasks of one directive go by their ids, those of several by their full keys; `key` is always the full one. What
    a task waits for near and far is left out of large graphs, where it would grow with the square of their size.
    """
    tasks = {task.key: (directive, task) for directive in directives for task in directive.tasks}
    graph = _graph([task for _, task in tasks.values()])
    order = [key for key in graph.order() if key in tasks]
    plan = schedule_of(task for _, task in tasks.values())
    direct = graph.turned()
    unit = unit_of(task for _, task in tasks.values())
    prefix = f"{directives[0].key}/" if len(directives) == 1 else ""
    return {
        "directives": [directive.key for directive in directives],
        "unit": unit,
        "length": plan.length,
        "critical_path": [key.removeprefix(prefix) for key in plan.critical_path],
        "order": order,
        "tasks": [
            {"id": key.removeprefix(prefix)}
            | _task(key, *tasks[key], registry)
            | asdict(plan.times(key))
            | {"needed_by": list(direct.get(key, ()))}
            | (_far(graph, key, direct) if len(order) <= MOST_FAR else {})
            for key in order
        ],
        "edges": [edge for key in order for edge in _arrows(tasks[key][1], unit, prefix)],
    }


def show_slip(directives: Sequence[Directive], asked: str, *, as_json: bool) -> None:
    """Write which tasks come later, and by how much, when one is late: `asked` is its id or key, '=', and how late."""
    task, _, count = asked.rpartition("=")
    if not task or not count.isdecimal():
        raise Invalid(f"'{asked}' is no slip: write for example service-portal=10")
    tasks = [one for directive in directives for one in directive.tasks]
    keys = [one.key for one in tasks if task in (one.key, one.id)]
    if len(keys) > 1:
        raise Invalid(f"'{task}' is a task of several directives: write one of {', '.join(keys)}")
    later = slip(schedule_of(tasks), keys[0] if keys else task, int(count))
    unit = unit_of(tasks)
    if as_json:
        print_json({"slip": later, "unit": unit})
        return
    for key, by in later.items():
        print(f"{key}: {by} {unit} later")
    others = max(len(later) - 1, 0)
    print(f"{counted(others, 'other task')} of {len(tasks)} would be later; the rest has slack enough")


def mermaid(directives: Sequence[Directive], language: str) -> str:
    """Return the graph as Mermaid: an arrow leads from what must be done first to what waits for it."""
    names = {task.key: f"t{n}" for n, task in enumerate((t for d in directives for t in d.tasks), 1)}
    lines = ["flowchart LR"]
    for directive in directives:
        lines.append(f'  subgraph "{directive.number}"')
        lines += [f'    {names[task.key]}["{_quoted(task.title.in_language(language))}"]' for task in directive.tasks]
        lines.append("  end")
    for directive in directives:
        for task in directive.tasks:
            for need in task.needs:
                arrow = "-->" if need.basis == "stated" else "-.->"
                first = names.get(need.task) or f'{need.task.replace("/", "_")}["{need.task}"]'
                lines.append(f"  {first} {arrow} {names[task.key]}")
    return "\n".join(lines)


def _quoted(words: str) -> str:
    return words.replace("&", "#amp;").replace('"', "#quot;")


def _deadline(task: Task, directive: Directive, registry: Registry | None) -> Deadline | None:
    if task.due is None or registry is None:
        return None
    return dated_due(task.due, issued=directive.issued, calendar=registry.calendar)


def _note(task: Task, directive: Directive, registry: Registry | None) -> str:
    deadline = _deadline(task, directive, registry)
    when = f"by {day(deadline.last_day)}" if deadline else rule_text(task.due.rule) if task.due else "no deadline"
    if registry is None:
        return f"({when})"
    owed = len(_agencies(task, registry, directive.issued))
    who = task.lead or (counted(owed, "agency", "agencies") if task.tracked else "not tracked")
    return f"({when}, {who})"


def _agencies(task: Task, registry: Registry, on: "date") -> tuple[str, ...]:
    return fan_out(task, registry, on)


def _graph(tasks: Sequence[Task]) -> Graph:
    """Return the graph of tasks; one also waits for the task that its period runs from."""
    unit = unit_of(tasks)
    return Graph({task.key: tuple(edge.needed for edge in edges_of(task, unit)) for task in tasks})


def _arrows(task: Task, unit: Unit, prefix: str) -> Iterator[dict[str, Any]]:
    bases = {need.task: need.basis for need in task.needs}
    for edge in edges_of(task, unit):
        lag = next((str(need.lag) for need in task.needs if need.task == edge.needed and need.lag), None)
        yield {
            "from": edge.needed.removeprefix(prefix),
            "to": task.key.removeprefix(prefix),
            "kind": edge.kind,
            "lag": lag,
            "basis": bases.get(edge.needed, "deadline"),
        }


def _far(graph: Graph, key: str, direct: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    return {"waits_for": list(graph.waits_for(key)), "waited_by": list(Graph(direct).waits_for(key))}


def _task(key: str, directive: Directive, task: Task, registry: Registry | None) -> dict[str, Any]:
    deadline = _deadline(task, directive, registry)
    return {
        "key": key,
        "title": {"vi": task.title.vi, "en": task.title.en, "fr": task.title.fr},
        "tracked": task.tracked,
        "agencies": len(_agencies(task, registry, directive.issued)) if registry else None,
        "last_day": deadline.last_day.isoformat() if deadline else None,
        "takes": str(task.takes) if task.takes else None,
        "needs": [{"task": need.task, "basis": need.basis} for need in task.needs],
    }
