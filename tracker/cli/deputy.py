"""`tracker deputy`: which office covers for which while that one is absent."""

from typing import Annotated

import typer

from tracker.cli.moves import Why
from tracker.cli.opened import opened, reading, registry_at, writing_at
from tracker.cli.options import As, Format, Known, ReadAt, Shown, WriteAt, actor, day_of
from tracker.cli.output import put, put_result

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Offices that cover for others in an absence: they act and are reminded too; the lead stays answerable.",
)


@app.command("name")
def name(
    ctx: typer.Context,
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="Who is absent.")],
    deputy: Annotated[str, typer.Argument(metavar="DEPUTY", help="The office that covers for it.")],
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day.")],
    last: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day.")],
    why: Why,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Name the office that covers for an agency from one day to another, both included."""
    from tracker.operations.deputies import name_deputy
    from tracker.views.plain import plain

    days = day_of(first), day_of(last)
    with opened(ctx) as store:
        when = writing_at(store, at)
        named = name_deputy(store, agency, deputy, first=days[0], last=days[1], at=when, actor=actor(by), why=why)
    words = f"{deputy} covers for {agency} from {named.from_day} until {named.until_day} (entry {named.seq})"
    put_result({"entry": named.seq, **plain(named)}, shown, words)


@app.command("end")
def end(
    ctx: typer.Context,
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="The entry that named the deputy.")],
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Let a deputy cover no longer, from now on; what was not sent to it yet is not sent any more."""
    from tracker.operations.deputies import end_deputy
    from tracker.views.plain import plain

    with opened(ctx) as store:
        when = writing_at(store, at)
        ended = end_deputy(store, entry, at=when, actor=actor(by))
    put_result(plain(ended), shown, f"{ended.deputy} covers for {ended.agency} no longer")


@app.command("list")
def list_deputies(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Those whose time is over too.")] = False,
    at: ReadAt = None,
    known: Known = None,
    shown: Shown = Format.TEXT,
) -> None:
    """List deputies by agency: those who cover at present or will."""
    from tracker.terminal.life import show_deputies
    from tracker.views.life import deputy_list

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            found = deputy_list(connection, at=when.at, known=when.known, registry=registry, over=all_)
    put(found, shown, show_deputies)
