"""`tracker reviews`: what waits for a decision of the secretariat, and for how long: the reviewer's own clock."""

from typing import Annotated

import typer

from tracker.cli.opened import opened, reading, registry_at
from tracker.cli.options import Format, Known, Lang, Language, Limit, ReadAt, Shown
from tracker.cli.output import put


def reviews(
    ctx: typer.Context,
    agency: Annotated[str | None, typer.Option("--agency", help="Only those of one agency, by its code.")] = None,
    directive: Annotated[str | None, typer.Option("--directive", help="Only those of one directive: its key.")] = None,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """List reports, requests for more time and "not ours" that wait for a decision, the longest first."""
    from tracker.terminal.life import show_reviews
    from tracker.views.reviews import review_list

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            found = review_list(
                connection,
                at=when.at,
                known=when.known,
                registry=registry_at(connection, when.adopted_by),
                agency=agency,
                directive=directive,
                language=lang,
                limit=limit,
            )
    put(found, shown, show_reviews)
