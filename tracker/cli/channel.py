"""`tracker channel`: where agencies are reached."""

from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.exits import FAILED, say
from tracker.cli.opened import common_of, opened, settings_of, writing_at
from tracker.cli.options import As, Format, Language, Shown, WriteAt, actor
from tracker.cli.output import put_result

if TYPE_CHECKING:
    from tracker.views import Channel

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Where agencies are reached.",
)

Agency = Annotated[str, typer.Argument(metavar="AGENCY", help="The agency's code.")]
Name = Annotated[str, typer.Option("--name", help="The channel's own name; one agency may have several.")]
BECAME = {
    "accepted": "taken",
    "temporary": "not taken this time; a reminder would be tried again",
    "permanent": "refused for good; a reminder would fail: set the channel again",
    "unknown": "sent, and no answer came; a reminder would be sent again, known as the same",
}


@app.command("list")
def list_channels(
    ctx: typer.Context,
    agency: Annotated[str | None, typer.Argument(metavar="[AGENCY]", help="Only those of one agency.")] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """List channels. Of what may hold a secret only the kind and the host are shown."""
    from tracker.operations.channels import public_address
    from tracker.terminal.page import console, print_json, table
    from tracker.views import channel_list

    with opened(ctx) as store, store.read() as connection:
        found, end = channel_list(connection, agency), store.position()
    keys = ("agency", "channel", "kind", "address", "language", "secret")
    rows = [(c.agency, c.name, c.kind, public_address(c.address), c.language or "", _kept(c)) for c in found]
    if shown is Format.JSON:
        channels = [dict(zip(keys, row, strict=True)) for row in rows]
        print_json({"seq": end.seq, "head": end.hash, "channels": channels})
        return
    made = table(*keys)
    for row in rows:
        made.add_row(*row)
    console().print(made if rows else "No channel is set; set one with: tracker channel set AGENCY ADDRESS")


def _kept(channel: "Channel") -> str:
    if channel.secret is not None:
        return "sealed"
    return "in clear" if "://" in channel.address else "none"


@app.command("kinds")
def kinds(shown: Shown = Format.TEXT) -> None:
    """List the kinds of channels and the fields of each."""
    from tracker.operations.kinds import KINDS
    from tracker.terminal.page import console, print_json, table

    rows = [(kind, field) for kind in KINDS.values() for field in kind.fields]
    if shown is Format.JSON:
        keys = ("name", "says", "secret", "optional")
        said = {
            kind.name: {"says": kind.says, "fields": [{key: getattr(one, key) for key in keys} for one in kind.fields]}
            for kind in KINDS.values()
        }
        print_json(said)
        return
    made = table("kind", "field", "", "what it is")
    for kind, field in rows:
        first = field is kind.fields[0]
        marks = ", ".join(word for word, on in (("secret", field.secret), ("optional", field.optional)) if on)
        made.add_row(kind.name if first else "", field.name, marks, field.says)
    console().print(made)


@app.command("set")
def set_one(
    ctx: typer.Context,
    agency: Agency,
    address: Annotated[str | None, typer.Argument(metavar="[ADDRESS]", help="name@host, of a mailbox.")] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The channel's own name; by default that of its kind.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", "-k", help="See: tracker channel kinds.")] = "mail",
    field: Annotated[
        list[str] | None, typer.Option("--field", metavar="NAME=VALUE", help="A field; may be repeated. No secrets.")
    ] = None,
    secret_file: Annotated[
        list[str] | None,
        typer.Option(
            "--secret-file",
            metavar="[NAME=]FILE",
            help="A file with a secret field, - for stdin; may be repeated. Else you are asked.",
        ),
    ] = None,
    language: Annotated[Language | None, typer.Option("--language", help="Else the agency's own.")] = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Set where an agency is reached; the same name replaces what it had.

    Secrets never stand on the command line, where every user of the machine can read them.
    """
    from tracker.cli.fields import asked, filled
    from tracker.operations.channels import set_service
    from tracker.views import Channel

    given = [*(field or ()), *([f"address={address}"] if address is not None else ())]
    with opened(ctx) as store:
        fields = filled(kind, given, secret_file or ())
        instant = writing_at(store, at)
        fields |= asked(kind, fields, ask=not common_of(ctx).no_input)
        wanted = Channel(
            agency=agency,
            name=name or kind,
            address="",
            language=language.value if language else None,
            kind=kind,
        )
        made = set_service(store, wanted, fields, settings=settings_of(ctx), at=instant, actor=actor(by))
    result = {"agency": agency, "channel": made.name, "kind": made.kind, "address": made.address}
    put_result(result, shown, f"{agency} is reached at {made.address} (channel '{made.name}')")


@app.command("test")
def try_one(
    ctx: typer.Context,
    agency: Agency,
    name: Name = "mail",
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Send a test message and say what became of it; leave with 1 unless it was taken."""
    from tracker.operations.trying import try_channel

    with opened(ctx) as store:
        instant = writing_at(store, at)
        tried = try_channel(store, agency, name, settings=settings_of(ctx), at=instant, actor=actor(by))
    end = tried.outcome
    about = {"agency": agency, "channel": name, "kind": tried.channel.kind, "address": tried.address}
    result = {**about, "outcome": end.kind, "code": end.code, "detail": end.detail}
    put_result(result, shown, f"{tried.address}: {BECAME[end.kind]} ({end.detail})")
    if end.kind != "accepted":
        raise typer.Exit(FAILED)


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


@app.command("rekey")
def rekey(
    ctx: typer.Context,
    forget: Annotated[
        bool, typer.Option("--forget", help="Keep no older key: backups of the store lose their secrets, links end.")
    ] = False,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Seal every secret anew with a new key; what lay in clear since an older release is sealed too."""
    from tracker.operations.channels import rekey as seal_anew
    from tracker.operations.secrets import secretfile_of

    with opened(ctx) as store:
        settings, instant = settings_of(ctx), writing_at(store, at)
        count = seal_anew(store, settings=settings, at=instant, actor=actor(by), forget=forget)
        file = secretfile_of(store, settings)
    put_result({"sealed": count, "file": str(file)}, shown, f"{count:,} channels are sealed with a new key")
    say(f"keep a copy of {file} apart from the backups of the store")
