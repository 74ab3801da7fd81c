"""Evidence in the terminal: files, what reports named, and documents that close more than one task."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from tracker.domain.evidence import size_words
from tracker.terminal.page import heading
from tracker.terminal.words import counted, day, minute
from tracker.views.evidence import FileList, ProofList, ProofRow, SharedList

WARNING = "!"


def show_files(view: FileList, out: Console) -> None:
    """Write the files kept, the newest first."""
    heading(out, "Evidence", view.stamp)
    out.print()
    for file in view.files:
        when = minute(file.stored_at, view.stamp.zone)
        out.print(Text.assemble((file.name, "bold"), f"  {size_words(file.size)}, {file.media_type}, {when}"))
        named = f"named by {', '.join(file.assignments)}" if file.assignments else "named by no report yet"
        out.print(Padding(Text.assemble((file.sha256, "bright_black"), "\n", named), (0, 0, 0, 2)))
    shown = counted(len(view.files), "file")
    out.print(f"the newest {shown}; there are more (--limit)" if view.more else shown)


def show_proofs(view: ProofList, out: Console) -> None:
    """Write what the reports of one assignment named."""
    heading(out, f"Evidence of {view.assignment}", view.stamp)
    out.print()
    write_proofs(view.proofs, out)
    out.print(counted(len(view.proofs), "proof"))


def show_shared(view: SharedList, out: Console) -> None:
    """Write every document that closes more than one task."""
    heading(out, "Shared evidence", view.stamp)
    out.print()
    for one in view.documents:
        what = one.name or one.sha256 or f"document {one.number} of {day(one.dated)}"
        line = f" closes {len(one.assignments)} tasks of {', '.join(one.agencies)}"
        out.print(Text.assemble((what, "bold"), line))
        if one.sha256:
            out.print(Padding(Text(one.sha256, style="bright_black"), (0, 0, 0, 2)))
        for ref in one.assignments:
            out.print(Padding(Text(ref), (0, 0, 0, 2)))
    none = "No document closes more than one task."
    out.print(counted(len(view.documents), "document") if view.documents else none)


def write_proofs(proofs: Sequence[ProofRow], out: Console) -> None:
    """Write proofs, a line each, and what the same document closes beside it."""
    for proof in proofs:
        out.print(Padding(proof_line(proof), (0, 0, 0, 2)))
        if proof.also_closes:
            words = f"{WARNING} the same document closes {', '.join(proof.also_closes)}"
            out.print(Padding(Text(words, style="yellow"), (0, 0, 0, 4)))


def proof_line(proof: ProofRow) -> Text:
    """Return a proof as a line: the report's position, the document, the file, whether the report stands."""
    document = f"document {proof.number}" if proof.number else ""
    if proof.number and proof.dated:
        document += f" of {day(proof.dated)}"
    file = f"{proof.name or 'a file'}, {proof.sha256}" if proof.sha256 else ""
    gone = "" if proof.stands else " (its report does not stand)"
    said = ", ".join(part for part in (document, file) if part)
    return Text.assemble((f"{proof.seq:>6} ", "bright_black"), said, (gone, "bright_black"))
