"""`tracker reminder`: what was to be told, and what became of it."""

from enum import StrEnum
from typing import Annotated

import typer

from tracker.cli import foretell
from tracker.cli.opened import opened, reading, registry_at
from tracker.cli.options import Format, Known, Limit, ReadAt, Shown
from tracker.cli.output import put

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Reminders and their delivery.")
app.command("preview")(foretell.preview)
app.command("try")(foretell.attempt)


class State(StrEnum):
    """The states of a reminder."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"


@app.command("list")
def list_reminders(
    ctx: typer.Context,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was not delivered: --state failed.")] = False,
    state: Annotated[State | None, typer.Option("--state", help="Only those in one state.")] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="Only those to one agency, by its code.")] = None,
    at: ReadAt = None,
    known: Known = None,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """List reminders, the newest first, with what became of each attempt."""
    from tracker.terminal.reminders import show_reminders
    from tracker.views import reminder_list

    wanted = State.FAILED if failed else state
    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            found = reminder_list(
                connection, at=when.at, known=when.known, registry=registry, state=wanted, agency=agency, limit=limit
            )
    put(found, shown, show_reminders)
