"""`tracker reminder`: what was to be told, and what became of it."""

from enum import StrEnum
from typing import Annotated

import typer

from tracker.cli import foretell
from tracker.cli.opened import opened, reading, reading_at, registry_at, settings_of, writing_at
from tracker.cli.options import As, Format, Known, Language, Limit, ReadAt, Shown, WriteAt, actor
from tracker.cli.output import put, put_result
from tracker.domain.errors import Invalid

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
    HELD = "held"
    SUPPRESSED = "suppressed"


@app.command("list")
def list_reminders(
    ctx: typer.Context,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was not delivered: --state failed.")] = False,
    held: Annotated[bool, typer.Option("--held", help="Only what waits for a word of yours: --state held.")] = False,
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

    wanted = State.FAILED if failed else State.HELD if held else state
    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            found = reminder_list(
                connection, at=when.at, known=when.known, registry=registry, state=wanted, agency=agency, limit=limit
            )
    put(found, shown, show_reminders)


@app.command("show")
def show_reminder(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF", help="Its reference: ntf-….")],
    lang: Annotated[Language | None, typer.Option("--lang", help="In this language; the reader's by default.")] = None,
    html: Annotated[bool, typer.Option("--html", help="The HTML part instead of the text.")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="What was sent, octet for octet: an .eml file.")] = False,
    attempt: Annotated[int | None, typer.Option("--attempt", help="With --copy: of this attempt.")] = None,
    at: ReadAt = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Write the mail of a reminder again, as it would leave now; with --copy, what was sent. Sends nothing."""
    from tracker.operations.showing import show

    if copy:
        _show_copy(ctx, reference, attempt, shown)
        return
    with opened(ctx) as store:
        mail = show(store, reference, settings=settings_of(ctx), at=reading_at(store, at), language=lang and lang.value)
    document = {"subject": mail.subject, "text": mail.text, "html": mail.html}
    put_result(document, shown, mail.html if html else f"Subject: {mail.subject}\n\n{mail.text}".rstrip())


def _show_copy(ctx: typer.Context, reference: str, attempt: int | None, shown: Format) -> None:
    """Write the octets that a server was handed, but for the signatures of links, and nothing else."""
    from dataclasses import asdict

    from tracker.operations.exactcopy import exact_copy

    with opened(ctx) as store:
        found = exact_copy(store, reference, settings=settings_of(ctx), attempt=attempt)
    if shown is Format.TEXT:
        typer.echo(found.octets, nl=False)
        return
    octets = found.octets.decode("utf-8", "surrogateescape")
    put_result({**asdict(found), "at": found.at.isoformat(), "octets": octets}, shown, "")


References = Annotated[list[str] | None, typer.Argument(metavar="[REF]...", help="References: ntf-….")]
Everything = Annotated[bool, typer.Option("--all", help="All that are held.")]


@app.command("release")
def release_held(
    ctx: typer.Context,
    references: References = None,
    everything: Everything = False,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Let reminders go that were held back: see tracker reminder list --held."""
    from tracker.operations.holding import release
    from tracker.terminal.words import counted

    chosen = _chosen(references, everything=everything)
    with opened(ctx) as store:
        done = release(store, chosen, at=writing_at(store, at), actor=actor(by))
    put_result({"released": done}, shown, f"{counted(done, 'reminder')} released")


@app.command("drop")
def drop_held(
    ctx: typer.Context,
    references: References = None,
    everything: Everything = False,
    why: Annotated[str, typer.Option("--why", help="Why they are not to be sent; kept for ever.")] = "",
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Close reminders that were held back, without sending them."""
    from tracker.operations.holding import drop
    from tracker.terminal.words import counted

    chosen = _chosen(references, everything=everything)
    with opened(ctx) as store:
        done = drop(store, chosen, why=why, at=writing_at(store, at), actor=actor(by))
    put_result({"dropped": done}, shown, f"{counted(done, 'reminder')} dropped")


@app.command("retry")
def retry_failed(
    ctx: typer.Context,
    references: Annotated[list[str], typer.Argument(metavar="REF...", help="References: ntf-….")],
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Try reminders that failed once more, with all that left in the same mail."""
    from tracker.operations.retrying import retry
    from tracker.terminal.words import counted

    with opened(ctx) as store:
        done = retry(store, references, at=writing_at(store, at), actor=actor(by))
    put_result({"retried": done}, shown, f"{counted(done, 'reminder')} to be tried once more")


def _chosen(references: list[str] | None, *, everything: bool) -> list[str] | None:
    if bool(references) == everything:
        raise Invalid("name the reminders, or say --all")
    return references or None
