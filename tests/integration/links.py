"""An office that gets mails with links, and a browser's worth of HTTP against the served page."""

import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import uvicorn
from sqlalchemy import inspect

from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import reminders
from tracker.notify.digest import Digest
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.operations.deliver import deliver
from tracker.operations.holding import release
from tracker.operations.links import keys_of
from tracker.settings import Settings
from tracker.store.store import Store
from tracker.web.app import create_app
from tracker.web.guard import Limits

AMPLE = Limits(looks=100_000, acts=100_000, calls=100_000)


class Reader:
    """A sender that keeps every notice."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def send(self, channel: object, notice: Notice | Digest) -> Outcome:
        assert isinstance(notice, Notice)
        self.notices.append(notice)
        return Outcome("accepted", 250, "ok")


def settings_in(folder: Path, **changes: str) -> Settings:
    """Return settings whose secret lies in a folder."""
    return replace(Settings(secret=str(folder / "secret")), **changes)


def mails(store: Store, settings: Settings, *, at: datetime = ADOPTED) -> dict[str, Notice]:
    """Return what a delivery sends, by assignment; a secret is there before it."""
    keys_of(store, settings, make=True)
    reader = Reader()
    deliver(store, reader, settings=settings, clock=lambda: at)
    if any(one.state == "held" for one in reminders(store)):  # nobody delivered for days
        release(store, at=at, actor="test")
        deliver(store, reader, settings=settings, clock=lambda: at)
    return {notice.assignment: notice for notice in reader.notices}


def path_of(url: str | None) -> str:
    """Return the path of a link."""
    assert url is not None
    return "/" + url.split("/", 3)[3]


def token_of(url: str | None) -> str:
    """Return the token of a link."""
    return path_of(url).removeprefix("/l/")


class _Form(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self.days: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        if tag == "input" and said["type"] == "hidden":
            self.forms[-1][said["name"]] = said["value"]
        if tag == "input" and said["type"] == "radio":
            self.days.append(said["value"])
            if "checked" in said:
                self.forms[-1][said["name"]] = said["value"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def forms(self) -> list[dict[str, str]]:
        """Return the forms of the page, each with what its button would send."""
        return _Form(self.text).forms

    @property
    def days(self) -> list[str]:
        """Return the days the page offers."""
        return _Form(self.text).days

    @property
    def number(self) -> int:
        """Return the number of the receipt, of an English page."""
        found = re.search(r"Receipt no\. (\d+)", self.text)
        assert found, self.text
        return int(found[1])


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(slots=True)
class Browser:
    """A plain HTTP client of one server: no cookies, no redirects."""

    base: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, method: str = "GET") -> Answer:
        return self._ask(Request(self.base + path, method=method, headers=self.headers))

    def post(self, form: Mapping[str, str], *, path: str = "/l", **headers: str) -> Answer:
        return self._ask(Request(self.base + path, urlencode(form).encode(), {**self.headers, **headers}))

    def press(self, path: str, number: int = 0, **changes: str) -> Answer:
        """Open a page and press the button of one of its forms."""
        page = self.get(path)
        return self.post({**page.forms[number], **changes})

    def _ask(self, request: Request) -> Answer:
        try:
            with build_opener(_Stay).open(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode())


@contextmanager
def served(store: Store, settings: Settings, limits: Limits = AMPLE) -> Iterator[Browser]:
    """Yield a browser of the app, served over real HTTP in this process."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(store, settings, limits), access_log=False, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield Browser(f"http://127.0.0.1:{listening.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join(20)


def every_row(store: Store) -> str:
    """Return one hash over every row of every table."""
    found = sha256()
    with store.read() as connection:
        for name in sorted(inspect(connection).get_table_names()):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall()
            found.update(repr((name, sorted(map(repr, rows)))).encode())
    return found.hexdigest()
