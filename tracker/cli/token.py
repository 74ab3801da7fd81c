"""`tracker token`: keys for programs and calendars."""

from typing import Annotated

import typer

from tracker.cli.exits import say
from tracker.cli.opened import opened, writing_at
from tracker.cli.options import As, Format, Shown, WriteAt, actor
from tracker.cli.output import put_result

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Keys for programs and calendars.")


@app.command("create")
def create(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="In whose name it acts.")],
    scope: Annotated[
        list[str], typer.Option("--scope", "-s", help="What it may: read, write, feed, metrics; may be repeated.")
    ],
    label: Annotated[str, typer.Option("--for", help="What it is for.")],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How long it works.")] = 90,
    office: Annotated[
        str | None, typer.Option("--office", "-o", help="Only of this agency and those below it.")
    ] = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Make a token and show it, this once."""
    from datetime import timedelta

    from tracker import clock
    from tracker.operations.tokens import make_token

    with opened(ctx) as store:
        secret, made = make_token(
            store,
            account,
            scope,
            label=label,
            lasts=timedelta(days=days),
            office=office,
            at=writing_at(store, at),
            actor=actor(by),
            wall=clock.now(),
        )
    result = {"token": made.id, "secret": secret, "account": account, "scopes": made.scopes.split()}
    put_result({**result, "office": office, "until": made.expires_at.isoformat()}, shown, secret)
    say(f"this is shown once: keep it safe; it is called {made.id} and works until {made.expires_at:%Y-%m-%d}")


@app.command("list")
def list_tokens(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Only those of one account.")] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """List tokens, the newest first; never one itself."""
    from tracker import clock
    from tracker.operations.tokens import token_list
    from tracker.terminal.page import console, print_json, table

    with opened(ctx) as store:
        found, end, now = token_list(store, account), store.position(), clock.now()
    keys = ("token", "account", "for", "scopes", "office", "until", "last used", "works")
    rows = [
        (
            one.id,
            one.account,
            one.label,
            one.scopes,
            one.office or "",
            one.expires_at.isoformat(),
            one.used_at.isoformat() if one.used_at else "",
            "yes" if one.works(now) else "revoked" if one.revoked_at else "over",
        )
        for one in found
    ]
    if shown is Format.JSON:
        tokens = [dict(zip(keys, row, strict=True)) for row in rows]
        print_json({"seq": end.seq, "head": end.hash, "tokens": tokens})
        return
    made = table(*keys)
    for row in rows:
        made.add_row(*row)
    console().print(made if rows else "There are no tokens; make one with: tracker token create ACCOUNT")


@app.command("revoke")
def revoke(
    ctx: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="What it is called: see tracker token list.")],
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Hear a token no longer."""
    from tracker import clock
    from tracker.operations.tokens import revoke_token

    with opened(ctx) as store:
        gone = revoke_token(store, token, at=writing_at(store, at), actor=actor(by), wall=clock.now())
    put_result({"token": token, "account": gone.account}, shown, f"the token {token} is no longer heard")
