"""Directives in the terminal: findings, plans, the graph as a tree, and what is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from tracker.domain.directive import Directive, Task
from tracker.domain.finding import Finding
from tracker.domain.graph import Graph
from tracker.terminal.page import WIDE, heading, table
from tracker.terminal.tokens import SIGNS
from tracker.terminal.words import counted, day
from tracker.views.adopted import DirectiveList
from tracker.views.directive import DirectiveView

_WHOLE = ("number", "issued", "key", "fingerprint")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One task of a plan: its sign and id, a note beside it, what differs in words, how many agencies are told."""

    sign: str
    task: str
    note: str
    words: tuple[str, ...]
    told: int


def show_findings(findings: Sequence[Finding], out: Console) -> None:
    """Write findings, the errors first, each on its line, and how many there are."""
    for finding in sorted(findings, key=lambda one: (one.severity != "error", one)):
        out.print(Text(finding_line(finding)), soft_wrap=True)


def finding_line(finding: Finding) -> str:
    """Return a finding as one line; a warning says so."""
    severity = "warning: " if finding.severity == "warning" else ""
    return f"{finding.place}: {severity}{finding.code}: {finding.sentence} ({finding.remedy})"


def findings_count(findings: Sequence[Finding], directives: int) -> str:
    """Return the closing line of a check.

    >>> findings_count((), 3)
    '3 directives read, 0 errors, 0 warnings'
    """
    errors = sum(one.severity == "error" for one in findings)
    warnings = counted(len(findings) - errors, "warning")
    return f"{counted(directives, 'directive')} read, {counted(errors, 'error')}, {warnings}"


def show_plan(number: str, title: str, lines: Sequence[PlanLine], out: Console) -> None:
    """Write what applying one directive would change."""
    out.print(Text.assemble((number, "bold"), f" {title}"))
    if not lines:
        out.print("  nothing changes")
    for line in lines:
        mark = SIGNS[line.sign]
        told = f" · {counted(line.told, 'agency', 'agencies')}" if line.told else " · nobody"
        out.print(Text.assemble("  ", (f"{mark.glyph} {line.task}", mark.style), told, line.note), soft_wrap=True)
        for words in line.words:
            out.print(Text(f"      {words}", style="bright_black"))


def show_graph(directives: Sequence[Directive], graph: Graph, notes: Mapping[str, str], out: Console) -> None:
    """Write the tasks in an order in which they can be done, each below what it needs.

    `notes` says of each task what stands beside it: its deadline, and who owes it.
    """
    order = {key: number for number, key in enumerate(graph.order(), 1)}
    tasks = {task.key: task for directive in directives for task in directive.tasks}
    waiting = graph.turned()
    for directive in directives:
        needs = sum(len(task.needs) for task in directive.tasks)
        head = f"{directive.number} of {day(directive.issued)} · {counted(len(directive.tasks), 'task')}, "
        tree = Tree(Text(head + counted(needs, "need"), style="bold"), guide_style="bright_black")
        mine = sorted((task for task in directive.tasks), key=lambda task: order[task.key])
        for task in mine:
            if not _parent(task, order, tasks):
                _grow(tree, task, tasks, waiting, order, notes)
        out.print(tree)
        out.print()
    longest = len(order)
    out.print(f"{counted(longest, 'task')} in order; the numbers are an order in which every need is met first")


def _parent(task: Task, order: Mapping[str, int], tasks: Mapping[str, Task]) -> str | None:
    """Return the need a task stands below in the tree: of several in its own directive, the last in order."""
    home = task.key.rpartition("/")[0]
    mine = [need.task for need in task.needs if need.task in tasks and need.task.rpartition("/")[0] == home]
    return max(mine, key=lambda key: order[key], default=None)


def _grow(
    branch: Tree,
    task: Task,
    tasks: Mapping[str, Task],
    waiting: Mapping[str, tuple[str, ...]],
    order: Mapping[str, int],
    notes: Mapping[str, str],
) -> None:
    parent = _parent(task, order, tasks)
    others = [need.task for need in task.needs if need.task != parent]
    inferred = any(need.basis == "inferred" for need in task.needs)
    label = Text.assemble((f"{order[task.key]:>3} ", "bright_black"), task.id, (f" {notes[task.key]}", "bright_black"))
    if others:
        label.append(f" · also needs {', '.join(_short(key, task.key) for key in others)}", style="yellow")
    if inferred:
        label.append(" · need inferred", style="yellow")
    grown = branch.add(label)
    for key in sorted(waiting.get(task.key, ()), key=lambda key: order[key]):
        if key in tasks and _parent(tasks[key], order, tasks) == task.key:
            _grow(grown, tasks[key], tasks, waiting, order, notes)


def _short(key: str, beside: str) -> str:
    home = beside.rpartition("/")[0] + "/"
    return key.removeprefix(home)


def show_directives(view: DirectiveList, out: Console) -> None:
    """Write the directives in force."""
    if not view.directives:
        out.print("No directive is in force; adopt some with: tracker directive apply directives")
        return
    wide = out.width >= WIDE
    made = table(
        "number",
        "issued",
        "title",
        "version",
        *(["key", "fingerprint"] if wide else []),
        right=("version",),
        whole=_WHOLE,
    )
    for one in view.directives:
        more = [one.key, one.fingerprint[:12]] if wide else []
        made.add_row(one.number, day(one.issued), one.title, str(one.version), *more)
    out.print(made)


def show_directive(view: DirectiveView, out: Console) -> None:
    """Write a directive in the version in force at an instant, and how far each of its tasks was then."""
    heading(out, view.number, view.stamp)
    out.print(Text(view.title))
    status = "" if view.status == "in_force" else f" · {view.status}"
    out.print(f"{view.kind} of {view.issued}{status} · version {view.version}, adopted {view.adopted_at:%Y-%m-%d}")
    made = table("task", "title", "due", "done", "overdue", "closed", right=("done", "overdue", "closed"))
    for one in view.tasks:
        late, closed = (str(count) if count else "" for count in (one.overdue, one.closed_out))
        made.add_row(one.task, one.title, one.rule or "", f"{one.done:,} of {one.total:,}", late, closed)
    out.print(made)
