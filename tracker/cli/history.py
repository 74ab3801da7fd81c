"""`tracker history`: the entries, and whether they hold."""

from typing import Annotated

import typer

from tracker.cli import auditing, proof, watch
from tracker.cli.opened import opened, reading
from tracker.cli.options import ZONE, Format, Known, Limit, ReadAt, Shown, instant
from tracker.cli.output import put

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The ledger: every recorded fact, never edited.")


@app.command("show")
def show(
    ctx: typer.Context,
    ref: Annotated[str | None, typer.Argument(metavar="[REF]", help="Only the entries of one assignment.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only one kind: assigned, submitted, delivery …")] = None,
    who: Annotated[str | None, typer.Option("--actor", help="Only those of one actor.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="INSTANT", help="Recorded at or after this.")] = None,
    at: ReadAt = None,
    known: Known = None,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """Show entries, the newest first."""
    from tracker.terminal.history import show_history
    from tracker.views import history, resolve

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            found = history(
                connection,
                at=when.at,
                known=when.known,
                zone=ZONE,
                assignment=resolve(connection, ref) if ref else None,
                kind=kind,
                actor=who,
                since=instant(since) if since else None,
                limit=limit,
            )
    put(found, shown, show_history)


app.command("seal")(proof.seal)
app.command("verify")(proof.verify)
app.command("proof")(proof.proof)
app.command("watch")(watch.watch)
auditing.add_to(app)
