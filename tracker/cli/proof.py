"""`tracker history seal`, `verify` and `proof`, and `tracker receipt`: what the ledger can prove, and to whom."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tracker.cli.exits import FAILED, INTEGRITY, say
from tracker.cli.opened import opened, settings_of, writing_at
from tracker.cli.options import Format, Shown, WriteAt, actor
from tracker.cli.output import put_result, working

if TYPE_CHECKING:
    from tracker.operations.proving import Checked

Against = Annotated[
    list[Path] | None,
    typer.Option("--against", metavar="FILE", help="A seal or receipt kept elsewhere: a note, a saved mail, JSON."),
]
Pinned = Annotated[str | None, typer.Option("--vkey", metavar="KEY", help="The public key, as published elsewhere.")]


def seal(
    ctx: typer.Context,
    at: WriteAt = None,
    push: Annotated[bool, typer.Option(help="Push it to the witnesses as well.")] = True,
    shown: Shown = Format.TEXT,
) -> None:
    """Seal every entry up to now, however few are new, and push the seal outside; leave with 1 where that failed."""
    from tracker.operations.deliver import open_sender
    from tracker.operations.keys import keyfile_of
    from tracker.operations.sealing import last_seal
    from tracker.operations.sealing import seal as make
    from tracker.operations.watching import attended
    from tracker.operations.witnessing import push as push_out

    settings = settings_of(ctx)
    with opened(ctx) as store, open_sender(store, settings) as sender, working("sealing…"):
        when = writing_at(store, at)
        made = make(store, at=when, keyfile=keyfile_of(store, settings), force=True)
        attended(store, "seal", at=when, actor=actor(None), every=settings.watch_limit)
        last = made or last_seal(store)
        pushed = push_out(store, sender, settings=settings, at=when, force=True) if push else ()
    assert last is not None  # a ledger has an entry, and an entry unsealed was sealed just now
    result = {
        "made": made is not None,
        "size": last.size,
        "root": last.root,
        "head": last.head,
        "key": last.key,
        "note": last.note,
        "pushed": [{"place": one.place, "holds": one.why is None, "why": one.why} for one in pushed],
    }
    words = f"✓ sealed {last.size:,} entries" if made else f"nothing is new since the seal of {last.size:,} entries"
    lines = [f"✓ {one.place} holds it" if one.why is None else f"✗ {one.place}: {one.why}" for one in pushed]
    put_result(result, shown, "\n".join([words, *lines, "", last.note.rstrip("\n")]))
    if any(one.why for one in pushed):
        raise typer.Exit(FAILED)


def verify(
    ctx: typer.Context,
    against: Against = None,
    vkey: Pinned = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="DIR", help="Check an export, not the store.")
    ] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Check every entry, every key and every seal; leave with 5 when the ledger does not hold.

    With --against the ledger is also held against what was kept elsewhere: only that shows that
    the whole was not rewritten, or its end cut off, by somebody who has the key.
    """
    from tracker.operations import verify as check
    from tracker.operations.proving import outside_of
    from tracker.operations.verify import verify_export
    from tracker.terminal.words import counted

    outside = outside_of([_text(file) for file in against or ()], vkey=vkey)
    if export is not None:
        with working("checking the export…"):
            verdict = verify_export(export, outside=outside)
    else:
        with opened(ctx) as store, working("checking the ledger…"):
            verdict = check(store, outside=outside)
    result = {
        "holds": verdict.holds,
        "entries": verdict.entries,
        "head": verdict.head,
        "seals": verdict.seals,
        "sealed": verdict.sealed,
        "outside": verdict.outside,
        "broken_at": verdict.broken_at,
        "why": verdict.why,
    }
    if not verdict.holds:
        why = f"{verdict.why} ({verdict.entries:,} entries before)"
        put_result(result, shown, f"✗ the ledger does not hold at entry {verdict.broken_at}: {why}")
        raise typer.Exit(INTEGRITY)
    words = f"✓ the ledger holds: {verdict.entries:,} entries, head {verdict.head}"
    bare = verdict.entries - verdict.sealed
    seals = f"the last of {counted(verdict.seals, 'seal')}, all of which hold, has {verdict.sealed:,} entries"
    words += f"\n✓ {seals}" if verdict.seals else ""
    words += f"\n  newer than the last seal, so that nothing proves them yet: {bare:,}" if bare else ""
    words += f"\n✓ it fits what was kept outside: {counted(verdict.outside, 'thing')}" if verdict.outside else ""
    put_result(result, shown, words)


