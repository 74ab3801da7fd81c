"""`tracker calendar`: the days off with their authority, counting days, and what another calendar would move."""

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.opened import opened, reading, reading_at, registry_at
from tracker.cli.options import Format, Known, Lang, Language, ReadAt, Shown
from tracker.cli.output import put
from tracker.domain.errors import Invalid

if TYPE_CHECKING:
    from tracker.domain.agency import Registry
    from tracker.operations import CalendarPlan, DayChange

app = typer.Typer(
    no_args_is_help=True, help="Working days: days off with their authority, counts, what a change moves."
)

AsKnown = Annotated[
    str | None,
    typer.Option("--as-known", metavar="DATE", help="As the public knew it on a day: later decisions are left out."),
]
MOVES_SHOWN = 40
MOST_DAYS = 9999


@app.command("show")
def show(
    ctx: typer.Context,
    period: Annotated[
        str | None, typer.Argument(metavar="[YEAR|MONTH]", help="2026 or 2026-01; by default this year.")
    ] = None,
    as_known: AsKnown = None,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    shown: Shown = Format.TEXT,
) -> None:
    """Show each day off and make-up day with its name, its authority, since when it is known, and how certain it is."""
    from tracker.terminal.calendar import show_calendar
    from tracker.views.calendar import calendar_days

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            name = period or f"{registry.calendar.civil_day(when.at):%Y}"
            first, last = _period(name)
            public = _day(as_known)
            found = calendar_days(
                connection,
                first,
                last,
                period=name,
                at=when.at,
                known=when.known,
                registry=registry,
                as_known=public,
                language=lang,
            )
    put(found, shown, show_calendar)


@app.command("count")
def count(
    ctx: typer.Context,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="The day before the first that is counted.")],
    days: Annotated[int | None, typer.Option("--days", min=1, max=MOST_DAYS, help="How many days to count.")] = None,
    working: Annotated[bool, typer.Option("--working", help="Count working days.")] = False,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Or the last day: how many lie between.")
    ] = None,
    as_known: AsKnown = None,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    shown: Shown = Format.TEXT,
) -> None:
    """Count days as the law counts a period, and name every day that is left out and on whose authority."""
    from tracker.domain.calendar import Span
    from tracker.terminal.calendar import show_count
    from tracker.views.calendar import count_between, count_span

    if (days is None) == (to is None):
        raise Invalid("say how far to count: --days N, or --to DATE")
    first, last, public = _a_day(start), _day(to), _day(as_known)
    if last is not None and not 0 <= (last - first).days <= MOST_DAYS:
        raise Invalid(f"{last} does not lie in the {MOST_DAYS:,} days after {first}")
    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            if last is not None:
                found = count_between(
                    connection,
                    first,
                    last,
                    at=when.at,
                    known=when.known,
                    registry=registry,
                    as_known=public,
                    language=lang,
                )
            else:
                span = Span(days or 1, "working days" if working else "days")
                found = count_span(
                    connection,
                    first,
                    span,
                    at=when.at,
                    known=when.known,
                    registry=registry,
                    as_known=public,
                    language=lang,
                )
    put(found, shown, show_count)


