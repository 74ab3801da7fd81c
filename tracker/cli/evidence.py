"""`tracker evidence`: files that show what was done, known by the SHA-256 of their bytes."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.exits import INTEGRITY
from tracker.cli.opened import opened, reading_at, settings_of, writing_at
from tracker.cli.options import ZONE, As, Format, Limit, ReadAt, Shown, WriteAt, actor
from tracker.cli.output import put, put_result, working

if TYPE_CHECKING:
    from typing import BinaryIO

    from tracker.operations.evidence import Added, Checked, EvidenceFolder

NAMED = 5

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Files that show what was done.")

Sha = Annotated[str, typer.Argument(metavar="SHA256", help="The file's SHA-256, 64 hex digits.")]


@app.command("add")
def add(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="PDF, office documents, pictures, text, XML.")],
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Keep files as evidence; a report names them by the SHA-256 printed here. The same bytes are kept once."""
    from tracker.operations.evidence import add_evidence

    folder, who, added = _folder(ctx), actor(by), []
    with opened(ctx) as store:
        for file in files:
            with _read(file) as stream:
                when = writing_at(store, at)
                added.append(add_evidence(store, folder, stream, name=file.name, at=when, actor=who))
    from dataclasses import asdict

    put_result({"evidence": [asdict(one) for one in added]}, shown, "\n".join(map(_line, added)))


@app.command("get")
def get(
    ctx: typer.Context,
    sha256: Sha,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - is stdout.")],
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Write a file's bytes, once they were checked against its SHA-256; an existing file is not overwritten."""
    from tracker.operations.evidence import fetch

    with opened(ctx) as store:
        when = reading_at(store, None)
        with fetch(store, _folder(ctx), sha256, at=when, actor=actor(by)) as (known, source):
            if str(output) == "-":
                _copy(source, sys.stdout.buffer)
                return
            _write(source, output)
    result = {"sha256": known.sha256, "name": known.name, "media_type": known.media_type, "size": known.size}
    put_result({**result, "file": str(output)}, shown, f"{output}: {known.name}, {known.size:,} bytes, as kept")


@app.command("list")
def list_evidence(
    ctx: typer.Context,
    ref: Annotated[str | None, typer.Argument(metavar="[REF]", help="What the reports of one task named.")] = None,
    at: ReadAt = None,
    limit: Limit = 50,
    shown: Shown = Format.TEXT,
) -> None:
    """List the files kept, the newest first; or what the reports of one task named."""
    from tracker.terminal.evidence import show_files, show_proofs
    from tracker.views import resolve
    from tracker.views.evidence import evidence_list, proof_list

    with opened(ctx) as store:
        when = reading_at(store, at)
        with store.read() as connection:
            if ref is None:
                files = evidence_list(connection, at=when, zone=ZONE, limit=limit)
            else:
                proofs = proof_list(connection, resolve(connection, ref), at=when, zone=ZONE)
    if ref is None:
        put(files, shown, show_files)
    else:
        put(proofs, shown, show_proofs)


@app.command("shared")
def shared(ctx: typer.Context, at: ReadAt = None, shown: Shown = Format.TEXT) -> None:
    """List documents that close more than one task: the same bytes, or the same number and date at one agency."""
    from tracker.terminal.evidence import show_shared
    from tracker.views.evidence import shared_list

    with opened(ctx) as store:
        when = reading_at(store, at)
        with store.read() as connection:
            found = shared_list(connection, at=when, zone=ZONE)
    put(found, shown, show_shared)


@app.command("check")
def check(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """Check every file's bytes against its name, and that every entry has its file; leave with 5 where not."""
    from tracker.operations.evidence import check_evidence

    with opened(ctx) as store, working("checking the evidence…"):
        found = check_evidence(store, _folder(ctx))
    put_result(_document(found), shown, "\n".join(_told(found)))
    if not found.holds:
        raise typer.Exit(INTEGRITY)


@app.command("tidy")
def tidy(ctx: typer.Context, shown: Shown = Format.TEXT) -> None:
    """Remove uploads that never ended; say which files no entry speaks of. Those are left to you."""
    from tracker.operations.evidence import tidy as clean

    with opened(ctx) as store:
        found, removed = clean(store, _folder(ctx))
    words = [f"{len(removed):,} unfinished uploads removed", *_told(found)[1:]]
    put_result({"removed": list(removed), **_document(found)}, shown, "\n".join(words))


def _folder(ctx: typer.Context) -> "EvidenceFolder":
    from tracker.operations.evidence import evidence_folder

    return evidence_folder(settings_of(ctx))


def _read(file: Path) -> "BinaryIO":
    from tracker.domain.errors import Invalid

    try:
        if file.exists() and not (file.is_file() or file.is_dir()):  # a pipe would let us wait
            raise Invalid(f"{file} is no file")
        return file.open("rb")
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}") from error


def _write(source: "BinaryIO", output: Path) -> None:
    from tracker.domain.errors import Invalid

    try:
        with output.open("xb") as target:
            try:
                _copy(source, target)
            except OSError:
                output.unlink()  # half a file is nobody's evidence
                raise
    except FileExistsError:
        raise Invalid(f"{output} is there already: name another file") from None
    except OSError as error:
        raise Invalid(f"{output} cannot be written: {error.strerror}") from error


def _copy(source: "BinaryIO", target: "BinaryIO") -> None:
    from shutil import copyfileobj

    copyfileobj(source, target, 1 << 20)


def _line(added: "Added") -> str:
    from tracker.domain.evidence import size_words

    again = ", known already" if added.again else ""
    return f"{added.sha256}  {added.name} ({size_words(added.size)}, entry {added.seq}{again})"


def _document(found: "Checked") -> dict[str, Any]:
    from dataclasses import asdict

    return {"holds": found.holds, **asdict(found)}


def _told(found: "Checked") -> list[str]:
    holds = f"✓ the evidence holds: {found.files:,} files, every entry has its own"
    lines = [holds if found.holds else f"✗ the evidence does not hold: {found.files:,} files"]
    sentences = {
        "missing": "an entry speaks of it, and its file is not there",
        "broken": "its bytes are not those of its name",
        "orphans": "no entry of this store speaks of it",
        "unfinished": "an upload that never ended; run: tracker evidence tidy",
        "strays": "has no business in the folder",
    }
    for name, sentence in sentences.items():
        one_kind = getattr(found, name)
        lines += [f"  {item}: {sentence}" for item in one_kind[:NAMED]]
        if len(one_kind) > NAMED:
            lines.append(f"  … and {len(one_kind) - NAMED:,} more {name}")
    return lines
