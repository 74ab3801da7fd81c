"""A list as a file: what it is, which filter made it, as of when; then all of its rows, never all at once.

Each writer yields its bytes as it goes, so that a million rows need no more room than ten. No cell of a
CSV or XLSX file starts a formula, whatever somebody wrote into it.
"""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import IO, Any, Literal

import xlsxwriter  # type: ignore[import-untyped]

from tracker.domain.errors import Invalid

Value = str | int | date | None
Kind = Literal["text", "long", "day", "number"]

BOM = "\ufeff"
CHUNK = 64 * 1024
ROWS_OF_A_SHEET = 1_048_576  # of Excel's own
WIDEST_CELL = 32_767
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_WIDTHS: Mapping[Kind, int] = {"text": 22, "long": 48, "day": 13, "number": 11}


@dataclass(frozen=True, slots=True)
class Column:
    """A column by the words above it; `kind` says how wide it is and how its values are written."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list: `heading` says, line by line, what it is and which filter made it; `rows` are read once."""

    title: str
    heading: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Value]]
    total: int


def csv_pieces(listing: Listing, *, bom: bool = True, heading: bool = True) -> Iterator[bytes]:
    """Yield a list as CSV (RFC 4180, UTF-8); with a mark at its start by which Excel knows its letters."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    if bom:
        buffer.write(BOM)
    if heading:
        writer.writerows([safe(said) for said in line] for line in listing.heading)
        writer.writerow([])
    writer.writerow([safe(column.title) for column in listing.columns])
    for row in listing.rows:
        writer.writerow([safe(value) for value in row])
        if buffer.tell() > CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def safe(value: Value) -> str | int:
    r"""Return a value as a cell of a CSV file: what a spreadsheet would compute gets an apostrophe before it.

    >>> safe("=1+1"), safe("a=b"), safe(-3), safe(date(2025, 8, 31)), safe(None), safe("\t@")
    ("'=1+1", 'a=b', -3, '2025-08-31', '', "'\t@")
    """
    match value:
        case None:
            return ""
        case int():
            return value
        case date():
            return value.isoformat()
    return f"'{value}" if value.startswith(_STARTS) else value


def xlsx_pieces(listing: Listing, *, at: datetime) -> Iterator[bytes]:
    """Return a list as an XLSX file, piece by piece; `at` is when it says it was made.

    Raises Invalid, before the first piece, for more rows than a sheet has.
    """
    before = len(listing.heading) + 2
    if listing.total + before > ROWS_OF_A_SHEET:
        raise Invalid(
            f"{listing.total:,} rows do not go into one sheet, which has {ROWS_OF_A_SHEET:,}:"
            " narrow the filter, or take the CSV file",
            code="too-many-rows",
        )
    return _sheet(listing, at)


def _sheet(listing: Listing, at: datetime) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        _write(listing, file, at)
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def _write(listing: Listing, file: IO[bytes], at: datetime) -> None:
    # each row goes to disk before the next; texts are texts, whatever they begin with
    plain = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    book = xlsxwriter.Workbook(file, {"constant_memory": True, **plain})
    book.set_properties({"title": listing.title, "created": at.replace(tzinfo=None, microsecond=0)})
    strong, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy", "align": "left"})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(_sheet_name(listing.title))
    for place, column in enumerate(listing.columns):
        sheet.set_column(place, place, _WIDTHS[column.kind])
    for number, (label, said) in enumerate(listing.heading):
        sheet.write_string(number, 0, label, strong)
        sheet.write_string(number, 1, said[:WIDEST_CELL])
    top = len(listing.heading) + 1
    for place, column in enumerate(listing.columns):
        sheet.write_string(top, place, column.title, head)
    last = top
    for last, row in enumerate(islice(listing.rows, ROWS_OF_A_SHEET - top - 1), top + 1):
        for place, value in enumerate(row):
            _cell(sheet, last, place, value, day)
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, last, max(0, len(listing.columns) - 1))
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)
    sheet.print_area(0, 0, last, max(0, len(listing.columns) - 1))
    book.close()


def _cell(sheet: Any, row: int, place: int, value: Value, day: Any) -> None:
    match value:
        case None | "":
            return
        case int():
            sheet.write_number(row, place, value)
        case date():
            sheet.write_datetime(row, place, value, day)
        case _:
            sheet.write_string(row, place, value[:WIDEST_CELL])


def _sheet_name(title: str) -> str:
    """Return a title as the name of a sheet, which has at most 31 letters and none of these.

    >>> _sheet_name("Overdue: 1/2"), _sheet_name("'?'")
    ('Overdue  1 2', '1')
    """
    return "".join(" " if letter in "[]:*?/\\" else letter for letter in title).strip(" '")[:31] or "1"


def json_pieces(head: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], *, key: str) -> Iterator[bytes]:
    """Yield one JSON object: what `head` says, then the rows under `key`."""
    opening = json.dumps(head, ensure_ascii=False)
    piece = f"{opening[:-1]}{', ' if head else ''}{json.dumps(key)}: ["
    between = "\n"
    for row in rows:
        piece += between + json.dumps(row, ensure_ascii=False)
        between = ",\n"
        if len(piece) > CHUNK:
            yield piece.encode()
            piece = ""
    yield f"{piece}\n]}}\n".encode()


def in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield many small parts as fewer, larger ones."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size > CHUNK:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)
