"""`tracker task`: list, show, explain, and the moves of an assignment."""

from enum import StrEnum
from typing import Annotated

import typer

from tracker.cli.exits import MATCHED
from tracker.cli.opened import directive_at, opened, reading, registry_at, texts_at
from tracker.cli.options import Format, Known, Lang, Language, Limit, ReadAt, Ref, Shown
from tracker.cli.output import put
from tracker.cli.run import Failing, FailOn

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What each agency owes, and its moves.")


class Standing(StrEnum):
    """The standings of an assignment."""

    WAITING = "waiting"
    OPEN = "open"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    COMPLETED_ON_TIME = "completed_on_time"
    COMPLETED_LATE = "completed_late"
    UNDATED = "undated"
    REVIEW_DUE = "review_due"
    CLOSED_OUT = "closed_out"


class CellName(StrEnum):
    """The six cells."""

    ON_TIME = "completed_on_time"
    LATE = "completed_late"
    IN_TIME = "open_in_time"
    OVERDUE = "open_overdue"
    UNDATED = "undated"
    CLOSED_OUT = "closed_out"


@app.command("list")
def list_tasks(
    ctx: typer.Context,
    agency: Annotated[str | None, typer.Option("--agency", help="Only those of one agency, by its code.")] = None,
    directive: Annotated[str | None, typer.Option("--directive", help="Only those of one directive: its key.")] = None,
    standing: Annotated[Standing | None, typer.Option("--standing", help="Only those of one standing.")] = None,
    cell: Annotated[CellName | None, typer.Option("--cell", help="Only those in one cell of the board.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue: --cell open_overdue.")] = False,
    asking: Annotated[bool, typer.Option("--asking", help="Only where more time is asked for.")] = False,
    contested: Annotated[bool, typer.Option("--contested", help="Only what its agency says is not its own.")] = False,
    awaiting: Annotated[bool, typer.Option("--awaiting", help="Only reports that await review.")] = False,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    limit: Limit = 50,
    fail_on: Failing = None,
    shown: Shown = Format.TEXT,
) -> None:
    """List assignments, the earliest deadline first."""
    from tracker.domain.standing import Cell, Progress
    from tracker.terminal.tasks import show_list
    from tracker.views import Wanted, task_list

    name = CellName.OVERDUE if overdue else cell
    wanted = Wanted(
        agency=agency,
        directive=directive,
        standing=standing,
        cell=Cell(name) if name else None,
        progress=frozenset({Progress.SUBMITTED}) if awaiting else None,
        asking=asking,
        contested=contested,
    )
    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            found = task_list(
                connection, at=when.at, known=when.known, registry=registry, wanted=wanted, language=lang, limit=limit
            )
    put(found, shown, show_list)
    if fail_on is FailOn.OVERDUE and any(row.cell == Cell.OVERDUE for row in found.tasks):
        raise typer.Exit(MATCHED)


@app.command("show")
def show(
    ctx: typer.Context,
    ref: Ref,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    shown: Shown = Format.TEXT,
) -> None:
    """Show everything about one assignment: where it stands, its entries, its reminders and their attempts."""
    from tracker.terminal.tasks import show_task
    from tracker.views import resolve, task_show
    from tracker.views.tasks import directive_of

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            full = resolve(connection, ref)
            directive = directive_at(connection, directive_of(full), when.adopted_by)
            found = task_show(
                connection, full, at=when.at, known=when.known, registry=registry, directive=directive, language=lang
            )
    put(found, shown, show_task)


@app.command("explain")
def explain(
    ctx: typer.Context,
    ref: Ref,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    shown: Shown = Format.TEXT,
) -> None:
    """Explain how a deadline was set, why the task stands where it stands, and what waits for what."""
    from tracker.terminal.tasks import show_explanation
    from tracker.views import explain as view
    from tracker.views import resolve
    from tracker.views.tasks import directive_of

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            registry = registry_at(connection, when.adopted_by)
            full = resolve(connection, ref)
            directive = directive_at(connection, directive_of(full), when.adopted_by)
            found = view(
                connection,
                full,
                at=when.at,
                known=when.known,
                registry=registry,
                directive=directive,
                texts=texts_at(connection, when.adopted_by),
                language=lang,
            )
    put(found, shown, show_explanation)


class Drawn(StrEnum):
    """How the life cycle is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    MERMAID = "mermaid"
    JSON = "json"


@app.command("lifecycle")
def lifecycle(
    shown: Annotated[Drawn, typer.Option("--format", "-f", help="markdown: the page docs/life-cycle.md.")] = Drawn.TEXT,
) -> None:
    """Show every move of a task: who may, from what, to what, and what it needs."""
    from tracker.domain.lifecycle import TRANSITIONS
    from tracker.terminal.lifecycle import diagram, page, show_lifecycle
    from tracker.terminal.page import console, print_json
    from tracker.views.plain import plain

    match shown:
        case Drawn.TEXT:
            show_lifecycle(TRANSITIONS, console())
        case Drawn.MARKDOWN:
            print(page(), end="")
        case Drawn.MERMAID:
            print(diagram())
        case Drawn.JSON:
            moves = [{**plain(each), "sources": sorted(map(str, each.sources))} for each in TRANSITIONS]
            print_json({"transitions": moves})
