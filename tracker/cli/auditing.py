"""`tracker history export`, `sample`, `diff`, `deadlines` and `patterns`: the auditor's commands."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.opened import opened, reading, reading_at, registry_at, settings_of
from tracker.cli.options import ZONE, Format, Limit, ReadAt, Shown, instant
from tracker.cli.output import put, put_result, working
from tracker.cli.task import CellName

if TYPE_CHECKING:
    from tracker.operations.exporting import Exported
    from tracker.views.changes import Filter

Agency = Annotated[str | None, typer.Option("--agency", help="Only what one agency owes, by its code.")]
Of = Annotated[str | None, typer.Option("--directive", help="Only one directive, by its key.")]
Since = Annotated[str | None, typer.Option("--since", metavar="INSTANT", help="Recorded at or after this.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to `tracker history`."""
    for command in (export, sample, diff, deadlines, patterns):
        app.command(command.__name__)(command)


def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there yet.")],
    evidence: Annotated[bool, typer.Option("--evidence", help="Put the files of evidence in, too.")] = False,
    at: ReadAt = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Write everything recorded up to an instant into a folder that anybody can check without this program.

    It is a BagIt bag: entries, seals, keys, lists for people, provenance, and the verifier. It holds all
    there is, of every agency: hand it on as you would the ledger.
    """
    from tracker.operations.evidence import evidence_folder
    from tracker.operations.exporting import export as write

    with opened(ctx) as store, working("writing the export…"):
        files = evidence_folder(settings_of(ctx)) if evidence else None
        found = write(store, folder, at=reading_at(store, at), evidence=files)
    result = {
        "folder": str(found.folder),
        "as_of": found.as_of.isoformat().replace("+00:00", "Z"),
        "rehearsal": found.rehearsal,
        "entries": found.entries,
        "head": found.head,
        "seals": found.seals,
        "sealed": found.sealed,
        "keys": found.keys,
        "evidence": found.evidence,
        "lost": list(found.lost),
        "disagreeing": found.disagreeing,
        "bytes": found.bytes,
    }
    put_result(result, shown, _told(found))


def sample(
    ctx: typer.Context,
    size: Annotated[int, typer.Option("--size", min=1, help="How many to draw.")],
    seed: Annotated[str, typer.Option("--seed", help="Any text; choose it before you see the population.")],
    entries: Annotated[bool, typer.Option("--entries", help="Draw entries instead of assignments.")] = False,
    agency: Agency = None,
    directive: Of = None,
    cell: Annotated[CellName | None, typer.Option("--cell", help="Only assignments in one of the six cells.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="With --entries: only one kind.")] = None,
    who: Annotated[str | None, typer.Option("--actor", help="With --entries: only those of one actor.")] = None,
    since: Since = None,
    at: ReadAt = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Draw a sample that anyone can draw again: the smallest of sha256(seed, newline, reference)."""
    from tracker.domain.errors import Invalid
    from tracker.domain.standing import Cell
    from tracker.terminal.changes import show_sample
    from tracker.views.samples import sample_of_assignments, sample_of_entries

    if entries and (agency or directive or cell):
        raise Invalid("--agency, --directive and --cell choose assignments: leave --entries away")
    if not entries and (kind or who or since):
        raise Invalid("--kind, --actor and --since choose entries: add --entries")
    with opened(ctx) as store:
        when = reading_at(store, at)
        with store.read() as connection, working("drawing…"):
            if entries:
                after = instant(since) if since else None
                found = sample_of_entries(
                    connection, at=when, zone=ZONE, size=size, seed=seed, kind=kind, actor=who, since=after
                )
            else:
                registry, wanted = registry_at(connection, when), _filter(agency, directive)
                found = sample_of_assignments(
                    connection,
                    at=when,
                    registry=registry,
                    size=size,
                    seed=seed,
                    wanted=wanted,
                    cell=Cell(cell) if cell else None,
                )
    put(found, shown, show_sample)


