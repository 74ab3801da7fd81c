"""`tracker event`: what happened, so that the clocks that wait for it start."""

from typing import Annotated

import typer

from tracker.cli.opened import opened, writing_at
from tracker.cli.options import As, Format, Shown, WriteAt, actor
from tracker.cli.output import put_result

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Events that start the clock of a task: due {within: …, of: {event: NAME}}.",
)


@app.command("record")
def record(
    ctx: typer.Context,
    directive: Annotated[str, typer.Argument(metavar="KEY", help="The directive, such as 2025/412-tb-vpcp.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The event, as the directive's tasks name it.")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="The day it happened.")],
    agency: Annotated[
        str | None, typer.Option("--agency", help="The one agency it happened to; else it counts for all of them.")
    ] = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Record that an event happened: the dates that waited for it are set, and a repeated one is a new occurrence."""
    from tracker.domain.errors import Invalid
    from tracker.files.scalars import day_of
    from tracker.operations import record_event

    try:
        happened = day_of(day)
    except ValueError as error:
        raise Invalid(f"'{day}' is not a date: {error}") from None
    with opened(ctx) as store:
        when = writing_at(store, at)
        done = record_event(store, directive, name, happened, agency=agency, at=when, actor=actor(by))
    result = {
        "entry": done.seq,
        "directive": directive,
        "event": name,
        "day": day,
        "dated": list(done.dated),
        "occurrences": list(done.made),
    }
    words = f"'{name}' of {day} is recorded (entry {done.seq}): "
    words += f"{len(done.dated):,} dates set, {len(done.made):,} occurrences made"
    put_result(result, shown, words)
