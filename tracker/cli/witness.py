"""`tracker witness`: places outside that hold seals."""

from typing import Annotated

import typer

from tracker.cli.opened import opened, writing_at
from tracker.cli.options import As, Format, Shown, WriteAt, actor
from tracker.cli.output import put_result

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Places outside that hold seals: whoever rewrites the ledger cannot rewrite those.",
)

Where = Annotated[
    str,
    typer.Argument(
        metavar="PLACE", help="folder:PATH, git:PATH (a clone with a remote 'origin'), name@host, or a URL."
    ),
]


@app.command("add")
def add(ctx: typer.Context, place: Where, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Name a place that gets later seals: a folder and a repository every one, a mailbox one an hour at most."""
    from tracker.operations.witnessing import add_witness

    with opened(ctx) as store:
        known = add_witness(store, place, at=writing_at(store, at), actor=actor(by))
    put_result({"place": known}, shown, f"{known} gets the seals from now on")


@app.command("remove")
def remove(ctx: typer.Context, place: Where, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Push nothing to a place from now on; what it holds stays there."""
    from tracker.operations.witnessing import remove_witness

    with opened(ctx) as store:
        known = remove_witness(store, place, at=writing_at(store, at), actor=actor(by))
    put_result({"place": known}, shown, f"{known} gets no more seals")


@app.command("list")
def list_all(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """List the places, with the last seal each holds, and why not a later one."""
    from tracker.operations.witnessing import public_place, witnesses
    from tracker.terminal.page import console, print_json, table
    from tracker.views.plain import plain

    with opened(ctx) as store:
        found, end = witnesses(store), store.position()
    if shown is Format.JSON:
        rows = [
            {
                "place": public_place(one.place),
                "size": one.size,
                "pushed_at": plain(one.pushed_at),
                "tried_at": plain(one.tried_at),
                "why": one.why,
            }
            for one in found
        ]
        print_json({"seq": end.seq, "head": end.hash, "witnesses": rows})
        return
    made = table("place", "holds", "since", "why not a later one")
    for one in found:
        since = plain(one.pushed_at) if one.pushed_at else ""
        made.add_row(
            public_place(one.place), f"{one.size:,} entries" if one.size else "nothing", str(since), one.why or ""
        )
    console().print(made if found else "No place is named; name one with: tracker witness add PLACE")
