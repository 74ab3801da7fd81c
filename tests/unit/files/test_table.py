"""Tables: the task tables of printed plans become directives; what cannot be understood is told cell by cell."""

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from tracker.domain.calendar import Span
from tracker.domain.deadline import Before, By, In, Review, Rule, Within
from tracker.domain.directive import ForEach
from tracker.domain.errors import Invalid, NotFound
from tracker.files.reader import read_text
from tracker.files.registry import read_registry
from tracker.files.render import render
from tracker.files.table import Imported, read_table
from tracker.files.wording import rule_of

CORPUS = Path(__file__).parents[2] / "corpus"
REGISTRY, _ = read_registry(CORPUS / "registry")
assert REGISTRY is not None
HEAD = ["TT", "Nhiệm vụ", "Cơ quan chủ trì", "Cơ quan phối hợp", "Sản phẩm", "Thời hạn hoàn thành"]


def a_table(folder: Path, *rows: list[object], sheet: str = "Kế hoạch") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.save(folder / "plan.xlsx")
    return folder / "plan.xlsx"


def read(path: Path, number: str = "412/TB-VPCP", **more: str) -> Imported:
    assert REGISTRY is not None
    return read_table(path, number, date(2025, 8, 11), registry=REGISTRY, **more)


def one(folder: Path, host: object = "BNV", deadline: object = "31/08/2025", cooperating: object = "") -> Imported:
    return read(a_table(folder, HEAD, [1, "Rà soát", host, cooperating, "Báo cáo", deadline]))


def told(found: Imported) -> list[tuple[str, str]]:
    return [(str(finding.place).partition("!")[2], finding.code) for finding in found.findings]


def wrong(found: Imported) -> list[tuple[str, str]]:
    return [(str(one.place).partition("!")[2], one.code) for one in found.findings if one.severity == "error"]


def test_a_table_becomes_a_directive(tmp_path: Path):
    found = read(
        a_table(
            tmp_path,
            ["PHỤ LỤC: KẾ HOẠCH TRIỂN KHAI"],
            [],
            HEAD,
            ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
            ["I", "Về thể chế"],
            [1, "Rà soát nghị định", "Bộ Nội vụ", "Bộ Tài chính; các địa phương", "Tờ trình", "trước 31/8/2025"],
            [2, "Rà soát nghị định", "UBND tỉnh Quảng Ninh", None, "Báo cáo", "tháng 9/2025"],
            [3, "Báo cáo\nkết quả", "Các tỉnh, thành phố", "VPCP", None, datetime(2025, 9, 30)],  # noqa: DTZ001
        )
    )
    assert told(found) == [("B5", "heading-row"), ("A3", "one-language")]
    assert found.directive is not None
    assert found.directive.key == "2025/412-tb-vpcp"
    assert found.directive.issuer == "VPCP"
    assert found.directive.title.vi == "Thông báo 412/TB-VPCP"
    tasks = {task.id: task for task in found.directive.tasks}
    assert list(tasks) == ["bao-cao-ket-qua", "ra-soat-nghi-dinh", "ra-soat-nghi-dinh-2"]
    first = tasks["ra-soat-nghi-dinh"]
    assert (first.lead, first.supporting, first.deliverable) == ("BNV", ("BTC", "provinces"), "Tờ trình")
    assert first.due is not None
    assert (first.due.rule, first.due.words) == (Before(date(2025, 8, 31)), "trước 31/8/2025")
    assert tasks["ra-soat-nghi-dinh-2"].lead == "22"
    assert tasks["bao-cao-ket-qua"].for_each == ForEach(agencies="provinces")
    assert tasks["bao-cao-ket-qua"].title.vi == "Báo cáo kết quả"


def test_the_file_of_a_table_can_be_read_and_says_the_same(tmp_path: Path):
    found = one(tmp_path, cooperating="Bộ Tài chính")
    assert found.directive is not None
    again, findings = read_text(render(found.directive).encode(), "a.yaml", registry=REGISTRY)
    assert findings == ()
    assert again == found.directive


@pytest.mark.parametrize(
    "head",
    [
        ["Nhiem vu", "Co quan chu tri", "Thoi han"],
        ["NỘI DUNG NHIỆM VỤ", "Đơn vị chủ trì", "THỜI GIAN HOÀN THÀNH"],
        ["Task", "Host agency", "Deadline"],
        ["Tasks", "Lead agency", "Due date"],
        ["Tâche", "Organisme responsable", "Échéance"],
        ["Mission", "Chef de file", "Delai"],
    ],
)
def test_columns_are_named_in_three_languages_with_or_without_accents(tmp_path: Path, head: list[object]):
    found = read(a_table(tmp_path, head, ["Rà soát", "BNV", "31/08/2025"]))
    assert wrong(found) == []
    assert found.rows[0].task.lead == "BNV"
    assert found.rows[0].task.due is not None


