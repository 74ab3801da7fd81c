"""`tracker demo`: the first hundred days of three directives, played in a minute."""

import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer


def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where its store and its mails are kept; else a temporary folder."),
    ] = None,
) -> None:
    """Play three real directives on a rehearsal store, with a mail server of its own. Nothing leaves this machine."""
    arguments = [*(["--folder", str(folder)] if folder else []), *ctx.args]
    # the flows import the tracker, never the other way round: they run as a process of their own
    raise typer.Exit(_run([sys.executable, "-m", "flows.demo", *arguments]))


def _run(command: list[str]) -> int:
    """Return the exit status of a program; who stops us stops it, and we wait until it has put its things away."""
    with subprocess.Popen(command) as child:

        def pass_on(number: int, _frame: FrameType | None) -> None:
            child.send_signal(number)

        before = signal.signal(signal.SIGTERM, pass_on)
        # Ctrl-C reaches the child too, from the terminal itself: we only wait
        ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            status = child.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
            signal.signal(signal.SIGINT, ignored)
    return status if status >= 0 else 128 - status
