"""Whose task it is: `tracker task contest`, `uphold`, `transfer`, `excuse`, `discontinue`, `delegate`, `take-back`."""

from typing import Annotated

import typer

from tracker.cli.moves import Why, made
from tracker.cli.options import As, Format, Instrument, Ref, Seen, Shown, WriteAt, actor

app = typer.Typer(rich_markup_mode=None)


@app.command("contest")
def contest(
    ctx: typer.Context,
    ref: Ref,
    why: Why,
    proposed: Annotated[
        str | None, typer.Option("--belongs-to", metavar="AGENCY", help="Whose it is, in the agency's view.")
    ] = None,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Record that the lead says the task is not its own; the deadline goes on running until that is decided."""
    from tracker.operations.ownership import contest as move

    made(
        ctx,
        at,
        shown,
        lambda store, when: move(store, ref, at=when, actor=actor(by), why=why, proposed=proposed, seen=seen),
    )


@app.command("uphold")
def uphold(
    ctx: typer.Context,
    ref: Ref,
    why: Why,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Decide that a contested task stays with the agency."""
    from tracker.operations.ownership import uphold as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), why=why, seen=seen))


@app.command("transfer")
def transfer(
    ctx: typer.Context,
    ref: Ref,
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="Who owes it from now on.")],
    why: Why,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Give a task to another agency, with its progress, its date and its first date; the old one stays listed."""
    from tracker.operations.ownership import transfer as move

    made(ctx, at, shown, lambda store, when: move(store, ref, agency, at=when, actor=actor(by), why=why, seen=seen))


@app.command("excuse")
def excuse(
    ctx: typer.Context,
    ref: Ref,
    why: Why,
    agreed_by: Annotated[str, typer.Option("--agreed-by", help="Who agreed: an office or a person.")],
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Record that a task does not apply to an agency: why, and who agreed."""
    from tracker.operations.ownership import excuse as move

    made(
        ctx,
        at,
        shown,
        lambda store, when: move(store, ref, at=when, actor=actor(by), why=why, agreed_by=agreed_by, seen=seen),
    )


@app.command("discontinue")
def discontinue(
    ctx: typer.Context,
    ref: Ref,
    why: Why,
    instrument: Instrument,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Give a task up, on somebody's authority; it stays listed for ever."""
    from tracker.operations.ownership import discontinue as move

    made(
        ctx,
        at,
        shown,
        lambda store, when: move(store, ref, at=when, actor=actor(by), why=why, instrument=instrument, seen=seen),
    )


@app.command("delegate")
def delegate(
    ctx: typer.Context,
    ref: Ref,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The unit below the lead that does the work.")],
    words: Annotated[str | None, typer.Option("--words", "-w", help="What the unit is told.")] = None,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Pass a task on to a unit below its lead: it works, reports and is reminded too; the lead stays answerable."""
    from tracker.operations.ownership import delegate as move

    made(ctx, at, shown, lambda store, when: move(store, ref, unit, at=when, actor=actor(by), words=words, seen=seen))


@app.command("take-back")
def take_back(
    ctx: typer.Context, ref: Ref, seen: Seen = None, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT
) -> None:
    """Record that the lead does the work itself again."""
    from tracker.operations.ownership import take_back as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), seen=seen))
