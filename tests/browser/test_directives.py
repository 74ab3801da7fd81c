"""Pictures of the shipped directives in a real browser: everything on the canvas, no words on top of each other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Served, serving
from tests.integration.web.a_site import NOW, a_site
from tests.simulation.a_store import ADOPTED
from tracker.operations import accept, adopt_directive, adopt_registry, init, submit
from tracker.operations.folder import checked_folder
from tracker.store.store import Store

SHIPPED = Path(__file__).parents[2] / "directives"
KEYS = sorted(f"{file.parent.name}/{file.stem}" for file in SHIPPED.glob("[0-9]*/*.yaml"))
MUCH = "2025/268-nq-cp"

# words of one picture that touch, and what leaves the canvas
TOUCHING = """svg => {
  const canvas = svg.getBoundingClientRect(), near = 1, box = e => e.getBoundingClientRect();
  const leaves = b => b.left < canvas.left - near || b.right > canvas.right + near
    || b.top < canvas.top - near || b.bottom > canvas.bottom + near;
  const drawn = [...svg.querySelectorAll("rect, path, polyline, circle, text")].filter(e => !e.closest("defs"));
  const words = drawn.filter(e => e.tagName === "text" && e.textContent.trim()).map(e => [e.textContent, box(e)]);
  const touching = [];
  words.forEach(([one, a], i) => words.slice(i + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > near && high > 3) touching.push([one, other]);
  }));
  const outside = drawn.filter(e => leaves(box(e))).map(e => e.outerHTML.slice(0, 120));
  return {outside, touching, texts: words.length};
}"""
# words that reach beyond the box they stand in
SPILLING = """svg => [...svg.querySelectorAll("g.node")].flatMap(g => {
  const edge = g.querySelector(".box").getBoundingClientRect().right;
  const texts = [...g.querySelectorAll("text")];
  return texts.filter(t => t.getBoundingClientRect().right > edge).map(t => t.textContent);
})"""


def shipped(url: str) -> Store:
    """Return a store with every shipped directive, some of it reported."""
    store = init(url, rehearsal=True, at=ADOPTED, actor="test")
    registry, directives, _ = checked_folder(SHIPPED)
    adopt_registry(store, registry, at=ADOPTED, actor="test")
    for directive in directives:
        adopt_directive(store, directive, at=ADOPTED, actor="secretariat:le")
    for agency in ("BNV", "BTC", "BTP"):
        ref = f"2025/412-tb-vpcp/legal-review/{agency}"
        submit(store, ref, at=NOW, actor=f"{agency}:x", words="done")
        accept(store, ref, at=NOW, actor="secretariat:le")
    return store


@pytest.fixture(scope="module")
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shipped")
    site = a_site(folder, shipped(f"sqlite:///{folder}/tracker.db"))
    with serving(site) as base:
        made = Served(site, base, browser)
        yield made
        made.close()
    site.store.close()


@pytest.mark.parametrize("language", ["vi", "en", "fr"])
def test_pictures_of_every_shipped_directive_can_be_read(office: Served, language: str) -> None:
    page = office.login("le", language=language)
    wrong: list[Any] = []
    for key in KEYS:
        for path in ("", "/graph", "/timeline", *(["/timeline?by=agency"] if key == MUCH else [])):
            page.goto(f"/directives/{key}{path}")
            for picture in page.query_selector_all("svg.picture"):
                found = picture.evaluate(TOUCHING)
                assert found["texts"]
                if found["outside"] or found["touching"]:
                    wrong.append((key, path, found["outside"][:3], found["touching"][:3]))
                if spilling := picture.evaluate(SPILLING):
                    wrong.append((key, path, spilling))
    page.context.close()
    assert wrong == []


@pytest.mark.parametrize("path", ["", "/graph", "/timeline", "/changes", "/source"])
def test_a_phone_scrolls_a_page_one_way_only(office: Served, path: str) -> None:
    page = office.login("le", language="vi", viewport={"width": 360, "height": 740})
    page.goto(f"/directives/{MUCH}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.context.close()


def test_the_keyboard_reaches_the_tasks_in_a_picture(office: Served) -> None:
    page = office.login("le")
    page.goto(f"/directives/{MUCH}/graph")
    link = page.locator("svg.graph a").first
    link.focus()
    assert page.evaluate("document.activeElement.closest('svg') !== null")
    address = link.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: address is not None and url.endswith(address))
    page.context.close()


def test_a_timeline_is_printed_on_one_sheet_of_a3_lying(office: Served) -> None:
    page = office.login("le")
    page.goto(f"/directives/{MUCH}/timeline")
    sheet = page.pdf(prefer_css_page_size=True)
    assert sheet.count(b"/Type /Page\n") == 1
    assert b"/MediaBox [0 0 1191" in sheet or b"/MediaBox [0 0 1190" in sheet
    page.context.close()


def test_a_directive_page_says_nothing_to_the_console(office: Served) -> None:
    page = office.login("le")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in ("", "/graph", "/timeline", "/changes", "/source"):
        page.goto(f"/directives/{MUCH}{path}")
    page.context.close()
    assert said == []
