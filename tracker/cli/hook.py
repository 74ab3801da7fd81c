"""`tracker hook`: who is told of entries as they are made, by a signed call."""

from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.exits import FAILED
from tracker.cli.opened import opened, settings_of, writing_at
from tracker.cli.options import As, Format, Shown, WriteAt, actor
from tracker.cli.output import put_result

if TYPE_CHECKING:
    from tracker.operations.hooks import Hook

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Calls that tell of entries as they are made, signed as Standard Webhooks has it.",
)

Reference = Annotated[str, typer.Argument(metavar="REF", help="Its reference: hook-….")]


@app.command("add")
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to call; https:// and nothing else.")],
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Only entries of this kind; may be repeated.")
    ] = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Tell an address of entries from now on. The secret its receiver checks calls by is shown this once."""
    from tracker.operations.hooks import add_hook

    with opened(ctx) as store:
        made = add_hook(store, url, kind or (), settings=settings_of(ctx), at=writing_at(store, at), actor=actor(by))
    words = f"{made.hook.reference} is told of {_kinds(made.hook)}\nits secret, shown this once: {made.secret}"
    put_result({**_document(made.hook), "secret": made.secret}, shown, words)


@app.command("list")
def list_hooks(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """List those who are told of entries; of an address only the host is shown."""
    from tracker.operations.hooks import hook_list
    from tracker.terminal.page import console, print_json, table

    with opened(ctx) as store:
        found = hook_list(store)
    if shown is Format.JSON:
        print_json({"hooks": [_document(one) for one in found]})
        return
    made = table("hook", "address", "told of", "state")
    for one in found:
        made.add_row(one.reference, one.address, _kinds(one), _state(one))
    console().print(made if found else "No hook is set; set one with: tracker hook add URL")


@app.command("remove")
def remove(
    ctx: typer.Context, reference: Reference, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT
) -> None:
    """Tell a hook nothing more."""
    from tracker.operations.hooks import remove_hook

    with opened(ctx) as store:
        remove_hook(store, reference, at=writing_at(store, at), actor=actor(by))
    put_result({"removed": reference}, shown, f"{reference} is told nothing more")


@app.command("test")
def try_one(ctx: typer.Context, reference: Reference, shown: Shown = Format.TEXT) -> None:
    """Call a hook once with a message that tells of nothing; leave with 1 when it was not taken."""
    from tracker import clock
    from tracker.operations.telling import try_hook

    with opened(ctx) as store:
        found = try_hook(store, reference, settings=settings_of(ctx), at=clock.now())
    document = {"hook": reference, "outcome": found.kind, "code": found.code, "detail": found.detail}
    put_result(document, shown, f"{found.kind}: {found.detail}")
    if found.kind != "accepted":
        raise typer.Exit(FAILED)


def _kinds(hook: "Hook") -> str:
    return ", ".join(hook.kinds) or "every kind of entry"


def _state(hook: "Hook") -> str:
    if hook.disabled_at is not None:
        return f"disabled: {hook.why}"
    return f"failing: {hook.why}" if hook.failing_since else "at work"


def _document(hook: "Hook") -> dict[str, object]:
    from tracker.views.plain import plain

    names = ("reference", "address", "kinds", "made_at", "made_by", "disabled_at", "failing_since", "why", "changed")
    return {name: plain(getattr(hook, name)) for name in names}
