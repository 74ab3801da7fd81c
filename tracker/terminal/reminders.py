"""Reminders in the terminal: to whom, about what, and what became of the attempts."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.terminal.page import WIDE, heading, table
from tracker.terminal.tokens import REMINDERS, token
from tracker.terminal.words import counted, minute
from tracker.views.reminders import ReminderList, ReminderRow


def show_reminders(view: ReminderList, out: Console) -> None:
    """Write a list of reminders."""
    heading(out, "Reminders", view.stamp)
    out.print()
    if not view.reminders:
        out.print("No reminder fits.")
        return
    out.print(reminder_table(view.reminders, view.stamp.zone, out, with_assignment=True))
    shown = counted(len(view.reminders), "reminder")
    out.print(f"the newest {shown}; there are more (--limit)" if view.more else shown)


def reminder_table(
    reminders: Sequence[ReminderRow],
    zone: str,
    out: Console,
    *,
    with_assignment: bool = False,
    title: str | None = None,
) -> Table:
    """Return reminders as a table."""
    wide = out.width >= WIDE
    about = ["assignment"] if with_assignment else []
    made = table("state", "moment", *(["rung"] if wide else []), *about, "channel", "what became of it", title=title)
    made.columns[0].no_wrap = made.columns[1].no_wrap = True
    for row in reminders:
        cells: list[str | Text] = [token(REMINDERS, row.state).text, minute(row.moment, zone)]
        cells += [row.rung] if wide else []
        cells += [f"{row.assignment} {row.rung}" if not wide else row.assignment] if with_assignment else []
        made.add_row(*cells, f"{row.agency}/{row.channel}", _outcome(row))
    return made


def _outcome(row: ReminderRow) -> str:
    last = row.attempts[-1] if row.attempts else None
    tried = f"{counted(len(row.attempts), 'attempt')}: " if last else ""
    if last is None:
        return row.why or ""
    code = f" {last.code}" if last.code else ""
    detail = f", {last.detail}" if last.detail and row.state != "accepted" else ""
    return f"{tried}{token(REMINDERS, last.outcome).word}{code}{detail}"
