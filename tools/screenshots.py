"""`python -m tools.screenshots`: every page in three languages, wide and on a phone, as PNG files in an ignored folder.

It serves the site of the tests on a free port, opens each page as the first person who may, and says which
pages are wider than a phone. `--only reminders` takes the pages whose address has these words.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, Served, serving
from tests.integration.web.a_site import a_site
from tests.integration.web.every_page import LANGUAGES, Page, every_page

FOLDER = Path("var/screenshots")
SIZES = {"wide": (1280, 900), "phone": (360, 740)}


def main() -> int:
    """Take the pictures, and return 1 where a page does not fit a phone."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots")
    parser.add_argument("--only", default="", help="only addresses that have these words")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--dark", action="store_true", help="as who prefers dark pages sees them")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    wider: list[str] = []
    count = 0
    with _served() as served:
        pages = [page for page in every_page(served.site) if given.only in page.path]
        for language in given.languages.split(","):
            for size in given.sizes.split(","):
                for page in pages:
                    count += 1
                    if _take(served, page, language, size, given.folder, dark=given.dark):
                        wider.append(f"{page} in {language}")
    print(f"{count} pictures of {len(pages)} pages in {given.folder}")
    for one in wider:
        print(f"wider than a phone: {one}", file=sys.stderr)
    return 1 if wider else 0


def _take(served: Served, page: Page, language: str, size: str, folder: Path, *, dark: bool) -> bool:
    width, height = SIZES[size]
    scheme = "dark" if dark else "light"
    tab = served.login(page.who, language=language, viewport={"width": width, "height": height}, color_scheme=scheme)
    tab.goto(page.path, wait_until="load")
    name = re.sub(r"[^a-z0-9]+", "-", page.path.lower()).strip("-")[:80] or "today"
    tab.screenshot(path=folder / f"{name}.{language}.{size}.png", full_page=True)
    wide = tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    served.close()
    return bool(wide) and size == "phone"


@contextmanager
def _served() -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        site = a_site(Path(folder))
        with serving(site) as base:
            yield Served(site, base, browser)
        site.store.close()
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
