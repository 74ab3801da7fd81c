"""The entry point: the commands and the global options."""

import os
import sys
from typing import Annotated

import typer

from tracker import __version__
from tracker.cli import (
    account,
    agency,
    calendar,
    channel,
    config,
    db,
    demo,
    deputy,
    directive,
    doctor,
    event,
    evidence,
    extension,
    history,
    hook,
    init,
    key,
    moves,
    owners,
    proof,
    reminder,
    report,
    reviews,
    run,
    task,
    token,
    up,
    watchdog,
    web,
    witness,
)
from tracker.cli.exits import Guarded
from tracker.cli.options import Common

app = typer.Typer(
    name="tracker",
    cls=Guarded,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: a third of the time, and the same in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 failed or refused, 2 usage, 3 a directive is invalid, "
    "4 --fail-on matched, 5 the ledger does not hold, 6 a conflict: look again, 7 on hold after "
    "a restore, 75 try later.",
)

app.command("init", short_help="Make a store, live or a rehearsal.")(init.init)
app.add_typer(directive.app, name="directive")
app.command("sweep", short_help="Record what has come due; write the reminders owed.")(run.sweep)
app.command("deliver", short_help="Send the reminders that are due.")(run.deliver)
app.command("board", short_help="Where every directive stands.")(run.board)
task.app.add_typer(moves.app)  # without a name: commands of `tracker task` itself
task.app.add_typer(owners.app)
app.add_typer(task.app, name="task")
app.command("reviews", short_help="What waits for a decision, and for how long.")(reviews.reviews)
app.add_typer(extension.app, name="extension")
app.add_typer(deputy.app, name="deputy")
app.add_typer(event.app, name="event")
app.add_typer(evidence.app, name="evidence")
app.add_typer(calendar.app, name="calendar")
app.add_typer(reminder.app, name="reminder")
app.add_typer(history.app, name="history")
app.add_typer(report.app, name="report")
app.add_typer(proof.receipt, name="receipt")
app.add_typer(key.app, name="key")
app.add_typer(witness.app, name="witness")
app.add_typer(agency.app, name="agency")
app.add_typer(channel.app, name="channel")
app.add_typer(account.app, name="account")
app.add_typer(token.app, name="token")
app.add_typer(hook.app, name="hook")
app.add_typer(db.app, name="db")
app.add_typer(config.app, name="config")
app.command("web", short_help="Serve the page behind the links of mails.")(web.web)
app.command("monitor", short_help="Sweep, deliver and seal every minute, without Prefect.")(watchdog.monitor)
app.command("watchdog", short_help="Look whether the work is done; raise the alarm when not.")(watchdog.watchdog)
app.command("up", short_help="Start Prefect, the flows and the pages; keep them running.")(up.up)
app.command(
    "demo",
    short_help="Play three real directives on this machine.",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(demo.demo)
app.command("doctor", short_help="Look at everything the tracker needs.")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"tracker {__version__}")
        raise typer.Exit


@app.callback()
def common(
    ctx: typer.Context,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="The store; else TRACKER_DATABASE_URL, else ./tracker.db."),
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask; what would be asked is refused.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Directives as task graphs: who owes what by when, reminders as dates approach, a history that can be checked."""
    ctx.obj = Common(database, no_input)


def main() -> None:
    """Run the command line; a reader that has gone away (`| head`) is no error."""
    try:
        app()
    except BrokenPipeError:
        # Python would complain once more when it flushes stdout on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
