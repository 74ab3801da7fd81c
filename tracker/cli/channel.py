"""`tracker channel`: where agencies are reached."""

from typing import Annotated

import typer

from tracker.cli.opened import opened, writing_at
from tracker.cli.options import As, Format, Language, Shown, WriteAt, actor
from tracker.cli.output import put_result

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Where agencies are reached.",
)

Agency = Annotated[str, typer.Argument(metavar="AGENCY", help="The agency's code.")]
Name = Annotated[str, typer.Option("--name", help="The channel's own name; one agency may have several.")]


@app.command("list")
def list_channels(
    ctx: typer.Context,
    agency: Annotated[str | None, typer.Argument(metavar="[AGENCY]", help="Only those of one agency.")] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """List channels. Of an address that may hold a secret only its kind is shown."""
    from tracker.operations.channels import public_address
    from tracker.terminal.page import console, print_json, table
    from tracker.views import channel_list

    with opened(ctx) as store, store.read() as connection:
        found, end = channel_list(connection, agency), store.position()
    rows = [(c.agency, c.name, public_address(c.address), c.language or "") for c in found]
    if shown is Format.JSON:
        keys = ("agency", "channel", "address", "language")
        channels = [dict(zip(keys, row, strict=True)) for row in rows]
        print_json({"seq": end.seq, "head": end.hash, "channels": channels})
        return
    made = table("agency", "channel", "address", "language")
    for row in rows:
        made.add_row(*row)
    console().print(made if rows else "No channel is set; set one with: tracker channel set AGENCY ADDRESS")


@app.command("set")
def set_one(
    ctx: typer.Context,
    agency: Agency,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="name@host, or an Apprise URL.")],
    name: Name = "mail",
    language: Annotated[Language | None, typer.Option("--language", help="Else the agency's own.")] = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Set where an agency is reached; the same name replaces the address it had."""
    from tracker.operations import set_channel
    from tracker.operations.channels import public_address
    from tracker.views import Channel

    with opened(ctx) as store:
        channel = Channel(agency=agency, name=name, address=address, language=language.value if language else None)
        set_channel(store, [channel], at=writing_at(store, at), actor=actor(by))
    result = {"agency": agency, "channel": name, "address": public_address(address)}
    put_result(result, shown, f"{agency} is reached at {public_address(address)} (channel '{name}')")


@app.command("remove")
def remove(
    ctx: typer.Context,
    agency: Agency,
    name: Name = "mail",
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Forget a channel of an agency."""
    from tracker.operations import remove_channel

    with opened(ctx) as store:
        remove_channel(store, agency, name, at=writing_at(store, at), actor=actor(by))
    put_result({"agency": agency, "channel": name}, shown, f"{agency} is no longer reached by channel '{name}'")
