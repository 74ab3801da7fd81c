"""`tracker monitor` and `tracker watchdog`: the work done without Prefect, and the look whether it is done at all."""

import gc
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, NoReturn

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

    if not once:
        go_round_and_round(settings_of(ctx), every=every)
    done = _round(settings_of(ctx), threading.Event())
    found = _looked(settings_of(ctx), clock.now())
    raise typer.Exit(FAILED if done.troubles or (found and found.wrong) else OK)


def go_round_and_round(settings: "Settings", *, every: float) -> NoReturn:
    """Go round, and look whether the work is done, every so many seconds; leave with 0 once SIGTERM or Ctrl-C came.

    What is under way then is finished: a group of mails, or the batch of a sweep. A round that took longer is
    followed by the next at once.
    """
    from tracker import clock

    stop = on_signals()
    while not stop.is_set():
        began = time.monotonic()
        _round(settings, stop)
        if not stop.is_set():
            _looked(settings, clock.now())
        gc.collect()  # a store that was closed lies in circles: Python would let hundreds gather
        stop.wait(max(0.0, began + every - time.monotonic()))
    say("tracker: stopped")
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


def _round(settings: "Settings", stop: threading.Event) -> "Round":
    """Return what one round did, after saying it in one line, and what it could not in another each."""
    from tracker import clock
    from tracker.operations.rounds import go_round

    began = time.monotonic()
    done = go_round(settings, wall=clock.now, uptime=clock.uptime, stop=stop.is_set)
    print(f"{clock.now().isoformat(timespec='seconds')} {_did(done)}, {time.monotonic() - began:.1f} s", flush=True)
    for sentence in done.troubles:
        say(f"tracker: {sentence}")
    return done


def _did(done: "Round") -> str:
    """Return what a round did, in one line whose words stay the same, for whoever reads a log by program."""
    swept, sent = done.swept, done.delivered
    looked = f"{swept.claimed:,} looked at, {swept.entries:,} entries, {swept.reminders:,} reminders"
    return (
        f"{looked if done.alone else 'somebody else sweeps'}, {done.listed:,} lists, {sent.attempts:,} attempts, "
        f"{sent.accepted:,} accepted, {f'sealed {done.sealed:,}' if done.sealed else 'no seal'}"
    )
