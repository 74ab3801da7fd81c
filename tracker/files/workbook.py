"""Workbooks: tables as an XLSX file that people open, sort and copy from.

The header stays in sight and filters, dates are dates, and no text becomes a formula, whatever it begins with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Value = str | int | date | None
_WIDEST = 60
_NOT_TEXT = dict.fromkeys((*range(9), 11, 12, *range(14, 32)), " ")  # what XML cannot carry


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One sheet: its name, its header, its rows."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]


def workbook(tables: Sequence[Table], *, at: datetime) -> bytes:
    """Return an XLSX file with a sheet for each table; `at` is when it says it was made."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = at.replace(tzinfo=None, microsecond=0)
    for table in tables:
        sheet = book.create_sheet(table.name[:31])
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.header))}{len(table.rows) + 1}"
        for number, width in enumerate(_widths(table), 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.append([_cell(sheet, name, bold=True) for name in table.header])
        for row in table.rows:
            sheet.append([_cell(sheet, value) for value in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: Any, value: Value, *, bold: bool = False) -> Any:
    said: Any = value.translate(_NOT_TEXT) if isinstance(value, str) else value
    cell = WriteOnlyCell(sheet, value=said)
    if isinstance(value, str):
        cell.data_type = "s"  # text, though it begins with an equals sign
    elif isinstance(value, date):
        cell.number_format = "dd/mm/yyyy"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _widths(table: Table) -> list[int]:
    columns = zip(table.header, *table.rows, strict=True)
    return [
        min(_WIDEST, max(12 if isinstance(v, date) else len(str(v or "")) for v in column) + 2) for column in columns
    ]
