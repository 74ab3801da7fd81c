"""Assignments in the terminal: lists, one with everything, and why it stands where it stands."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tracker.terminal.board import name_of
from tracker.terminal.evidence import write_proofs
from tracker.terminal.history import entry_line
from tracker.terminal.life import extension_lines, late, owners, questions, times
from tracker.terminal.page import WIDE, heading, table
from tracker.terminal.reminders import reminder_table
from tracker.terminal.tokens import STANDINGS, token
from tracker.terminal.words import counted, day, minute
from tracker.views.rows import TaskRow
from tracker.views.tasks import Explanation, Peers, TaskList, TaskView


def show_list(view: TaskList, out: Console) -> None:
    """Write a list of assignments."""
    heading(out, "Tasks", view.stamp)
    out.print()
    if not view.tasks:
        out.print("No task fits.")
        return
    wide = out.width >= WIDE
    # the reference ends with the agency, so a narrow terminal needs no column for it
    columns = ("standing", "last day", "agency", "task", "why") if wide else ("standing", "last day", "task")
    made = table(*columns, whole=("standing", "last day", "agency"))
    for row in view.tasks:
        title = Text.assemble(name_of(row), "\n", (row.ref, "bright_black"))
        standing = token(STANDINGS, row.standing).text
        if wide:
            made.add_row(standing, day(row.last_day), row.agency, title, str(row.reason))
        else:
            made.add_row(standing, day(row.last_day), title)
    out.print(made)
    shown = counted(len(view.tasks), "task")
    out.print(f"the first {shown}; there are more (--limit)" if view.more else shown)


def show_task(view: TaskView, out: Console) -> None:
    """Write everything about one assignment."""
    row, zone = view.row, view.stamp.zone
    heading(out, row.ref, view.stamp)
    out.print()
    out.print(Text(name_of(row), style="bold"))
    facts = _facts()
    facts.add_row("standing", _standing(row))
    facts.add_row("agency", f"{row.agency}, {row.agency_name}")
    facts.add_row("directive", f"{row.number} of {view.issued}, {view.directive_title}")
    facts.add_row("last day", _last_day(view))
    facts.add_row("assigned", minute(view.assigned_at, zone))
    life = view.life
    for name, value in (*times(life, zone), *late(life), *questions(life, zone), *owners(life), *_optional(view)):
        facts.add_row(name, value)
    facts.add_row("next look", minute(view.next_moment, zone))
    facts.add_row("changed", f"entry {life.changed} (--seen {life.changed})")
    out.print(facts)
    extension_lines(life, out, zone)
    out.print()
    if view.proofs:
        out.print(Text(f"Evidence: {len(view.proofs)}", style="bold"))
        write_proofs(view.proofs, out)
        out.print()
    out.print(Text(f"Entries: {len(view.entries)}", style="bold"))
    for entry in view.entries:
        out.print(Padding(entry_line(entry, zone, with_assignment=False), (0, 0, 0, 2)))
    if view.reminders:
        out.print()
        out.print(reminder_table(view.reminders, zone, out, title=f"Reminders: {len(view.reminders)}"))


def show_explanation(view: Explanation, out: Console) -> None:
    """Write why one assignment stands where it stands."""
    row = view.row
    heading(out, row.ref, view.stamp)
    out.print()
    out.print(Text(name_of(row), style="bold"))
    out.print(_standing(row))
    out.print()
    out.print(Text("How the date was set", style="bold"))
    if view.rule is None:
        out.print("  the directive states none")
    else:
        printed = f', printed as "{view.words}"' if view.words else ""
        scope = " (the date stands in another sentence)" if view.scope == "inherited" else ""
        out.print(f"  the directive says: {view.rule}{printed}{scope}")
    for number, step in enumerate(view.deadline, 1):
        out.print(Padding(Text(f"{number}. {step}"), (0, 0, 0, 2), expand=False))
    if view.moved:
        out.print(f"  the date in force is another one: {day(row.last_day)}")
    _dates(view, out)
    _life(view, out)
    _lateness(view, out)
    _peers("Waits for", view.waits_for, out)
    _peers("Waited for by", view.waited_by, out)


def _dates(view: Explanation, out: Console) -> None:
    if not view.dates:
        return
    out.print()
    out.print(Text("The dates it had", style="bold"))
    first = view.row.first_day
    # a date that a task or an event set is itself the first
    if first != view.dates[0].last_day:
        out.print(f"  at first: {day(first)}")
    for one in view.dates:
        why = f", {one.why}" if one.why else ""
        since = f"since {minute(one.recorded_at, view.stamp.zone)} (entry {one.seq})"
        out.print(f"  {since}: {day(one.last_day)}{why}", markup=False)


def _life(view: Explanation, out: Console) -> None:
    life, zone = view.life, view.stamp.zone
    facts = _facts()
    for name, value in (*times(life, zone), *late(life), *questions(life, zone), *owners(life)):
        facts.add_row(name, value)
    if facts.row_count:
        out.print()
        out.print(facts)
    extension_lines(life, out, zone)


def _lateness(view: Explanation, out: Console) -> None:
    if not view.lateness:
        return
    out.print()
    out.print(Text("What the late days are charged to", style="bold"))
    for line in view.lateness:
        out.print(Padding(Text(str(line)), (0, 0, 0, 2), expand=False))


def _standing(row: TaskRow) -> Text:
    return Text.assemble(token(STANDINGS, row.standing).text, f" – {row.reason}")


def _last_day(view: TaskView) -> str:
    row = view.row
    if row.last_day is None:
        return "none was set"
    late = f", late from {minute(row.late_from, view.stamp.zone)}"
    first = f"; at first it was {day(row.first_day)}" if row.first_day != row.last_day else ""
    return day(row.last_day) + late + first


def _optional(view: TaskView) -> list[tuple[str, str]]:
    source = f"{view.source.source}, § {view.source.sentence}" if view.source else ""
    found = [
        ("waits for", ", ".join(view.row.waiting_for)),
        ("with", ", ".join(view.supporting)),
        ("deliverable", view.deliverable or ""),
        ("evidence", "required" if view.evidence_required else ""),
        ("read from", source),
        ("record", ", ".join(view.records)),
        ("note", view.note or ""),
    ]
    return [(name, value) for name, value in found if value]


def _facts() -> Table:
    made = Table.grid(padding=(0, 2))
    made.add_column(style="bright_black", no_wrap=True)
    made.add_column(overflow="fold")
    return made


def _peers(what: str, peers: Peers, out: Console) -> None:
    out.print()
    if not peers.rows:
        out.print(Text.assemble((what, "bold"), ": nobody"))
        return
    out.print(Text(f"{what}: {counted(peers.total, 'assignment')}", style="bold"))
    for row in peers.rows:
        mark = token(STANDINGS, row.standing)
        line = Text.assemble(f"{row.agency} – {row.title} (last day {day(row.last_day)}) ", mark.text)
        out.print(Padding(line, (0, 0, 0, 2)))
    if len(peers.rows) < peers.total:
        out.print(f"  and {peers.total - len(peers.rows):,} more")
