"""The board in the terminal: the six cells and their sum, the directives, what is overdue and what waits."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.domain.cells import Cells
from tracker.terminal.page import MARK, WIDE, heading, table
from tracker.terminal.tokens import CELLS, REMINDERS, token
from tracker.terminal.words import counted, day, minute
from tracker.views.board import Board, Listing
from tracker.views.rows import TaskRow

_ORDER = tuple(CELLS)
_WHOLE = ("agency", "directive", "last day", "reported")


def show(board: Board, out: Console) -> None:
    """Write a board; narrow terminals get fewer columns, never cut numbers."""
    heading(out, "Directives", board.stamp)
    out.print()
    _cells(board.cells, out)
    out.print()
    _directives(board, out)
    _tasks("Overdue", board.overdue, out, late=True)
    _tasks("Due this week", board.due_this_week, out, late=False)
    _awaiting(board, out)
    _asked(board, out)
    _reminders(board, out)


def sum_line(cells: Cells) -> str:
    """Return the six numbers and their sum, as an addition to check.

    >>> sum_line(Cells(completed_on_time=2, open_in_time=1))
    '2 + 0 + 1 + 0 + 0 + 0 = 3 assignments'
    """
    return " + ".join(f"{getattr(cells, name):,}" for name in _ORDER) + f" = {counted(cells.total, 'assignment')}"


def rate_line(cells: Cells) -> str:
    """Return the on-time rate with both its numbers.

    >>> rate_line(Cells(completed_on_time=1, open_overdue=2))
    'on time: 1 of 3 completed or overdue (33.3 %)'
    """
    rate = cells.on_time_rate
    percent = "no rate yet" if rate.percent is None else f"{rate.percent} %"
    return f"on time: {rate.numerator:,} of {rate.denominator:,} completed or overdue ({percent})"


def _cells(cells: Cells, out: Console) -> None:
    grid = Table.grid(padding=(0, 3))
    for justify in ("right", "left", "right", "left"):
        grid.add_column(justify=justify)
    for left, right in (_ORDER[0:2], _ORDER[2:4], _ORDER[4:6]):
        grid.add_row(*_cell(cells, left), *_cell(cells, right))
    out.print(grid)
    out.print()
    out.print(sum_line(cells))
    out.print(rate_line(cells))


def _cell(cells: Cells, name: str) -> tuple[Text, Text]:
    mark = CELLS[name]
    return Text(f"{getattr(cells, name):,}", style=f"{mark.style} bold" if mark.style else "bold"), mark.text


def _directives(board: Board, out: Console) -> None:
    wide = out.width >= WIDE
    heads = [CELLS[name].word if wide else f"{CELLS[name].glyph} {_SHORT[name]}" for name in _ORDER]
    made = table(
        "directive",
        *(["title"] if wide else []),
        *heads,
        "all",
        right=(*heads, "all"),
        whole=("directive",),
        gap=3 if wide else 2,
    )
    for one in board.directives:
        numbers = [Text(f"{getattr(one.cells, name):,}", style=_style(one.cells, name)) for name in _ORDER]
        made.add_row(one.number, *([one.title] if wide else []), *numbers, f"{one.cells.total:,}")
    out.print(made)


_SHORT = {
    "completed_on_time": "on time",
    "completed_late": "late",
    "open_in_time": "open",
    "open_overdue": "overdue",
    "undated": "undated",
    "closed_out": "closed",
}


def _style(cells: Cells, name: str) -> str:
    return CELLS[name].style if getattr(cells, name) else "bright_black"


def _tasks(what: str, listing: Listing, out: Console, *, late: bool) -> None:
    out.print()
    if not listing.rows:
        out.print(Text.assemble((what, "bold"), ": none"))
        return
    wide = out.width >= WIDE
    number = "days late" if late else "working days left"
    if not wide:
        number = "late" if late else "left"
    columns = ["agency", "task", "directive", "last day", number, *(["why"] if wide and late else [])]
    made = table(*columns, title=_title(what, listing), right=(number,), whole=_WHOLE)
    for row in listing.rows:
        days = row.days_late if late else row.working_days_left
        style = CELLS["open_overdue"].style if late else ""
        figure = Text("–" if days is None else str(days), style)
        why = [str(row.reason)] if wide and late else []
        made.add_row(row.agency, name_of(row), row.number, day(row.last_day), figure, *why)
    out.print(made)


def name_of(row: TaskRow) -> str:
    """Return the title of a task, marked where the demo made up what happened to it."""
    return f"{row.title} {MARK}" if row.invented else row.title


def _title(what: str, listing: Listing) -> str:
    shown = len(listing.rows)
    return f"{what}: {listing.total:,}" + (f", the first {shown}" if shown < listing.total else "")


def _awaiting(board: Board, out: Console) -> None:
    out.print()
    if not board.awaiting_review:
        out.print(Text.assemble(("Awaiting review", "bold"), ": none"))
        return
    rows = tuple(one.row for one in board.awaiting_review)
    made = table(
        "agency",
        "task",
        "directive",
        "reported",
        "waits",
        title=_title("Awaiting review", Listing(rows, board.awaiting_review_total)),
        right=("waits",),
        whole=_WHOLE,
    )
    for one in board.awaiting_review:
        came = "late" if one.row.cell == "open_overdue" else "in time" if one.row.last_day else "undated"
        made.add_row(one.row.agency, name_of(one.row), one.row.number, came, counted(one.age_days, "day"))
    out.print(made)


def _asked(board: Board, out: Console) -> None:
    found = [(board.asking, "asked for more time"), (board.contested, "contested as not ours")]
    told = [f"{number:,} {what}" for number, what in found if number]
    if told:
        out.print()
        out.print(Text.assemble(("To be decided", "bold"), f": {', '.join(told)}; see them with: tracker reviews"))


def _reminders(board: Board, out: Console) -> None:
    out.print()
    line = Text.assemble(("Reminders", "bold"), ": ")
    line.append_text(Text(" · ").join(_states(board)) if board.reminders else Text("none yet"))
    out.print(line)
    if board.hold:
        since = minute(board.hold.since, board.stamp.zone)
        out.print(Text(f"  ON HOLD, nothing is sent since {since}: {board.hold.why}", style="bold"))
        out.print("  see: tracker db reconcile")
    if board.undelivered:
        out.print("  see them with: tracker reminder list --failed")


def _states(board: Board) -> Iterable[Text]:
    for state, number in board.reminders.items():
        mark = token(REMINDERS, state)
        yield Text(f"{mark.glyph} {number:,} {mark.word}", style=mark.style)
