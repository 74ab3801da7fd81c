"""`tracker key`: the keys that sign seals."""

import typer

from tracker.cli.opened import opened, settings_of, writing_at
from tracker.cli.options import As, Format, Shown, WriteAt, actor
from tracker.cli.output import put_result

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The keys that sign seals: the private half in a file, the public one in the ledger.",
)

PUBLISH = "give the public key to whoever shall check seals, by another way than this machine"


@app.command("make")
def make(ctx: typer.Context, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Make the first key; its file is readable by you alone and never written over."""
    from tracker.operations.keys import keyfile_of, make_key

    with opened(ctx) as store:
        file = keyfile_of(store, settings_of(ctx))
        made = make_key(store, file, at=writing_at(store, at), actor=actor(by))
    words = f"the private key is in {made.file}: keep a copy where this machine cannot reach it\n{PUBLISH}:"
    put_result(_document(made), shown, f"{words}\n{made.vkey.text()}")


@app.command("rotate")
def rotate(ctx: typer.Context, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Make the next key, endorsed by the one in force; only the new one seals from now on."""
    from tracker.operations.keys import keyfile_of, rotate_key

    with opened(ctx) as store:
        file = keyfile_of(store, settings_of(ctx))
        made = rotate_key(store, file, at=writing_at(store, at), actor=actor(by))
    words = f"the new private key is in {made.file}; the old one is needed no more\n{PUBLISH}:"
    put_result(_document(made), shown, f"{words}\n{made.vkey.text()}")


@app.command("show")
def show(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """Show the public keys of the ledger in their order; the last one is in force."""
    from tracker.operations.keys import keyfile_of, keys

    with opened(ctx) as store:
        found = keys(store, keyfile_of(store, settings_of(ctx)))
    lines = [
        f"{one.vkey.text()}\n  since entry {one.seq:,}; {one.file}{'' if one.here else ' (not here)'}" for one in found
    ]
    none = "no key has been made yet; make one with: tracker key make"
    put_result({"keys": [_document(one) for one in found]}, shown, "\n".join(lines) or none)


def _document(key: object) -> dict[str, object]:
    from tracker.operations.keys import Key

    assert isinstance(key, Key)
    return {"key": key.vkey.name, "vkey": key.vkey.text(), "seq": key.seq, "file": str(key.file), "here": key.here}
