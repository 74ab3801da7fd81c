"""The watch in the terminal: the gaps, what they held up, and how prompt everything else was."""

from datetime import timedelta

from rich.console import Console

from tracker.terminal.page import heading, table
from tracker.terminal.words import counted, minute
from tracker.views.watch import Gap, Promptness, Watch

NAMED = 20


def show_watch(view: Watch, out: Console) -> None:
    """Write who watched in a period."""
    zone = view.stamp.zone
    heading(out, "Watch", view.stamp)
    out.print(f"from {minute(view.begin, zone)} to {minute(view.end, zone)}")
    out.print()
    _gaps(view, out)
    out.print()
    _late(view, out)
    out.print()
    out.print(f"What no gap held up, of {counted(view.reminders, 'reminder')}:", style="bold")
    out.print(f"  made: {_promptness(view.made)}")
    out.print(f"  first tried: {_promptness(view.tried)}")


def _gaps(view: Watch, out: Console) -> None:
    for work, gaps, seconds in view.unwatched:
        last = next((at for name, at in view.last if name == work), None)
        done = f"last done {minute(last, view.stamp.zone)}" if last else "never done"
        told = f"{counted(gaps, 'gap')}, {length(seconds)} unwatched" if gaps else "no gap"
        out.print(f"{work}: {told}; {done}")
    if not view.gaps:
        return
    made = table("nobody did", "from", "to", "for", title="Hours in which nobody watched", whole=("from", "to"))
    for gap in view.gaps:
        made.add_row(gap.work, minute(gap.since, view.stamp.zone), _until(gap, view.stamp.zone), length(gap.seconds))
    out.print(made)


def _until(gap: Gap, zone: str) -> str:
    return "still going on" if gap.going_on else minute(gap.until, zone)


def _late(view: Watch, out: Console) -> None:
    if not view.late:
        out.print("No reminder was late because of a gap.")
        return
    made = table("reminder", "to", "owed from", "made after", "tried after", title="Late because nobody watched")
    for one in view.late[:NAMED]:
        to, owed = f"{one.agency}/{one.channel}", minute(one.owed_from, view.stamp.zone)
        made.add_row(f"{one.assignment} {one.rung}", to, owed, _after(one.made_late), _after(one.tried_late))
    out.print(made)
    more = len(view.late) - NAMED
    told = f"{counted(len(view.late), 'reminder')} of {view.reminders:,} late because nobody watched"
    out.print(f"{told}; {more:,} more in --format json" if more > 0 else told)


def _after(seconds: float | None) -> str:
    return "in time" if seconds is None else length(seconds)


def _promptness(found: Promptness) -> str:
    if found.longest is None or found.percentile_99 is None:
        return "none"
    within = f"99 in 100 within {length(found.percentile_99)}, the slowest ({found.slowest}) within"
    return f"{counted(found.reminders, 'reminder')}, {within} {length(found.longest)}"


def length(seconds: float) -> str:
    """Return a length of time, as exactly as it matters.

    >>> length(0.25), length(42), length(330), length(93_600), length(1_000_000)
    ('0.250 s', '42.0 s', '5 min 30 s', '26 h 0 min', '11 d 13 h')
    """
    if seconds < 60:
        return f"{seconds:.3f} s" if seconds < 1 else f"{seconds:.1f} s"
    span = timedelta(seconds=round(seconds))
    minutes, rest = divmod(int(span.total_seconds()), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
