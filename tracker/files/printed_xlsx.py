"""A report as XLSX: what it is of first, then a sheet for each table, with numbers as numbers and days as days."""

from datetime import date
from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from tracker.files.printed import Grid, Heading, Printed, Value, Words, clean

_SHEET = 31
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def xlsx(printed: Printed) -> bytes:
    """Return a report as a workbook; texts are texts, whatever they begin with."""
    content = BytesIO()
    plain = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    book = xlsxwriter.Workbook(content, {"in_memory": True, **plain})
    book.set_properties({"title": clean(printed.title), "created": printed.at.replace(tzinfo=None, microsecond=0)})
    _front(book, printed)
    for grid in (block for block in printed.blocks if isinstance(block, Grid)):
        _sheet(book, grid, printed)
    book.close()
    return content.getvalue()


def _front(book: Any, printed: Printed) -> None:
    sheet = book.add_worksheet(_name(printed.title))
    strong, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    title = book.add_format({"bold": True, "font_size": 14})
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, clean(printed.title), title)
    lines = [(printed.mark, "")] if printed.mark else []
    lines += [(label, said) for label, said in printed.facts]
    for block in printed.blocks:
        match block:
            case Heading(text=text):
                lines += [("", ""), (text, "")]
            case Words(text=text):
                lines.append(("", text))
    lines += [("", ""), ("", printed.footer)]
    for number, (label, said) in enumerate(lines, 1):
        sheet.write_string(number, 0, clean(label), strong)
        sheet.write_string(number, 1, clean(said), wrap)
    _paper(sheet, len(lines), 1, landscape=False)


def _sheet(book: Any, grid: Grid, printed: Printed) -> None:
    sheet = book.add_worksheet(_name(grid.name))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = {
        bold: (
            book.add_format({"bold": bold}),
            book.add_format({"bold": bold, "num_format": "dd/mm/yyyy", "align": "left"}),
            book.add_format({"bold": bold, "num_format": "#,##0.0"}),
            book.add_format({"bold": bold, "num_format": "#,##0"}),
        )
        for bold in (False, True)
    }
    for place, (title, width) in enumerate(zip(grid.header, grid.widths, strict=True)):
        sheet.set_column(place, place, max(8, width * 7))
        sheet.write_string(0, place, clean(title), head)
    for number, row in enumerate(grid.rows, 1):
        bold = grid.total and number == len(grid.rows)
        for place, value in enumerate(row):
            _cell(sheet, number, place, value, formats[bold])
    last = len(grid.rows) - (1 if grid.total else 0)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(last, 0), len(grid.header) - 1)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&L&8{clean(printed.footer).replace('&', '&&')[:200]}&R&8&P / &N")
    _paper(sheet, len(grid.rows), len(grid.header) - 1, landscape=len(grid.header) > 6)


def _cell(sheet: Any, row: int, place: int, value: Value, formats: tuple[Any, ...]) -> None:
    text, day, share, number = formats
    match value:
        case None:
            return
        case date():
            sheet.write_datetime(row, place, value, day)
        case float():
            sheet.write_number(row, place, value, share)
        case int():
            sheet.write_number(row, place, value, number)
        case _:
            sheet.write_string(row, place, clean(value), text)


def _paper(sheet: Any, last: int, columns: int, *, landscape: bool) -> None:
    if landscape:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, last, columns)


def _name(text: str) -> str:
    return clean(text).translate(_FORBIDDEN).strip()[:_SHEET] or "–"
