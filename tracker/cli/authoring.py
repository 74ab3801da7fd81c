"""Authoring: what helps to write a directive file: its layout, a start, an import, the schema for editors."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import sources
from tracker.cli.exits import INVALID_DIRECTIVE, MATCHED
from tracker.cli.options import Format
from tracker.cli.plans import put_findings

if TYPE_CHECKING:
    from rich.table import Table

    from tracker.domain.agency import Registry
    from tracker.domain.finding import Finding
    from tracker.files.table import Imported

Issued = Annotated[
    datetime, typer.Option("--issued", metavar="DATE", formats=["%Y-%m-%d"], help="The date of issue, YYYY-MM-DD.")
]
Issuer = Annotated[
    str | None, typer.Option("--issuer", metavar="CODE", help="The issuing agency; by default the one of the number.")
]
Folder = Annotated[
    Path, typer.Option("--dir", metavar="FOLDER", help="The folder of the directives, with its registry.")
]
DIRECTIVES = Path("directives")


def fmt(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Directive files, or folders of them.")],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; leave with 4 if a file would change.")] = False,
) -> None:
    """Lay directive files out: keys in the order of the format, two spaces a level, comments kept."""
    from tracker.files.layout import lay_out
    from tracker.files.reader import files

    changed, wrong = 0, 0
    for file in (file for path in paths for file in files(path)):
        data = _bytes(file)
        laid = lay_out(data, file.as_posix())
        if laid.text is None:
            wrong += 1
            _put_errors(laid.findings)
        elif laid.text.encode() != data:
            changed += 1
            print(f"{'would lay out' if check else 'laid out'} {file}")
            if not check:
                file.write_bytes(laid.text.encode())
    if wrong:
        raise typer.Exit(INVALID_DIRECTIVE)
    if check and changed:
        raise typer.Exit(MATCHED)


def new(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The number as printed, for example 412/TB-VPCP.")],
    issued: Issued,
    issuer: Issuer = None,
    unnumbered: Annotated[
        str | None,
        typer.Option("--unnumbered", metavar="KIND", help="NUMBER is a name: of a meeting, a practice, a draft …"),
    ] = None,
    folder: Folder = DIRECTIVES,
) -> None:
    """Start a directive file: valid at once, every other key beside it as a comment."""
    from tracker.files.draft_file import draft_file

    registry = _registry(folder)
    start = draft_file(number, issued.date(), registry=registry, issuer=issuer, unnumbered=unnumbered)
    print(_write(folder / start.path, start.text))


def import_table(
    path: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="A table of tasks, as XLSX or CSV.")],
    number: Annotated[str, typer.Option("--number", metavar="NUMBER", help="The number of the directive.")],
    issued: Issued,
    issuer: Issuer = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Which sheet; the first shown.")] = None,
    folder: Folder = DIRECTIVES,
    write: Annotated[bool, typer.Option("--write", help="Write the file; else only show it.")] = False,
) -> None:
    """Read a task table (task, host agency, cooperating agencies, product, deadline) and show or write its file."""
    from tracker.files.table import read_table

    registry = _registry(folder)
    found = read_table(path, number, issued.date(), registry=registry, issuer=issuer, sheet=sheet)
    _show(found)
    if found.directive is None:
        raise typer.Exit(INVALID_DIRECTIVE)
    text, findings = _file_of(found, registry)
    if any(finding.severity == "error" for finding in findings):
        _put_errors(findings)
        raise typer.Exit(INVALID_DIRECTIVE)
    target = folder / f"{found.directive.key}.yaml"
    if write:
        print(f"wrote {_write(target, text)}")
    else:
        print(f"nothing was written; --write makes it {target}")


def schema() -> None:
    """Print the JSON Schema of directive files, which editors use to complete keys and explain them."""
    import json

    from tracker.files.schema import schema as json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=2))


def _registry(folder: Path) -> "Registry":
    from tracker.domain.errors import Invalid
    from tracker.files.registry import read_registry

    beside = sources.registry_folder(folder)
    if beside is None:
        raise Invalid(f"no registry stands in or above {folder}; name the folder with --dir", code="bad-registry")
    registry, findings = read_registry(beside)
    if registry is None:
        _put_errors(findings)
        raise Invalid(f"the registry in {beside} has mistakes", code="bad-registry")
    return registry


def _file_of(found: "Imported", registry: "Registry") -> "tuple[str, tuple[Finding, ...]]":
    """Return the file of an imported table, and what reading it back finds."""
    from tracker.files.draft_file import MODELINE
    from tracker.files.reader import read_text
    from tracker.files.render import render

    assert found.directive is not None
    text = f"{MODELINE}\n# Imported from a table: translate the titles, and say where each task stands.\n"
    text += render(found.directive)
    return text, read_text(text.encode(), f"{found.directive.key}.yaml", registry=registry)[1]


def _show(found: "Imported") -> None:
    from tracker.terminal.page import console

    put_findings(found.findings, 1, Format.TEXT, out="stderr")
    if found.rows:
        console().print(_table(found))


def _table(found: "Imported") -> "Table":
    from rich.table import Table

    from tracker.domain.deadline import rule_text

    table = Table("cell", "task", "title", "owner", "with", "deadline", "product", box=None, pad_edge=False)
    for row in found.rows:
        task, due = row.task, row.task.due
        owner = task.lead or (", ".join(task.for_each.named) if task.for_each else "?")
        cells = (task.id, task.title.vi, owner, ", ".join(task.supporting), rule_text(due.rule) if due else "–")
        table.add_row(row.place.rpartition("!")[2], *cells, task.deliverable or "–")
    return table


def _put_errors(findings: "tuple[Finding, ...]") -> None:
    put_findings([finding for finding in findings if finding.severity == "error"], 0, Format.TEXT, out="stderr")


def _bytes(file: Path) -> bytes:
    from tracker.domain.errors import Invalid

    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}", code="invalid") from None


def _write(path: Path, text: str) -> Path:
    from tracker.domain.errors import Refused

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise Refused(f"{path} stands there already", code="file-exists") from None
    return path


def add_to(app: typer.Typer) -> None:
    """Give a group of commands these."""
    for name, command in (("fmt", fmt), ("new", new), ("import", import_table), ("schema", schema)):
        app.command(name)(command)
