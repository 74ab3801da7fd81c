"""The pages in a real browser: they come up whole, with their own style and script and nothing else."""

from tests.browser.conftest import Served


def test_today_comes_up_with_its_own_style_and_script_and_asks_nobody_else(looked_at: Served) -> None:
    page = looked_at.login("le")
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto("/")
    assert page.title().startswith("Today")
    assert page.evaluate("typeof htmx") == "object"
    assert page.evaluate("getComputedStyle(document.querySelector('.tiles')).display") == "grid"
    assert all(url.startswith(looked_at.base) for url in asked)
    assert said == []
