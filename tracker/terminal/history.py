"""Entries of the ledger in the terminal."""

import json

from rich.console import Console
from rich.text import Text

from tracker.terminal.page import MARK, heading
from tracker.terminal.words import counted, minute
from tracker.views.history import EntryRow, History


def show_history(view: History, out: Console) -> None:
    """Write entries, the newest first, each on a line or two."""
    heading(out, "History", view.stamp)
    out.print()
    for entry in view.entries:
        out.print(entry_line(entry, view.stamp.zone))
    shown = counted(len(view.entries), "entry", "entries")
    out.print(f"the newest {shown}; there are more (--limit)" if view.more else shown)


def entry_line(entry: EntryRow, zone: str, *, with_assignment: bool = True) -> Text:
    """Return an entry as a line: position, when, what, who, about what, and the words."""
    said = minute(entry.recorded_at, zone)
    happened = minute(entry.effective_at, zone)
    effective = f" (of {happened})" if happened != said else ""
    about = f" {entry.assignment}" if with_assignment and entry.assignment else ""
    mark = f" {MARK}" if entry.invented else ""
    return Text.assemble(
        (f"{entry.seq:>6} ", "bright_black"),
        said + effective,
        (f" {entry.kind}", "bold"),
        about,
        f" by {entry.actor}{mark}",
        (f" {_payload(entry)}", "bright_black"),
    )


def _payload(entry: EntryRow) -> str:
    """Return the words of an entry, shortly; the hashes and the whole are in the JSON."""
    shown = {name: value for name, value in entry.payload.items() if value not in (None, "", [], {})}
    text = json.dumps(shown, ensure_ascii=False) if shown else ""
    return text if len(text) <= 160 else text[:159] + "…"
