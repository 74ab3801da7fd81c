"""A report as DOCX: for Vietnamese in the layout of official letters, else a plain letter.

Decree 30/2020/NĐ-CP, annex I: A4, Times New Roman, margins of 20, 20, 30 and 15 mm, the national heading and motto
right of who writes, number and symbol below, place and date in italics, page numbers at the top from the second page
on, recipients at the lower left, the signature at the lower right.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

from tracker.files.printed import Grid, Heading, Printed, clean, shown
from tracker.files.printed_pdf import numeric

FONT = "Times New Roman"
STATE = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
BODY, SMALL = Pt(13), Pt(11)
_WIDTH = 9350  # of what is written, in twentieths of a point
_LANGUAGES = {"vi": "vi-VN", "en": "en-GB", "fr": "fr-FR"}
CENTRE, RIGHT, JUSTIFIED = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.JUSTIFY


def docx(printed: Printed) -> bytes:
    """Return a report as a letter that an office can go on writing in."""
    made = Document()
    _set_up(made, printed)
    if printed.mark:
        _line(made, printed.mark, bold=True, align=CENTRE)
    if printed.language == "vi":
        _official_head(made, printed)
    else:
        _plain_head(made, printed)
    for label, said in printed.facts:
        _line(made, f"{label}: {said}", indent=True)
    for block in printed.blocks:
        match block:
            case Heading():
                _heading(made, block.text)
            case Grid():
                _table(made, block, printed.language)
            case _:
                _line(made, block.text, size=SMALL if block.quiet else BODY, align=JUSTIFIED, indent=not block.quiet)
    _foot(made, printed)
    content = BytesIO()
    made.save(content)
    return content.getvalue()


def _set_up(made: Any, printed: Printed) -> None:
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(20), Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.different_first_page_header_footer = True
    for name in ("Normal", "Heading 1"):
        style = made.styles[name]
        style.font.name, style.font.size = FONT, BODY
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for slot in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(slot), FONT)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(theme), None)
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), _LANGUAGES.get(printed.language, "en-GB"))
    made.styles["Normal"].element.get_or_add_rPr().append(spoken)
    about = made.core_properties
    about.title, about.author = clean(printed.title), clean(printed.office)
    about.language, about.created, about.modified = printed.language, printed.at, printed.at
    number = section.header.paragraphs[0]
    number.alignment = CENTRE
    _field(number, "PAGE")
    for footer in (section.footer, section.first_page_footer):
        words = footer.paragraphs[0]
        _run(words, clean(printed.footer), size=Pt(8))


def _official_head(made: Any, printed: Printed) -> None:
    letter = printed.letter
    head = made.add_table(rows=2, cols=2)
    head.alignment = WD_TABLE_ALIGNMENT.CENTER
    left, right = head.cell(0, 0), head.cell(0, 1)
    for column, width in ((0, Mm(68)), (1, Mm(97))):
        for row in head.rows:
            row.cells[column].width = width
    _into(left, letter.office.upper(), bold=True, size=Pt(12))
    _ruled(left.paragraphs[-1])
    _into(right, STATE, bold=True, size=Pt(12))
    _more(right, MOTTO, bold=True, size=BODY)
    _ruled(right.paragraphs[-1])
    _into(head.cell(1, 0), letter.number, size=BODY)
    day = letter.day
    where = f"{letter.place}, ngày {day.day:02} tháng {day.month:02} năm {day.year}"
    _into(head.cell(1, 1), where, italic=True, size=BODY)
    _line(made, "")
    _line(made, letter.kind.upper(), bold=True, size=Pt(14), align=CENTRE)
    _line(made, letter.about, bold=True, size=Pt(14), align=CENTRE)


def _plain_head(made: Any, printed: Printed) -> None:
    letter = printed.letter
    _line(made, letter.office, bold=True)
    _line(made, f"{letter.place}, {shown(letter.day, printed.language)}", align=RIGHT)
    _line(made, letter.number)
    _line(made, printed.title, bold=True, size=Pt(15))


def _foot(made: Any, printed: Printed) -> None:
    letter = printed.letter
    _line(made, "")
    foot = made.add_table(rows=1, cols=2)
    left, right = foot.cell(0, 0), foot.cell(0, 1)
    _into(left, f"{letter.recipients_word}:", bold=True, italic=True, size=Pt(12), align=None)
    for one in letter.recipients:
        _more(left, f"- {one};", size=SMALL, align=None)
    _into(right, letter.signed_by, bold=True, size=BODY)


def _heading(made: Any, text: str) -> None:
    words = made.add_heading(level=1)
    run = words.add_run(clean(text))
    run.bold, run.font.size, run.font.name = True, BODY, FONT
    run.font.color.rgb = None
    words.paragraph_format.space_before, words.paragraph_format.space_after = Pt(10), Pt(4)


def _table(made: Any, grid: Grid, language: str) -> None:
    """Add a table, written as XML at once: made cell by cell, one of some thousand rows takes a minute."""
    numbers = numeric(grid)
    room = _WIDTH // sum(grid.widths)
    widths = [width * room for width in grid.widths]
    rows = [_row(grid.header, widths, ["center"] * len(widths), bold=True, again=True)]
    sides = ["right" if number else "left" for number in numbers]
    for place, row in enumerate(grid.rows, 1):
        bold = grid.total and place == len(grid.rows)
        rows.append(_row([shown(value, language) for value in row], widths, sides, bold=bold))
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    about = '<w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/><w:tblLook w:val="04A0"/></w:tblPr>'
    whole = f"<w:tbl {nsdecls('w')}>{about}<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    place_for = made.add_table(rows=1, cols=1)  # which also brings the style along
    place_for.style = "Table Grid"
    place_for._tbl.getparent().replace(place_for._tbl, parse_xml(whole))
    _line(made, "", size=Pt(6))


def _row(texts: Sequence[str], widths: Sequence[int], sides: Sequence[str], *, bold: bool, again: bool = False) -> str:
    about = "<w:trPr><w:tblHeader/></w:trPr>" if again else "<w:trPr><w:cantSplit/></w:trPr>"
    strong = "<w:b/>" if bold else ""
    look = f'<w:rPr><w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}" w:cs="{FONT}"/>{strong}<w:sz w:val="20"/></w:rPr>'
    cells = (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr><w:p><w:pPr><w:spacing w:after="0"/>'
        f'<w:jc w:val="{side}"/></w:pPr><w:r>{look}<w:t xml:space="preserve">{escape(clean(text))}</w:t></w:r></w:p>'
        "</w:tc>"
        for text, width, side in zip(texts, widths, sides, strict=True)
    )
    return f"<w:tr>{about}{''.join(cells)}</w:tr>"


def _line(
    made: Any, text: str, *, bold: bool = False, size: Any = BODY, align: Any = None, indent: bool = False
) -> None:
    words = made.add_paragraph()
    words.alignment = align
    words.paragraph_format.space_after = Pt(4)
    if indent:
        words.paragraph_format.first_line_indent = Mm(10)
    _run(words, clean(text), bold=bold, size=size)


def _into(
    cell: Any, text: str, *, bold: bool = False, italic: bool = False, size: Any = BODY, align: Any = CENTRE
) -> None:
    words = cell.paragraphs[0]
    words.alignment = align
    words.paragraph_format.space_after = Pt(0)
    _run(words, clean(text), bold=bold, italic=italic, size=size)


def _more(
    cell: Any, text: str, *, bold: bool = False, italic: bool = False, size: Any = BODY, align: Any = CENTRE
) -> None:
    cell.add_paragraph()
    words = cell.paragraphs[-1]
    words.alignment = align
    words.paragraph_format.space_after = Pt(0)
    _run(words, clean(text), bold=bold, italic=italic, size=size)


def _run(words: Any, text: str, *, bold: bool = False, italic: bool = False, size: Any = BODY) -> None:
    run = words.add_run(text)
    run.bold, run.italic, run.font.size, run.font.name = bold, italic, size, FONT


def _ruled(words: Any) -> None:
    """Draw the line below who writes, and below the motto."""
    border = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    border.append(line)
    words._p.get_or_add_pPr().append(border)
    words.paragraph_format.left_indent = words.paragraph_format.right_indent = Mm(14)


def _field(words: Any, name: str) -> None:
    for kind, text in (("begin", None), (None, name), ("end", None)):
        run = words.add_run()
        if kind is None:
            part = OxmlElement("w:instrText")
            part.text = text
        else:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        run._r.append(part)
        run.font.size, run.font.name = BODY, FONT
