"""`tracker directive`: check, plan, apply, graph and list directives."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli import authoring, coverage, sources, versions
from tracker.cli.exits import INVALID_DIRECTIVE, MATCHED
from tracker.cli.opened import common_of, opened, reading, reading_at, writing_at
from tracker.cli.options import As, Format, Known, Lang, Language, ReadAt, Shown, WriteAt, actor
from tracker.cli.output import put, working
from tracker.cli.plans import Prepared, plan_document, prepared, put_findings, shown_plan

if TYPE_CHECKING:
    from tracker.views import Store

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Directives as files: checked, planned, applied.")

Paths = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Directive files, or folders of them.")]
OnePath = Annotated[Path, typer.Argument(metavar="PATH", help="A directive file, or a folder of them.")]


class GraphFormat(StrEnum):
    """How a graph is written."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"
    SVG = "svg"


class FailOn(StrEnum):
    """What turns a plan into exit status 4."""

    CHANGES = "changes"


@app.command("check")
def check(
    paths: Paths,
    strict: Annotated[bool, typer.Option("--strict", help="Leave with 3 on warnings too.")] = False,
    six_clears: Annotated[
        bool, typer.Option("--six-clears", help="Add a table: what each task is not clear on, and why.")
    ] = False,
    shown: Shown = Format.TEXT,
) -> None:
    """Check directive files and their registry: every mistake with its place, in one run; then the drafting."""
    from tracker.cli import clears

    found = sources.read(paths, beside=True, drafting=True)
    more = clears.document(found.directives, found.registry) if six_clears else {}
    put_findings(found.findings, len(found.directives), shown, more=more if shown is Format.JSON else {})
    if six_clears and shown is Format.TEXT:
        clears.show(found.directives, found.registry)
    if any(strict or finding.severity == "error" for finding in found.findings):
        raise typer.Exit(INVALID_DIRECTIVE)


@app.command("plan")
def plan(
    ctx: typer.Context,
    path: OnePath,
    at: ReadAt = None,
    fail_on: Annotated[FailOn | None, typer.Option("--fail-on", help="Leave with 4 if anything would change.")] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Show what applying a file or folder would add, change and remove, and how many agencies would be told."""
    from tracker.terminal.page import print_json

    with opened(ctx) as store:
        ready = prepared(store, path, at=reading_at(store, at))
    if shown is Format.JSON:
        print_json(plan_document(ready))
    else:
        shown_plan(ready)
    if fail_on is FailOn.CHANGES and ready.changes:
        raise typer.Exit(MATCHED)


@app.command("apply")
def apply(
    ctx: typer.Context,
    path: OnePath,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Check, plan, ask, and make the registry and the directives those in force."""
    from tracker.terminal.page import print_json

    with opened(ctx) as store:
        when = writing_at(store, at)
        ready = prepared(store, path, at=when)
        if shown is Format.TEXT:
            shown_plan(ready)
        if ready.changes and not yes:
            _ask(ctx)
        who = actor(by)
        with working("applying…"):
            done = _adopt(store, ready, when, who) if ready.changes else []
        position = store.position()
    if shown is Format.JSON:
        print_json({**plan_document(ready), "applied": done, "seq": position.seq, "head": position.hash})
        return
    for one in done:
        counts = f"{one['added']:,} assignments added, {one['changed']:,} changed, {one['withdrawn']:,} withdrawn"
        if one["carried"] or one["superseded"]:
            counts += f", {one['carried']:,} carried over, {one['superseded']:,} superseded"
        print(f"applied {one['key']}, version {one['version']}: {counts}")
    print(f"ledger {position.seq} · {position.hash[:4]}…" if done or ready.registry_changed else "nothing to apply")


def _adopt(store: "Store", ready: Prepared, when: Any, who: str) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from tracker.operations import adopt_directive, adopt_registry

    if ready.registry is not None:
        adopt_registry(store, ready.registry, at=when, actor=who)
    return [asdict(adopt_directive(store, one, at=when, actor=who)) for one in ready.directives]


def _ask(ctx: typer.Context) -> None:
    import sys

    from tracker.domain.errors import Refused

    if common_of(ctx).no_input or not sys.stdin.isatty():
        raise Refused("nobody can be asked here: add --yes to apply", code="not-asked")
    typer.confirm("Apply?", abort=True, err=True)


@app.command("graph")
def graph(
    path: OnePath,
    lang: Lang = Language.EN,
    slip: Annotated[
        str | None, typer.Option("--slip", metavar="TASK=N", help="Show what comes later when a task is N late.")
    ] = None,
    shown: Annotated[
        GraphFormat, typer.Option("--format", "-f", help="text, json, mermaid, or svg.")
    ] = GraphFormat.TEXT,
) -> None:
    """Show an order in which the tasks can be done, what each needs, what waits for it, and the critical path."""
    from tracker.cli import graphs
    from tracker.terminal.page import console, print_json

    found = sources.read([path], beside=True)
    errors = [finding for finding in found.findings if finding.severity == "error"]
    if errors:
        put_findings(errors, len(found.directives), Format.TEXT)
        raise typer.Exit(INVALID_DIRECTIVE)
    if slip is not None:
        graphs.show_slip(found.directives, slip, as_json=shown is GraphFormat.JSON)
    elif shown is GraphFormat.JSON:
        print_json(graphs.document(found.directives, found.registry))
    elif shown is GraphFormat.MERMAID:
        print(graphs.mermaid(found.directives, lang))
    elif shown is GraphFormat.SVG:
        from tracker.cli import drawing

        print(drawing.svg(found.directives, found.registry, lang))
    else:
        graphs.show(found.directives, found.registry, console())


@app.command("list")
def list_directives(
    ctx: typer.Context,
    at: ReadAt = None,
    known: Known = None,
    lang: Lang = Language.EN,
    shown: Shown = Format.TEXT,
) -> None:
    """List the directives in force."""
    from tracker.terminal.directives import show_directives
    from tracker.views import directive_list

    with opened(ctx) as store:
        when = reading(store, at, known)
        with store.read() as connection:
            found = directive_list(connection, at=when.at, known=when.known, language=lang)
    put(found, shown, show_directives)


app.command("coverage")(coverage.coverage)
authoring.add_to(app)
versions.add_to(app)
