"""`tracker sweep`, `deliver` and `board`: one pass, by hand, of what the flows do, and what came of it."""

from enum import StrEnum
from typing import Annotated

import typer

from tracker.cli.exits import MATCHED, TRY_LATER
from tracker.cli.opened import opened, reading, registry_at, settings_of, writing_at
from tracker.cli.options import As, Format, Known, Lang, Language, Limit, ReadAt, Shown, WriteAt, actor, instant
from tracker.cli.output import put, put_result, working
from tracker.cli.watchdog import go_round_and_round


class FailOn(StrEnum):
    """What turns a shown fact into exit status 4."""

    OVERDUE = "overdue"


Failing = Annotated[FailOn | None, typer.Option("--fail-on", help="Leave with 4 when something shown is overdue.")]


def sweep(
    ctx: typer.Context,
    at: WriteAt = None,
    by: As = None,
    loop: Annotated[
        bool, typer.Option("--loop", help="Do all the work of the flows, again and again, as 'tracker monitor' does.")
    ] = False,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=1, help="With --loop: from one to the next.")
    ] = 60,
    shown: Shown = Format.TEXT,
) -> None:
    """Look at every task whose moment has come, record it, and write the reminders owed.

    With --loop it delivers, seals and watches too, until SIGTERM or Ctrl-C; any number may run at once.
    """
    from dataclasses import asdict

    if loop:
        if at is not None:
            raise typer.BadParameter("a loop reads the clock of its store", param_hint="--at")
        go_round_and_round(settings_of(ctx), every=every)

    from tracker.operations import sweep as run
    from tracker.operations.lists import lists
    from tracker.views.plain import plain

    with opened(ctx) as store:
        when = writing_at(store, at)
        with working("sweeping…"):
            done = run(store, at=when, actor=actor(by), watch_every=settings_of(ctx).watch_limit)
            listed = lists(store, at=when, actor=actor(by))
    words = f"looked at {done.claimed:,} assignments: {done.entries:,} entries, {done.reminders:,} reminders"
    words += f", {done.occurrences:,} new occurrences" if done.occurrences else ""
    words += f", the lists of the week to {listed:,} offices" if listed else ""
    put_result({"at": plain(when), **asdict(done), "lists": listed}, shown, words)


def deliver(
    ctx: typer.Context,
    at: WriteAt = None,
    by: As = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Make at most so many attempts.")] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Send every reminder that is due, and record what became of each attempt; leave with 75 when none got through.

    That is where every attempt may still succeed later: a server is away, or asks to be left alone.
    """
    from dataclasses import asdict

    from tracker import clock
    from tracker.operations import deliver as run
    from tracker.operations.deliver import open_sender
    from tracker.operations.ticking import clock_of

    settings = settings_of(ctx)
    with opened(ctx) as store, open_sender(store, settings) as sender:
        told = clock_of(store, instant(at) if at is not None else None, wall=clock.now)
        with working("delivering…"):
            done = run(store, sender, settings=settings, clock=told, actor=actor(by), limit=limit, uptime=clock.uptime)
    counts = asdict(done)
    said = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    put_result(
        {"attempts": done.attempts, **counts}, shown, f"{done.attempts:,} attempts" + (f": {said}" if said else "")
    )
    if done.attempts and done.attempts == done.temporary:
        raise typer.Exit(TRY_LATER)


def board(
    ctx: typer.Context,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    limit: Limit = 20,
    fail_on: Failing = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Show where every directive stands: the official cells, what is overdue, what waits, what was not delivered."""
    from tracker.terminal.board import show
    from tracker.views import board as view

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            found = view(connection, at=when.at, known=when.known, registry=registry, language=lang, limit=limit)
    put(found, shown, show)
    if fail_on is FailOn.OVERDUE and found.cells.open_overdue:
        raise typer.Exit(MATCHED)
