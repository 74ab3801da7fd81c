"""Reports: a page and three kinds of files that say the same numbers, known again by one fingerprint."""

import io
import json
import re
import shutil
import subprocess
from typing import Any

import openpyxl
import pytest
from docx import Document

from tests.integration.web.a_site import Site
from tracker.operations.in_force import registry_at
from tracker.views.rerun import check_report
from tracker.web import reporting

MONTH = "kind=month&from=2025-08-20"


def got(site: Site, suffix: str, name: str = "le", query: str = MONTH) -> bytes:
    answer = site.as_(name).get(f"/reports/report.{suffix}?{query}")
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def page_numbers(site: Site, query: str = MONTH) -> list[list[str]]:
    """Return the rows of the first table of the page: the six cells and their sum."""
    text = site.as_("le").get(f"/reports?{query}").text
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in body.split("<tr>")[1:]]


def text_of(pdf: bytes) -> str:
    tool = shutil.which("pdftotext")
    assert tool is not None
    return subprocess.run([tool, "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def test_page_workbook_letter_and_pdf_say_the_same_numbers(site: Site) -> None:
    rows = page_numbers(site)
    assert len(rows) == 7
    book = openpyxl.load_workbook(io.BytesIO(got(site, "xlsx")))
    sheet = book["Figures"]
    assert [[str(cell.value) for cell in row] for row in sheet.iter_rows(min_row=2)] == rows
    letter: Any = Document(io.BytesIO(got(site, "docx")))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in letter.tables]
    assert next(table for table in tables if table[0][0] == "Cell")[1:] == rows
    said = " ".join(text_of(got(site, "pdf")).split())
    for row in rows:
        assert " ".join(row) in said


def test_the_sum_of_the_agencies_is_the_sum_of_all(site: Site) -> None:
    book = openpyxl.load_workbook(io.BytesIO(got(site, "xlsx")))
    *agencies, everything = [[cell.value for cell in row][1:8] for row in book["By agency"].iter_rows(min_row=2)]
    assert [sum(column) for column in zip(*agencies, strict=True)] == everything


def test_the_workbook_is_ready_for_its_readers(site: Site) -> None:
    book = openpyxl.load_workbook(io.BytesIO(got(site, "xlsx")))
    sheet = book["Overdue"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref
    assert sheet.print_area
    (late,) = list(sheet.iter_rows(min_row=2, values_only=True))
    assert str(late[3]) == "2025-08-15 00:00:00"
    assert late[4] == 5
    assert "own 5" in late[5]


def test_the_letter_has_the_layout_of_the_decree(site: Site) -> None:
    letter: Any = Document(io.BytesIO(site.as_("le").get(f"/reports/report.docx?{MONTH}&lang=vi").content))
    section = letter.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(one.mm) for one in margins] == [20, 20, 30, 15]
    head = letter.tables[0]
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in head.cell(0, 1).text
    assert "Độc lập - Tự do - Hạnh phúc" in head.cell(0, 1).text
    assert head.cell(1, 0).text.startswith("Số:")
    assert head.cell(1, 1).text == "Hà Nội, ngày 20 tháng 08 năm 2025"
    assert "Nơi nhận:" in letter.tables[-1].cell(0, 0).text
    assert letter.styles["Normal"].font.name == "Times New Roman"
    assert section.different_first_page_header_footer


def test_the_pdf_is_tagged_numbered_and_says_what_it_is_known_by(site: Site) -> None:
    pdf = got(site, "pdf")
    assert b"/StructTreeRoot" in pdf or b"/MarkInfo" in pdf
    fingerprint = json.loads(got(site, "json"))["fingerprint"]
    said = text_of(pdf)
    assert fingerprint in said.replace("\n", "")
    assert re.search(r"1 ?/ ?\d", said)
    assert got(site, "pdf") == pdf


def test_the_figures_hold_when_they_are_made_again(site: Site) -> None:
    document = json.loads(got(site, "json"))
    with site.store.read() as connection:
        verdict = check_report(connection, document, lambda vantage: registry_at(connection, vantage.adopted_by))
    assert verdict.wrong == ()


def test_a_member_reports_on_what_is_theirs(site: Site) -> None:
    page = site.as_("anna").get(f"/reports?{MONTH}&agency=BTC").text
    assert "budget/BTC" not in page
    assert json.loads(got(site, "json", "anna", f"{MONTH}&agency=BTC"))["asked"]["agency"] == "BNV"


@pytest.mark.parametrize(
    "query",
    ["kind=fortnight", "kind=week&from=never", "kind=dates&from=2025-08-20", "kind=week&from=2030-01-01"],
)
def test_what_is_no_period_is_said_at_the_form(site: Site, query: str) -> None:
    assert site.as_("le").get(f"/reports?{query}").status_code == 422
    assert site.as_("le").get(f"/reports/report.pdf?{query}").status_code == 400


@pytest.mark.parametrize("kind", ["week", "quarter", "dates"])
@pytest.mark.parametrize("language", ["vi", "fr"])
def test_every_period_is_made_in_every_language(site: Site, kind: str, language: str) -> None:
    query = f"kind={kind}&from=2025-08-19&to=2025-08-20&lang={language}"
    assert site.as_("le").get(f"/reports?{query}").status_code == 200
    for suffix in ("pdf", "docx", "xlsx"):
        assert site.as_("le").get(f"/reports/report.{suffix}?{query}").status_code == 200


def test_on_paper_the_lesser_agencies_stand_together_and_the_sums_hold(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "ON_PAPER", 2)
    letter: Any = Document(io.BytesIO(got(site, "docx")))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in letter.tables]
    *agencies, everything = next(table for table in tables if table[0][0] == "Agency" and len(table[0]) == 9)[1:]
    assert [row[0] for row in agencies] == ["BTC", "BNV", "6 others"]
    numbers = [[int(cell) for cell in row[1:8]] for row in agencies]
    assert [sum(column) for column in zip(*numbers, strict=True)] == [int(cell) for cell in everything[1:8]]
