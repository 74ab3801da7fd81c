"""Files of a list, read back by those who will read them: csv, openpyxl, icalendar, an XML parser."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import icalendar
import openpyxl
import pytest

from tracker.domain.errors import Invalid
from tracker.files.feeds import Deadline, Feed, News, atom_pieces, calendar_pieces
from tracker.files.listing import (
    ROWS_OF_A_SHEET,
    Column,
    Listing,
    Value,
    csv_pieces,
    json_pieces,
    xlsx_pieces,
)

AT = datetime(2025, 8, 20, 2, tzinfo=UTC)
NASTY = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://a","b")',
    "Quyết định đã ký\nhôm nay",
    'a;b,c"d',
)


def listing(*rows: tuple[Value, ...], total: int | None = None) -> Listing:
    return Listing(
        title="Nhiệm vụ: tất cả?",
        heading=(("Filter", "=cell"), ("As of", "20/08/2025"), ("Ledger position", "7, 1f2e")),
        columns=(Column("Task", "long"), Column("Last day", "day"), Column("Days late", "number")),
        rows=rows,
        total=len(rows) if total is None else total,
    )


def rows() -> list[tuple[Value, ...]]:
    return [(said, date(2025, 8, 31), 3) for said in NASTY] + [("plain", None, None)]


def joined(pieces: Iterator[bytes]) -> bytes:
    return b"".join(pieces)


def test_a_csv_file_says_what_made_it_and_starts_no_formula() -> None:
    content = joined(csv_pieces(listing(*rows())))
    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert read[:5] == [
        ["Filter", "'=cell"],
        ["As of", "20/08/2025"],
        ["Ledger position", "7, 1f2e"],
        [],
        ["Task", "Last day", "Days late"],
    ]
    assert [row[0].removeprefix("'") for row in read[5:-1]] == list(NASTY)
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in read for cell in row)
    assert read[-1] == ["plain", "", ""]
    assert read[5][1:] == ["2025-08-31", "3"]


def test_a_csv_file_for_programs_has_neither_mark_nor_heading() -> None:
    content = joined(csv_pieces(listing(("Đ", None, 1)), bom=False, heading=False))
    assert content == "Task,Last day,Days late\r\nĐ,,1\r\n".encode()


def test_an_xlsx_file_has_texts_days_and_numbers_and_no_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(joined(xlsx_pieces(listing(*rows()), at=AT))))
    sheet = book["Nhiệm vụ  tất cả"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert found[:3] == [["Filter", "=cell", None], ["As of", "20/08/2025", None], ["Ledger position", "7, 1f2e", None]]
    assert found[4] == ["Task", "Last day", "Days late"]
    assert [row[0] for row in found[5:-1]] == [
        said.replace("\r", "_x000D_") if said[0] == "\r" else said for said in NASTY
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert sheet["B6"].value == datetime(2025, 8, 31, tzinfo=UTC).replace(tzinfo=None)
    assert sheet["B6"].number_format == "dd/mm/yyyy"
    assert sheet["C6"].value == 3
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A6", f"A5:C{5 + len(rows())}")


@pytest.mark.parametrize(("total", "fits"), [(ROWS_OF_A_SHEET - 5, True), (ROWS_OF_A_SHEET - 4, False)])
def test_what_does_not_go_into_a_sheet_is_refused_before_it_is_begun(total: int, fits: bool) -> None:
    if fits:
        assert joined(xlsx_pieces(listing(total=total), at=AT))
    else:
        with pytest.raises(Invalid, match="narrow the filter"):
            xlsx_pieces(listing(total=total), at=AT)


def test_a_json_file_is_one_object() -> None:
    read = json.loads(joined(json_pieces({"filter": "cell=…"}, ({"n": n} for n in range(20_000)), key="tasks")))
    assert (read["filter"], len(read["tasks"]), read["tasks"][-1]) == ("cell=…", 20_000, {"n": 19_999})
    assert json.loads(joined(json_pieces({}, (), key="tasks"))) == {"tasks": []}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_rows_are_written_as_they_come_and_never_held(kind: str) -> None:
    def memory(count: int) -> int:
        many: Iterator[tuple[Value, ...]] = ((f"Nhiệm vụ {n}", date(2025, 8, 31), n) for n in range(count))
        whole = Listing(title="t", heading=(), columns=listing().columns, rows=many, total=count)
        pieces = {
            "csv": lambda: csv_pieces(whole),
            "xlsx": lambda: xlsx_pieces(whole, at=AT),
            "json": lambda: json_pieces({}, ({"a": row[0]} for row in whole.rows), key="tasks"),
        }[kind]()
        tracemalloc.start()
        for _ in pieces:
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    memory(100)
    assert memory(20_000) < memory(2_000) + 600_000


FEED = Feed(
    uid="tag:a.example,2025:x",
    name="Thời hạn <của> Bộ",
    description="All; of, it",
    url="https://a.example/tasks.ics?q=a&b=c",
    language="vi",
    at=AT,
)


def deadline(**changes: object) -> Deadline:
    given = {
        "uid": "1f@a.example", "version": 2, "last_day": date(2025, 8, 31),
        "summary": "412/TB – Báo cáo; một, hai\nba\x00",
        "description": "d" * 300, "url": "https://a.example/tasks/1", "alarm": True, "gone": False, "changed_at": AT,
    }  # fmt: skip
    return Deadline(**{**given, **changes})  # type: ignore[arg-type]


def test_a_calendar_is_read_back_with_what_a_subscriber_needs() -> None:
    content = joined(calendar_pieces(FEED, [deadline(), deadline(uid="2@a.example", alarm=False, gone=True)]))
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n" in content
    assert b"X-PUBLISHED-TTL:PT6H\r\n" in content
    assert b"METHOD" not in content
    read = icalendar.Calendar.from_ical(content)
    assert str(read["X-WR-CALNAME"]) == FEED.name
    first, second = read.walk("VEVENT")
    assert str(first["SUMMARY"]) == "412/TB – Báo cáo; một, hai\nba"
    assert (first["DTSTART"].dt, first["DTEND"].dt) == (date(2025, 8, 31), date(2025, 9, 1))
    assert (first["UID"], first["SEQUENCE"], first["TRANSP"]) == ("1f@a.example", 1, "TRANSPARENT")
    assert [alarm["TRIGGER"].dt for alarm in first.walk("VALARM")] == [timedelta(days=-3)]
    assert (second["STATUS"], second.walk("VALARM")) == ("CANCELLED", [])


def test_a_calendar_without_events_is_a_calendar() -> None:
    assert icalendar.Calendar.from_ical(joined(calendar_pieces(FEED, []))).walk("VEVENT") == []


def test_an_atom_feed_is_well_formed_whatever_it_says() -> None:
    news = News(
        uid="tag:a,2025:1",
        title="a < b & \x0c]]>",
        summary='"',
        url="https://a/?a=1&b='2'",
        author="<x>",
        changed_at=AT,
    )
    read = ElementTree.fromstring(joined(atom_pieces(FEED, [news])))
    space = "{http://www.w3.org/2005/Atom}"
    entry = read.find(f"{space}entry")
    assert entry is not None
    assert (read.findtext(f"{space}id"), read.findtext(f"{space}updated")) == (FEED.uid, "2025-08-20T02:00:00Z")
    assert entry.findtext(f"{space}title") == "a < b & ]]>"
    assert entry.find(f"{space}link").get("href") == news.url  # type: ignore[union-attr]
    assert entry.findtext(f"{space}author/{space}name") == "<x>"
