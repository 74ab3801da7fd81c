"""The summary in the terminal: the cells with where they come from, every rate with its formula, who and what."""

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from tracker.domain.bridge import Bridge, Movement
from tracker.domain.cells import Cells
from tracker.domain.standing import Cell
from tracker.terminal.board import sum_line
from tracker.terminal.page import WIDE, as_of, heading, table
from tracker.terminal.tokens import CELLS
from tracker.terminal.words import counted
from tracker.views.rerun import Verdict
from tracker.views.summary import Group, Summary

RATES: Mapping[str, str] = {
    "on_time_of_completed": "on time, of all completed",
    "on_time_of_due": "on time, of all completed or overdue",
    "completion": "completed, of all not closed out",
    "overdue_of_open": "overdue, of all open",
    "closed_out": "closed out, of all",
}
_SHORT = ("on time", "late", "open", "overdue", "undated", "closed")


def show(
    summary: Summary, fingerprint: str, out: Console, *, names: Mapping[str, str] | None = None, limit: int = 20
) -> None:
    """Write a summary; `names` are those of agencies and directives by code and key, `limit` cuts the lists."""
    heading(out, _what(summary), summary.stamp)
    if summary.since is not None:
        since = summary.since
        told = as_of(since.as_of, since.known_at, since.zone)
        out.print(f"from {told} · ledger {since.seq} · {since.head[:4]}…")
    out.print()
    if summary.bridge is None:
        out.print(sum_line(summary.cells))
    else:
        _bridge(summary.bridge, out)
    out.print()
    _rates(summary.cells, out)
    _groups("agency", summary.agencies, names or {}, out, limit)
    _groups("directive", summary.directives, names or {}, out, limit)
    if summary.bridge is not None:
        _movements(summary.bridge, out, limit)
    out.print()
    out.print(f"fingerprint {fingerprint}", soft_wrap=True)


def show_verdict(verdict: Verdict, out: Console) -> None:
    """Write whether a report holds, and if not why, line by line."""
    if verdict.holds:
        out.print(
            f"✓ the report holds: fingerprint {verdict.fingerprint}, and made again it is the same", soft_wrap=True
        )
        return
    out.print("✗ the report does not hold:", soft_wrap=True)
    for sentence in verdict.wrong:
        out.print(f"  {sentence}", soft_wrap=True, markup=False)


def _what(summary: Summary) -> str:
    asked = summary.asked
    agency = f" of {asked.agency}{' and those below' if asked.below else ''}" if asked.agency else ""
    return f"Summary{agency}{f' for {asked.directive}' if asked.directive else ''}"


def _bridge(bridge: Bridge, out: Console) -> None:
    heads = ("opening", "+ new", "+ come", "− gone", "− left", "= closing")
    made = table("", *heads, right=heads)
    for cell in Cell:
        line = bridge.line(cell)
        made.add_row(CELLS[cell].text, *_numbers(line.opening, line.new, line.come, line.gone, line.left, line.closing))
    all_of = bridge.total
    made.add_section()
    made.add_row(
        Text("all", "bold"),
        *_numbers(all_of.opening, all_of.new, all_of.come, all_of.gone, all_of.left, all_of.closing),
    )
    out.print(made)


def _numbers(*numbers: int) -> list[str]:
    return [f"{number:,}" for number in numbers]


def _rates(cells: Cells, out: Console) -> None:
    for name, rate in cells.rates.items():
        out.print(f"{RATES[name]}: {rate}", soft_wrap=True)


def _groups(what: str, groups: tuple[Group, ...], names: Mapping[str, str], out: Console, limit: int) -> None:
    out.print()
    wide = out.width >= WIDE
    # a narrow terminal leaves the share out, which the cells beside it give; no figure is ever cut
    heads = [*_SHORT, "all", *(["on time of due"] if wide else [])]
    made = table(what, *(["name"] if wide else []), *heads, right=tuple(heads), whole=(what,), gap=3 if wide else 2)
    # the ones with most overdue first: the list is cut
    order = sorted(groups, key=lambda one: (-one.cells.open_overdue, -one.cells.total, one.key))
    for one in order[:limit]:
        rate = one.cells.on_time_rate
        share = f"{rate.numerator:,} of {rate.denominator:,}" + (f" ({rate.printed} %)" if rate.printed else "")
        numbers = _numbers(*(one.cells[cell] for cell in Cell), one.cells.total)
        made.add_row(one.key, *([names.get(one.key, "")] if wide else []), *numbers, *([share] if wide else []))
    out.print(made if groups else f"no {what} owes anything here")
    if len(groups) > limit:
        many = counted(len(groups) - limit, what, "agencies" if what == "agency" else None)
        out.print(f"and {many} more: --format json has them all")


def _movements(bridge: Bridge, out: Console, limit: int) -> None:
    out.print()
    if not bridge.movements:
        out.print("Nothing moved.")
    for movement in bridge.movements:
        out.print(Text(f"{moved(movement)}: {counted(len(movement.refs), 'assignment')}", "bold"))
        for ref in movement.refs[:limit]:
            out.print(f"  {ref}", markup=False, soft_wrap=True)
        if len(movement.refs) > limit:
            out.print(f"  and {len(movement.refs) - limit:,} more: --format json has them all")


def moved(movement: Movement) -> str:
    """Return from where to where a movement went, in words.

    >>> moved(Movement(None, Cell.IN_TIME, ("a/b/BNV",))), moved(Movement(Cell.IN_TIME, Cell.LATE, ("a/b/BNV",)))
    ('new → open, in time', 'open, in time → completed late')
    """
    origin = CELLS[movement.origin].word if movement.origin else "new"
    target = CELLS[movement.target].word if movement.target else "left"
    return f"{origin} → {target}"
