"""`tracker report summary` and `check`: figures that reconcile, with a fingerprint by which they are known again."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.exits import INTEGRITY
from tracker.cli.opened import opened, reading, registry_at
from tracker.cli.options import Format, Known, Lang, Language, Limit, Shown
from tracker.cli.output import working

if TYPE_CHECKING:
    from tracker.domain.agency import Registry
    from tracker.views import Connection
    from tracker.views.past import Vantage
    from tracker.views.summary import Summary


def add_to(app: typer.Typer) -> None:
    """Add these commands to `tracker report`."""
    app.command("summary")(summary)
    app.command("check")(check)


def summary(
    ctx: typer.Context,
    start: Annotated[
        str | None, typer.Option("--from", metavar="INSTANT", help="Add the bridge from an earlier instant.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", "--at", metavar="INSTANT", help="The instant it is of; now by default.")
    ] = None,
    known: Known = None,
    agency: Annotated[str | None, typer.Option("--agency", help="Only what one agency owes, by its code.")] = None,
    below: Annotated[bool, typer.Option("--below", help="With --agency: and every office below it.")] = False,
    directive: Annotated[str | None, typer.Option("--directive", help="Only one directive, by its key.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there too, as JSON.")
    ] = None,
    lang: Lang = Language.EN,
    limit: Limit = 20,
    shown: Shown = Format.TEXT,
) -> None:
    """Show the six cells by agency and directive, every rate with its formula, and what moved since --from.

    Without --known each end is as it was known on its own day, so that reports join; with it both are as known then.
    """
    from tracker.domain.errors import Invalid
    from tracker.views.summary import Asked, document
    from tracker.views.summary import summary as view

    if below and agency is None:
        raise Invalid("--below says more of --agency: name one")
    with opened(ctx) as store:
        end = reading(store, to, known)
        since = reading(store, start, known) if start is not None else None
        with store.read() as connection, working("reading the ledger…"):
            asked = Asked(agency=agency, below=below, directive=directive)
            registries = partial(registry_of, connection)
            found = view(connection, end, since=since, asked=asked, registries=registries)
            names = _names(connection, found, registries(end), lang) if shown is Format.TEXT else {}
    _put(found, document(found), names, output, shown, limit)


def check(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A report that was written with -o or --format json.")],
    shown: Shown = Format.TEXT,
) -> None:
    """Check a report: its fingerprint, its sums, and every figure made again; leave with 5 when it does not hold."""
    from tracker.terminal.page import console, print_json
    from tracker.terminal.summary import show_verdict
    from tracker.views.plain import document
    from tracker.views.rerun import check_report

    report = _read(path)
    with opened(ctx) as store, store.read() as connection, working("making it again…"):
        verdict = check_report(connection, report, partial(registry_of, connection))
    if shown is Format.JSON:
        print_json({"holds": verdict.holds, **document(verdict)})
    else:
        show_verdict(verdict, console())
    if not verdict.holds:
        raise typer.Exit(INTEGRITY)


def registry_of(connection: "Connection", vantage: "Vantage") -> "Registry":
    """Return the registry in force at a vantage; raises NotFound before the first was adopted."""
    from tracker.files.documents import registry_from
    from tracker.views.adopted import registry_document

    if vantage.upto is None:
        return registry_at(connection, vantage.adopted_by)
    return registry_from(dict(registry_document(connection, at=vantage.adopted_by, upto=vantage.upto)))


def _put(
    found: "Summary", document: dict[str, Any], names: dict[str, str], output: Path | None, shown: Format, limit: int
) -> None:
    import sys

    from tracker.domain.errors import Refused
    from tracker.terminal.page import console
    from tracker.terminal.summary import show
    from tracker.views.fingerprint import as_bytes

    if output is not None:
        try:
            output.write_bytes(as_bytes(document))
        except OSError as error:
            raise Refused(f"{output} cannot be written: {error.strerror}", code="not-written") from None
    if shown is Format.JSON:
        sys.stdout.write(as_bytes(document).decode())  # the very bytes of the file: no indent
        return
    show(found, document["fingerprint"], console(), names=names, limit=limit)


def _read(path: Path) -> dict[str, Any]:
    import json

    from tracker.domain.errors import Invalid, NotFound

    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise Invalid(f"{path} is no report: it is no JSON", code="bad-report") from None
    if not isinstance(found, dict):
        raise Invalid(f"{path} is no report", code="bad-report")
    return found


def _names(connection: "Connection", found: "Summary", registry: "Registry", language: str) -> dict[str, str]:
    from tracker.views import directive_list
    from tracker.views.rows import agency_name

    stamp = found.stamp
    listed = directive_list(connection, at=stamp.as_of, known=stamp.known_at, language=language).directives
    agencies = {one.key: agency_name(registry, one.key, language) for one in found.agencies}
    return {**agencies, **{head.key: head.title for head in listed}}
