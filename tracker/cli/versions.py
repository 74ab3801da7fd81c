"""Versions of a directive: what was in force on a day and how far it was, and what differs between two."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.opened import directive_at, opened, reading, reading_at, registry_at
from tracker.cli.options import Format, Known, Lang, Language, ReadAt, Shown
from tracker.cli.output import put
from tracker.cli.plans import changes_document, shown_changes

if TYPE_CHECKING:
    from tracker.domain.directive import Directive
    from tracker.views import Connection

Key = Annotated[str, typer.Argument(metavar="KEY", help="The directive's key, for example 2025/412-tb-vpcp.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to `tracker directive`."""
    app.command("show")(show)
    app.command("diff")(diff)


def show(
    ctx: typer.Context,
    key: Key,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    shown: Shown = Format.TEXT,
) -> None:
    """Show a directive in the version in force at an instant, and how far each task was then."""
    from tracker.terminal.directives import show_directive
    from tracker.views.directive import directive_show

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            directive = directive_at(connection, key, when.adopted_by)
            registry = registry_at(connection, when.adopted_by)
            found = directive_show(
                connection, directive, at=when.at, known=when.known, registry=registry, language=lang
            )
    put(found, shown, show_directive)


def diff(
    ctx: typer.Context,
    key: Key,
    old: Annotated[
        int | None, typer.Option("--from", metavar="N", help="The older version; else the last but one.")
    ] = None,
    new: Annotated[
        int | None, typer.Option("--to", metavar="M", help="The newer one; else the version in force.")
    ] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Show what differs between two versions of a directive that were adopted."""
    from tracker.files.plan import plan
    from tracker.terminal.page import print_json

    with opened(ctx) as store:
        when = reading_at(store, None)
        with store.read() as connection:
            current = _current(connection, key, when)
            second = current if new is None else new
            first = second - 1 if old is None else old
            one, other = _version(connection, key, first), _version(connection, key, second)
            registry = registry_at(connection, when)
    found = plan(one, other, registry=registry, on=registry.calendar.civil_day(when))
    told = {change.task: (*change.added, *change.removed) for change in found.changes}
    if shown is Format.JSON:
        print_json({"from": first, "to": second, **changes_document(found, other, told)})
    else:
        print(f"{key}: version {first} to version {second}")
        shown_changes(found, other, told)


def _current(connection: "Connection", key: str, when: datetime) -> int:
    from tracker.domain.errors import NotFound
    from tracker.views import directive_list

    found = directive_list(connection, at=when).directives
    version = next((one.version for one in found if one.key == key), None)
    if version is None:
        raise NotFound(f"no directive '{key}' has been adopted")
    return version


def _version(connection: "Connection", key: str, version: int) -> "Directive":
    from tracker.files.documents import directive_from
    from tracker.views.adopted import version_document

    return directive_from(dict(version_document(connection, key, version)))
