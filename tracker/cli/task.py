"""`tracker task`: list, show, explain, and the moves of an assignment."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.exits import MATCHED
from tracker.cli.opened import directive_at, opened, reading, registry_at, texts_at, writing_at
from tracker.cli.options import As, Format, Known, Lang, Language, Limit, ReadAt, Shown, WriteAt, actor
from tracker.cli.output import put, put_result
from tracker.cli.run import Failing, FailOn

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.domain.assignment import Assignment
    from tracker.views import Connection, Store

OCCURRENCES = 10_000  # more than a task can have at one agency: every day for 27 years

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What each agency owes, and its moves.")

Ref = Annotated[
    str, typer.Argument(metavar="REF", help="2025/412-tb-vpcp/service-portal/BNV, or its end where that is unique.")
]


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
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    limit: Limit = 50,
    fail_on: Failing = None,
    shown: Shown = Format.TEXT,
) -> None:
    """List assignments, the earliest deadline first."""
    from tracker.domain.standing import Cell
    from tracker.terminal.tasks import show_list
    from tracker.views import Wanted, task_list

    name = CellName.OVERDUE if overdue else cell
    wanted = Wanted(agency=agency, directive=directive, standing=standing, cell=Cell(name) if name else None)
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


@app.command("acknowledge")
def acknowledge(ctx: typer.Context, ref: Ref, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Record that the agency has taken note of its task."""
    from tracker.operations import acknowledge as move

    with opened(ctx) as store:
        when = writing_at(store, at)
        _tell(store, move(store, ref, at=when, actor=actor(by)), when, shown)


@app.command("submit")
def submit(
    ctx: typer.Context,
    ref: Ref,
    words: Annotated[str, typer.Option("--words", "-w", help="What was done, in a sentence.")],
    document: Annotated[str | None, typer.Option("--document", "-d", help="The document that shows it.")] = None,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Record the agency's report that its task is done."""
    from tracker.operations import submit as move

    with opened(ctx) as store:
        when = writing_at(store, at)
        _tell(store, move(store, ref, at=when, actor=actor(by), words=words, document=document), when, shown)


@app.command("accept")
def accept(ctx: typer.Context, ref: Ref, at: WriteAt = None, by: As = None, shown: Shown = Format.TEXT) -> None:
    """Record that a report was verified: the task is completed, and what waited for it may start."""
    from tracker.operations import accept as move

    with opened(ctx) as store:
        when = writing_at(store, at)
        _tell(store, move(store, ref, at=when, actor=actor(by)), when, shown)


@app.command("return")
def send_back(
    ctx: typer.Context,
    ref: Ref,
    missing: Annotated[str, typer.Option("--missing", "-m", help="The exact missing thing.")],
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Return a report, with the exact missing thing; the deadline goes on running."""
    from tracker.operations import send_back as move

    with opened(ctx) as store:
        when = writing_at(store, at)
        _tell(store, move(store, ref, at=when, actor=actor(by), missing=missing), when, shown)


def _tell(store: "Store", after: "Assignment", at: "datetime", shown: Format) -> None:
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
    put_result(result, shown, f"{row.ref} is {row.progress} (entry {after.seq}): {row.reason}")


def _high_water(connection: "Connection") -> "datetime":
    from tracker.views.adopted import high_water

    return high_water(connection)
