"""What tests in a real browser are given: Debian's Chromium, and the pages served over HTTP until the test ends."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.integration.web.a_site import Site, a_site

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@dataclass(slots=True)
class Served:
    """A site on a port, and a browser to look at it with."""

    site: Site
    base: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def login(self, name: str | None, *, language: str = "en", **options: Any) -> Page:
        """Return a fresh page of somebody who is logged in, or of nobody; `options` are those of a browser context."""
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = self.browser.new_context(base_url=self.base, **options)
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        if name:
            context.add_cookies(self.site.cookies(name, self.base))
        context.add_cookies([{"name": "lang", "value": language, "url": self.base}])
        return context.new_page()

    def close(self) -> None:
        """Close every window."""
        while self.contexts:
            self.contexts.pop().close()


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serve a site on a free port of this machine, and yield its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(site.app, access_log=False, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


# of a module: as long as Playwright is there, this thread has a running loop, and no other test may start one
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def served(browser: Browser, tmp_path: Path) -> Iterator[Served]:
    site = a_site(tmp_path)
    with serving(site) as base:
        made = Served(site, base, browser)
        yield made
        made.close()
    site.store.close()


@pytest.fixture(scope="module")
def looked_at(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a site that the tests of a module only look at."""
    site = a_site(tmp_path_factory.mktemp("site"))
    with serving(site) as base:
        made = Served(site, base, browser)
        yield made
        made.close()
    site.store.close()
