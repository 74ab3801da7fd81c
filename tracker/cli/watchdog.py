"""`tracker monitor` and `tracker watchdog`: the work done without Prefect, and the look whether it is done at all."""

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.exits import FAILED, OK, say
from tracker.cli.opened import settings_of
from tracker.cli.up import on_signals

if TYPE_CHECKING:
    from tracker.operations.rounds import Round
    from tracker.operations.watchdog import Found
    from tracker.settings import Settings

Every = Annotated[
    float | None, typer.Option("--every", metavar="SECONDS", min=1, help="Do it again and again; Ctrl-C stops it.")
]


def monitor(
    ctx: typer.Context,
    every: Annotated[float, typer.Option("--every", metavar="SECONDS", min=1, help="Between two rounds.")] = 60,
    once: Annotated[bool, typer.Option("--once", help="One round only; leave with 1 where something failed.")] = False,
) -> None:
    """Sweep, deliver and seal every minute, without Prefect; an error is said, and the next round goes on."""
    from tracker import clock
    from tracker.operations.rounds import go_round

    stop = threading.Event() if once else on_signals()
    while True:
        done = go_round(settings_of(ctx), wall=clock.now, uptime=clock.uptime)
        _say_round(done, clock.now())
        found = _looked(settings_of(ctx), clock.now())
        if once:
            raise typer.Exit(FAILED if done.troubles or (found and found.wrong) else OK)
        if stop.wait(every):
            raise typer.Exit(OK)


def watchdog(ctx: typer.Context, every: Every = None) -> None:
    """Look whether the work is done; tell TRACKER_ALARM when not, call TRACKER_PING when so; leave with 1 when not."""
    from tracker import clock

    stop = on_signals() if every else threading.Event()
    while True:
        found = _looked(settings_of(ctx), clock.now())
        if every is None:
            raise typer.Exit(FAILED if found is None or found.wrong else OK)
        if stop.wait(every):
            raise typer.Exit(OK)


def _looked(settings: "Settings", at: datetime) -> "Found | None":
    """Return what one look found, after saying it; None where the look itself failed."""
    from tracker.domain.errors import TrackerError
    from tracker.operations.watchdog import watch

    try:
        found = watch(settings, at=at)
    except TrackerError as error:
        say(f"tracker: {error.code}: {error}")
        return None
    except Exception as error:  # whoever watches the watchers does not stop for a fault of his own
        say(f"tracker: {type(error).__name__}: {error}")
        return None
    for sentence in found.wrong:
        say(f"alarm: {sentence}")
    if found.told:
        say("alarm: somebody was told")
    if found.ended:
        say("alarm: over, and somebody was told")
    for sentence in found.trouble:
        say(f"alarm: could not be passed on: {sentence}")
    return found


def _say_round(done: "Round", at: datetime) -> None:
    did = f"{done.swept.entries:,} entries, {done.swept.reminders:,} reminders, {done.delivered.attempts:,} attempts"
    if not done.alone:
        did = "somebody else is at work"
    if not done.alone or done.troubles or done.swept.claimed or done.delivered.attempts:
        print(f"{at.isoformat(timespec='seconds')} {did}", flush=True)
    for sentence in done.troubles:
        say(f"tracker: {sentence}")
