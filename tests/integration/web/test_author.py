"""Drafts: what is written on a page is checked by the real checker, planned, and applied only where that is allowed."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.integration.links import AMPLE
from tests.integration.web.a_site import KEY, NOW, Site, a_site
from tracker.domain.errors import Refused
from tracker.operations import adopt_directive, authoring
from tracker.operations.reading import directive_in_force
from tracker.web.app import create_app

BEGIN = "/author/edit?number=600/QĐ-TTg&issued=2025-08-18&issuer=CP"
TEXT = """\
directive: 600/QĐ-TTg
issued: 2025-08-18
issuer: CP
title: {en: A new order, vi: Một lệnh mới, fr: Un nouvel ordre}
tasks:
  count-bridges:
    title: {en: Count the bridges, vi: Đếm các cây cầu, fr: Compter les ponts}
    lead: BTC
    due: {by: 2025-09-30}
"""
NEW = "2025/600-qd-ttg"
HEADS = ("Nhiệm vụ", "Cơ quan chủ trì", "Cơ quan phối hợp", "Thời hạn")
ROW = ("Đếm các cây cầu", "BTC", "BNV", "30/9/2025")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of directives that has a registry, as far as pages look."""
    made = tmp_path / "directives"
    (made / "registry").mkdir(parents=True)
    (made / "registry" / "agencies.yaml").write_text("agencies: []\n", encoding="utf-8")
    return made


def with_settings(site: Site, **changes: str) -> Site:
    settings = replace(site.settings, **changes)
    return Site(site.store, settings, create_app(site.store, settings, AMPLE), site.sessions)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Site]:
    """Yield the site of an office that keeps no folder."""
    made = a_site(tmp_path, directives=str(tmp_path / "nowhere"))
    yield made
    made.store.close()


def send(site: Site, path: str, who: str = "le", **fields: str) -> Any:
    return site.as_(who).post(path, data={"csrf": site.csrf(who), "text": TEXT, **fields})


def applied(site: Site, text: str = TEXT, **fields: str) -> Any:
    return send(site, "/author/apply", text=text, **{"seen": "0", "base": "", **fields})


@pytest.mark.parametrize("who", ["anna", "pham"])
@pytest.mark.parametrize("path", ["/author", BEGIN, "/author/words.json"])
def test_only_the_secretariat_and_admins_write(alone: Site, who: str, path: str) -> None:
    assert alone.as_(who).get(path).status_code == 403
    for way in ("check", "plan", "apply", "download", "edit", "import"):
        assert send(alone, f"/author/{way}", who).status_code == 403


def test_an_admin_plans_and_does_not_apply(alone: Site) -> None:
    answer = send(alone, "/author/plan", "root")
    assert answer.status_code == 200
    assert "Apply this plan" not in answer.text
    assert send(alone, "/author/apply", "root", seen="0").status_code == 403


def test_a_directive_is_begun_from_its_number(alone: Site) -> None:
    html = alone.as_("le").get(BEGIN).text
    assert "directive: 600/QĐ-TTg" in html
    assert "data-editor" in html


@pytest.mark.parametrize(
    ("query", "said"),
    [("number=&issued=2025-08-18", "is no number"), ("number=600/QĐ-TTg&issued=soon", "is no day"), ("", "is no")],
)
def test_what_cannot_be_begun_is_asked_again_with_what_was_typed(alone: Site, query: str, said: str) -> None:
    answer = alone.as_("le").get(f"/author/edit?{query}")
    assert answer.status_code == 400
    assert said in answer.text
    assert "There is a problem" in answer.text


def test_findings_come_as_json_at_line_and_column(alone: Site) -> None:
    wrong = TEXT.replace("lead: BTC", "lead: BCT1").replace("due:", "dew:")
    found = send(alone, "/author/check", text=wrong).json()
    errors = [(one["line"], one["column"], one["code"]) for one in found["findings"] if one["severity"] == "error"]
    assert errors == [(8, 11, "unknown-agency"), (9, 5, "unknown-key")]
    assert all(one["sentence"] and one["remedy"] for one in found["findings"])
    read = alone.as_("le")
    read.cookies.set("lang", "vi", domain="127.0.0.1")
    told = read.post("/author/check", data={"csrf": alone.csrf("le"), "text": wrong}).json()["findings"]
    assert [one["sentence"] for one in told if one["severity"] == "error"] == [
        "Danh mục không có cơ quan này: “BCT1”.",
        "Không có khóa này ở đây: “dew”.",
    ]
    fine = send(alone, "/author/check").json()
    assert fine["key"] == NEW
    assert not [one for one in fine["findings"] if one["severity"] == "error"]


