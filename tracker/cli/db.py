"""`tracker db`: migrations, and the cache made again from the ledger."""

from typing import Annotated

import typer

from tracker.cli.exits import INTEGRITY
from tracker.cli.opened import opened, settings_of
from tracker.cli.options import Format, Shown
from tracker.cli.output import put_result, working

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The database below the store.")


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
    shown: Shown = Format.TEXT,
) -> None:
    """Make every row that entries determine again from the entries, and put right what differs."""
    from tracker.operations import rebuild as run

    with opened(ctx) as store, working("rebuilding…"):
        found = run(store, keep=not check)
    differing = len(found.differing)
    done = "differ from the ledger" if check else "differed from the ledger and were put right"
    result = {"assignments": found.assignments, "differing": list(found.differing), "kept": not check}
    put_result(result, shown, f"{found.assignments:,} assignments, {differing:,} {done}")
    if check and differing:
        raise typer.Exit(INTEGRITY)
