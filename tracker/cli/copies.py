"""`tracker db backup`, `restore` and `reconcile`: a checked copy, one put back, and what was sent in between."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.opened import opened, settings_of
from tracker.cli.options import As, Format, Shown, actor
from tracker.cli.output import put_result, working

if TYPE_CHECKING:
    from tracker.operations.reconciling import Reconciled

NAMED = 10


def backup(
    ctx: typer.Context,
    place: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A new file, or a folder for one named by date.")],
    files: Annotated[
        bool, typer.Option("--files", help="Copy evidence and key files too, into FILE.files, modes kept.")
    ] = False,
    shown: Shown = Format.TEXT,
) -> None:
    """Write one state of the store to a file and check the copy; others may go on writing meanwhile."""
    from tracker import clock
    from tracker.operations.backup import backup as run

    with opened(ctx) as store, working("copying…"):
        done = run(store, place, settings_of(ctx), at=clock.now(), files=files)
    lines = [f"{done.file}: {done.octets:,} octets, {done.entries:,} entries that hold, head {done.head[:12]}…"]
    for one in done.beside:
        what = f"{one.what} {one.where}"
        if not one.here:
            lines.append(f"not here, and so not copied: {what}")
        elif done.files:
            lines.append(f"copied to {done.files}: {what}")
        else:
            lines.append(f"not in this file, keep a copy of it too: {what}")
    lines.append("the journal of sends is never put back with it: a restore learns from it what left since")
    document = {
        "file": str(done.file),
        "octets": done.octets,
        "entries": done.entries,
        "head": done.head,
        "files": str(done.files) if done.files else None,
        "beside": [{"what": one.what, "where": str(one.where), "here": one.here} for one in done.beside],
    }
    put_result(document, shown, "\n".join(lines))


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'tracker db backup' wrote.")],
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Put a backup where nothing is (--database); a live store sends nothing until 'tracker db reconcile'."""
    from tracker import clock
    from tracker.operations.backup import restore as run

    with working("restoring…"):
        done = run(file, settings_of(ctx).database_url, at=clock.now(), actor=actor(by))
    words = f"restored: {done.entries:,} entries that hold, head {done.head[:12]}…"
    if done.on_hold:
        words += "\nnothing is sent from here until you have looked: tracker db reconcile"
    document = {"entries": done.entries, "head": done.head, "on_hold": done.on_hold}
    put_result(document, shown, words)


def reconcile(
    ctx: typer.Context,
    lift: Annotated[bool, typer.Option("--lift", help="Let reminders leave again from here on.")] = False,
    journal: Annotated[
        Path | None, typer.Option("--journal", metavar="FILE", help="The journal of before, if it lies elsewhere.")
    ] = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Mark what the journal of sends says has left, show what is left to send, and with --lift go on sending."""
    from tracker import clock
    from tracker.operations.reconciling import reconcile as run

    with opened(ctx) as store, working("reading the journal…"):
        done = run(store, settings_of(ctx), at=clock.now(), actor=actor(by), lift=lift, journal=journal)
    put_result(_document(done), shown, "\n".join(_lines(done)))


def _document(done: "Reconciled") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        **asdict(done),
        "journal": str(done.journal),
        "hold": {"seq": done.hold.seq, "since": done.hold.since.isoformat(), "why": done.hold.why}
        if done.hold
        else None,
    }


def _lines(done: "Reconciled") -> list[str]:
    if done.hold is None and not done.lifted:
        return ["the store is not on hold: reminders leave as they are due"]
    lines = [f"on hold since entry {done.hold.seq:,}: {done.hold.why}"] if done.hold else []
    lines.append(f"{done.lines:,} lines read from {done.journal}")
    if not done.lines:
        lines.append("  what was sent before is not known here: name the journal of before with --journal")
    lines.append(f"{len(done.marked):,} reminders had left and are marked now, {done.known:,} were known here")
    lines.append(f"{len(done.elsewhere):,} have left and are closed when they come up here again")
    if done.unknown:
        lines.append(f"{len(done.unknown):,} were about to leave; perhaps they did; they are sent again:")
        lines += [f"  {one.member.reference} {one.member.assignment} {one.message_id}" for one in done.unknown[:NAMED]]
    lines.append(f"{done.remaining:,} reminders are left to send" + (":" if done.by_agency else ""))
    lines += [f"  {agency}: {number:,}" for agency, number in list(done.by_agency.items())[:NAMED]]
    lines.append("the hold is lifted" if done.lifted else "still on hold; go on with: tracker db reconcile --lift")
    return lines
