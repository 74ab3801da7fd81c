"""Every page there is, read off the routes of the app itself: a new one is looked at by the tests that look at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.integration.web.a_site import KEY, Site
from tracker.store import ledger, outbox

LANGUAGES = ("vi", "en", "fr")
PEOPLE = ("le", "anna", "pham", "root", "")  # the last is nobody
# what is asked for by the addresses that name something; one that names another thing needs a line here
YEAR, SLUG = KEY.split("/")
EXAMPLES = {
    **{"year": YEAR, "slug": SLUG, "slug_of": SLUG, "task": "report", "agency": "BNV", "code": "BNV", "office": "BNV"},
    "name": "anna",
    "problem": "no-evidence",
    "suffix": "xlsx",
}
NO_PAGES = (
    *(
        "/l/",
        "/healthz",
        "/readyz",
        "/static",
        "/style.css",
        "/icon.svg",
        "/robots.txt",
        "/api",
        "/metrics",
        "/feeds",
        "/login/",
    ),
    "/evidence/",
)


# the acts that have a form of their own, each on a task that is open to it
ACTS = (
    {"slug": "acknowledge"},
    {"slug": "return", "task": "schools", "agency": "BGDDT"},
    {"slug": "grant", "task": "accounts", "agency": "BTC"},
)


@dataclass(frozen=True, slots=True)
class Page:
    """An address, and who may open it."""

    path: str
    who: str

    def __str__(self) -> str:
        return f"{self.path} as {self.who or 'nobody'}"


def routes(site: Site, method: str = "GET") -> list[str]:
    """Return the path of every route of a method, as it is written: `/agencies/{code}`."""
    return sorted({path for path, methods in _walk(_inner(site.app).routes) if method in methods})


def every_address(site: Site) -> list[str]:
    """Return an address for every GET route that can be asked for by name."""
    seq = str(_entry(site, f"{KEY}/schools/BGDDT", "submitted"))
    known = {**EXAMPLES, "reference": _reminder(site), "seq": seq}
    found: list[str] = []
    for path in routes(site):
        if path.startswith(NO_PAGES):
            continue
        if "/receipt/" in path:
            found.append(_of(path, task="schools", agency="BGDDT", seq=seq, slug_of=SLUG, year=YEAR))
            continue
        if path.endswith("/do/{slug}"):
            found += [_of(path, **{**known, **more}) for more in ACTS]
            continue
        try:
            found.append(_of(path, **known))
        except KeyError as missing:
            raise AssertionError(f"{path}: tests/integration/web/every_page.py has no example for {missing}") from None
    return found


def every_page(site: Site) -> list[Page]:
    """Return every page of HTML with the first person who may open it; and each page that differs by who looks."""
    clients = {name: site.as_(name) if name else site.nobody() for name in PEOPLE}
    found: list[Page] = []
    for path in every_address(site):
        for name, client in clients.items():
            answer = client.get(path)
            assert answer.status_code < 500, (path, name, answer.text[-500:])
            if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
                found.append(Page(path, name))
                break
    return found


def _of(path: str, **names: str) -> str:
    return path.replace(":path", "").format(**names)


def _inner(app: Any) -> Any:
    while hasattr(app, "app"):
        app = app.app
    return app


def _walk(found: Iterable[Any]) -> Iterator[tuple[str, set[str]]]:
    for route in found:
        if hasattr(route, "original_router"):
            yield from _walk(route.original_router.routes)
        elif getattr(route, "methods", None):
            yield route.path, route.methods


def _reminder(site: Site) -> str:
    with site.store.read() as connection:
        return outbox.reminders(connection, assignment=f"{KEY}/report/BNV")[0].reference


def _entry(site: Site, ref: str, kind: str) -> int:
    with site.store.read() as connection:
        return next(entry.seq for entry in ledger.entries(connection, assignment=ref, kinds=[kind]))