@pytest.mark.parametrize(
    ("host", "lead"),
    [
        ("BNV", "BNV"),
        ("bộ nội vụ", "BNV"),
        ("Bo Noi vu", "BNV"),
        ("Ministry of Home Affairs", "BNV"),
        ("Ministère de l’Intérieur", "BNV"),
        ("BGDĐT", "BGDDT"),
        ("Bộ Giáo dục và Đào tạo", "BGDDT"),
        ("UBND tỉnh Quảng Ninh", "22"),
        ("Ủy ban nhân dân thành phố Hà Nội", "01"),
        ("Cao Bằng", "04"),
        ("01", "01"),
    ],
)
def test_an_agency_goes_by_its_code_or_its_name_in_three_languages(tmp_path: Path, host: str, lead: str):
    found = one(tmp_path, host)
    assert wrong(found) == []
    assert found.rows[0].task.lead == lead


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("Bộ Nội vụ, Bộ Tài chính", ("BNV", "BTC")),
        ("Bộ Giáo dục và Đào tạo, Bộ Nội vụ và Bộ Tài chính", ("BGDDT", "BNV", "BTC")),
        ("Bộ Nội vụ;\nBộ Tài chính;", ("BNV", "BTC")),
        ("- Bộ Nội vụ\n- BTC\n- Bộ Nội vụ", ("BNV", "BTC")),
        ("các địa phương", ("provinces",)),
        ("ministries and provinces", ("ministries", "provinces")),
        ("Các bộ, ngành, địa phương", ("central", "provinces")),
        ("Bộ Tài chính, các bộ, ngành và địa phương", ("BTC", "central", "provinces")),
    ],
)
def test_a_list_of_agencies_is_taken_apart_but_no_name(tmp_path: Path, cell: str, codes: tuple[str, ...]):
    found = one(tmp_path, cooperating=cell)
    assert wrong(found) == []
    assert found.rows[0].task.supporting == codes


@pytest.mark.parametrize(
    "concerned",
    ["các cơ quan liên quan", "các bộ, ngành, địa phương có liên quan", "agencies concerned", "organismes concernés"],
)
def test_agencies_concerned_are_nobody(tmp_path: Path, concerned: str):
    found = one(tmp_path, cooperating=f"Bộ Tài chính, {concerned}")
    assert ("D2", "agencies-concerned") in told(found)
    assert wrong(found) == []
    assert found.rows[0].task.supporting == ("BTC",)
    assert wrong(one(tmp_path, host=concerned)) == [("C2", "no-owner")]


def test_an_unknown_agency_is_told_with_the_guess_and_never_replaced(tmp_path: Path):
    found = one(tmp_path, "Bộ Nội vụu", cooperating="Bộ Tài chính, Sở Xây dựng")
    assert wrong(found) == [("C2", "unknown-agency"), ("D2", "unknown-agency")]
    assert "did you mean BNV (Bộ Nội vụ)?" in found.findings[0].remedy
    assert found.directive is None
    assert str(found.findings[0].place) == "plan.xlsx:Kế hoạch!C2"


def test_two_hosts_are_a_finding(tmp_path: Path):
    assert wrong(one(tmp_path, "Bộ Nội vụ, Bộ Tài chính")) == [("C2", "several-leads")]


def test_a_task_without_a_host_is_a_finding(tmp_path: Path):
    assert wrong(one(tmp_path, "")) == [("C2", "no-owner")]


@pytest.mark.parametrize("column", [1, 2, 3, 4, 5])
def test_a_computed_cell_is_refused(tmp_path: Path, column: int):
    row: list[object] = [1, "Rà soát", "BNV", "BTC", "Báo cáo", "31/08/2025"]
    row[column] = "=A1&B1"
    assert wrong(read(a_table(tmp_path, HEAD, row))) == [("ABCDEF"[column] + "2", "formula")]


def test_every_cell_of_a_row_is_told_beside_a_computed_one(tmp_path: Path):
    found = read(a_table(tmp_path, HEAD, [1, "Rà soát", "Bộ Nội vụu", "=A1", "=A1", "31/9/2025"]))
    assert wrong(found) == [("D2", "formula"), ("E2", "formula"), ("C2", "unknown-agency"), ("F2", "unread-deadline")]
    found = read(a_table(tmp_path, HEAD, [1, "=A1", "Bộ Nội vụu", "BTC", "", "31/9/2025"]))
    assert wrong(found) == [("B2", "formula"), ("C2", "unknown-agency"), ("F2", "unread-deadline")]


def test_merged_cells_say_what_their_first_cell_says(tmp_path: Path):
    path = a_table(tmp_path, HEAD, [1, "Một", "BNV", "", "", "31/08/2025"], [2, "Hai", None, "", "", "31/08/2025"])
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("C2:C3")
    book.save(path)
    assert [row.task.lead for row in read(path).rows] == ["BNV", "BNV"]


