"""Graphs of directives: as a tree, as JSON, as Mermaid."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tracker.domain.agency import Registry
from tracker.domain.deadline import Deadline, dated_due, rule_text
from tracker.domain.directive import Directive, Task
from tracker.domain.fanout import fan_out
from tracker.domain.graph import graph_of
from tracker.terminal.directives import show_graph
from tracker.terminal.words import counted, day

if TYPE_CHECKING:
    from datetime import date


def show(directives: Sequence[Directive], registry: Registry | None, out: Console) -> None:
    """Write the tasks as trees: each below what it needs, with its deadline and who owes it."""
    graph = graph_of(task for directive in directives for task in directive.tasks)
    notes = {task.key: _note(task, directive, registry) for directive in directives for task in directive.tasks}
    show_graph(directives, graph, notes, out)


def document(directives: Sequence[Directive], registry: Registry | None) -> dict[str, Any]:
    """Return the graph as a JSON object: the order, and for each task what it needs and what waits for it."""
    graph = graph_of(task for directive in directives for task in directive.tasks)
    order = [key for key in graph.order() if key in graph.needs]
    direct = graph.turned()
    tasks = {task.key: (directive, task) for directive in directives for task in directive.tasks}
    return {
        "directives": [directive.key for directive in directives],
        "order": order,
        "tasks": [
            _task(key, *tasks[key], registry, direct, graph.waits_for(key), graph.waited_by(key)) for key in order
        ],
    }


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


def _task(
    key: str,
    directive: Directive,
    task: Task,
    registry: Registry | None,
    direct: Any,
    waits_for: tuple[str, ...],
    waited_by: tuple[str, ...],
) -> dict[str, Any]:
    deadline = _deadline(task, directive, registry)
    return {
        "key": key,
        "title": {"vi": task.title.vi, "en": task.title.en, "fr": task.title.fr},
        "tracked": task.tracked,
        "agencies": len(_agencies(task, registry, directive.issued)) if registry else None,
        "last_day": deadline.last_day.isoformat() if deadline else None,
        "needs": [{"task": need.task, "basis": need.basis} for need in task.needs],
        "needed_by": list(direct.get(key, ())),
        "waits_for": list(waits_for),
        "waited_by": list(waited_by),
    }