def diff(
    ctx: typer.Context,
    start: Annotated[str, typer.Option("--from", metavar="INSTANT", help="The earlier instant.")],
    to: Annotated[str | None, typer.Option("--to", metavar="INSTANT", help="The later one; now by default.")] = None,
    agency: Agency = None,
    directive: Of = None,
    limit: Limit = 20,
    shown: Shown = Format.TEXT,
) -> None:
    """Show what changed between two instants: new, moved from cell to cell, dates changed, closed out."""
    from tracker.cli.summary import registry_of
    from tracker.terminal.changes import show_difference
    from tracker.views.changes import difference

    with opened(ctx) as store:
        ends = reading(store, start, None), reading(store, to, None)
        with store.read() as connection, working("reading the ledger…"):
            registries = partial(registry_of, connection)
            found = difference(connection, *ends, registries=registries, wanted=_filter(agency, directive))
    put(found, shown, partial(show_difference, limit=limit))


def deadlines(
    ctx: typer.Context,
    agency: Agency = None,
    directive: Of = None,
    since: Since = None,
    at: ReadAt = None,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """Show every changed date: the old one, the new one, why, on what instrument, by whom and when."""
    from tracker.terminal.changes import show_deadlines
    from tracker.views.changes import deadlines as view

    with opened(ctx) as store:
        when = reading_at(store, at)
        with store.read() as connection, working("reading the ledger…"):
            after = instant(since) if since else None
            found = view(connection, at=when, zone=ZONE, since=after, wanted=_filter(agency, directive))
    put(found, shown, partial(show_deadlines, limit=limit))


def patterns(
    ctx: typer.Context,
    report: Annotated[
        list[str] | None, typer.Option("--report", metavar="DAY", help="A day figures were handed in; may be repeated.")
    ] = None,
    agency: Agency = None,
    directive: Of = None,
    since: Since = None,
    at: ReadAt = None,
    limit: Limit = 20,
    shown: Shown = Format.TEXT,
) -> None:
    """Show patterns worth a look: bursts of closings, serial extensions, dates moved after expiry, quick acceptances.

    None of them says that anything is wrong. Each prints its rule, its numbers and its assignments.
    """
    from tracker.terminal.changes import show_patterns
    from tracker.views.changes import patterns as view

    days = [_day(text) for text in report or ()]
    with opened(ctx) as store:
        when = reading_at(store, at)
        with store.read() as connection, working("reading the ledger…"):
            after = instant(since) if since else None
            wanted = _filter(agency, directive)
            found = view(connection, at=when, zone=ZONE, since=after, reports=days, wanted=wanted)
    put(found, shown, partial(show_patterns, limit=limit))


def _filter(agency: str | None, directive: str | None) -> "Filter":
    from tracker.views.changes import Filter

    return Filter(agency=agency, directive=directive)


def _day(text: str) -> date:
    from tracker.domain.errors import Invalid

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"'{text}' is no day: write 2025-12-31") from None


def _told(found: "Exported") -> str:
    """Return what was exported, for people: what is in it, what is missing, and how to check it."""
    lines = [
        f"{found.entries:,} entries, {found.seals:,} seals, {found.evidence:,} files of evidence in {found.folder}",
        f"the ledger ends there with entry {found.entries:,}, {found.head}",
        f"check it: python {found.folder}/data/verify.py bag {found.folder} --seal A-SEAL-YOU-HOLD",
    ]
    if found.rehearsal:
        lines.append("this is a rehearsal: nothing in it is an official record")
    if found.sealed < found.entries:
        lines.append(f"the last {found.entries - found.sealed:,} entries are under no seal yet")
    lines += [f"evidence is lost or spoilt: {digest}" for digest in found.lost]
    if found.disagreeing:
        lines.append(
            f"the columns of {found.disagreeing:,} entries differ from their text: run 'tracker history verify'"
        )
    return "\n".join(lines)
