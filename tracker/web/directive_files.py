"""The list of directives as a file: the same lines as on the page, with the search that made it and as of when."""

from collections.abc import Iterator, Sequence

from tracker.domain.standing import Cell
from tracker.notify.tongue import catalogue, civil, instant
from tracker.operations.listing import Column, Listing, Value, csv_pieces, json_pieces, xlsx_pieces
from tracker.views.plain import plain
from tracker.views.portrait import Line, Lines
from tracker.web.downloads import MEDIA_TYPES, Made
from tracker.web.tokens import CELLS, N_

SUFFIXES = ("json", "csv", "xlsx")
_HEADS = (
    N_("Number"),
    N_("Title"),
    N_("Issued by"),
    N_("Issued on"),
    N_("Reference"),
    N_("Version"),
    N_("Assignments"),
)


def directives_file(
    suffix: str, found: Lines, lines: Sequence[Line], *, filtered: str, url: str, language: str
) -> Made:
    """Return the directives as a file of this kind; `filtered` says which search left them."""
    stamp = found.stamp
    if suffix == "json":
        head = {"filter": filtered, **plain(stamp), "total": len(lines)}
        pieces = json_pieces(head, map(_plain, lines), key="directives")
    else:
        listing = _listing(found, lines, filtered, url, language)
        pieces = csv_pieces(listing) if suffix == "csv" else xlsx_pieces(listing, at=stamp.as_of)
    name = f"directives-{civil(stamp.as_of, stamp.zone):%Y-%m-%d}{'-filtered' if filtered else ''}.{suffix}"
    headers = {} if suffix == "json" else {"Content-Disposition": f'attachment; filename="{name}"'}
    return Made(pieces, MEDIA_TYPES[suffix], headers)


def _plain(line: Line) -> dict[str, object]:
    said: dict[str, object] = plain(line)
    return said


def _listing(found: Lines, lines: Sequence[Line], filtered: str, url: str, language: str) -> Listing:
    words, stamp = catalogue(language), found.stamp
    heading = [
        (words.gettext("Filter"), filtered or "–"),
        (words.gettext("Rows"), str(len(lines))),
        (words.gettext("As of"), instant(stamp.as_of, stamp.zone, language)),
        (words.gettext("Ledger position"), f"({stamp.seq}, {stamp.head})"),
        (words.gettext("Address"), url),
    ]
    if stamp.rehearsal:
        mark = words.gettext("Nothing here is real, and no mail leaves this machine.")
        heading.insert(0, (words.gettext("REHEARSAL"), mark))
    kinds = ("text", "long", "text", "day", "text", "number", "number")
    columns = [Column(words.gettext(head), kind) for head, kind in zip(_HEADS, kinds, strict=True)]  # type: ignore[arg-type]
    columns += [Column(words.gettext(CELLS[str(cell)].word), "number") for cell in Cell]
    return Listing(
        title=words.gettext("Directives"),
        heading=tuple(heading),
        columns=tuple(columns),
        rows=_rows(lines),
        total=len(lines),
    )


def _rows(lines: Sequence[Line]) -> Iterator[tuple[Value, ...]]:
    for one in lines:
        figures = (one.cells[cell] for cell in Cell)
        yield one.number, one.title, one.issuer_name, one.issued, one.key, one.version, one.cells.total, *figures
