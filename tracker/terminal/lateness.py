"""What late days are charged to, in the terminal: the agencies, then the assignments with their sentences."""

from collections.abc import Mapping

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from tracker.terminal.board import name_of
from tracker.terminal.page import heading, table
from tracker.terminal.words import counted, day
from tracker.views.lateness import Days, Lateness, LateTask, Share

_CAUSES = ("own", "upstream", "review", "delivery", "suspended", "impossible")
_NUMBERS = ("late tasks", "late days", *_CAUSES, "caused to others")


def show(view: Lateness, out: Console) -> None:
    """Write what the late days are charged to."""
    heading(out, f"Late days{f' of {view.agency}' if view.agency else ''}", view.stamp)
    out.print()
    out.print(sum_line(view.total, view.late))
    out.print("civil days after the last day; each has one cause ('upstream': it waited for others who were late)")
    if view.agencies:
        out.print()
        _agencies(view, out)
    _tasks("Late tasks", view.assignments, out)
    _tasks(f"Delayed by {view.agency}", view.delayed, out)
    if view.more:
        out.print("there are more (--limit)")


def sum_line(days: Days, late: int) -> str:
    """Return the causes and their sum, as an addition to check.

    >>> sum_line(Days(days=3, own=2, review=1), 2)
    '2 own + 0 upstream + 1 review + 0 delivery + 0 suspended + 0 impossible = 3 late days of 2 assignments'
    """
    causes = " + ".join(f"{getattr(days, cause):,} {cause}" for cause in _CAUSES)
    return f"{causes} = {counted(days.days, 'late day')} of {counted(late, 'assignment')}"


def _agencies(view: Lateness, out: Console) -> None:
    made = table("agency", *_NUMBERS, right=_NUMBERS, whole=("agency",), gap=2)
    for one in view.agencies:
        causes = (f"{getattr(one.days, cause):,}" for cause in _CAUSES)
        made.add_row(one.agency, f"{one.assignments:,}", f"{one.days.days:,}", *causes, str(one.caused))
    out.print(made)
    if view.agency is not None:
        for one in view.agencies:
            if one.caused_to:
                out.print(f"{one.agency} caused days of delay to {_parts(one.caused_to)}")


def _tasks(title: str, tasks: tuple[LateTask, ...], out: Console) -> None:
    if not tasks:
        return
    out.print()
    out.print(Text(title, style="bold"))
    for task in tasks:
        row = task.row
        late = counted(task.days.days, "day") if task.days.days else "less than a day"
        head = Text.assemble(name_of(row), f" (last day {day(row.last_day)}): {late} late\n", (row.ref, "bright_black"))
        out.print(Padding(head, (0, 0, 0, 2), expand=False))
        for line in task.explanation:
            out.print(Padding(Text(str(line)), (0, 0, 0, 4), expand=False))


def _parts(shares: Mapping[str, Share]) -> str:
    return ", ".join(f"{code} ({share})" for code, share in shares.items())
