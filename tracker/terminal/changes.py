"""What changed, what is worth a look, and samples, in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from tracker.domain.bridge import Movement
from tracker.domain.changes import DateChange
from tracker.domain.standing import Cell
from tracker.terminal.page import as_of, heading, table
from tracker.terminal.tokens import CELLS
from tracker.terminal.words import counted, minute
from tracker.views.changes import DateChanges, Difference, PatternList
from tracker.views.samples import SampleView


def show_deadlines(view: DateChanges, out: Console, *, limit: int = 50) -> None:
    """Write every changed date with its reason, the latest last."""
    heading(out, "Changed dates", view.stamp)
    out.print()
    _date_changes(view.changes[-limit:], out, view.stamp.zone)
    left = len(view.changes) - min(limit, len(view.changes))
    out.print(
        counted(len(view.changes), "changed date") + (f"; the {limit} latest are shown (--limit)" if left else "")
    )


def show_difference(view: Difference, out: Console, *, limit: int = 20) -> None:
    """Write what became different between two instants, each part with its assignments."""
    heading(out, "Changes", view.stamp)
    since = view.since
    out.print(f"since {as_of(since.as_of, since.known_at, since.zone)} · ledger {since.seq} · {since.head[:4]}…")
    for title, movements in (("New", view.new), ("Moved", view.moved), ("No longer there", view.left)):
        for movement in movements:
            out.print()
            out.print(Text(f"{title}: {_ends(movement)}: {counted(len(movement.refs), 'assignment')}", "bold"))
            _refs(movement.refs, out, limit)
    out.print()
    out.print(Text(f"Dates changed: {len(view.deadlines)}", "bold"))
    _date_changes(view.deadlines[:limit], out, view.stamp.zone)
    if len(view.deadlines) > limit:
        out.print(f"  … and {len(view.deadlines) - limit:,} more (--limit)")
    out.print()
    out.print(Text(f"Closed out: {len(view.closed_out)}", "bold"))
    for closed in view.closed_out[:limit]:
        why = f": {closed.why}" if closed.why else ""
        out.print(f"  {closed.ref} {closed.kind} by {closed.actor} (entry {closed.seq}){why}", markup=False)
    if len(view.closed_out) > limit:
        out.print(f"  … and {len(view.closed_out) - limit:,} more (--limit)")


def show_patterns(view: PatternList, out: Console, *, limit: int = 20) -> None:
    """Write what is worth a look under each rule, with the rule; and which rules found nothing."""
    heading(out, "Worth a look", view.stamp)
    out.print("none of this says that anything is wrong: each is a rule, its numbers, and where to look")
    for rule, words in view.rules.items():
        found = [pattern for pattern in view.patterns if pattern.rule == rule]
        out.print()
        out.print(Text.assemble((f"{rule}: {len(found)}", "bold"), f"  ({words})"))
        if rule == "closing-before-report" and not view.reports:
            out.print("  not asked: name the days of reports with --report")
        for pattern in found[:limit]:
            out.print(f"  {pattern.sentence}", markup=False)
            if len(pattern.refs) > 1:
                _refs(pattern.refs, out, limit, indent="    ")
        if len(found) > limit:
            out.print(f"  … and {len(found) - limit:,} more (--limit)")


def show_sample(view: SampleView, out: Console) -> None:
    """Write a sample, and what is needed to draw it again."""
    heading(out, f"Sample of {view.of}", view.stamp)
    said = ", ".join(f"{name} {value}" for name, value in view.filters.items())
    out.print(f"{len(view.drawn):,} of {view.population:,}{f' ({said})' if said else ''}", markup=False)
    out.print(f"seed {view.seed}", markup=False, soft_wrap=True)
    out.print(f"population {view.fingerprint}", soft_wrap=True)
    out.print(view.algorithm)
    out.print()
    made = table("rank", view.of[:-3] + "y" if view.of == "entries" else "assignment", "what", whole=("rank",))
    for drawn in view.drawn:
        about = " · ".join(dict.fromkeys(str(each) for name, each in drawn.about.items() if each and name != "hash"))
        made.add_row(f"{drawn.rank[:12]}…", Text(drawn.ref), Text(about))
    out.print(made)


def _date_changes(changes: Sequence[DateChange], out: Console, zone: str) -> None:
    for change in changes:
        moved = f"{change.old or 'no date'} → {change.new or 'no date'}"
        mark = " after it had passed" if change.expired else ""
        by = f" on {change.instrument}" if change.instrument else ""
        when = minute(change.recorded_at, zone)
        head = Text.assemble(("  " + moved, "bold"), f"{mark}  {change.ref}")
        out.print(head, soft_wrap=True)
        why = f": {change.why}" if change.why else ""
        told = f"    {change.kind} by {change.actor}, {when} (entry {change.seq}){by}{why}"
        out.print(Text(told, "bright_black"), soft_wrap=True)


def _ends(movement: Movement) -> str:
    origin, target = movement.origin, movement.target
    if origin is None or target is None:
        cell: Cell | None = origin or target
        return str(CELLS[cell].text) if cell else ""
    return f"{CELLS[origin].text} → {CELLS[target].text}"


def _refs(refs: Sequence[str], out: Console, limit: int, *, indent: str = "  ") -> None:
    for ref in refs[:limit]:
        out.print(f"{indent}{ref}", markup=False, soft_wrap=True)
    if len(refs) > limit:
        out.print(f"{indent}… and {len(refs) - limit:,} more (--limit)")
