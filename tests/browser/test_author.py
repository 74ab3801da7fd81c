"""The editor of directives in a real browser: findings at their lines, words as one types; and without a script."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Served, serving
from tests.integration.links import AMPLE
from tests.integration.web.a_site import KEY, Site, a_site
from tests.integration.web.test_author import TEXT
from tracker.web.app import create_app

EDIT = f"/author/edit?key={KEY}"
WRITE = """text => {
  const view = document.querySelector(".editor").editor;
  view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: text}, selection: {anchor: text.length}});
  view.focus();
}"""


@pytest.fixture
def office(browser: Browser, tmp_path: Path) -> Iterator[Served]:
    """Serve the site of an office that keeps no folder of directives."""
    site = a_site(tmp_path)
    settings = replace(site.settings, directives=str(tmp_path / "nowhere"))
    site = Site(site.store, settings, create_app(site.store, settings, AMPLE), site.sessions)
    with serving(site) as base:
        made = Served(site, base, browser)
        yield made
        made.close()
    site.store.close()


def opened(office: Served, text: str) -> tuple[Page, list[str]]:
    page = office.login("le")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(EDIT)
    page.wait_for_selector(".editor .cm-content")
    page.evaluate(WRITE, text)
    return page, said


def test_findings_stand_at_their_lines_and_the_policy_is_kept(office: Served) -> None:
    page, said = opened(office, TEXT.replace("BTC", "XYZ"))
    page.wait_for_selector(".editor .cm-lintRange-error")
    assert page.locator(".editor .cm-lintRange-error").first.inner_text() == "XYZ"
    page.wait_for_selector("#editor-status:has-text('Mistakes: 1')")
    page.evaluate(WRITE, TEXT)
    page.wait_for_selector(".editor .cm-lintRange-error", state="detached")
    page.wait_for_selector("#editor-status:not(:has-text('Mistakes'))")
    assert said == []


OFFERED = (
    ("    le", "lead"),
    ("    lead: B", "BTC"),
    ("    due: {wi", "within"),
    ("    due: {by: 2025-10-01, sc", "scope"),
    ("    due: {by: 2025-10-01, scope: inh", "inherited"),
    ("    needs: [{ta", "task"),
    ("    evidence: re", "required"),
    ("    needs: [cou", "count-bridges"),
    ("    for_each: prov", "provinces"),
    ("    remind: st", "standard"),
)


def test_words_are_offered_where_they_may_stand(office: Served) -> None:
    page, _ = opened(office, TEXT)
    for typed, offered in OFFERED:
        page.evaluate(WRITE, TEXT + "  next-task:\n" + typed[:-1])
        page.wait_for_selector(".editor .cm-tooltip-autocomplete", state="detached")
        page.keyboard.type(typed[-1])
        page.wait_for_selector(f".editor .cm-tooltip-autocomplete li:has-text('{offered}')")


def test_a_directive_is_written_planned_and_applied(office: Served) -> None:
    page, _ = opened(office, TEXT)
    page.get_by_role("button", name="Show the plan").click()
    page.wait_for_selector("h1:has-text('Plan: 600/QĐ-TTg')")
    page.get_by_role("button", name="Apply this plan").click()
    page.wait_for_url("**/directives/2025/600-qd-ttg/changes?from=0&to=1")
    assert "Count the bridges" in page.content()


def test_axe_finds_nothing_in_the_editor_and_the_plan(office: Served) -> None:
    page, _ = opened(office, TEXT.replace("BTC", "XYZ"))
    axe = Axe()
    page.wait_for_selector(".editor .cm-lintRange-error")
    found = axe.run(page).response["violations"]
    page.evaluate(WRITE, TEXT)
    page.get_by_role("button", name="Show the plan").click()
    page.wait_for_selector("table.changes")
    found += axe.run(page).response["violations"]
    assert [one["id"] for one in found] == []


def test_it_works_without_a_script(office: Served) -> None:
    page = office.login("le", java_script_enabled=False)
    page.goto("/author")
    page.get_by_label("Number as printed").first.fill("600/QĐ-TTg")
    page.get_by_label("Date of issue").first.fill("2025-08-18")
    page.get_by_label("Issuing agency (code)").first.fill("CP")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("The text of the directive (YAML)").fill(TEXT.replace("BTC", "XYZ"))
    page.get_by_role("button", name="Check").click()
    assert "unknown-agency" in page.content()
    page.get_by_label("The text of the directive (YAML)").fill(TEXT)
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Go on writing").click()
    assert page.get_by_label("The text of the directive (YAML)").input_value() == TEXT
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Apply this plan").click()
    assert page.url.endswith("/directives/2025/600-qd-ttg/changes?from=0&to=1")
