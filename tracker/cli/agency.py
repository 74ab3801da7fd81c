"""`tracker agency`: agencies that end, and who goes on with what they owed."""

from typing import Annotated

import typer

from tracker.cli.opened import opened, reading_at, writing_at
from tracker.cli.options import As, Format, ReadAt, Shown, WriteAt, actor
from tracker.cli.output import put_result

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Agencies that end, and who goes on with what they owed.",
)


@app.command("ended")
def list_ended(ctx: typer.Context, at: ReadAt = None, shown: Shown = Format.TEXT) -> None:
    """List agencies that exist no more and still owe something, with who seems to follow them."""
    from tracker.operations.agencies import ended
    from tracker.operations.recording import registry_in_force
    from tracker.terminal.page import console, print_json, table
    from tracker.terminal.words import day
    from tracker.views.plain import plain

    with opened(ctx) as store:
        when = reading_at(store, at)
        with store.read() as connection:
            registry = registry_in_force(connection)
            found = ended(connection, registry, on=registry.calendar.civil_day(when))
    if shown is Format.JSON:
        print_json({"agencies": plain(found)})
        return
    made = table("agency", "ended on", "open tasks", "followed by", right=("open tasks",))
    for one in found:
        made.add_row(one.code, day(one.valid_to), f"{one.open:,}", ", ".join(one.heirs) or "?")
    console().print(made if found else "Every agency that owes something exists.")


@app.command("hand-on")
def hand_on_one(
    ctx: typer.Context,
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="The agency that ends.")],
    successor: Annotated[str, typer.Argument(metavar="SUCCESSOR", help="The agency that goes on with its tasks.")],
    instrument: Annotated[str, typer.Option("--instrument", help="What ordered it: a decree, a resolution.")],
    tasks: Annotated[
        list[str] | None, typer.Option("--task", metavar="KEY", help="Only this task; may be given again.")
    ] = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Hand on the open tasks of an agency; what it completed stays its own."""
    from tracker.operations.agencies import hand_on

    with opened(ctx) as store:
        when = writing_at(store, at)
        done = hand_on(store, agency, successor, at=when, actor=actor(by), instrument=instrument, tasks=tasks or None)
    result = {"agency": agency, "successor": successor, "pairs": done.pairs, "merged": done.merged}
    words = f"{successor} goes on with {len(done.pairs):,} tasks of {agency}"
    words += f"; {len(done.merged):,} it owed itself" if done.merged else ""
    put_result(result, shown, words)