def test_a_table_without_a_head_or_without_rows_is_a_finding(tmp_path: Path):
    assert wrong(read(a_table(tmp_path, ["a", "b"], ["c", "d"]))) == [("A1", "no-table-head")]
    assert wrong(read(a_table(tmp_path, HEAD))) == [("A1", "no-rows")]


def test_a_sheet_is_taken_by_name(tmp_path: Path):
    path = a_table(tmp_path, ["nothing"])
    book = openpyxl.load_workbook(path)
    page = book.create_sheet("Phụ lục")
    page.append(HEAD)
    page.append([1, "Rà soát", "BNV", "", "", "31/08/2025"])
    book.save(path)
    found = read(path, sheet="Phụ lục")
    assert found.rows[0].place == "plan.xlsx:Phụ lục!B2"
    with pytest.raises(Invalid, match="Kế hoạch, Phụ lục"):
        read(path, sheet="Phu luc")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 broken", b"<html/>"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "plan.xlsx").write_bytes(data)
    with pytest.raises(Invalid):
        read(tmp_path / "plan.xlsx")


def test_a_file_that_unpacks_too_large_is_refused_before_it_is_unpacked(tmp_path: Path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "plan.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 100_000_001)
    with pytest.raises(Invalid, match="unpacks"):
        read(tmp_path / "plan.xlsx")


def test_a_slip_in_the_number_and_a_stranger_as_issuer_are_refused(tmp_path: Path):
    path = a_table(tmp_path, HEAD)
    with pytest.raises(Invalid, match="170-KL/TW"):
        read(path, "170/KL-TW")
    with pytest.raises(NotFound, match="--issuer"):
        read(path, "170-KL/TW")


# ── What deadlines say ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("trước 31/8/2025", Before(date(2025, 8, 31))),
        ("Trước ngày 31 tháng 8 năm 2025", Before(date(2025, 8, 31))),
        ("hoàn thành trước 31/8/2025", Before(date(2025, 8, 31))),
        ("before 31 August 2025", Before(date(2025, 8, 31))),
        ("avant le 31 août 2025", Before(date(2025, 8, 31))),
        ("trước tháng 9/2025", Before(date(2025, 9, 1))),
        ("31/08/2025", By(date(2025, 8, 31))),
        ("31.8.2025", By(date(2025, 8, 31))),
        ("2025-08-31", By(date(2025, 8, 31))),
        ("chậm nhất ngày 31/8/2025", By(date(2025, 8, 31))),
        ("đến hết ngày 31/8/2025", By(date(2025, 8, 31))),
        ("no later than 31/8/2025", By(date(2025, 8, 31))),
        ("au plus tard le 31/8/2025", By(date(2025, 8, 31))),
        ("29/02/2028", By(date(2028, 2, 29))),
        ("tháng 9/2025", In(2025, 9)),
        ("Trong tháng 9 năm 2025", In(2025, 9)),
        ("in September 2025", In(2025, 9)),
        ("en septembre 2025", In(2025, 9)),
        ("Quý III/2025", In(2025, quarter=3)),
        ("quý 4 năm 2025", In(2025, quarter=4)),
        ("Q1/2026", In(2026, quarter=1)),
        ("2e trimestre 2026", In(2026, quarter=2)),
        ("năm 2026", In(2026)),
        ("thường xuyên", Review(Span(30, "days"))),
        ("continuous", Review(Span(30, "days"))),
        ("en continu", Review(Span(30, "days"))),
        ("khẩn trương", Review(Span(14, "days"))),
        ("20 ngày làm việc", Within(Span(20, "working days"))),
        ("trong 30 ngày kể từ ngày ban hành", Within(Span(30, "days"))),
        ("within 2 weeks", Within(Span(2, "weeks"))),
        ("dans les 3 mois", Within(Span(3, "months"))),
    ],
)
def test_a_deadline_phrase_is_read(words: str, rule: Rule):
    assert rule_of(words) == rule


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("31/9/2025", "no such day"),
        ("29/02/2027", "no such day"),
        ("13/2025", "12 months"),
        ("0/2025", "12 months"),
        ("31/8", "no year"),
        ("0 ngày", "at least one day"),
        ("30 ngày kể từ ngày nghị định có hiệu lực", "something else"),
        ("tháng 9-10/2025", "no phrase"),
        ("hằng quý", "no phrase"),
        ("sau khi có ý kiến của Bộ Chính trị", "no phrase"),
    ],
)
def test_a_phrase_that_is_no_deadline_or_not_of_the_issue_is_refused(words: str, why: str):
    with pytest.raises(ValueError, match=why):
        rule_of(words)


def test_an_unread_deadline_and_a_missing_one_are_told_at_their_cells(tmp_path: Path):
    assert wrong(one(tmp_path, deadline="31/9/2025")) == [("F2", "unread-deadline")]
    found = one(tmp_path, deadline=None)
    assert ("F2", "no-deadline") in told(found)
    assert found.directive is not None
