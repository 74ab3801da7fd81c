"""`tracker account`: who may log in at the pages."""

from enum import StrEnum
from typing import Annotated

import typer

from tracker.cli.exits import say
from tracker.cli.opened import common_of, opened, settings_of, writing_at
from tracker.cli.options import As, Format, Language, Shown, WriteAt, actor
from tracker.cli.output import put_result

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who may log in at the pages.")


class Role(StrEnum):
    """What an account may."""

    SECRETARIAT = "secretariat"
    AGENCY = "agency"
    AUDITOR = "auditor"
    ADMIN = "admin"


Name = Annotated[str, typer.Argument(metavar="NAME", help="The login name: a-z, 0-9, '.', '_', '-'.")]
PasswordFile = Annotated[
    str | None,
    typer.Option("--password-file", metavar="FILE", help="A file whose first line it is, - for stdin. Else asked."),
]


@app.command("add")
def add(
    ctx: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option("--role", "-r", help="What it may.")],
    office: Annotated[
        str | None, typer.Option("--office", "-o", help="The agency's code, of a member of an agency.")
    ] = None,
    shown_as: Annotated[str, typer.Option("--name", help="The person's name, as pages show it.")] = "",
    language: Annotated[Language, typer.Option("--language", help="Of the pages.")] = Language.VI,
    email: Annotated[
        str | None, typer.Option("--email", help="Only to find the account at a first single sign-on.")
    ] = None,
    password_file: PasswordFile = None,
    no_password: Annotated[bool, typer.Option("--no-password", help="It comes in by single sign-on.")] = False,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Add an account and give it a password."""
    from tracker.cli.passwords import needed, password_of
    from tracker.domain.account import check_password
    from tracker.operations.accounts import make_account, set_password

    with opened(ctx) as store:
        password = None
        if not no_password:
            password = needed(password_of(password_file, ask=not common_of(ctx).no_input))
            check_password(password, name)
        instant, who = writing_at(store, at), actor(by)
        made = make_account(
            store,
            name,
            role.value,
            office=office,
            shown=shown_as,
            language=language.value,
            email=email,
            at=instant,
            actor=who,
        )
        if password is not None:
            set_password(store, name, password, at=instant, actor=who)
    result = {
        "account": name,
        "role": made.role,
        "office": made.office,
        "actor": made.actor,
        "password": not no_password,
    }
    put_result(result, shown, f"'{name}' may log in, and stands in the ledger as {made.actor}")


@app.command("list")
def list_accounts(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """List accounts, those that may log in first."""
    from tracker.operations.accounts import account_list
    from tracker.terminal.page import console, print_json, table

    with opened(ctx) as store:
        found, end = account_list(store), store.position()
    keys = ("account", "name", "role", "office", "proves it by", "disabled")
    rows = []
    for account, credential in found:
        ways = [("password", credential.password), ("code", credential.totp), ("single sign-on", credential.subject)]
        by = ", ".join(way for way, there in ways if there) or "nothing yet"
        off = account.disabled_at.isoformat() if account.disabled_at else ""
        rows.append((account.name, account.shown, account.role, account.office or "", by, off))
    if shown is Format.JSON:
        accounts = [dict(zip(keys, row, strict=True)) for row in rows]
        print_json({"seq": end.seq, "head": end.hash, "accounts": accounts})
        return
    made = table(*keys)
    for row in rows:
        made.add_row(*row)
    console().print(made if rows else "Nobody may log in yet; add the first: tracker account add NAME --role admin")


@app.command("disable")
def disable(ctx: typer.Context, name: Name, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Let nobody in by an account any more; it is logged out everywhere, and its tokens are no longer heard."""
    from tracker.operations.accounts import disable_account

    with opened(ctx) as store:
        disable_account(store, name, at=writing_at(store, at), actor=actor(by))
    put_result({"account": name, "disabled": True}, shown, f"'{name}' is disabled and logged out everywhere")


@app.command("enable")
def enable(ctx: typer.Context, name: Name, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Let somebody in again."""
    from tracker.operations.accounts import enable_account

    with opened(ctx) as store:
        enable_account(store, name, at=writing_at(store, at), actor=actor(by))
    put_result({"account": name, "disabled": False}, shown, f"'{name}' may log in again")


@app.command("password")
def password(
    ctx: typer.Context,
    name: Name,
    password_file: PasswordFile = None,
    remove: Annotated[bool, typer.Option("--remove", help="Only single sign-on from now on.")] = False,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Set the password of an account; it is logged out everywhere."""
    from tracker.cli.passwords import needed, password_of
    from tracker.operations.accounts import set_password

    with opened(ctx) as store:
        typed = None if remove else needed(password_of(password_file, ask=not common_of(ctx).no_input))
        set_password(store, name, typed, at=writing_at(store, at), actor=actor(by))
    words = "no longer has a password" if remove else "has a new password"
    put_result({"account": name, "password": not remove}, shown, f"'{name}' {words}, and is logged out everywhere")


@app.command("totp")
def totp(
    ctx: typer.Context,
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="Ask for no codes any more: the device is lost.")] = False,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Ask an account for codes of an authenticator; the secret is shown this once."""
    from tracker.operations.accounts import set_totp
    from tracker.operations.codes import offer_codes

    with opened(ctx) as store:
        settings, instant, who = settings_of(ctx), writing_at(store, at), actor(by)
        offer = None if off else offer_codes(store, settings, name)
        set_totp(store, settings, name, offer.secret if offer else None, at=instant, actor=who)
    if offer is None:
        put_result({"account": name, "codes": False}, shown, f"'{name}' is no longer asked for a code")
        return
    put_result({"account": name, "codes": True, "secret": offer.secret, "link": offer.link}, shown, offer.link)
    say(f"put it into the authenticator of '{name}' now: it is shown this once, the secret is {offer.secret}")


@app.command("link")
def link(
    ctx: typer.Context,
    name: Name,
    subject: Annotated[str, typer.Argument(metavar="[SUBJECT]", help="'sub' of the issuer; none: no longer.")] = "",
    issuer: Annotated[str, typer.Option("--issuer", help="Else TRACKER_OIDC_ISSUER.")] = "",
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Let an account come in by single sign-on, as a subject of the issuer."""
    from tracker.domain.errors import Invalid
    from tracker.operations.accounts import link_account

    who = issuer or settings_of(ctx).oidc_issuer
    if subject and not who:
        raise Invalid("say which issuer: --issuer, or TRACKER_OIDC_ISSUER")
    with opened(ctx) as store:
        given = (who, subject) if subject else (None, None)
        link_account(store, name, *given, at=writing_at(store, at), actor=actor(by))
    words = f"comes in by {who}" if subject else "no longer comes in by single sign-on"
    put_result({"account": name, "issuer": given[0], "linked": bool(subject)}, shown, f"'{name}' {words}")
