"""Every page there is, read off the routes of the app itself: a new one is looked at by the tests that look at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.integration.web.a_site import KEY, NEWCOMER, NOW, Site
from tracker.domain.link import Action, Link, sign
from tracker.operations.links import keys_of
from tracker.store import ledger, outbox
from tracker.store.outbox import Reminder

LANGUAGES = ("vi", "en", "fr")
PEOPLE = ("le", "anna", "pham", "root", "", NEWCOMER)  # the last but one is nobody
# what is asked for by the addresses that name something; one that names another thing needs a line here
YEAR, SLUG = KEY.split("/")
EXAMPLES = {
    **{"year": YEAR, "slug": SLUG, "slug_of": SLUG, "task": "report", "agency": "BNV", "code": "BNV", "office": "BNV"},
    "name": "anna",
    "problem": "no-evidence",
    "suffix": "xlsx",
}
# what stands behind the path: the pages that show nothing without
QUERIES = {"/author/edit": f"?key={KEY}"}
# what nobody looks at: files of the pages themselves, words for machines, steps on the way to somebody else's page
NO_PAGES = (
    *("/healthz", "/readyz", "/metrics", "/static", "/style.css", "/icon.svg", "/robots.txt"),
    *("/feeds", "/login/", "/evidence/"),
)
# what is answered with a file, or sends on to a page
NO_HTML = frozenset(
    {
        *("/author/words.json", "/directives.csv", "/directives.json", "/directives.xlsx"),
        *(f"/directives/{{year}}/{{slug}}{end}" for end in (".atom", ".ics", "/graph.svg", "/timeline.svg")),
        *("/reminders/{reference}/sent.eml", "/reports/report.{suffix}"),
        *(f"/tasks.{end}" for end in ("atom", "csv", "ics", "json", "xlsx")),
        *(f"/tasks/{{year}}/{{slug_of}}/{{task}}/{{agency}}/{end}" for end in ("not-ours", "receipt/{seq}/proof.json")),
    }
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


def addresses(site: Site) -> Iterator[tuple[str, str]]:
    """Yield every GET route that can be asked for by name, with an address of it, or more than one."""
    seq = str(_entry(site, f"{KEY}/schools/BGDDT", "submitted"))
    told = _reminder(site)
    known = {**EXAMPLES, "reference": told.reference, "seq": seq, "token": _link(site, told)}
    for path in routes(site):
        if path.startswith(NO_PAGES):
            continue
        if "/receipt/" in path:
            yield path, _of(path, task="schools", agency="BGDDT", seq=seq, slug_of=SLUG, year=YEAR)
            continue
        if path.endswith("/do/{slug}"):
            yield from ((path, _of(path, **{**known, **more})) for more in ACTS)
            continue
        try:
            yield path, _of(path, **known) + QUERIES.get(path, "")
        except KeyError as missing:
            raise AssertionError(f"{path}: tests/integration/web/every_page.py has no example for {missing}") from None


def every_address(site: Site) -> list[str]:
    """Return an address for every GET route that can be asked for by name."""
    return [address for _, address in addresses(site)]


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


def _reminder(site: Site) -> Reminder:
    with site.store.read() as connection:
        return outbox.reminders(connection, assignment=f"{KEY}/report/BNV")[0]


def _link(site: Site, told: Reminder) -> str:
    keys = keys_of(site.store, site.settings, make=True)
    assert keys is not None
    said = {"assignment": told.assignment, "office": told.agency, "channel": told.channel, "version": told.version}
    link = Link(**said, action=Action.SNOOZE, expires=NOW + timedelta(days=20), reminder=told.reference)
    return sign(link, keys.signing)


def _entry(site: Site, ref: str, kind: str) -> int:
    with site.store.read() as connection:
        return next(entry.seq for entry in ledger.entries(connection, assignment=ref, kinds=[kind]))
