"""The moves of an assignment: `tracker task acknowledge`, `submit`, `accept` and the others of its life."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.opened import opened, registry_at, writing_at
from tracker.cli.options import As, Format, Instrument, Ref, Seen, Shown, WriteAt, actor, day_of
from tracker.cli.output import put_result

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.domain.assignment import Assignment
    from tracker.domain.evidence import Proof
    from tracker.views import Connection, Store

app = typer.Typer(rich_markup_mode=None)

OCCURRENCES = 10_000  # more than a task can have at one agency: every day for 27 years

Why = Annotated[str, typer.Option("--why", "-y", help="The reason, in a sentence.")]


@app.command("acknowledge")
def acknowledge(
    ctx: typer.Context, ref: Ref, seen: Seen = None, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT
) -> None:
    """Record that the agency has taken note of its task."""
    from tracker.operations.progress import acknowledge as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), seen=seen))


@app.command("note")
def note(
    ctx: typer.Context,
    ref: Ref,
    until: Annotated[
        str | None,
        typer.Option("--until", "-u", metavar="DAY", help="No reminder before the deadline up to the end of this day."),
    ] = None,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Record that the agency has taken note of a reminder, and perhaps wants none for some days."""
    from tracker.operations.progress import note as move

    day = day_of(until) if until is not None else None
    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), until=day, seen=seen))


@app.command("start")
def start(
    ctx: typer.Context, ref: Ref, seen: Seen = None, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT
) -> None:
    """Record that the agency works on its task."""
    from tracker.operations.progress import start as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), seen=seen))


@app.command("submit")
def submit(
    ctx: typer.Context,
    ref: Ref,
    words: Annotated[str, typer.Option("--words", "-w", help="What was done, in a sentence.")],
    document: Annotated[str | None, typer.Option("--document", "-d", help="The document that shows it.")] = None,
    done_on: Annotated[
        str | None, typer.Option("--done-on", metavar="DAY", help="When it was done. It is late by the day received.")
    ] = None,
    proofs: Annotated[
        list[str] | None,
        typer.Option(
            "--proof",
            "-p",
            metavar="PROOF",
            help="What shows it: the SHA-256 of a file kept as evidence, a document's number, its date, or several of "
            "these with commas between: '12/BC-BNV, 2025-08-29'. May be given again.",
        ),
    ] = None,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Record the agency's report that its task is done. Whatever day it names, it is received now."""
    from tracker.operations.progress import submit as move

    named = [proof_of(text) for text in proofs or ()]
    done = day_of(done_on) if done_on is not None else None
    made(
        ctx,
        at,
        shown,
        lambda store, when: move(
            store,
            ref,
            at=when,
            actor=actor(by),
            words=words,
            document=document,
            done_on=done,
            proofs=named,
            seen=seen,
        ),
    )


@app.command("accept")
def accept(
    ctx: typer.Context, ref: Ref, seen: Seen = None, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT
) -> None:
    """Record that a report was verified: the task is completed, and what waited for it may start."""
    from tracker.operations.progress import accept as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), seen=seen))


@app.command("return")
def send_back(
    ctx: typer.Context,
    ref: Ref,
    missing: Annotated[str, typer.Option("--missing", "-m", help="The exact missing thing.")],
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Return a report, with the exact missing thing; the deadline goes on running."""
    from tracker.operations.progress import send_back as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), missing=missing, seen=seen))


@app.command("reopen")
def reopen(
    ctx: typer.Context,
    ref: Ref,
    why: Why,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Record that what was accepted does not hold: the deadline counts again as if nothing had been received."""
    from tracker.operations.progress import reopen as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), why=why, seen=seen))


@app.command("suspend")
def suspend(
    ctx: typer.Context,
    ref: Ref,
    why: Why,
    instrument: Instrument,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Order work to rest: no reminders, and no day of it counts as the agency's delay."""
    from tracker.operations.extensions import suspend as move

    made(
        ctx,
        at,
        shown,
        lambda store, when: move(store, ref, at=when, actor=actor(by), why=why, instrument=instrument, seen=seen),
    )


@app.command("resume")
def resume(
    ctx: typer.Context,
    ref: Ref,
    until: Annotated[str | None, typer.Option("--until", metavar="DAY", help="The new last day; else the old.")] = None,
    instrument: Annotated[
        str | None, typer.Option("--instrument", "-i", help="By what document the new date is set.")
    ] = None,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Let work go on that was suspended, with a new date where one is given."""
    from tracker.operations.extensions import resume as move

    day = day_of(until) if until is not None else None
    made(
        ctx,
        at,
        shown,
        lambda store, when: move(store, ref, at=when, actor=actor(by), day=day, instrument=instrument, seen=seen),
    )


def made(ctx: typer.Context, at: str | None, shown: Format, move: "Callable[[Store, datetime], Assignment]") -> None:
    """Make a move in the store of a command, and say where the assignment stands after it."""
    with opened(ctx) as store:
        when = writing_at(store, at)
        tell(store, move(store, when), when, shown)


def tell(store: "Store", after: "Assignment", at: "datetime", shown: Format, more: str = "") -> None:
    """Say where an assignment stands after a move, and the position of the entry that recorded it."""
    from tracker.views import Wanted, document, task_list

    with store.read() as connection:
        when = max(at, _high_water(connection))
        registry = registry_at(connection, when)
        wanted = Wanted(task=after.task, agency=after.agency)
        # a recurring duty has several assignments at one agency
        found = task_list(connection, at=when, registry=registry, wanted=wanted, limit=OCCURRENCES)
        row = next(row for row in found.tasks if row.ref == after.ref)
    result = {"entry": after.seq, **document(row)}
    put_result(result, shown, f"{row.ref} is {row.progress} (entry {after.seq}): {row.reason}{more}")


def proof_of(text: str) -> "Proof":
    """Return the proof that an option names, in whatever order it says it; raises Invalid.

    >>> proof_of("12/BC-BNV, 2025-08-29")
    Proof(sha256=None, number='12/BC-BNV', dated=datetime.date(2025, 8, 29))
    """
    import re

    from tracker.domain.errors import Invalid
    from tracker.domain.evidence import Proof, is_hash

    sha256 = number = dated = None
    for part in filter(None, (part.strip() for part in text.split(","))):
        if is_hash(part.lower()) and sha256 is None:
            sha256 = part.lower()
        elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", part) and dated is None:
            dated = day_of(part)
        elif number is None:
            number = part
        else:
            raise Invalid(f"'{text}' names more than one document: give --proof again", code="bad-proof")
    return Proof(sha256, number, dated)


def _high_water(connection: "Connection") -> "datetime":
    from tracker.views.adopted import high_water

    return high_water(connection)
