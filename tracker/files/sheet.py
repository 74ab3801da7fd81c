"""Sheet: the cells of one sheet of an XLSX file, or of a CSV file, as text, each with its place."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from tracker.domain.errors import Invalid
from tracker.domain.finding import Finding, Place, Severity

MAX_BYTES = 5_000_000
MAX_UNPACKED = 100_000_000
MAX_ROWS, MAX_COLUMNS = 5_000, 60
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True, slots=True, order=True)
class CellPlace(Place):
    """Where a cell stands.

    >>> str(CellPlace("plan.xlsx", 7, 2, "Kế hoạch"))
    'plan.xlsx:Kế hoạch!B7'
    """

    sheet: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.sheet}!{get_column_letter(self.column)}{self.line}"


@dataclass(frozen=True, slots=True)
class SheetCell:
    """What a cell says, as one text; `day` where it holds a date, `formula` where it would be computed."""

    place: CellPlace
    text: str
    day: date | None = None
    formula: bool = False

    def finding(self, code: str, sentence: str, remedy: str, *, severity: Severity = "error") -> Finding:
        """Return a finding at this cell."""
        return Finding(self.place, code, sentence, remedy, severity)


Row = tuple[SheetCell, ...]


def read_sheet(path: Path, sheet: str | None = None) -> tuple[Row, ...]:
    """Return the rows of a sheet, by default the one shown first; merged cells all say what the first of them says.

    Raises Invalid for a file that is too large or no XLSX, and for a sheet it does not have.
    """
    _check_size(path)
    try:
        book = openpyxl.load_workbook(path)
    except Exception as error:  # openpyxl raises a dozen kinds for damaged files, and so do its zip and XML readers
        raise Invalid(f"{path} cannot be read as XLSX: {type(error).__name__}", code="bad-table") from error
    if sheet is not None and sheet not in book.sheetnames:
        raise Invalid(f"{path} has no sheet '{sheet}'; it has: {', '.join(book.sheetnames)}", code="bad-table")
    page = book[sheet] if sheet is not None else book.active
    if page is None or not hasattr(page, "iter_rows"):
        raise Invalid(f"{path} has no sheet with cells", code="bad-table")
    if page.max_row > MAX_ROWS or page.max_column > MAX_COLUMNS:
        raise Invalid(f"{path} has more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns", code="bad-table")
    return tuple(_rows(page, path.name))


def read_csv(path: Path) -> tuple[Row, ...]:
    """Return the rows of a CSV file as Excel and its like write it: UTF-8, fields between commas, semicolons or tabs.

    Raises Invalid for a file that is too large or not UTF-8.
    """
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise Invalid(f"{path.name} is no CSV file of at most {MAX_BYTES:,} bytes", code="bad-table")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f"{path.name} is not UTF-8: save it as “CSV UTF-8”", code="bad-table") from None
    head = text.partition("\n")[0]
    between = max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=between))
    width = max(map(len, rows), default=0)
    if len(rows) > MAX_ROWS or width > MAX_COLUMNS:
        raise Invalid(f"{path.name} has more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns", code="bad-table")
    return tuple(
        tuple(
            _text_cell(path.name, line, column, value)
            for column, value in enumerate(row + [""] * (width - len(row)), 1)
        )
        for line, row in enumerate(rows, 1)
    )


def _text_cell(file: str, line: int, column: int, value: str) -> SheetCell:
    text = value.strip()
    day = _DAY.fullmatch(text)
    if day is None:
        return SheetCell(CellPlace(file, line, column, "CSV"), text)
    try:
        found = date(int(day[3]), int(day[2]), int(day[1]))
    except ValueError:
        return SheetCell(CellPlace(file, line, column, "CSV"), text)
    return SheetCell(CellPlace(file, line, column, "CSV"), found.isoformat(), day=found)


def _check_size(path: Path) -> None:
    if not path.is_file():
        raise Invalid(f"there is no file {path}", code="bad-table")
    if path.stat().st_size > MAX_BYTES or not zipfile.is_zipfile(path):
        raise Invalid(f"{path} is no XLSX file of at most {MAX_BYTES:,} bytes", code="bad-table")
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
            raise Invalid(f"{path} unpacks to more than {MAX_UNPACKED:,} bytes", code="bad-table")


def _rows(page: Any, file: str) -> Iterator[Row]:
    first_of = {
        cell: (area.min_row, area.min_col) for area in page.merged_cells.ranges for row in area.rows for cell in row
    }
    for number in range(1, page.max_row + 1):
        row = []
        for column in range(1, page.max_column + 1):
            at = first_of.get((number, column), (number, column))
            row.append(_cell(page.cell(*at), CellPlace(file, number, column, page.title)))
        yield tuple(row)


def _cell(cell: Any, place: CellPlace) -> SheetCell:
    value = cell.value
    if cell.data_type == "f":
        return SheetCell(place, str(getattr(value, "text", value)), formula=True)
    if isinstance(value, datetime):
        return SheetCell(place, value.date().isoformat(), day=value.date())
    if isinstance(value, date):
        return SheetCell(place, value.isoformat(), day=value)
    if value is None:
        return SheetCell(place, "")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return SheetCell(place, str(value).strip())
