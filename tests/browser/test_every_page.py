"""Every page in a real browser: nothing axe can find, nothing on the console, and as whole without a script."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Served
from tests.integration.web.every_page import LANGUAGES, Page, every_page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS: dict[str, Any] = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def pages(looked_at: Served) -> list[Page]:
    # a copy of a mail stands alone in a frame: it has the form of a mail, and other rules
    return [page for page in every_page(looked_at.site) if not page.path.endswith("/mail.html")]


def _tabs(served: Served, language: str, **options: Any) -> dict[str, Tab]:
    return {who: served.login(who, language=language, **options) for who in ("le", "anna", "pham", "root", "")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_page(looked_at: Served, pages: list[Page], language: str) -> None:
    # one language as on a phone, one in the dark: what differs is style, and that is the same in all
    options = {"vi": {}, "en": {"viewport": {"width": 360, "height": 740}}, "fr": {"color_scheme": "dark"}}[language]
    axe, tabs = Axe(), _tabs(looked_at, language, **options)
    said: list[str] = []
    for tab in tabs.values():
        tab.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    found = []
    for page in pages:
        tab = tabs[page.who]
        tab.goto(page.path, wait_until="load")
        for each in axe.run(tab, options=OPTIONS).response["violations"]:
            found += [f"{page}: {each['id']}: {node['html'][:120]}" for node in each["nodes"][:3]]
        if language == "en" and tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page}: wider than a phone")
    looked_at.close()
    assert not found, "\n".join(found)
    assert not said, "\n".join(said)


def test_every_page_is_whole_without_a_script(looked_at: Served, pages: list[Page]) -> None:
    tabs = _tabs(looked_at, "vi", java_script_enabled=False)
    lacking = []
    for page in pages:
        tab = tabs[page.who]
        answer = tab.goto(page.path, wait_until="domcontentloaded")
        assert answer is not None
        if answer.status != 200 or not tab.locator("main h1").is_visible():
            lacking.append(f"{page}: {answer.status}")
        # whatever only a script would reveal would be hidden here
        if tab.locator("main [hidden] a, main [hidden] button, main [hidden] input, main noscript").count():
            lacking.append(f"{page}: hides something")
    looked_at.close()
    assert not lacking, "\n".join(lacking)