def test_findings_stand_on_the_page_without_a_script(alone: Site) -> None:
    html = send(alone, "/author/edit", text=TEXT.replace("BTC", "<b>XYZ</b>")).text
    assert "line 8, column 11" in html
    assert "<b>XYZ" not in html
    assert "&lt;b&gt;XYZ&lt;/b&gt;" in html  # and what was typed is kept


def test_a_plan_is_shown_and_nothing_is_changed(alone: Site) -> None:
    before = alone.store.position()
    html = send(alone, "/author/plan").text
    assert "Count the bridges" in html
    assert "1 agency would be told" in html
    assert "Apply this plan" in html
    assert alone.store.position() == before


def test_a_text_with_mistakes_has_no_plan(alone: Site) -> None:
    html = send(alone, "/author/plan", text=TEXT.replace("BTC", "XYZ")).text
    assert "unknown-agency" in html
    assert "Apply this plan" not in html
    assert applied(alone, TEXT.replace("BTC", "XYZ")).status_code == 400


def test_applying_makes_it_the_version_in_force(alone: Site) -> None:
    answer = applied(alone)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/directives/{NEW}/changes?from=0&to=1"
    with alone.store.read() as connection:
        assert directive_in_force(connection, NEW).title.en == "A new order"
    again = applied(alone)
    assert again.status_code == 409
    assert "It was changed since you looked at it" in again.text


def test_two_who_write_at_once_meet(alone: Site) -> None:
    text = alone.as_("le").get(f"/author/edit?key={KEY}").text
    assert "directive: 412/TB-VPCP" in text
    with alone.store.read() as connection:
        now = directive_in_force(connection, KEY)
    adopt_directive(alone.store, replace(now, note="Another hand."), at=NOW, actor="secretariat:other")
    mine = authoring.MODELINE + "\n" + authoring.render(replace(now, note="My hand."))
    answer = applied(alone, mine, seen="1")
    assert answer.status_code == 409
    with alone.store.read() as connection:
        assert directive_in_force(connection, KEY).note == "Another hand."


def test_what_bears_a_later_date_waits_for_its_day(alone: Site) -> None:
    later = TEXT.replace("2025-08-18", "2025-08-21")
    html = send(alone, "/author/plan", text=later).text
    assert "It is issued on 21 August 2025" in html
    assert "Apply this plan" not in html
    assert applied(alone, later).status_code == 409


def test_a_folder_that_is_kept_elsewhere_stays_as_it_is(site: Site, folder: Path) -> None:
    kept = with_settings(site, directives=str(folder))
    assert "may not write there" in kept.as_("le").get("/author").text
    html = send(kept, "/author/plan").text
    assert "Apply this plan" not in html
    assert applied(kept).status_code == 409
    assert not (folder / f"{NEW}.yaml").exists()


def test_a_folder_gets_the_file_first(site: Site, folder: Path) -> None:
    ours = with_settings(site, directives=str(folder), author_writes="yes")
    assert applied(ours).status_code == 303
    file = folder / f"{NEW}.yaml"
    assert file.read_text(encoding="utf-8") == TEXT
    html = ours.as_("le").get(f"/author/edit?key={NEW}").text
    assert "Count the bridges" in html
    file.write_text(TEXT + "# a hand in git\n", encoding="utf-8")
    assert "# a hand in git" in ours.as_("le").get(f"/author/edit?key={NEW}").text
    stale = applied(ours, TEXT.replace("bridges", "boats"), seen="1", base="")
    assert stale.status_code == 409
    assert file.read_text(encoding="utf-8").endswith("# a hand in git\n")


