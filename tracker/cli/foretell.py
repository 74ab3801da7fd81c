"""`tracker reminder preview` and `tracker reminder try`: a policy is seen before it acts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.opened import opened, reading_at
from tracker.cli.options import Format, Limit, Shown, instant
from tracker.cli.output import put, working

if TYPE_CHECKING:
    from tracker.domain.agency import Registry
    from tracker.views import Store

WEEK = 7


def preview(
    ctx: typer.Context,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="INSTANT", help="Where the period begins; now by default.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="INSTANT", help="Where it ends, included; a week later by default.")
    ] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="Only what one agency is told, by its code.")] = None,
    directive: Annotated[str | None, typer.Option("--directive", help="Only what is told of one directive.")] = None,
    ladder: Annotated[
        Path | None,
        typer.Option("--ladder", metavar="FILE", help="A ladders.yaml to try in place of the one in force."),
    ] = None,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """Show every mail that would go out if nobody acted: when, to whom, about what and why. Nothing is written."""
    from datetime import timedelta

    from tracker.operations.forecast import preview as foretell
    from tracker.terminal.forecast import show_preview

    with opened(ctx) as store, working("looking ahead…"):
        at = reading_at(store, None)
        first = instant(begin) if begin else at
        found = foretell(
            store,
            at=at,
            begin=first,
            end=instant(end) if end else max(first, at) + timedelta(days=WEEK),
            registry=policy_of(store, ladder) if ladder else None,
            policy=ladder.name if ladder else None,
            agency=agency,
            directive=directive,
        )
    put(found, shown, lambda view, out: show_preview(view, out, limit=limit))


def attempt(
    ctx: typer.Context,
    ladders: Annotated[Path, typer.Argument(metavar="LADDERS", help="A ladders.yaml.")],
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="INSTANT", help="Where the period begins; with the ledger by default."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="INSTANT", help="Where it ends, included; now by default.")
    ] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Show what another policy would have sent so far: the facts of the ledger are lived through with both."""
    from tracker.operations.forecast import trial
    from tracker.terminal.forecast import show_trial

    with opened(ctx) as store, working("reading…"):
        found = trial(
            store,
            policy_of(store, ladders),
            at=reading_at(store, None),
            policy=ladders.name,
            begin=instant(begin) if begin else None,
            end=instant(end) if end else None,
        )
    put(found, shown, show_trial)


def policy_of(store: "Store", file: Path) -> "Registry":
    """Return the registry in force with the ladders of a file; raises Invalid, the findings told, for a bad one."""
    from tracker.cli.plans import put_findings
    from tracker.domain.errors import Invalid
    from tracker.files.registry import read_policy
    from tracker.operations.recording import registry_in_force

    with store.read() as connection:
        registry = registry_in_force(connection)
    found, findings = read_policy(file, registry)
    put_findings(findings, 0, Format.TEXT, out="stderr")
    if found is None:
        raise Invalid(f"{file} cannot be tried: it has errors", code="bad-registry")
    return found.over(registry)
