"""`tracker config`: the settings in force, and where each comes from."""

import re

import typer

from tracker.cli.opened import common_of, settings_of
from tracker.cli.options import Format, Shown

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The settings of this installation.")


@app.command("show")
def show(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """Show every setting, its variable, and whether that is set. Passwords are left out."""
    import os
    from dataclasses import fields

    from tracker.settings import PREFIX
    from tracker.terminal.page import console, print_json, table

    settings, given = settings_of(ctx), common_of(ctx).database
    rows = []
    for field in fields(settings):
        variable = PREFIX + field.name.upper()
        source = "environment" if os.environ.get(variable) else "default"
        if field.name == "database_url" and given:
            source = "--database"
        rows.append((field.name, without_password(getattr(settings, field.name)), variable, source))
    if shown is Format.JSON:
        print_json(
            {name: {"value": value, "variable": variable, "from": source} for name, value, variable, source in rows}
        )
        return
    made = table("setting", "value", "variable", "from")
    for row in rows:
        made.add_row(*row)
    console().print(made)


def without_password(text: str) -> str:
    """Return a URL without its password; any other text as it is.

    >>> without_password("postgresql://tracker:secret@db/tracker")
    'postgresql://tracker:…@db/tracker'
    """
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:…@", text)
