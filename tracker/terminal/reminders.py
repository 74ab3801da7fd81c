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
    """Return reminders as a table; a narrow terminal gets what a row is about below its outcome."""
    wide = out.width >= WIDE
    columns = ["state", "moment", *(["reminder", "channel"] if wide else []), "what became of it"]
    made = table(*columns, title=title, whole=("state", "moment", "channel"))
    for row in reminders:
        what = f"{row.assignment} {row.rung}" if with_assignment else row.rung
        where = f"{row.agency}/{row.channel}"
        state, moment = token(REMINDERS, row.state).text, minute(row.moment, zone)
        if wide:
            made.add_row(state, moment, what, where, _outcome(row))
        else:
            below = Text("\n").join(Text(words) for words in (what, f"{where}: {_outcome(row)}"))
            made.add_row(state, moment, below)
    return made


def _outcome(row: ReminderRow) -> str:
    last = row.attempts[-1] if row.attempts else None
    tried = f"{counted(len(row.attempts), 'attempt')}: " if last else ""
    if last is None:
        return row.why or (row.hold if row.state == "held" else None) or ""
    code = f" {last.code}" if last.code else ""
    detail = f", {last.detail}" if last.detail and row.state != "accepted" else ""
    return f"{tried}{token(REMINDERS, last.outcome).word}{code}{detail}"
