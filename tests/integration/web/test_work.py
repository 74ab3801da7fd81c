"""The work table as a page and as files: one filter behind all of them."""

import csv
import io
import json
from xml.etree import ElementTree

import icalendar
import openpyxl
import pytest

from tests.integration.web.a_site import KEY, NOW, Site

LANGUAGES = ("vi", "en", "fr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_says_how_many_there_are_and_offers_them_as_files(site: Site, language: str) -> None:
    page = site.as_("le").get(f"/tasks?lang={language}")
    assert page.status_code == 200
    for suffix in ("xlsx", "csv", "json", "ics", "atom"):
        assert f'href="/tasks.{suffix}' in page.text
    assert len(page.content) < 150_000


def test_a_filter_narrows_every_number_of_the_page(site: Site) -> None:
    page = site.as_("le").get("/tasks?agency=BTC").text
    assert "Download 2 tasks (filtered)" in page
    assert "budget/BTC" in page
    assert "report/BNV" not in page


def test_letters_without_marks_find_words_with_them(site: Site) -> None:
    assert "pilot/CP" in site.as_("le").get("/tasks?q=500%2Fqd").text
    assert "Nothing fits this filter" in site.as_("le").get("/tasks?q=nowhere").text


@pytest.mark.parametrize("query", ["cell=x", "month=1", "after=zzz", "order=by", "group=x", "late=a", "due_to=1"])
def test_what_cannot_be_understood_is_refused_on_a_page_of_ours(site: Site, query: str) -> None:
    answer = site.as_("le").get(f"/tasks?{query}")
    assert answer.status_code == 400
    assert "<html" in answer.text


def test_pages_follow_one_another_by_their_links(site: Site) -> None:
    for group in ("directive", "agency", "cell", "standing", "progress", "month"):
        assert site.as_("le").get(f"/tasks?group={group}").status_code == 200


def test_an_agency_finds_its_own_tasks_in_every_form_and_no_other(site: Site) -> None:
    anna = site.as_("anna")
    for suffix in ("", ".csv", ".json", ".ics", ".atom"):
        for query in ("", "?agency=BTC", "?q=budget"):
            text = anna.get(f"/tasks{suffix}{query}").text
            assert "budget/BTC" not in text
            assert "accounts/BTC" not in text
    assert [task["ref"] for task in anna.get("/tasks.json").json()["tasks"]] == [
        f"{KEY}/report/BNV",
        f"{KEY}/training/BNV",
    ]


def test_the_json_file_says_which_filter_made_it(site: Site) -> None:
    read = site.as_("le").get("/tasks.json?cell=open_overdue&q=budget").json()
    assert read["filter"] == {"q": ["budget"], "cell": ["open_overdue"]}
    assert read["as_of"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert (read["seq"], read["head"]) == (site.store.position().seq, site.store.position().hash)
    assert (read["total"], [task["ref"] for task in read["tasks"]]) == (1, [f"{KEY}/budget/BTC"])


def test_the_csv_file_says_which_filter_made_it_and_opens_with_its_accents(site: Site) -> None:
    answer = site.as_("le").get("/tasks.csv?cell=open_overdue")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == 'attachment; filename="tasks-2025-08-20-filtered.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert ["Filter", "Cell: Open, overdue"] in rows
    assert ["Rows", "1"] in rows
    plain = site.as_("le").get("/tasks.csv?cell=open_overdue&bom=0&heading=0&col=ref&col=last_day").content
    assert plain.decode() == f"Last day,Reference\r\n2025-08-15,{KEY}/budget/BTC\r\n"


def test_the_workbook_says_which_filter_made_it(site: Site) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(site.as_("le").get("/tasks.xlsx?agency=BTC").content)).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert ["Filter", "Agency: BTC"] in [row[:2] for row in cells]
    head = next(number for number, row in enumerate(cells) if row[0] == "Task")
    assert [row[0] for row in cells[head + 1 :]] == ["Budget", "Accounts"]


def test_the_calendar_has_the_events_that_came_with_the_mails(site: Site) -> None:
    read = icalendar.Calendar.from_ical(site.as_("anna").get("/tasks.ics").content)
    events = {str(event["URL"]).rpartition("/tasks/")[2]: event for event in read.walk("VEVENT")}
    assert set(events) == {f"{KEY}/report/BNV", f"{KEY}/training/BNV"}
    assert "Filter: none: all tasks" in read["X-WR-CALDESC"]


def test_the_feed_is_well_formed(site: Site) -> None:
    read = ElementTree.fromstring(site.as_("le").get("/tasks.atom").content)
    space = "{http://www.w3.org/2005/Atom}"
    ids = [entry.findtext(f"{space}id") for entry in read.iter(f"{space}entry")]
    assert len(ids) == len(set(ids)) == json.loads(site.as_("le").get("/tasks.json").content)["total"]


def test_another_day_is_turned_back_to_with_its_filter(site: Site) -> None:
    read = site.as_("le").get("/tasks.json?at=2025-08-12&cell=open_overdue").json()
    assert (read["total"], read["as_of"]) == (0, "2025-08-12T01:00:00Z")
    page = site.as_("le").get("/tasks?at=2025-08-12&group=agency").text
    assert "at=2025-08-12" in page
