"""The viewer of the API in a real browser: nothing axe can find, no script, and every operation to be opened."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Served


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/docs/TaskRow", "/help/problems/changed-meanwhile"])
@pytest.mark.parametrize("language", ["vi", "en", "fr"])
def test_axe_finds_nothing_on_the_pages_of_the_api(looked_at: Served, path: str, language: str) -> None:
    page = looked_at.login(None, language=language, java_script_enabled=True, viewport={"width": 375, "height": 700})
    assert page.goto(path).ok  # type: ignore[union-attr]
    assert page.locator("html").get_attribute("lang") == language
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_operation_opens_without_a_script(looked_at: Served) -> None:
    page = looked_at.login("le", java_script_enabled=False)
    page.goto("/api/v1/docs")
    page.locator("summary", has_text="/submissions/{entry}:accept").click()
    assert page.locator("details[open]").get_by_text("secretariat").first.is_visible()
