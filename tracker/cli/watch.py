"""`tracker history watch`: in which hours nobody watched, and what came of it."""

from datetime import timedelta
from typing import Annotated

import typer

from tracker.cli.opened import opened, reading_at, settings_of
from tracker.cli.options import ZONE, Format, Shown, instant
from tracker.cli.output import put, working

SINCE = timedelta(days=30)


def watch(
    ctx: typer.Context,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="INSTANT", help="Where the period begins; 30 days before its end.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="INSTANT", help="Where it ends; now by default.")] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Show in which hours nobody swept or sent, which reminders were late for it, and how prompt the rest were."""
    from tracker.domain.errors import Invalid
    from tracker.terminal.watch import show_watch
    from tracker.views.watch import watch as view

    limit = settings_of(ctx).watch_limit
    with opened(ctx) as store, working("reading…"):
        at = reading_at(store, None)
        until = instant(end) if end else at
        since = instant(begin) if begin else until - SINCE
        if since >= until:
            raise Invalid("a period ends after it begins", code="bad-instant")
        with store.read() as connection:
            found = view(connection, at=at, begin=since, end=until, zone=ZONE, every=limit)
    put(found, shown, show_watch)
