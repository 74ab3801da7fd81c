"""`tracker extension`: more time is asked for, granted or refused; and what a later date would squeeze."""

from datetime import date
from typing import Annotated

import typer

from tracker.cli.moves import Why, made, tell
from tracker.cli.opened import opened, reading, registry_at, writing_at
from tracker.cli.options import (
    As,
    Format,
    Instrument,
    Known,
    Lang,
    Language,
    Limit,
    ReadAt,
    Ref,
    Seen,
    Shown,
    WriteAt,
    actor,
    day_of,
)
from tracker.cli.output import put

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="More time: asked for before the date has passed, and decided."
)


@app.command("ask")
def ask(
    ctx: typer.Context,
    ref: Ref,
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day that is asked for.")],
    why: Why,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Ask for another last day. Nothing moves by asking; the rules stand in directives/registry/extensions.yaml."""
    from tracker.operations.extensions import ask as move

    day = day_of(until)
    made(ctx, at, shown, lambda store, when: move(store, ref, day, at=when, actor=actor(by), why=why, seen=seen))


@app.command("grant")
def grant(
    ctx: typer.Context,
    ref: Ref,
    instrument: Instrument,
    until: Annotated[str | None, typer.Option("--until", metavar="DAY", help="Another day than was asked for.")] = None,
    along: Annotated[
        list[str] | None,
        typer.Option("--along", metavar="REF=DAY", help="A task that depends on it moves along; may be given again."),
    ] = None,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Grant what was asked for, or another day; the first date stays for ever."""
    from tracker.operations.extensions import grant as move
    from tracker.views import resolve

    day = day_of(until) if until is not None else None
    moving = [_along(text) for text in along or ()]
    with opened(ctx) as store:
        when = writing_at(store, at)
        with store.read() as connection:
            others = {resolve(connection, other): its_day for other, its_day in moving}
        after, *moved = move(
            store, ref, at=when, actor=actor(by), instrument=instrument, day=day, along=others, seen=seen
        )
        lines = [f"\n{one.ref} moves along to {one.facts.limit.last_day}" for one in moved if one.facts.limit]
        tell(store, after, when, shown, "".join(lines))


@app.command("refuse")
def refuse(
    ctx: typer.Context,
    ref: Ref,
    why: Why,
    seen: Seen = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Refuse what was asked for, and say why: the date stays."""
    from tracker.operations.extensions import refuse as move

    made(ctx, at, shown, lambda store, when: move(store, ref, at=when, actor=actor(by), why=why, seen=seen))


@app.command("list")
def list_extensions(
    ctx: typer.Context,
    pending: Annotated[bool, typer.Option("--pending", help="Only what awaits a decision.")] = False,
    agency: Annotated[str | None, typer.Option("--agency", help="Only those of one agency, by its code.")] = None,
    directive: Annotated[str | None, typer.Option("--directive", help="Only those of one directive: its key.")] = None,
    at: ReadAt = None,
    known: Known = None,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """List requests for more time with their decisions, the newest first."""
    from tracker.terminal.life import show_extensions
    from tracker.views.life import extension_list

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            found = extension_list(
                connection,
                at=when.at,
                known=when.known,
                registry=registry_at(connection, when.adopted_by),
                agency=agency,
                directive=directive,
                pending=pending,
                limit=limit,
            )
    put(found, shown, show_extensions)


@app.command("effect")
def effect(
    ctx: typer.Context,
    ref: Ref,
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day that is thought of.")],
    lang: Lang = Language.EN,
    shown: Shown = Format.TEXT,
) -> None:
    """Show whose work depends on a task, and which of it is due by a later day: it would have to move along."""
    from tracker.operations.extensions import dependents
    from tracker.operations.moving import find
    from tracker.terminal.life import show_effect
    from tracker.views.life import effect_of

    day = day_of(until)
    with opened(ctx) as store:
        when = reading(store, None, None)
        with store.read() as connection:
            one = find(connection, ref)
            squeezed = {each.ref for each in dependents(connection, one, day) if each.squeezed}
            others = [each.ref for each in dependents(connection, one, day)]
            found = effect_of(
                connection,
                one.ref,
                day,
                others,
                squeezed,
                at=when.at,
                registry=registry_at(connection, when.at),
                language=lang,
            )
    put(found, shown, show_effect)


def _along(text: str) -> tuple[str, date]:
    from tracker.domain.errors import Invalid

    ref, equals, day = text.rpartition("=")
    if not (ref and equals):
        raise Invalid(f"'{text}' is no REF=DAY: write for example 412-tb-vpcp/summary/BNV=2025-10-15", code="bad-day")
    return ref.strip(), day_of(day.strip())
