"""`tracker demo`: the first hundred days of three directives, played in a minute."""

import subprocess
import sys
from pathlib import Path
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
    raise typer.Exit(subprocess.call([sys.executable, "-m", "flows.demo", *arguments]))
