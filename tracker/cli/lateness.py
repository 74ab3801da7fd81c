"""`tracker report lateness`: what each late day is charged to."""

from typing import Annotated

import typer

from tracker.cli.opened import opened, reading, registry_at, texts_at
from tracker.cli.options import Format, Known, Lang, Language, Limit, ReadAt, Shown
from tracker.cli.output import put


def lateness(
    ctx: typer.Context,
    agency: Annotated[
        str | None, typer.Option("--agency", help="Only what is late at one agency, and whom it delayed.")
    ] = None,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """Say what each late day is charged to: the agency itself, others it waited for, the reviewer, the order, the date.

    The causes of a task add up to its days late, and the days caused to others to the days they waited.
    """
    from tracker.terminal.lateness import show
    from tracker.views.lateness import lateness as view

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            found = view(
                connection,
                at=when.at,
                known=when.known,
                registry=registry_at(connection, when.adopted_by),
                texts=texts_at(connection, when.adopted_by),
                agency=agency,
                language=lang,
                limit=limit,
            )
    put(found, shown, show)