def proof(
    ctx: typer.Context,
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=1, help="The position of the entry.")],
    shown: Shown = Format.TEXT,
) -> None:
    """Show the path from an entry to the last sealed root; as JSON it is a receipt of that entry."""
    from tracker.operations.proving import prove

    with opened(ctx) as store, working("reading the ledger…"):
        found = prove(store, seq)
    sealed = found.note.seal
    lines = [
        f"entry {seq:,} of {sealed.size:,}: {found.hash}",
        *(f"  beside {one.hex()}" for one in found.proof),
        f"root {sealed.root.hex()}",
        f"✓ proven with {len(found.proof)} hashes ({sum(map(len, found.proof))} bytes), sealed by {found.note.key}",
    ]
    put_result(found.document(), shown, "\n".join(lines))


class _Receipts(TyperGroup):
    """`receipt REF` writes one, `receipt check FILE` checks one: what is no command is a reference."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the first word names, else the one that writes."""
        return super().resolve_command(ctx, args if args and args[0] in self.commands else ["write", *args])


receipt = typer.Typer(
    cls=_Receipts,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Proof of a report for whoever made it: `tracker receipt REF` writes it, `check` needs no store.",
)


@receipt.command("write")
def write(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The assignment, or the end of its reference.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Else it is written out here.")
    ] = None,
    at: WriteAt = None,
) -> None:
    """Write the receipt of an assignment's latest report; an unsealed one is sealed first."""
    import json

    from tracker.domain.errors import Refused
    from tracker.operations.keys import keyfile_of
    from tracker.operations.proving import receipt_of
    from tracker.views import resolve

    with opened(ctx) as store:
        with store.read() as connection:
            whole = resolve(connection, ref)
        keyfile = keyfile_of(store, settings_of(ctx))
        found = receipt_of(store, whole, at=writing_at(store, at), keyfile=keyfile)
    text = json.dumps(found.document(), ensure_ascii=False, indent=2) + "\n"
    if out is None:
        print(text, end="")
        return
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise Refused(f"the receipt cannot be written to {out}: {error.strerror}", code="no-file") from None
    say(f"the receipt of entry {found.seq:,} is in {out}; check it with: tracker receipt check {out}")


@receipt.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt.")],
    vkey: Pinned = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Check a receipt with nothing but itself and the published key; leave with 5 when it does not hold."""
    from tracker.operations.proving import check_receipt

    found = check_receipt(_text(file), vkey=vkey)
    result = {
        "holds": not found.faults,
        "faults": list(map(str, found.faults)),
        "seq": found.receipt.seq,
        "size": found.receipt.note.seal.size,
        "vkey": found.receipt.vkey.text(),
        "pinned": found.pinned,
        "says": dict(found.says),
    }
    put_result(result, shown, "\n".join(_told(found)))
    if found.faults:
        raise typer.Exit(INTEGRITY)


def _told(found: "Checked") -> list[str]:
    if found.faults:
        return ["✗ the receipt does not hold", *(f"  {fault}" for fault in found.faults)]
    seal, said = found.receipt.note, found.says
    held = f"{found.receipt.seq:,} is among the {seal.seal.size:,} sealed by {seal.key} at {seal.seal.at.isoformat()}"
    lines = [
        f"✓ entry {held}",
        f"  {said.get('kind')} by {said.get('actor')}, recorded {said.get('recorded_at')}: {said.get('assignment')}",
    ]
    if not found.pinned:
        lines.append(f"  compare its key with the published one (--vkey): {found.receipt.vkey.text()}")
    return lines


def _text(file: Path) -> str:
    """Return the text of a file; of a saved mail, its words."""
    from email import message_from_bytes, policy

    from tracker.domain.errors import Invalid

    try:
        raw = file.read_bytes()
        if b"\nContent-Transfer-Encoding:" not in raw:
            return raw.decode("utf-8", "replace")  # a torn end is no reason to read nothing
        part = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
        return str(part.get_content()) if part else ""
    except (OSError, UnicodeError, LookupError) as error:
        raise Invalid(f"{file} cannot be read: {error}", code="bad-file") from None