def test_a_file_is_put_back_when_the_store_refuses(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Refused("not now")

    monkeypatch.setattr(authoring, "adopt_prepared", refuse)
    settings = replace(site.settings, directives=str(folder), author_writes="yes")
    file = folder / f"{NEW}.yaml"
    apply: Callable[[str], object] = lambda base: authoring.apply_text(  # noqa: E731
        site.store, settings, TEXT, at=NOW + timedelta(minutes=1), actor="secretariat:le", version=0, base=base
    )
    with pytest.raises(Refused):
        apply("")
    assert list(folder.glob("2025/*")) == []
    file.parent.mkdir(exist_ok=True)
    file.write_text("# before\n", encoding="utf-8")
    with pytest.raises(Refused):
        apply(authoring.plan_text(site.store, settings, TEXT, at=NOW).base)
    assert file.read_text(encoding="utf-8") == "# before\n"


def test_a_text_is_given_back_as_a_file(alone: Site) -> None:
    answer = send(alone, "/author/download", key=NEW)
    assert answer.content.decode() == TEXT
    assert answer.headers["content-disposition"] == 'attachment; filename="600-qd-ttg.yaml"'
    odd = send(alone, "/author/download", key='../x"; y')
    assert odd.headers["content-disposition"] == 'attachment; filename="directive.yaml"'


def a_workbook() -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(HEADS)
    page.append(ROW)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


TABLES = {
    "plan.xlsx": a_workbook(),
    "plan.csv": "\n".join([",".join(HEADS), ",".join(ROW)]).encode("utf-8-sig"),
    "PLAN.CSV": "\r\n".join([";".join(HEADS), ";".join(f'"{cell}"' for cell in ROW)]).encode(),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_becomes_a_text_that_can_be_planned(alone: Site, name: str) -> None:
    fields = {"csrf": alone.csrf("le"), "number": "600/QĐ-TTg", "issued": "2025-08-18", "issuer": "CP"}
    answer = alone.as_("le").post("/author/import", data=fields, files={"file": (name, TABLES[name])})
    assert answer.status_code == 200
    assert "1 task was understood." in answer.text
    assert "lead: BTC" in answer.text
    assert "by: 2025-09-30" in answer.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("plan.xlsx", b"no workbook", "This table cannot be read"),
        ("plan.csv", b"\xff\xfe\x00", "send an XLSX or CSV file (UTF-8)"),
        ("plan.csv", "Nhiệm vụ,Cơ quan chủ trì\nĐếm,Bộ Gì Đó".encode(), "unknown"),
    ],
)
def test_what_is_no_table_is_said(alone: Site, name: str, content: bytes, said: str) -> None:
    fields = {"csrf": alone.csrf("le"), "number": "600/QĐ-TTg", "issued": "2025-08-18", "issuer": "CP"}
    answer = alone.as_("le").post("/author/import", data=fields, files={"file": (name, content)})
    assert answer.status_code in (200, 400)
    assert said in answer.text
    nothing = alone.as_("le").post("/author/import", data=fields)
    assert nothing.status_code == 400
    assert "send an XLSX or CSV file" in nothing.text


def test_words_for_completion_are_those_of_the_schema_and_the_registry(alone: Site) -> None:
    found = alone.as_("le").get("/author/words.json").json()
    assert set(found) == {"agencies", "sets", "ladders", "tasks", "schema"}
    assert ["BNV", "BNV", "BNV"] in found["agencies"]
    assert not [one for one in found["agencies"] if len(one[0]) == 5 and one[0].isdigit()]  # communes go by their set
    assert f"{KEY}/report" in found["tasks"]
    assert "due" in found["schema"]["definitions"]["task"]["properties"]


def test_looking_at_drafts_changes_nothing(alone: Site) -> None:
    before = alone.store.position()
    for path in ("/author", BEGIN, f"/author/edit?key={KEY}", "/author/words.json"):
        assert alone.as_("le").get(path).status_code == 200
    for way in ("check", "edit", "plan", "download"):
        assert send(alone, f"/author/{way}").status_code == 200
    assert alone.store.position() == before
