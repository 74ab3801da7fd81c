"""The pages of directives: what each shows, to whom, on which day; pictures that say the same as their tables."""

import re
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from tests.builders import a_directive, a_task, a_text
from tests.integration.web.a_site import KEY, NOW, SECOND, Site, the_directive
from tracker.operations import adopt_directive

GOLDEN = Path(__file__).parents[2] / "golden" / "pictures"
BASE = f"/directives/{KEY}"
PAGES = ("", "/graph", "/timeline", "/timeline?by=agency", "/changes", "/source")
SVG = "{http://www.w3.org/2000/svg}"


def page(site: Site, path: str, who: str = "le", status: int = 200) -> str:
    answer = site.as_(who).get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("path", ["/directives", *(BASE + one for one in PAGES)])
@pytest.mark.parametrize("who", ["le", "anna", "pham"])
def test_every_page_comes_up_for_everybody_in_every_language(site: Site, path: str, who: str) -> None:
    for language in ("vi", "en", "fr"):
        html = page(site, path + ("&" if "?" in path else "?") + f"lang={language}", who)
        assert f'<html lang="{language}">' in html
        assert "style=" not in html
        assert "onclick" not in html


@pytest.mark.parametrize("path", ["/directives", BASE, f"{BASE}/graph.svg"])
def test_nobody_sees_a_directive_without_a_login(site: Site, path: str) -> None:
    assert site.nobody().get(path).status_code == 303


@pytest.mark.parametrize("path", ["/directives/2025/nothing", "/directives/2025/nothing/graph", f"{BASE}/changes?to=9"])
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    page(site, path, status=404)


def test_the_list_counts_and_finds(site: Site) -> None:
    html = page(site, "/directives?q=thi%20diem")
    assert "No directive fits." in html
    html = page(site, "/directives?q=pilot&year=2025")
    assert "500/QĐ-TTg" in html
    assert "412/TB-VPCP" not in html
    assert "1 of 2 directives" in text_of(html)


def test_the_overview_says_every_figure_with_what_it_is_of(site: Site) -> None:
    said = text_of(page(site, BASE))
    assert "Completed: 1 of 9 that are not closed out (11.1 %)" in said
    assert "In time: 1 of 2 that were completed or are overdue (50 %)" in said
    assert f"/tasks?directive={quote(KEY, safe='')}&amp;cell=open_overdue" in page(site, BASE)
    assert "Version in force 1, since Monday 11 August 2025, 08:00 (Hanoi time)" in said


def test_an_agency_reads_every_title_and_no_row_of_another(site: Site) -> None:
    for path in PAGES:
        html = page(site, BASE + path, "anna")
        assert f"/tasks/{KEY}/budget/BTC" not in html
        assert "The books came late." not in html
        if path in ("", "/graph"):
            assert "Budget" in html
    said = text_of(page(site, BASE, "anna"))
    assert "Figures and rows are those of your own office" in said
    assert "Completed: 0 of 2 that are not closed out" in said
    bars = page(site, f"{BASE}/timeline.svg?by=agency", "anna")
    assert "Report" in bars
    assert "Budget" not in bars


def test_a_page_turns_back_to_an_earlier_day(site: Site) -> None:
    before = text_of(page(site, f"{BASE}?at=2025-08-12"))
    assert "Completed: 0 of 9" in before
    page(site, f"{BASE}?at=2025-08-01", status=404)


def amended(site: Site) -> None:
    kept = tuple(task for task in the_directive().tasks if task.id != "budget")
    text = a_directive(*kept, a_task("extra", lead="BTC"), title=a_text("Conclusions, amended"))
    adopt_directive(site.store, text, at=NOW, actor="secretariat:le")


def test_changes_name_what_came_changed_and_went_and_who_was_told(site: Site) -> None:
    amended(site)
    said = text_of(page(site, f"{BASE}/changes?from=1&to=2"))
    assert "+ 1 added" in said
    assert "- 1 removed" in said
    assert "Conclusions, amended" in said
    assert "What the adoption of version 2 did" in said
    first = text_of(page(site, f"{BASE}/changes?from=0&to=1"))
    assert "+ 7 added" in first
    assert "Version 0 to version 1" in first


def test_the_source_page_says_why_it_shows_no_words(site: Site) -> None:
    said = text_of(page(site, f"{BASE}/source"))
    assert "not shown: no folder of source texts is set here" in said
    assert "Report" in said


@pytest.mark.parametrize("name", ["graph", "timeline"])
def test_a_picture_is_the_same_bytes_every_time_and_those_last_looked_at(site: Site, name: str) -> None:
    answer = site.as_("le").get(f"{BASE}/{name}.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content == site.as_("le").get(f"{BASE}/{name}.svg").content
    root = ElementTree.fromstring(answer.content)
    assert root.find(f"{SVG}title") is not None
    assert not [one for one in root.iter() if "style" in one.attrib or one.tag == f"{SVG}script"]
    golden = GOLDEN / f"{name}.svg"
    assert answer.text == golden.read_text(encoding="utf-8"), f"look at it, then keep it: {golden}"


def test_what_people_wrote_is_never_markup(site: Site) -> None:
    nasty = "<script>alert(1)</script>\"'&"
    text = a_directive(
        a_task("pilot", directive=SECOND, lead="CP", title=a_text(nasty), note=nasty),
        number="500/QĐ-TTg",
        title=a_text(nasty),
        note=nasty,
    )
    adopt_directive(site.store, text, at=NOW, actor="secretariat:le")
    for path in PAGES:
        html = page(site, f"/directives/{SECOND}{path}")
        assert "<script>alert" not in html
        assert "&lt;script&gt;" in html
    for name in ("graph", "timeline"):
        ElementTree.fromstring(site.as_("le").get(f"/directives/{SECOND}/{name}.svg").content)


def test_every_picture_stands_as_a_table_too(site: Site) -> None:
    for path in ("", "/graph", "/timeline"):
        html = page(site, BASE + path)
        assert html.count('class="picture') <= html.count('<details class="data">')


def test_looking_changes_nothing(site: Site) -> None:
    before = site.store.position()
    for path in (*PAGES, "/graph.svg", "/timeline.svg"):
        assert site.as_("le").get(BASE + path).status_code == 200
    assert site.store.position() == before


def test_a_page_weighs_little(site: Site) -> None:
    for path in PAGES:
        assert len(page(site, BASE + path).encode()) < 150_000


def test_the_list_is_a_file_too_and_the_deadlines_of_one_are_subscribed_to(site: Site) -> None:
    le = site.as_("le")
    found = le.get("/directives.json").json()
    assert [one["key"] for one in found["directives"]] == [KEY, SECOND]
    assert (found["total"], found["directives"][0]["cells"]["open_overdue"]) == (2, 1)
    assert le.get("/directives.json?q=pilot").json()["total"] == 1
    text = le.get("/directives.csv?lang=vi").content.decode("utf-8-sig")
    assert "DIỄN TẬP" in text
    assert "412/TB-VPCP" in text
    assert le.get("/directives.xlsx").content.startswith(b"PK")
    # a ministry counts its own
    assert site.as_("anna").get("/directives.json").json()["directives"][1]["cells"]["total"] == 0
    for suffix in ("ics", "atom"):
        answer = le.get(f"/directives/{KEY}.{suffix}?at=2025-08-19")
        assert answer.status_code == 303
        assert le.get(answer.headers["location"]).status_code == 200
        assert f"directive={KEY.replace('/', '%2F')}" in answer.headers["location"]
        assert "at=2025-08-19" in answer.headers["location"]
    assert site.nobody().get("/directives.json").status_code == 303
