"""A hundred scripts in every text that a page shows, and in every address: none runs, and none becomes an element."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, ConsoleMessage

from tests.browser.conftest import Served, serving
from tests.browser.hostile import ALL, PAYLOADS, a_hostile_site
from tests.integration.web.every_page import every_address, every_page

HOOK = "for (const name of ['alert', 'confirm', 'prompt', 'open']) window[name] = () => { window.ran = name; };"
# what a payload would have made of the page, had it been taken for markup
MADE = ", ".join(
    [
        *(
            "main script",
            "main style",
            "iframe:not([src^='/'])",
            "base",
            "object",
            "embed",
            "marquee",
            "video",
            "audio",
        ),
        *("[onerror]", "[onload]", "[onfocus]", "[ontoggle]", "[onstart]", "[data-hx-on\\:click]", "x[hx-get]"),
        *("a[href^='javascript:' i]", "form[action^='//']", "form[action^='http']"),
    ]
)
UNEVENTFUL = "Failed to load resource"  # the page itself, where an address was refused


@pytest.fixture(scope="module")
def hostile(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = a_hostile_site(tmp_path_factory.mktemp("hostile"))
    with serving(site) as base:
        made = Served(site, base, browser)
        yield made
        made.close()
    site.store.close()


def is_error(message: ConsoleMessage) -> bool:
    """Return whether the browser complains: of a script it refused to run, above all."""
    return message.type == "error" and not message.text.startswith(UNEVENTFUL)


def test_there_are_a_hundred_of_them() -> None:
    assert len(set(PAYLOADS)) == 100


def test_what_anybody_wrote_is_text_on_every_page_and_in_every_address(hostile: Served) -> None:
    pages = every_page(hostile.site)
    assert len(pages) > 20
    tabs = {who: hostile.login(who, language="en") for who in {page.who for page in pages}}
    heard: list[str] = []
    for tab in tabs.values():
        tab.add_init_script(HOOK)
        tab.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
        tab.on("console", lambda message: heard.append(message.text) if is_error(message) else None)
        tab.on("request", lambda one: heard.append(one.url) if "evil.example" in one.url.partition("?")[0] else None)
    asked = quote(ALL[:1500])
    shown = 0
    for page in pages:
        tab = tabs[page.who]
        address = page.path + ("&" if "?" in page.path else "?") + f"q={asked}&done={asked}&since2={asked}"
        answer = tab.goto(address, wait_until="load")
        assert answer is not None
        assert answer.status in (200, 400, 422), page
        shown += "alert(1)" in tab.inner_text("body")
        if tab.evaluate("window.ran") or tab.locator(MADE).count():
            heard.append(
                f"{page}: {tab.evaluate('window.ran')} {tab.locator(MADE).first.evaluate('e => e.outerHTML')[:200]}"
            )
    assert not heard, "\n".join(heard[:20])
    assert shown > len(pages) / 2  # the words do stand there
    hostile.close()


def test_an_address_that_is_nothing_but_a_script_is_refused_as_text(hostile: Served) -> None:
    tab = hostile.login("le")
    tab.add_init_script(HOOK)
    for address in (
        f"/tasks?cell={quote(PAYLOADS[0])}",
        f"/?at={quote(PAYLOADS[0])}",
        f"/{quote(PAYLOADS[0], safe='')}",
    ):
        answer = tab.goto(address)
        assert answer is not None
        assert answer.status in (400, 404, 422)
        assert tab.evaluate("window.ran") is None
        assert tab.locator(MADE).count() == 0
    assert every_address(hostile.site)
    hostile.close()
