"""`tracker db`: migrations, copies, and the cache made again from the ledger."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli import copies
from tracker.cli.exits import INTEGRITY
from tracker.cli.opened import opened, settings_of
from tracker.cli.options import Format, Shown
from tracker.cli.output import put_result, working

if TYPE_CHECKING:
    from tracker.operations import Rebuilt

NAMED = 20

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The database below the store.")
app.command("backup")(copies.backup)
app.command("restore")(copies.restore)
app.command("reconcile")(copies.reconcile)


@app.command("upgrade")
def upgrade(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """Bring the store to this program's migrations."""
    from tracker.operations import upgrade as run

    with working("migrating…"):
        revision = run(settings_of(ctx).database_url)
    put_result({"revision": revision}, shown, f"the store is at migration {revision}")


@app.command("rebuild")
def rebuild(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Only compare; leave with 5 where a row differs.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="Where adopted files are that the store has lost.")
    ] = None,
    head: Annotated[
        bool, typer.Option("--head", help="The ledger was not cut: let its head name the end it has.")
    ] = False,
    shown: Shown = Format.TEXT,
) -> None:
    """Make every row that entries determine again from the entries, and put right what differs."""
    from tracker.operations import rebuild as run
    from tracker.operations.folder import documents_in
    from tracker.terminal.page import print_json

    documents = documents_in(folder) if folder else {}
    with opened(ctx) as store, working("rebuilding…"):
        found = run(store, keep=not check, documents=documents, head=head)
    if shown is Format.JSON:
        print_json(_document(found))
    else:
        _print(found)
    if found.lost or (check and found.differing):
        raise typer.Exit(INTEGRITY)


def _document(found: "Rebuilt") -> dict[str, Any]:
    from dataclasses import asdict

    from tracker.operations.rebuild import UNDETERMINED

    return {
        "entries": found.entries,
        "kept": found.kept,
        "differing": list(found.differing),
        "lost": list(found.lost),
        "tables": [asdict(one) for one in found.tables],
        "undetermined": [{"what": what, "why": why} for what, why in UNDETERMINED],
    }


def _print(found: "Rebuilt") -> None:
    """Write a line a table, the rows that differ, and what no entry says."""
    from tracker.operations.rebuild import UNDETERMINED

    for one in found.tables:
        print(f"{one.table:<12}{one.rows:>10,} rows{len(one.differing):>8,} differ")
    right = "put right" if found.kept else "differs"
    for key in found.differing[:NAMED]:
        print(f"  {'cannot be put right' if key in found.lost else right}: {key}")
    if len(found.differing) > NAMED:
        print(f"  … and {len(found.differing) - NAMED:,} more (--format json)")
    rows, differing = sum(one.rows for one in found.tables), len(found.differing)
    done = "differed and were put right" if found.kept else "differ"
    print(f"{rows:,} rows from {found.entries:,} entries: {differing - len(found.lost):,} {done}", end="")
    print(f", {len(found.lost):,} cannot be put right" if found.lost else "")
    print("not in the ledger, and so not compared:")
    for what, why in UNDETERMINED:
        print(f"  {what}: {why}")
