"""What is true of every page, whoever wrote it: the pages are read off the routes, so a new one is tried too."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from tests.integration.links import every_row
from tests.integration.web.a_site import Site, a_site
from tests.integration.web.every_page import (
    LANGUAGES,
    NO_HTML,
    NO_PAGES,
    PEOPLE,
    Page,
    addresses,
    every_address,
    every_page,
    routes,
)
from tracker import clock

HEAVIEST = 150_000
# every route that begins as one of NO_PAGES does: a new one is looked at first, and then added here or there
UNSEEN = {
    *("/healthz", "/readyz", "/metrics", "/static/{name}", "/style.css", "/icon.svg", "/robots.txt"),
    *("/feeds/{token}.ics", "/login/sign-on", "/login/sign-on/back", "/evidence/{sha256}"),
}
HEAVY = "/author/edit"  # an editor is a program of its own, which a browser keeps; the page is whole without it


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a site that these tests only look at."""
    made = a_site(tmp_path_factory.mktemp("site"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def pages(looked_at: Site) -> list[Page]:
    return every_page(looked_at)


@pytest.fixture(scope="module")
def html(looked_at: Site, pages: list[Page]) -> dict[Page, str]:
    """Return what each page says, in English."""
    return {page: _client(looked_at, page.who).get(page.path).text for page in pages}


def _client(site: Site, who: str) -> TestClient:
    return site.as_(who) if who else site.nobody()


class _Tags(HTMLParser):
    """Every tag of a page with its attributes, in order; and which controls stand in which form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[tuple[dict[str, str], list[tuple[str, dict[str, str]]]]] = []
        self._in_form = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.append((tag, said))
        if tag == "form":
            assert not self._in_form, "a form within a form"
            self.forms.append((said, []))
            self._in_form = True
        elif self._in_form and tag in ("input", "button", "select", "textarea"):
            self.forms[-1][1].append((tag, said))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False


def test_looking_twice_changes_no_row_of_any_table(looked_at: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)  # a session gives a sign of life every minute
    addresses = [*every_address(looked_at), "/healthz", "/robots.txt", "/nothing"]
    clients = [_client(looked_at, who) for who in PEOPLE]
    for client in clients:
        client.get("/")  # a session begins to be used
    before, position = every_row(looked_at.store), looked_at.store.position()
    for client in clients:
        for address in addresses:
            answers = [client.get(address), client.get(address), client.head(address)]
            assert {answer.status_code for answer in answers} == {answers[0].status_code}, address
            assert answers[0].status_code < 500, (address, answers[0].text[-300:])
            assert answers[2].content == b""
    assert looked_at.store.position() == position
    assert every_row(looked_at.store) == before


def test_there_are_pages(pages: list[Page]) -> None:
    assert {"/", "/tasks", "/help", "/login"} <= {page.path for page in pages}


def test_every_route_that_can_be_looked_at_is_a_page_or_is_said_to_be_none(looked_at: Site, pages: list[Page]) -> None:
    shown = {page.path for page in pages}
    seen = {route for route, address in addresses(looked_at) if address in shown}
    assert {route for route, _ in addresses(looked_at)} - seen == NO_HTML
    assert {path for path in routes(looked_at) if path.startswith(NO_PAGES)} == UNSEEN


def test_every_page_is_light(looked_at: Site, html: dict[Page, str]) -> None:
    heavy, nobody = {}, looked_at.nobody()
    for page, text in html.items():
        scripts = [] if page.path.startswith(HEAVY) else re.findall(r'<script src="([^"]+)"', text)
        parts = {*re.findall(r'<link rel="stylesheet" href="([^"]+)"', text), *scripts}
        weight = len(text.encode()) + sum(len(nobody.get(part).content) for part in parts)
        if weight > HEAVIEST:
            heavy[str(page)] = weight
    assert heavy == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_its_language_and_has_one_heading(looked_at: Site, pages: list[Page], language: str) -> None:
    wrong = []
    for page in pages:
        if page.path.endswith("/mail.html"):
            continue  # a copy of a mail, in the language of the mail
        text = _client(looked_at, page.who).get(page.path, params={"lang": language}).text
        if f'<html lang="{language}">' not in text or text.count("<h1") != 1 or "<title>" not in text:
            wrong.append(str(page))
    assert wrong == []


def test_no_page_has_a_script_a_style_or_a_handler_of_its_own(html: dict[Page, str]) -> None:
    wrong = []
    for page, text in html.items():
        if page.path.endswith("/mail.html"):
            continue  # mails carry their style with them; the page around a copy lets none of it act
        for tag, attributes in _Tags(text).tags:
            own = [name for name in attributes if name == "style" or name.startswith("on")]
            if own or tag in ("style", "base") or (tag == "script" and "src" not in attributes):
                wrong.append((str(page), tag, own))
            if attributes.get("href", "").strip().lower().startswith("javascript:"):
                wrong.append((str(page), tag, ["href"]))
    assert wrong == []


def test_every_form_works_without_a_script_and_what_changes_carries_its_token(
    html: dict[Page, str],
) -> None:
    wrong = []
    for page, text in html.items():
        if not page.who or page.path.startswith("/l/"):
            continue  # nobody has no token; the login and the link of a mail have their own
        for form, controls in _Tags(text).forms:
            names = {attributes.get("name") for _, attributes in controls}
            buttons = [a for tag, a in controls if tag == "button" and a.get("type", "submit") == "submit"]
            if not buttons:
                wrong.append((str(page), form.get("action"), "has no button"))
            if form.get("method", "get").lower() == "post" and "csrf" not in names:
                wrong.append((str(page), form.get("action"), "has no token"))
            if form.get("method", "get").lower() == "get" and names & {"csrf", "password"}:
                wrong.append((str(page), form.get("action"), "says a secret in its address"))
    assert wrong == []


def test_a_form_that_no_page_gave_is_refused_everywhere_and_nobody_may_send_any(looked_at: Site) -> None:
    addresses = [path for path in routes(looked_at, "POST") if not path.startswith(NO_PAGES) and path != "/l"]
    assert addresses
    position = looked_at.store.position()
    for path in addresses:
        address = re.sub(r"\{\w+(:path)?\}", "1", path)
        for form in ({}, {"csrf": "guessed"}):
            assert looked_at.as_("le").post(address, data=form).status_code == 403, path
        elsewhere = looked_at.as_("le").post(
            address, data={"csrf": looked_at.csrf("le")}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert elsewhere.status_code == 403, path
        if path != "/login":
            assert looked_at.nobody().post(address, data={}).status_code in (303, 403), path
    assert looked_at.store.position() == position
