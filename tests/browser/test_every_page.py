"""Every page in a real browser: nothing axe can find, nothing on the console, and as whole without a script.

Each page is looked at in three languages and three styles: wide, as on a phone, in the dark. What axe says depends on
the markup, not on the words, so in the first language it runs on every page; in the others, where a page is made
otherwise than in the first, or has an element that axe has not seen in this style.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Served
from tests.integration.web.every_page import PEOPLE, Page, every_page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """tags => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false})
  .then(found => found.violations.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + ": " + n.html.slice(0, 120))))"""
# every element as axe tells them apart: what it is, in what it stands, what it says of itself, whether it says words;
# but for the choice of a language, which differs in all of them
MADE = """() => [...document.querySelectorAll("body *")].filter(e => !e.closest(".tongues")).map(e => [
  e.parentElement.tagName + "." + e.parentElement.className, e.tagName + "." + e.getAttribute("class"), e.type || "",
  ...[...e.attributes].map(a => a.name + (/^(role|aria-(hidden|current|live|expanded))$/.test(a.name) ? a.value : ""))
    .sort(), [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) ? "words" : ""].join(" "))"""
STYLES: dict[str, dict[str, Any]] = {
    "vi": {},
    "en": {"viewport": {"width": 360, "height": 740}},
    "fr": {"color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def pages(looked_at: Served) -> list[Page]:
    # a copy of a mail stands alone in a frame: it has the form of a mail, and other rules
    return [page for page in every_page(looked_at.site) if not page.path.endswith("/mail.html")]


class Reader:
    """Somebody who opens every page in a language, with one window for each account."""

    def __init__(self, served: Served, language: str, **options: Any) -> None:
        self.said: list[str] = []
        options["reduced_motion"] = "reduce"
        self.tabs = {who: served.login(who, language=language, **options) for who in PEOPLE}
        for tab in self.tabs.values():
            tab.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def open(self, pages: list[Page]) -> Iterator[tuple[Page, Tab]]:
        """Yield each page, opened by whoever may."""
        for page in pages:
            tab = self.tabs[page.who]
            answer = tab.goto(page.path, wait_until="load")
            assert answer is not None
            assert answer.status == 200, page
            yield page, tab


def test_axe_finds_nothing_on_any_page_in_any_language(looked_at: Served, pages: list[Page]) -> None:
    first: dict[str, list[str]] = {}
    found, said = [], []
    for language, style in STYLES.items():
        reader, seen = Reader(looked_at, language, **style), set[str]()
        for tab in reader.tabs.values():
            tab.add_init_script(AXE)  # half a megabyte, sent once instead of to each page
        for page, tab in reader.open(pages):
            made: list[str] = tab.evaluate(MADE)
            if first.setdefault(page.path, made) != made or language == "vi" or not seen.issuperset(made):
                found += [f"{page} {language}: {each}" for each in tab.evaluate(RUN, WCAG)]
            seen.update(made)
            if "viewport" not in style:
                tab.set_viewport_size({"width": 360, "height": 740})
            if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{page} {language}: wider than a phone")
            tab.set_viewport_size(style.get("viewport", {"width": 1280, "height": 900}))
        looked_at.close()
        said += reader.said
    assert not found, "\n".join(found)
    assert not said, "\n".join(said)


def test_every_page_with_a_script_is_whole_without_it(looked_at: Served, pages: list[Page]) -> None:
    clients = {who: looked_at.site.as_(who) if who else looked_at.site.nobody() for who in PEOPLE}
    texts = {page: clients[page.who].get(page.path).text for page in pages}
    scripted = [page for page, text in texts.items() if text.count("<script") > 1 or " hx-" in text]
    assert scripted
    reader, lacking = Reader(looked_at, "vi", java_script_enabled=False), []
    for page, tab in reader.open(scripted):
        # whatever only a script would reveal would be hidden here
        hidden = tab.locator("main [hidden] a, main [hidden] button, main [hidden] input, main noscript")
        if not tab.locator("main h1").is_visible() or hidden.count():
            lacking.append(str(page))
    looked_at.close()
    assert not lacking, "\n".join(lacking)
