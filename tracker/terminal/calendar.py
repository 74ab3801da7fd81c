"""The calendar in the terminal: its days with their authority, and a count line by line."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from tracker.terminal.page import WIDE, heading, table
from tracker.terminal.words import counted, day
from tracker.views.calendar import CalendarView, Count, DayRow

_UNKNOWN = "not recorded"


def show_calendar(view: CalendarView, out: Console) -> None:
    """Write the days of a year or month."""
    heading(out, f"Calendar {view.period}", view.stamp)
    weekend = ", ".join(name.capitalize() for name in view.weekend)
    known = f"; as the public knew it on {day(view.as_known)}" if view.as_known else ""
    out.print(f"weekly days off: {weekend} · {counted(view.working_days, 'working day')}{known}")
    out.print()
    if not view.days:
        out.print("No day off and no make-up day is known here.")
        return
    wide = out.width >= WIDE
    columns = ("day", "what", "name", "authority", "known on", "certainty")
    made = table(*(columns if wide else ("day", "what", "name and authority")), whole=("day",))
    for row in view.days:
        if wide:
            known_on = day(row.known_on) if row.known_on else _UNKNOWN
            made.add_row(day(row.day), row.kind, row.name, row.authority, known_on, _certainty(row))
        else:
            made.add_row(day(row.day), row.kind, _narrow(row))
    out.print(made)
    predicted = sum(row.certainty == "predicted" for row in view.days)
    note = f", {predicted} only predicted: confirm before relying on them" if predicted else ""
    out.print(f"{counted(len(view.days), 'day')}{note}")


def show_count(view: Count, out: Console) -> None:
    """Write a count, line by line."""
    heading(out, "Count", view.stamp)
    if view.as_known:
        out.print(f"as the public knew the calendar on {day(view.as_known)}")
    out.print()
    out.print(f"from {day(view.start)}, which is not counted (Civil Code 2015, art. 147)")
    for step in view.steps:
        out.print(Padding(Text(str(step)), (0, 0, 0, 2), expand=False))
    days = f"{counted(view.working_days, 'working day')} in {counted(view.calendar_days, 'day')}"
    out.print(Text(f"to {day(view.end)}: {days}", style="bold"))


def _certainty(row: DayRow) -> Text:
    return Text("predicted", style="yellow") if row.certainty == "predicted" else Text(row.certainty)


def _narrow(row: DayRow) -> str:
    known = f"; known on {day(row.known_on)}" if row.known_on else ""
    predicted = "; predicted" if row.certainty == "predicted" else ""
    return f"{row.name}, {row.authority}{known}{predicted}"