@app.command("plan")
def plan(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A registry folder, or a folder of directives with one.")
    ],
    at: ReadAt = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Show which days adopting this registry would add, change and take away, and which deadlines that moves."""
    from tracker.operations import plan_calendar
    from tracker.terminal.page import console, print_json

    registry = _registry(path)
    with opened(ctx) as store:
        found = plan_calendar(store, registry, at=reading_at(store, at))
    if shown is Format.JSON:
        print_json(calendar_document(found))
        return
    out = console()
    for line in calendar_lines(found) or ["the calendar is the one in force: nothing moves"]:
        out.print(line, markup=False, soft_wrap=True)


def calendar_lines(plan: "CalendarPlan", *, moves: int = MOVES_SHOWN) -> list[str]:
    """Return a plan in words: the days with their authority, then what moves; nothing for an empty plan."""
    from tracker.terminal.words import counted, day

    if plan.is_empty:
        return []
    lines = ["calendar:" if plan.changes_calendar else "calendar: unchanged"]
    lines += [f"  ~ {name}: {was} → {now}" for name, was, now in plan.settings]
    lines += [f"  {change.sign} {day(change.day)} {change.kind}: {_said(change)}" for change in plan.days]
    lines += [f"  ~ {m.ref}: last day {day(m.old)} → {day(m.new)} ({m.rule})" for m in plan.moves[:moves]]
    if len(plan.moves) > moves:
        lines.append(f"    and {counted(len(plan.moves) - moves, 'deadline')} more")
    told = counted(plan.reminders, "reminder")
    reckoned = counted(len(plan.reckoned), "other assignment")
    return [*lines, f"  {moves_in_words(plan)} · {told} to come shift · {reckoned} reckoned anew"]


def moves_in_words(plan: "CalendarPlan") -> str:
    """Return how many deadlines move, and by how much."""
    from tracker.terminal.words import counted

    by = Counter(move.days for move in plan.moves)
    if not by:
        return "no deadline moves"
    parts = []
    for days, number in sorted(by.items(), key=lambda one: (-one[1], one[0])):
        verb = "moves" if number == 1 else "move"
        parts.append(
            f"{counted(number, 'deadline')} {verb} by {counted(abs(days), 'day')}{'' if days >= 0 else ', earlier'}"
        )
    return "; ".join(parts)


def calendar_document(plan: "CalendarPlan") -> dict[str, Any]:
    """Return a plan as a JSON object."""
    from tracker.views.plain import plain

    return {
        "changes": not plan.is_empty,
        "days": [
            {
                "sign": change.sign,
                "kind": change.kind,
                "date": plain(change.day),
                "name": plain(change.authority.name),
                "authority": change.authority.source,
                "known_on": plain(change.authority.known_on),
                "certainty": change.authority.certainty,
            }
            for change in plan.days
        ],
        "settings": [{"name": name, "old": was, "new": now} for name, was, now in plan.settings],
        "moves": [
            {"ref": m.ref, "old": plain(m.old), "new": plain(m.new), "days": m.days, "rule": m.rule} for m in plan.moves
        ],
        "reminders": plan.reminders,
        "reckoned": list(plan.reckoned),
    }


def _said(change: "DayChange") -> str:
    why = change.authority.why().en
    if change.sign == "~" and change.old is not None:
        return f"{why}; it was: {change.old.why().en}"
    return why


def _registry(path: Path) -> "Registry":
    from tracker.cli import sources
    from tracker.cli.plans import put_findings
    from tracker.files.registry import read_registry

    folder = path if (path / "agencies.yaml").is_file() else sources.registry_folder(path)
    if folder is None:
        raise Invalid(f"no registry stands in, beside or above {path}", code="bad-registry")
    registry, findings = read_registry(folder)
    put_findings(findings, 0, Format.TEXT, out="stderr")
    if registry is None:
        raise Invalid(f"{folder} cannot be adopted", code="bad-registry")
    return registry


def _period(name: str) -> tuple[date, date]:
    """Return the first and the last day of a year or month."""
    if not re.fullmatch(r"(19|20|21)[0-9]{2}(-(0[1-9]|1[0-2]))?", name):
        raise Invalid(f"'{name}' is no year and no month: write 2026 or 2026-01")
    year, _, month = name.partition("-")
    first = date(int(year), int(month or 1), 1)
    after = date(first.year + 1, 1, 1) if not month or month == "12" else date(first.year, first.month + 1, 1)
    return first, after - timedelta(days=1)


def _day(text: str | None) -> date | None:
    return None if text is None else _a_day(text)


def _a_day(text: str) -> date:
    try:
        if re.fullmatch(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid(f"'{text}' is no day: write it as 2026-01-02")
